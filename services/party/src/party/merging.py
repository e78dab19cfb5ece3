"""Merging: two records of the same become one (PLT-17); `merge.py` makes them two again.

The record that stays takes the chosen fields of the other one and unites its lists with its; what
refers to the other one in this service refers to it from then on; the other one is deleted and says
where it went. All in one transaction, kept as a Merge: what has to be known to undo it. Other
services follow the facts RecordsMerged and MergeUndone.
"""

import contextlib
import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.api.v1 import change_pb2
from banyan.party.v1 import duplicate_pb2, merge_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from chassis import errors
from chassis.access import SHARES
from chassis.database import Transaction
from chassis.json.wellknown import decode_value, snake
from chassis.resources import Around, Keep, Resource, Resources
from chassis.resources.columns import column_name
from chassis.resources.noun import Custom, Unique
from chassis.resources.patch import check_writable
from chassis.rpc import Call
from party.duplicate import MERGED, close, hold_pairs, pairs_of, reopen
from party.likeness import Likeness
from party.pointing import Pointer, copy_of, pointers, read, redirect, values_of

# More would take longer than a caller waits.
REFERENCES_MAX = 5_000
_Merge = merge_pb2.Merge
# What tells of a merge is not moved by one.
_HISTORY = (_Merge, duplicate_pb2.Duplicate)
_HEADER = frozenset({"etag", "update_time"})


@dataclass(frozen=True)
class Work:
    """What a merge works with: one noun's records, for a caller, in a transaction."""

    here: Resources
    call: Call
    transaction: Transaction
    likeness: Likeness

    @property
    def records(self) -> Resource:
        """Give the records that are merged."""
        return self.here[self.likeness.message]

    @property
    def kind(self) -> str:
        """Name their type."""
        return self.records.noun.resource.type

    @property
    def own_references(self) -> list[str]:
        """List the fields by which such a record refers to another of its noun."""
        return [p.field.name for p in pointers(self.here, self.kind)
                if p.resource is self.records and p.is_plain]  # fmt: skip

    async def record(self, record_id: str) -> Any:
        """Give a record the caller may see.

        Raises:
            NotFound: NOT_FOUND.
        """
        return await seen(self.records, self.call, record_id, self.transaction)

    async def around(self, record: Any) -> Around:
        """Gather what the rules of the noun need."""
        return await self.records.rules.around(self.call, record)


def methods_of(likeness: Likeness) -> dict[str, Custom]:
    """Give the method by which records of a noun are merged."""
    return {f"Merge{likeness.name}": functools.partial(merge, likeness)}


def authorize(likeness: Likeness) -> Callable[[str, Any, Around], None]:
    """Give the hook by which a merged record comes back with its merge undone and not without."""
    name = into_field(likeness)

    def refuse(verb: str, record: Any, _: Around) -> None:
        if verb == "undelete" and (into := getattr(record, name)):
            raise errors.FailedPrecondition("MERGED_AWAY", into=into)

    return refuse


# --- merging


async def merge(likeness: Likeness, here: Resources, request: Any, call: Call) -> Message:
    """Merge a record into another.

    Raises:
        Invalid: MERGE_WITH_ITSELF, UNKNOWN_FIELD, and what the noun's rules refuse.
        FailedPrecondition: MERGED_AWAY, RECORD_DELETED, TOO_MANY_REFERENCES.
        Forbidden: OUTSIDE_REACH, FIELD_NOT_WRITABLE.
    """
    if request.id == request.other_id:
        raise errors.invalid_field("other_id", "MERGE_WITH_ITSELF")
    merges = here[_Merge]

    async def run(asked: Keep | None) -> Any:
        async with here.database.transaction(call.tenant_id) as transaction:
            await hold_pairs(transaction)
            work = Work(here, call, transaction, likeness)
            survivor = await _admitted(work, request.id, request.etag, "update")
            other = await _admitted(work, request.other_id, request.other_etag, "update", "delete")
            names = fields_to_take(work.records, request.fields)
            check_writable(names, work.records.noun.name, call)
            made = _begun(work, survivor, other, names)
            await _write_two(work, survivor, other, made)
            await _move_references(work, made, other.id, survivor.id)
            around = await merges.prepare_new(call, made, trusted=True)
            await merges.add(call, made, around, transaction, asked)
            await _close_pair(work, made, survivor.id, other.id)
        return made

    made = await merges.once(request, call, run)
    await merges.title_many(call, [made])
    return made


def fields_to_take(records: Resource, paths: Iterable[str]) -> list[str]:
    """Read which fields are to be taken from the other record.

    Raises:
        Invalid: UNKNOWN_FIELD for what there is not, or nobody may write.
    """
    names = [snake(path) for path in paths]
    allowed = records.noun.fields.keys() - records.rules.read_only - {"id"}
    for name in names:
        if name not in allowed:
            raise errors.invalid_field("fields", "UNKNOWN_FIELD", field=name)
    return names


def united(survivor: Any, other: Any, fields: Sequence[str]) -> Any:
    """Give the record that stays: with the other one's fields, and the lists of both.

    Only with whom it is shared stays: nobody sees more for a merge.
    """
    new = copy_of(survivor)
    taken = type(other)()
    for field, value in other.ListFields():
        if field.name in fields:
            _fill(taken, field.name, value)
        elif field.is_repeated and field.name != SHARES:
            own = getattr(new, field.name)
            own.extend(item for item in value if item not in getattr(survivor, field.name))
    for name in fields:
        new.ClearField(name)
    new.MergeFrom(taken)
    return new


async def _admitted(work: Work, record_id: str, etag: str, *actions: str) -> Any:
    """Give a living record on which the caller may do all this."""
    record = await work.record(record_id)
    if etag and etag != record.etag:
        raise errors.Conflict("STALE_ETAG", given=etag, current=record.etag)
    if into := getattr(record, into_field(work.likeness)):
        raise errors.FailedPrecondition("MERGED_AWAY", into=into)
    if record.HasField("delete_time"):
        raise errors.FailedPrecondition("RECORD_DELETED", id=record_id)
    around = await work.around(record)
    for action in actions:
        work.records.rules.authorize(action, record, around, work.call)
    return record


def _begun(work: Work, survivor: Any, other: Any, fields: Sequence[str]) -> _Merge:
    name = work.likeness.name.lower()
    made = _Merge(status=_Merge.STATUS_DONE, fields=fields, org_unit_id=survivor.org_unit_id)
    setattr(made, f"{name}_id", survivor.id)
    setattr(made, f"merged_{name}_id", other.id)
    return made


async def _write_two(work: Work, survivor: Any, other: Any, made: _Merge) -> None:
    """Delete the one and change the other, in this order: what the one held becomes free."""
    rules, hooks = work.records.rules, work.records.noun.hooks
    gone, new = copy_of(other), united(survivor, other, made.fields)
    setattr(gone, into_field(work.likeness), survivor.id)
    for name in work.own_references:
        await _place(work, new, other, name)
    around = await work.around(new)
    if hooks.before_delete is not None:
        hooks.before_delete(other, await work.around(other))
    if hooks.prepare_update is not None:
        hooks.prepare_update(survivor, new, around)
    rules.check(new, around, survivor)
    rules.authorize("update", new, around, work.call)
    gone.delete_time.FromDatetime(around.now)
    await work.records.put(work.call, "delete", other, gone, work.transaction)
    note(made, work.records, survivor, new)
    await work.records.put(work.call, "merge", survivor, new, work.transaction)


async def _place(work: Work, new: Any, other: Any, name: str) -> None:
    """Let the record that stays not stand above itself: it takes the other one's place if need be.

    Whoever stands below the other one will stand below it.
    """
    for above in (getattr(new, name), getattr(other, name), ""):
        if not await reaches(work, above, name, {new.id, other.id}):
            setattr(new, name, above)
            return


async def reaches(work: Work, start: str, name: str, wanted: set[str]) -> bool:
    """Tell whether whoever follows a reference from record to record comes to one of these."""
    passed: set[str] = set()
    current = start
    while current and current not in passed:
        if current in wanted:
            return True
        passed.add(current)
        found = await read(work.records, work.transaction, "t.id = $1::uuid", current)
        current = getattr(found[0], name) if found else ""
    return False


async def _move_references(work: Work, made: _Merge, old: str, new: str) -> None:
    """Point at the one what points at the other, and write down what that was.

    Raises:
        FailedPrecondition: TOO_MANY_REFERENCES.
    """
    for pointer in pointers(work.here, work.kind):
        if pointer.resource.noun.message in _HISTORY:
            continue
        kind, name = pointer.resource.noun.resource.type, pointer.field.name
        moved: list[str] = []
        for record in await pointer.records(old, work.transaction):
            if record.id in (old, new) and pointer.resource is work.records:
                continue
            changed = copy_of(record)
            redirect(changed, pointer.field, work.kind, old, new)
            written = await _move(work, pointer, record, changed)
            if written is None:
                made.stayed.add(resource_type=kind, resource_id=record.id, field=name)
                continue
            made.moved_count += 1
            if made.moved_count > REFERENCES_MAX:
                raise errors.FailedPrecondition("TOO_MANY_REFERENCES", limit=REFERENCES_MAX)
            if pointer.is_plain and written is changed:
                moved.append(record.id)
            else:
                note(made, pointer.resource, record, written)
        if moved:
            made.moved.add(resource_type=kind, field=name, resource_ids=moved)


async def _move(work: Work, pointer: Pointer, record: Any, changed: Any) -> Any:
    """Write a record that refers to the other one now; None when a rule of its noun forbids it.

    Of two that are the one (the primary address of its kind) that of the record that stays is.
    """
    resource, noun = pointer.resource, pointer.resource.noun
    if noun.hooks.validate is not None:
        try:
            noun.hooks.validate(changed, await resource.rules.around(work.call, changed))
        except errors.Invalid:
            return None
    keys = [key for key in noun.keys if pointer.field.name in key.columns]
    if not keys:
        return await resource.put(work.call, "update", record, changed, work.transaction)
    for attempt in (changed, _one_of_many(keys, changed)):
        with contextlib.suppress(errors.AlreadyExists):
            async with work.transaction.savepoint():
                return await resource.put(work.call, "update", record, attempt, work.transaction)
    return None


def _one_of_many(keys: Sequence[Unique], record: Any) -> Any:
    """Give a record that does not say any more that it is the one among those of a key."""
    other = copy_of(record)
    columns = {column for key in keys for column in key.columns}
    for field in record.DESCRIPTOR.fields:
        if field.type == FieldDescriptor.TYPE_BOOL and column_name(field.name) in columns:
            other.ClearField(field.name)
    return other


async def _close_pair(work: Work, made: _Merge, survivor_id: str, other_id: str) -> None:
    pairs = await pairs_of(work.here, work.likeness, [survivor_id], work.transaction)
    if pair := pairs.get(frozenset((survivor_id, other_id))):
        closed = copy_of(pair)
        reopen(closed)
        close(closed, MERGED, await work.here[_Merge].rules.around(work.call, made))
        closed.merge_id = made.id
        await work.here[duplicate_pb2.Duplicate].put(
            work.call, "merge", pair, closed, work.transaction
        )


# --- records and their fields


async def seen(resource: Resource, call: Call, record_id: str, transaction: Transaction) -> Any:
    """Give a record the caller may see.

    Raises:
        NotFound: NOT_FOUND.
    """
    reach = resource.rules.reach(call, "read")
    for record in await read(resource, transaction, "t.id = $1::uuid", record_id):
        if reach.covers(record):
            return record
    raise errors.NotFound("NOT_FOUND", resource=resource.noun.name, id=record_id)


def into_field(likeness: Likeness) -> str:
    """Name the field by which a merged record says where it went."""
    return f"merged_into_{likeness.name.lower()}_id"


def note(made: _Merge, resource: Resource, old: Any, new: Any) -> None:
    """Write down what a merge changed in a record beside a plain reference."""
    before, after = values_of(old), values_of(new)
    fields = [
        change_pb2.FieldChange(
            path=name, old_value=decode_value(before[name]), new_value=decode_value(after[name])
        )
        for name in before
        if name not in _HEADER and before[name] != after[name]
    ]
    if fields:
        made.changes.add(
            resource_type=resource.noun.resource.type, resource_id=old.id, fields=fields
        )


def _fill(record: Any, name: str, value: Any) -> None:
    """Give an empty field a value."""
    field = record.DESCRIPTOR.fields_by_name[name]
    if field.is_repeated:
        getattr(record, name).extend(value)
    elif field.message_type is not None:
        getattr(record, name).CopyFrom(value)
    else:
        setattr(record, name, value)
