"""What breaks a rule of the contract is told in sentences of every language (PLT-10)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from banyan.api.v1 import batch_pb2
from banyan.identity.v1 import role_pb2
from banyan.party.v1 import address_pb2, organization_pb2
from banyan.type.v1 import money_pb2
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor

from chassis import errors
from chassis.errors.texts import languages
from chassis.resources.batch import row_error
from chassis.rpc.registry import contract_methods
from chassis.rpc.validation import violations_of

# What constrains nothing by itself.
SILENT = {"example", "items", "keys", "values", "in"}


def rules_of(descriptor: Descriptor, seen: set[str]) -> Iterator[tuple[str, str, Any]]:
    """Give field, kind and rules of all fields below a message, those of what lists hold too."""
    if descriptor.full_name in seen:
        return
    seen.add(descriptor.full_name)
    for field in descriptor.fields:
        options: Any = field.GetOptions()
        rules = options.Extensions[validate_pb2.field]
        for one in (rules, rules.repeated.items if rules.HasField("repeated") else None):
            if one is not None and (kind := one.WhichOneof("type")):
                yield field.full_name, kind, getattr(one, kind)
        if field.message_type is not None:
            yield from rules_of(field.message_type, seen)


def all_rules() -> list[tuple[str, str, Any]]:
    seen: set[str] = set()
    return [
        rule
        for method in contract_methods()
        for rule in rules_of(method.request_type.DESCRIPTOR, seen)
    ]


def test_every_rule_of_the_contract_has_its_sentence_in_every_language():
    reasons: dict[str, set[str]] = {}
    for _, kind, rules in all_rules():
        names = {rule.name for rule, _ in rules.ListFields()}
        ids = (names - SILENT) | ({"in"} & names)
        if {"gte", "lte"} <= ids:
            ids = ids - {"gte", "lte"} | {"gte_lte"}
        for rule in ids:
            reasons.setdefault(f"{kind}_{rule}".upper(), set()).update(names)
    assert len(reasons) > 10
    for reason, known in reasons.items():
        for language in languages():
            text = errors.sentence(reason, {}, language)
            assert text != reason, (reason, language)
            assert set(re.findall(r"\{(\w+)\}", text)) <= known, (reason, language)


def test_every_pattern_says_by_example_what_it_wants():
    patterned = [(name, rules) for name, kind, rules in all_rules() if kind == "string"]
    found = [(name, rules) for name, rules in patterned if rules.HasField("pattern")]
    assert len(found) > 20
    for name, rules in found:
        assert rules.example, name
        assert all(re.search(rules.pattern, text) for text in rules.example), name


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (organization_pb2.Organization(name="A", country_code="china"), "Write it like CN."),
        (organization_pb2.Organization(name="A", employee_count=-4), "Not less than 0."),
        (organization_pb2.Organization(name="A", founded_year=99999), "Between 0 and 9999."),
        (
            organization_pb2.Organization(name="A", roles=["friend"]),
            "Choose one of: prospect, customer, partner, supplier, competitor.",
        ),
        (
            organization_pb2.Organization(
                name="A", annual_revenue=money_pb2.Money(currency_code="CNY", amount="1e9")
            ),
            "Write it like 1234.50.",
        ),
        (organization_pb2.Organization(), "Fill this in."),
    ],
)
def test_sentences_say_what_is_wanted(message, wanted):
    (found,) = violations_of(message, "organization")
    assert errors.sentence(found.reason, found.metadata) == wanted


def test_a_row_of_a_batch_carries_what_its_sentences_say():
    """PLT-19: whoever reads them in another language fills their own."""
    wrong = violations_of(organization_pb2.Organization(name="A", country_code="china"))
    told = row_error(3, errors.Invalid("INVALID_FIELDS", violations=wrong), "zh-CN")
    (field,) = batch_pb2.RowError.FromString(told.SerializeToString()).fields
    assert (field.reason, field.message) == ("STRING_PATTERN", "请按 CN 的格式填写。")
    assert errors.sentence(field.reason, field.metadata) == "Write it like CN."


def test_a_part_of_a_list_is_told_by_its_place():
    role = role_pb2.Role(name="Sales", permissions=[role_pb2.Permission(resource="*")])
    found = violations_of(role, "role")
    assert {one.path for one in found} == {
        "role.permissions[0].action", "role.permissions[0].scope",
    }  # fmt: skip


def test_a_choice_among_fields_is_told_by_its_own_name():
    found = violations_of(address_pb2.Address(), "address")
    assert ("address.party", "REQUIRED") in [(one.path, one.reason) for one in found]
