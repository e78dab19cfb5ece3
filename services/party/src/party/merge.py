"""Merge: that two records became one, and how they become two again (PLT-17)."""

from typing import Any

from banyan.party.v1 import duplicate_pb2, events_pb2, merge_pb2
from google.protobuf import struct_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.json import codec_of
from chassis.json.wellknown import encode_value
from chassis.resources import Hooks, Keep, Noun, Resources
from chassis.rpc import Call
from party.duplicate import hold_pairs, pairs_of, reopen
from party.likeness import BY_TYPE, Likeness
from party.merging import Work, into_field, reaches, seen
from party.pointing import copy_of, read, values_of

_Merge = merge_pb2.Merge
UNDONE = _Merge.STATUS_UNDONE


async def undo(here: Resources, request: Any, call: Call) -> Message:
    """Make two of one again, and list what people have changed since, which stays.

    Raises:
        FailedPrecondition: MERGE_UNDONE, LATER_MERGE_FIRST.
    """
    merges = here[_Merge]

    async def run(asked: Keep | None) -> Any:
        async with here.database.transaction(call.tenant_id) as transaction:
            await hold_pairs(transaction)
            old = await seen(merges, call, request.id, transaction)
            if request.etag and request.etag != old.etag:
                raise errors.Conflict("STALE_ETAG", given=request.etag, current=old.etag)
            around = await merges.rules.around(call, old)
            merges.rules.authorize("undo", old, around, call)
            if old.status == UNDONE:
                raise errors.FailedPrecondition("MERGE_UNDONE")
            likeness, into_id, from_id = sides(old)
            new = copy_of(old)
            await _take_back(Work(here, call, transaction, likeness), new, into_id, from_id)
            new.status = UNDONE
            new.undone_by_user_id = call.caller.person_id
            new.undo_time.FromDatetime(around.now)
            return await merges.put(call, "undo", old, new, transaction, asked)

    undone = await merges.once(request, call, run)
    await merges.title_many(call, [undone])
    return undone


def sides(made: _Merge) -> tuple[Likeness, str, str]:
    """Tell of which noun a merge is, which record stayed and which one went."""
    for likeness in BY_TYPE.values():
        name = likeness.name.lower()
        if into := getattr(made, f"{name}_id"):
            return likeness, into, getattr(made, f"merged_{name}_id")
    raise ValueError(f"merge {made.id} is of nothing")


async def _take_back(work: Work, made: _Merge, into_id: str, from_id: str) -> None:
    """Put back both records and every reference, each only if it still is what the merge made."""
    survivor, other = await work.record(into_id), await work.record(from_id)
    for record, actions in ((survivor, ("update",)), (other, ("update", "delete"))):
        around = await work.around(record)
        for action in actions:
            work.records.rules.authorize(action, record, around, work.call)
    if getattr(other, into_field(work.likeness)) != into_id:
        raise errors.FailedPrecondition("LATER_MERGE_FIRST")
    # The other way round than they were changed, so that on the way nothing stands above itself.
    for moved in reversed(made.moved):
        await _point_back(work, made, moved, into_id, from_id)
    for change in reversed(made.changes):
        await _put_back(work, made, change)
    back = copy_of(other)
    back.ClearField("delete_time")
    back.ClearField(into_field(work.likeness))
    for name in work.own_references:
        if await reaches(work, getattr(back, name), name, {from_id}):
            back.ClearField(name)
            made.untouched.add(resource_type=work.kind, resource_id=from_id, field=name)
    await work.records.put(work.call, "undelete", other, back, work.transaction)
    pairs = await pairs_of(work.here, work.likeness, [into_id], work.transaction)
    if pair := pairs.get(frozenset((into_id, from_id))):
        opened = copy_of(pair)
        reopen(opened)
        await work.here[duplicate_pb2.Duplicate].put(
            work.call, "undo", pair, opened, work.transaction
        )


async def _put_back(work: Work, made: _Merge, change: merge_pb2.MergeChange) -> None:
    """Give the fields of a record their values before the merge."""
    resource = work.here.of_type(change.resource_type)
    assert resource is not None, change.resource_type
    for record in await read(resource, work.transaction, "t.id = $1::uuid", change.resource_id):
        now, new = values_of(record), copy_of(record)
        for field in change.fields:
            if now[field.path] == encode_value(field.new_value):
                _set(new, field.path, field.old_value)
            else:
                made.untouched.add(
                    resource_type=change.resource_type, resource_id=record.id, field=field.path
                )
        await resource.put(work.call, "unmerge", record, new, work.transaction)


async def _point_back(
    work: Work, made: _Merge, moved: merge_pb2.MovedReferences, into_id: str, from_id: str
) -> None:
    """Point references back; those that point elsewhere by now, or are gone, are left."""
    resource = work.here.of_type(moved.resource_type)
    assert resource is not None, moved.resource_type
    ids = list(moved.resource_ids)
    found = await read(resource, work.transaction, "t.id = ANY($1::uuid[])", ids)
    still = {record.id: record for record in found if getattr(record, moved.field) == into_id}
    for record_id in ids:
        if record := still.get(record_id):
            new = copy_of(record)
            setattr(new, moved.field, from_id)
            await resource.put(work.call, "update", record, new, work.transaction)
        else:
            made.untouched.add(
                resource_type=moved.resource_type, resource_id=record_id, field=moved.field
            )


def published_events(verb: str, _: Any, made: _Merge) -> list[Message]:
    """Tell other services, whose records may refer to one of the two."""
    likeness, into_id, from_id = sides(made)
    kind = next(kind for kind, known in BY_TYPE.items() if known is likeness)
    told = {"resource_type": kind, "from_id": from_id, "into_id": into_id, "merge_id": made.id}
    if verb == "undo":
        return [events_pb2.MergeUndone(**told, user_id=made.undone_by_user_id)]
    return [events_pb2.RecordsMerged(**told, user_id=made.creator_user_id)]


def _set(record: Message, name: str, value: struct_pb2.Value) -> None:
    """Give a field a value in JSON form; null is unset."""
    record.ClearField(name)
    plain = encode_value(value)
    if plain is not None:
        json_name = record.DESCRIPTOR.fields_by_name[name].json_name
        record.MergeFrom(codec_of(type(record)).from_value({json_name: plain}))


MERGE = Noun(
    _Merge,
    hooks=Hooks(published_events=published_events),
    methods={"UndoMerge": undo},
    without={
        "Create": "records are merged by a verb of their noun",
        "Update": "what happened cannot be changed, only undone",
        "Delete": "kept, so that it can be undone",
    },
)
