"""AuditRecord: who changed what, when; one record for each change of any service (PLT-30)."""

import functools
from collections.abc import Sequence

import orjson
from banyan.api.v1 import change_pb2, options_pb2
from banyan.insight.v1 import audit_record_pb2

from chassis.database import Transaction
from chassis.events import Consumer, Event
from chassis.json.wellknown import encode_value
from chassis.resources import Noun, Resources
from insight import heard


def record_of(event: Event) -> audit_record_pb2.AuditRecord:
    """Make the audit record of a change."""
    change, record = event.change, event.record
    title = record.DESCRIPTOR.GetOptions().Extensions[options_pb2.noun].title
    made = audit_record_pb2.AuditRecord(
        id=change.id,
        etag="1",
        create_time=change.time,
        owner_user_id=getattr(record, "owner_user_id", ""),
        org_unit_id=getattr(record, "org_unit_id", ""),
        service=change.resource_type.partition(".")[0],
        resource_type=change.resource_type,
        resource_id=change.resource_id,
        version=change.version,
        verb=change.verb,
        actor_user_id=change.actor_user_id,
        actor_service=change.actor_service,
        on_behalf_of_user_id=change.on_behalf_of_user_id,
        change_time=change.time,
        title=getattr(record, title) if title else "",
        trace_id=change.trace_parent.split("-")[1] if change.trace_parent else "",
    )
    made.fields.extend(_field(found) for found in change.fields)
    return made


def _field(found: change_pb2.FieldChange) -> audit_record_pb2.AuditedField:
    old, new = (
        "" if value.HasField("null_value") else orjson.dumps(encode_value(value)).decode()
        for value in (found.old_value, found.new_value)
    )
    return audit_record_pb2.AuditedField(path=found.path, old_value=old, new_value=new)


async def _take_in(here: Resources, events: Sequence[Event], transaction: Transaction) -> None:
    changes = [event for event in events if event.subject.split(".")[3] != "fact"]
    store = here[audit_record_pb2.AuditRecord].store
    await store.mirror(map(record_of, changes), transaction)


def consumer(here: Resources) -> Consumer:
    """Give what keeps the audit: every change of every service, once."""
    return Consumer("audit", heard.subjects(), functools.partial(_take_in, here))


AUDIT_RECORD = Noun(
    audit_record_pb2.AuditRecord,
    without={
        "Create": "made from the services' changes",
        "Update": "what happened cannot be changed",
        "Delete": "the audit is kept; erasure redacts it",
    },
)
