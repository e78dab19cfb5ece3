"""An audit record says what a change said (PLT-30)."""

import datetime
import uuid

import pytest
from banyan.api.v1 import change_pb2
from banyan.insight.v1 import audit_record_pb2
from banyan.party.v1 import organization_pb2
from google.protobuf import struct_pb2

from chassis.events import Event
from insight.audit_record import record_of

NOW = datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC)
TRACE = "0af7651916cd43dd8448eb211c80319c"


def event(*fields: change_pb2.FieldChange, **more) -> Event:
    record = organization_pb2.Organization(
        id="r", name="华为", owner_user_id="owner", org_unit_id="unit"
    )
    change = change_pb2.Change(
        id=str(uuid.uuid4()), tenant_id="t", resource_type="party.banyan/Organization",
        resource_id="r", version=3, verb="update", actor_user_id="somebody",
        trace_parent=f"00-{TRACE}-b7ad6b7169203331-01", fields=fields,
    )  # fmt: skip
    change.MergeFrom(change_pb2.Change(**more))
    change.time.FromDatetime(NOW)
    change.record.Pack(record)
    subject = "banyan.t.party.organization.update"
    return Event(change.id, "t", subject, change.SerializeToString())


def test_a_record_says_who_changed_what_when():
    heard = event()
    made = record_of(heard)
    assert made.id == heard.id
    assert (made.service, made.resource_type) == ("party", "party.banyan/Organization")
    assert (made.resource_id, made.version, made.verb) == ("r", 3, "update")
    assert (made.actor_user_id, made.actor_service, made.on_behalf_of_user_id) == (
        "somebody", "", "",
    )  # fmt: skip
    assert made.change_time.ToDatetime(datetime.UTC) == NOW
    assert made.trace_id == TRACE


def test_a_record_keeps_name_owner_and_unit_as_they_were():
    made = record_of(event())
    assert (made.title, made.owner_user_id, made.org_unit_id) == ("华为", "owner", "unit")


def test_a_service_that_acts_for_somebody_is_named_with_them():
    made = record_of(event(actor_service="sales", on_behalf_of_user_id="boss"))
    assert (made.actor_service, made.on_behalf_of_user_id) == ("sales", "boss")


def test_a_change_without_a_trace_has_none():
    heard = event()
    heard.change.trace_parent = ""
    assert record_of(heard).trace_id == ""


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        ({"null_value": 0}, {"string_value": "x"}, ("", '"x"')),
        ({"string_value": "x"}, {"null_value": 0}, ('"x"', "")),
        ({"string_value": ""}, {"bool_value": False}, ('""', "false")),
        ({"number_value": 1.5}, {"string_value": "中文"}, ("1.5", '"中文"')),
    ],
)
def test_values_are_json_and_empty_where_there_was_none(old, new, texts):
    change = change_pb2.FieldChange(
        path="phone", old_value=struct_pb2.Value(**old), new_value=struct_pb2.Value(**new)
    )
    (found,) = record_of(event(change)).fields
    assert isinstance(found, audit_record_pb2.AuditedField)
    assert (found.path, found.old_value) == ("phone", texts[0])
    assert found.new_value == texts[1]
