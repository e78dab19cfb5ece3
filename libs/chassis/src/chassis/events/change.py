"""Changes: what happened to a record, as one row of the change table."""

import datetime
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import uuid_utils
from banyan.api.v1 import change_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import Caller
from chassis.database import Record
from chassis.json import codec_of
from chassis.json.fields import copy_field
from chassis.json.wellknown import EPOCH, decode_value

_HEADER = {"etag", "update_time"}
_MICROSECOND = datetime.timedelta(microseconds=1)
_POSITION = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class ChangeDraft:
    """A change about to be written, beside the columns it is found by."""

    id: str
    resource_type: str
    resource_id: str
    version: int
    verb: str
    payload: bytes


def draft_change(
    caller: Caller,
    resource_type: str,
    verb: str,
    new: Any,
    *,
    old: Message | None = None,
    now: datetime.datetime,
    trace_parent: str = "",
    facts: Iterable[Message] = (),
) -> ChangeDraft:
    """Describe a change of a record (its `id` and `etag` are read from `new`).

    Args:
        old: the record before, for updates; the changed fields are listed with both values.
        facts: events of the business to publish with it.
    """
    change = change_pb2.Change(
        id=str(uuid_utils.uuid7()),
        tenant_id=caller.tenant_id,
        resource_type=resource_type,
        resource_id=new.id,
        version=int(new.etag),
        verb=verb,
        actor_user_id=caller.user_id,
        actor_service=caller.service,
        on_behalf_of_user_id=caller.on_behalf_of,
        trace_parent=trace_parent,
    )
    micros = (now - EPOCH) // _MICROSECOND
    change.time.seconds, change.time.nanos = micros // 1_000_000, micros % 1_000_000 * 1000
    change.record.Pack(new)
    if old is not None:
        change.fields.extend(_differences(old, new))
    for fact in facts:
        change.facts.add().Pack(fact)
    return ChangeDraft(
        change.id, resource_type, new.id, change.version, verb, change.SerializeToString()
    )


def _differences(old: Message, new: Message) -> list[change_pb2.FieldChange]:
    there = [{field.name: value for field, value in one.ListFields()} for one in (old, new)]
    changed = {
        field.name: field.json_name
        for field in old.DESCRIPTOR.fields
        if field.name not in _HEADER and there[0].get(field.name) != there[1].get(field.name)
    }
    before, after = (_values_of(one, changed) for one in (old, new))
    return [
        change_pb2.FieldChange(
            path=name,
            old_value=decode_value(before.get(key)),
            new_value=decode_value(after.get(key)),
        )
        for name, key in changed.items()
    ]


def _values_of(record: Message, names: Iterable[str]) -> Mapping[str, Any]:
    """Give some fields of a record as JSON; most changes are of few of them."""
    part = type(record)()
    for name in names:
        copy_field(name, record, part)
    return codec_of(type(part)).to_value(part)


def fact_id(change_id: str, index: int) -> str:
    """Derive the id of a fact's event from its change, the same at every delivery."""
    return str(uuid.uuid5(uuid.UUID(change_id), str(index)))


READ_CHANGES = """
SELECT sequence, payload, transaction_id::text AS transaction FROM {schema}.change
WHERE (transaction_id, sequence) > ($1::text::xid8, $2)
  AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY transaction_id, sequence LIMIT $3
"""


def readable_changes(
    rows: Sequence[Record], after: str, bytes_max: int
) -> change_pb2.ReadChangesResponse:
    """Build the answer of ReadChanges from rows of `READ_CHANGES`, as many as a page may hold."""
    response = change_pb2.ReadChangesResponse(next_after=after)
    left = bytes_max
    for sequence, payload, transaction_id in rows:
        change = response.changes.add()
        change.ParseFromString(payload)
        change.sequence = sequence
        response.next_after = f"{transaction_id}.{sequence}"
        left -= len(payload)
        if left <= 0:
            break
    return response


def parse_position(after: str) -> tuple[str, int]:
    """Read the position ReadChanges goes on from; "" is the beginning.

    Raises:
        Invalid: INVALID_POSITION.
    """
    match = _POSITION.fullmatch(after or "0.0")
    if match is None:
        raise errors.invalid_field("after", "INVALID_POSITION")
    return match[1], int(match[2])
