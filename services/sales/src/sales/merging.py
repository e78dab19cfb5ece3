"""Merging: what refers to a record of party that was merged refers to the one that stayed (PLT-17).

Each reference is moved by sales on behalf of who merged, as a change of its own. The row keeps in
`moved_by` which merge moved which field, so that the merge's undoing moves back these and no other.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from banyan.party.v1 import events_pb2
from sqlalchemy import ARRAY, ColumnElement, Text, cast, column, func, table, update
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.types import TypeEngine

from chassis.database import Transaction
from chassis.events import Consumer, Event
from chassis.resources import Resource, Resources
from chassis.resources.columns import reference_type
from chassis.resources.titles import doubt

# What the nouns have whose references can be moved.
MOVED_BY: Mapping[str, TypeEngine[Any]] = {"moved_by": ARRAY(Text())}
MERGEABLE = frozenset({"party.banyan/Organization", "party.banyan/Contact"})
_UNDONE = "merge_undone"
# A merge is followed once. Its undoing takes the place too: should it be heard first, the merge
# has no effect any more.
_FOLLOW_ONCE = """
INSERT INTO sales.inbox (consumer, event_id, tenant_id) VALUES ('merges', $1::uuid, $2::uuid)
ON CONFLICT DO NOTHING RETURNING event_id
"""


async def follow(here: Resources, events: Sequence[Event], transaction: Transaction) -> None:
    """Move the references to merged records, or move back those their merges had moved."""
    for event in events:
        await _follow_one(here, event, transaction)


async def _follow_one(here: Resources, event: Event, transaction: Transaction) -> None:
    undone = event.subject.endswith(_UNDONE)
    kind = events_pb2.MergeUndone if undone else events_pb2.RecordsMerged
    fact = kind.FromString(event.payload)
    first = await transaction.fetch(_FOLLOW_ONCE, fact.merge_id, event.tenant_id)
    if not undone:  # nothing new may refer to what is looked through here once
        await doubt(here.database.schema, fact.resource_type, fact.from_id, transaction)
    for resource, field in references(here, fact.resource_type):
        tag = f"{field} {fact.merge_id}"
        if undone:
            condition = f"t.{field} = $1::uuid AND $2::text = ANY(t.moved_by)"
            arguments, target = (fact.into_id, tag), fact.from_id
        elif first:
            condition, arguments = f"t.{field} = $1::uuid", (fact.from_id,)
            target = fact.into_id
        else:
            continue
        for record in await resource.store.where(
            event.tenant_id, condition, *arguments, connection=transaction
        ):
            await _move(resource, record, field, target, fact.user_id, transaction)
            await _tag(resource, record.id, tag, transaction, away=undone)


def references(here: Resources, kind: str) -> Iterator[tuple[Resource, str]]:
    """Give the nouns here with the fields by which they refer to records of a type."""
    for resource in here.values():
        for field in resource.noun.fields.values():
            if reference_type(field) == kind:
                yield resource, field.name


async def _move(
    resource: Resource,
    record: Any,
    field: str,
    target: str,
    user_id: str,
    transaction: Transaction,
) -> None:
    path = next(method.path for method in resource.noun.rpcs if method.verb == "Update")
    call = resource.here.call_of(path, transaction.tenant_id, user_id)
    for name in resource.rules.titles:
        record.ClearField(name)
    new: Any = resource.noun.message()
    new.CopyFrom(record)
    setattr(new, field, target)
    await resource.put(call, "update", record, new, transaction)


async def _tag(
    resource: Resource, record_id: str, tag: str, transaction: Transaction, *, away: bool
) -> None:
    """Keep, or forget, that a merge moved a field of a record."""
    kept = column("moved_by", ARRAY(Text()))
    none = cast([], ARRAY(Text()))
    value: ColumnElement[Any] = func.array_append(func.coalesce(kept, none), tag)
    if away:
        value = func.array_remove(kept, tag)
    rows = table(resource.noun.table_name, column("id", UUID(as_uuid=False)), kept, schema="sales")
    await transaction.execute(
        update(rows).where(rows.c.id == record_id).values({"moved_by": value})
    )


def consumer(here: Resources) -> Consumer:
    """Give what follows the merges of party."""
    subjects = ("party.fact.records_merged", f"party.fact.{_UNDONE}")
    return Consumer("merges", subjects, functools.partial(follow, here))
