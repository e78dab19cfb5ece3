"""What somebody does not see is taken out of every reply, wherever it stands there (PLT-16)."""

import json
from typing import Any

import pytest
from banyan.api.v1.change_pb2 import FieldChange
from banyan.insight.v1.audit_record_pb2 import AuditedField, AuditRecord, ListAuditRecordsResponse
from banyan.party.v1.merge_pb2 import Merge, MergeChange
from banyan.sales.v1.opportunity_pb2 import ListOpportunitiesResponse, Opportunity
from google.protobuf import json_format, struct_pb2

from chassis.access import ALL_FIELDS, FieldAccess, conceal
from chassis.access.withheld import differs, is_given, put_back, take_out, with_titles
from chassis.rpc.registry import contract

DEAL = "sales.banyan/Opportunity"
contract()  # as wherever calls are answered


def hiding(*fields: str, noun: str = "sales.Opportunity") -> Any:
    """Give what asks which fields of a noun are kept."""
    kept = FieldAccess(frozenset(fields), frozenset(fields))
    return lambda asked: kept if asked == noun else ALL_FIELDS


def deal(**fields: Any) -> Opportunity:
    record = {"name": "Cards", "organization_id": "o", "organization_name": "Acme", "note": "n"}
    custom = {"margin": 12, "place": "Ulm"}
    return json_format.ParseDict({**record, "custom_fields": custom, **fields}, Opportunity())


def as_value(plain: Any) -> struct_pb2.Value:
    return json_format.ParseDict(plain, struct_pb2.Value())


def seen(record: Any) -> dict[str, Any]:
    return json_format.MessageToDict(record, preserving_proto_field_name=True)


# --- records


def test_a_hidden_field_goes_with_what_shows_its_title():
    record = deal(amount={"currency_code": "CNY", "amount": "5"})
    conceal(record, hiding("organization_id", "amount", "custom_fields.margin"))
    assert seen(record) == {"name": "Cards", "note": "n", "custom_fields": {"place": "Ulm"}}
    assert with_titles(Opportunity.DESCRIPTOR, frozenset({"organization_id", "note"})) == {
        "organization_id", "organization_name", "note",
    }  # fmt: skip


def test_a_title_that_is_hidden_is_shown_by_no_other_record():
    record = deal(pipeline_id="p", pipeline_name="Direct")
    conceal(record, hiding("name", "note", noun="party.Organization"))
    assert (record.organization_id, record.organization_name) == ("o", "")
    assert (record.name, record.pipeline_name, record.note) == ("Cards", "Direct", "n")


def test_custom_fields_go_all_together_when_all_are_hidden():
    record = deal()
    conceal(record, hiding("custom_fields"))
    assert not record.HasField("custom_fields")


def test_every_record_of_a_list_is_looked_at_and_other_nouns_are_left_alone():
    reply = ListOpportunitiesResponse(opportunities=[deal(), deal()], next_page_token="t")
    before = seen(reply)
    conceal(reply, hiding("note", noun="sales.Lead"))
    assert seen(reply) == before
    conceal(reply, hiding("note"))
    assert [record.note for record in reply.opportunities] == ["", ""]
    assert [record.name for record in reply.opportunities] == ["Cards", "Cards"]


# --- what is told of a record elsewhere

TEXTS = ("custom_fields", '{"margin": 12, "place": "Ulm"}', '{"margin": 13, "place": "Ulm"}')


def audited(*fields: tuple[str, str, str], kind: str = DEAL) -> AuditRecord:
    told = [AuditedField(path=path, old_value=old, new_value=new) for path, old, new in fields]
    return AuditRecord(resource_type=kind, title="Cards", fields=told)


def told_of(record: AuditRecord) -> list[tuple[str, Any, Any]]:
    return [
        (f.path, *(json.loads(text) if text else None for text in (f.old_value, f.new_value)))
        for f in record.fields
    ]


def test_an_audit_tells_nothing_of_what_is_hidden():
    """PLT-30: by the type it is about, in whatever reply it stands."""
    record = audited(("note", "", '"x"'), ("close_date", "", '"2026-01-01"'))
    other = audited(("note", "", '"x"'), kind="sales.banyan/Lead")
    reply = ListAuditRecordsResponse(audit_records=[record, other])
    conceal(reply, hiding("note", "amount"))
    assert [[f.path for f in found.fields] for found in reply.audit_records] == [
        ["close_date"], ["note"],
    ]  # fmt: skip
    conceal(record, hiding("close_date", "note"))
    assert not record.fields
    assert record.title == "Cards"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (*TEXTS[1:], []),
        ('{"a": 1, "b": 2, "margin": 3}', '{"b": 2, "margin": 4, "a": 1}', []),
        ("", '{"margin": 12}', []),
        ('{"margin": 12}', "", []),
        ("", '{"margin": 12, "place": "Ulm"}', [("custom_fields", None, {"place": "Ulm"})]),
        ('{"margin": 12, "place": "Ulm"}', "", [("custom_fields", {"place": "Ulm"}, None)]),
        (
            '{"margin": 12, "place": "Ulm"}',
            '{"place": "Bonn"}',
            [("custom_fields", {"place": "Ulm"}, {"place": "Bonn"})],
        ),
        ('{"place": "Ulm"}', "", [("custom_fields", {"place": "Ulm"}, None)]),
    ],
)
def test_of_custom_fields_only_the_hidden_ones_are_left_out(old, new, wanted):
    """As JSON in an audit, and as values in what a merge changed."""
    record = audited(("custom_fields", old, new))
    conceal(record, hiding("custom_fields.margin"))
    assert told_of(record) == wanted

    values = [as_value(json.loads(text) if text else None) for text in (old, new)]
    field = FieldChange(path="custom_fields", old_value=values[0], new_value=values[1])
    merge = Merge(changes=[MergeChange(resource_type=DEAL, fields=[field])])
    conceal(merge, hiding("custom_fields.margin"))
    found = [
        (f.path, *(json_format.MessageToDict(v) for v in (f.old_value, f.new_value)))
        for f in merge.changes[0].fields
    ]
    assert found == wanted


def test_all_custom_fields_hidden_are_told_nothing_of():
    record = audited(TEXTS, ("note", "", '"x"'))
    conceal(record, hiding("custom_fields"))
    assert told_of(record) == [("note", None, "x")]


def test_a_merge_tells_nothing_of_what_is_hidden_of_either_type():
    """PTY-17: each of its changes is about a record of its own."""
    fields = [FieldChange(path=path, new_value=as_value("x")) for path in ("note", "city")]
    merge = Merge(
        changes=[
            MergeChange(resource_type=kind, fields=fields)
            for kind in ("party.banyan/Organization", "party.banyan/Contact")
        ]
    )
    conceal(merge, hiding("note", noun="party.Organization"))
    assert [[f.path for f in change.fields] for change in merge.changes] == [
        ["city"], ["note", "city"],
    ]  # fmt: skip


# --- one field, or one of the custom fields


@pytest.mark.parametrize("path", ["note", "amount", "custom_fields", "custom_fields.margin"])
def test_what_is_taken_out_is_put_back_as_it_was(path):
    record = deal(amount={"currency_code": "CNY", "amount": "5"})
    before = Opportunity.FromString(record.SerializeToString())
    take_out(record, path)
    assert not is_given(record, path)
    assert differs(path, before, record)
    put_back(record, path, before)
    assert record == before
    assert not differs(path, before, record)


@pytest.mark.parametrize("path", ["amount", "custom_fields.margin"])
def test_what_was_not_there_is_put_back_as_nothing(path):
    record, before = deal(amount={"currency_code": "CNY", "amount": "5"}), Opportunity(name="Cards")
    put_back(record, path, before)
    assert not is_given(record, path)
    assert not differs(path, before, record)


@pytest.mark.parametrize("path", ["colour", "name.first", "custom_fields.colour"])
def test_a_path_to_nothing_is_nothing_to_take_out(path):
    record = deal()
    assert not is_given(record, path)
    take_out(record, path)
    assert record == deal()
