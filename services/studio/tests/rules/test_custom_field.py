"""A custom field that could not be kept is not saved (PLT-26, PLT-29)."""

from typing import Any

import pytest
from banyan.studio.v1 import custom_field_pb2, picklist_pb2

from chassis import errors
from chassis.json.wellknown import decode_value
from studio.custom_field import check_key, prepare_create, prepare_update, validate

Field = custom_field_pb2.CustomField
LIST_ID = "0198a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"
INDUSTRY = picklist_pb2.Picklist(name="industry", entries=[{"key": "software"}])


def field(type_: str = "TEXT", **fields: Any) -> Field:
    if "default_value" in fields:
        fields["default_value"] = decode_value(fields["default_value"])
    made = {"resource_type": "sales.banyan/Opportunity", "key": "deliveryTerms"} | fields
    return Field(type=f"TYPE_{type_}", **made)


@pytest.mark.parametrize(
    "definition",
    [
        field(),
        field(text_limits={"max_length": 1000}, default_value="FOB Shanghai"),
        field("LONG_TEXT", text_limits={"max_length": 10_000}),
        field("INTEGER", number_limits={"minimum": {"value": "1"}}, default_value=1),
        field("DECIMAL", number_limits={"minimum": {"value": "1"}, "maximum": {"value": "1.0"}}),
        field("DATE", default_value="2026-03-01"),
        field("TIMESTAMP"),
        field("BOOLEAN", default_value=True),
        field("PICKLIST", picklist_id=LIST_ID, default_value="software"),
        field("MULTI_PICKLIST", picklist_id=LIST_ID, default_value=["software"]),
        field("REFERENCE", reference_target={"resource_type": "party.banyan/Organization"}),
        field(resource_type="identity.banyan/OrgUnit", validation="org_unit.sells || value != ''"),
    ],
    ids=lambda definition: Field.Type.Name(definition.type),
)
def test_a_definition_of_each_type_is_fine(definition, around):
    validate(definition, around(picklist_id=INDUSTRY))


def test_a_noun_that_is_not_in_the_contract_is_refused(around, refused):
    assert refused(validate, field(resource_type="sales.Opportunity"), around()) == [
        ("custom_field.resource_type", "UNKNOWN_RESOURCE_TYPE", {"found": "sales.Opportunity"})
    ]


@pytest.mark.parametrize(
    "kind",
    ["studio.banyan/CustomField", "studio.banyan/Picklist", "insight.banyan/AuditRecord"],
)
def test_a_noun_without_custom_fields_gets_none(kind, around, refused):
    """PLT-26: definitions, and records nobody makes, could never be filled."""
    assert refused(validate, field(resource_type=kind), around()) == [
        ("custom_field.resource_type", "NO_CUSTOM_FIELDS", {"found": kind})
    ]


@pytest.mark.parametrize(
    ("type_", "details"),
    [
        ("TEXT", {"number_limits": {}}),
        ("TEXT", {"picklist_id": LIST_ID}),
        ("INTEGER", {"text_limits": {"max_length": 3}}),
        ("BOOLEAN", {"number_limits": {}}),
        ("DATE", {"reference_target": {"resource_type": "party.banyan/Source"}}),
    ],
)
def test_what_another_type_has_to_know_is_refused(type_, details, around, refused):
    (name,) = details
    assert refused(validate, field(type_, **details), around(picklist_id=INDUSTRY)) == [
        (f"custom_field.{name}", "DETAILS_OF_ANOTHER_TYPE", {"type": type_})
    ]


@pytest.mark.parametrize(
    ("type_", "missing"),
    [
        ("PICKLIST", "picklist_id"),
        ("MULTI_PICKLIST", "picklist_id"),
        ("REFERENCE", "reference_target"),
    ],
)
def test_what_a_type_cannot_do_without_is_asked_for(type_, missing, around, refused):
    assert refused(validate, field(type_), around()) == [
        (f"custom_field.{missing}", "REQUIRED", {})
    ]


def test_a_reference_names_a_noun_of_the_contract(around, refused):
    made = field("REFERENCE", reference_target={"resource_type": "party.banyan/Customer"})
    path = "custom_field.reference_target.resource_type"
    told = {"found": "party.banyan/Customer"}
    assert refused(validate, made, around()) == [(path, "UNKNOWN_RESOURCE_TYPE", told)]


def test_a_reference_has_no_default(around, refused):
    target = {"resource_type": "party.banyan/Source"}
    made = field("REFERENCE", reference_target=target, default_value=LIST_ID)
    assert refused(validate, made, around()) == [
        ("custom_field.default_value", "DEFAULT_NOT_ALLOWED", {})
    ]


def test_one_line_of_text_is_not_longer_than_one_line_can_be(around, refused):
    assert refused(validate, field(text_limits={"max_length": 1001}), around()) == [
        ("custom_field.text_limits.max_length", "OUT_OF_RANGE", {"low": "0", "high": "1000"})
    ]


def test_a_minimum_above_the_maximum_is_refused(around, refused):
    limits = {"minimum": {"value": "1.01"}, "maximum": {"value": "1"}}
    assert refused(validate, field("DECIMAL", number_limits=limits), around()) == [
        ("custom_field.number_limits.maximum", "MINIMUM_ABOVE_MAXIMUM", {})
    ]


@pytest.mark.parametrize(
    ("type_", "limit", "reason"),
    [
        ("INTEGER", "1.5", "NOT_AN_INTEGER"),
        ("DECIMAL", "a lot", "INVALID_DECIMAL"),
        ("DECIMAL", "", "INVALID_DECIMAL"),
    ],
)
def test_a_limit_is_a_number_of_the_type(type_, limit, reason, around, refused):
    made = field(type_, number_limits={"maximum": {"value": limit}})
    assert refused(validate, made, around()) == [("custom_field.number_limits.maximum", reason, {})]


def test_a_default_has_to_fit(around, refused):
    made = field("INTEGER", number_limits={"minimum": {"value": "1"}}, default_value=0)
    assert refused(validate, made, around()) == [
        ("custom_field.default_value", "BELOW_MINIMUM", {"minimum": "1"})
    ]
    made = field("MULTI_PICKLIST", picklist_id=LIST_ID, default_value=["software", "mining"])
    assert refused(validate, made, around(picklist_id=INDUSTRY)) == [
        (
            "custom_field.default_value[1]",
            "NOT_IN_PICKLIST",
            {"found": "mining", "picklist": "industry"},
        )
    ]


def test_a_default_of_null_is_none(around):
    made = field(default_value=None)
    prepare_create(made, around())
    assert not made.HasField("default_value")
    changed = field(default_value=None)
    prepare_update(made, changed, around())
    assert not changed.HasField("default_value")


@pytest.mark.parametrize(
    ("type_", "rule", "position"),
    [
        ("TEXT", "value >", "1:8"),
        ("TEXT", "value > 5", "1:7"),
        ("INTEGER", "value > 5 &&\n  opportunity.nmae == ''", "2:14"),
        ("TEXT", "lead == value", "1:1"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_its_position(
    type_, rule, position, around, refused
):
    """Rules are checked against the types of value and record when they are saved."""
    ((path, reason, told),) = refused(validate, field(type_, validation=rule), around())
    assert (path, reason, told["position"]) == (
        "custom_field.validation",
        "INVALID_RULE",
        position,
    )


def test_a_rule_says_yes_or_no(around, refused):
    assert refused(validate, field(validation="size(value)"), around()) == [
        ("custom_field.validation", "RULE_NOT_BOOLEAN", {"kind": "INT"})
    ]


def test_everything_that_is_wrong_is_named_at_once(around, refused):
    made = field(text_limits={"max_length": 5000}, validation="value", default_value=7)
    paths = [path for path, _, _ in refused(validate, made, around())]
    assert paths == ["custom_field.text_limits.max_length", "custom_field.validation"]


def test_a_list_that_is_deleted_is_not_chosen_from(around):
    gone = picklist_pb2.Picklist(name="industry")
    gone.delete_time.GetCurrentTime()
    with pytest.raises(errors.FailedPrecondition) as caught:
        validate(field("PICKLIST", picklist_id=LIST_ID), around(picklist_id=gone))
    assert caught.value.reason == "PICKLIST_DELETED"
    assert caught.value.metadata == {"picklist": "industry"}


def test_what_has_become_wrong_can_still_be_deleted(around):
    made = field(resource_type="sales.banyan/Tender", validation="value > ")
    made.delete_time.GetCurrentTime()
    validate(made, around())


def test_a_key_that_held_another_type_is_not_given_again():
    """A deleted field keeps its values; under another type they would be read wrongly."""
    check_key(field("DATE"), [field("DATE"), field("DATE")])
    with pytest.raises(errors.FailedPrecondition) as caught:
        check_key(field("DATE"), [field("DATE"), field("TEXT")])
    assert caught.value.reason == "KEY_HELD_ANOTHER_TYPE"
    assert caught.value.metadata == {"key": "deliveryTerms", "type": "TEXT"}
