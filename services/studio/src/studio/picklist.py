"""Picklist: what people choose from, as the firm says (PLT-32)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from banyan.studio.v1 import custom_field_pb2, picklist_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.custom.value import offered
from chassis.json.wellknown import encode_value
from chassis.resources import Around, Hooks, Noun, Resources
from chassis.rpc import Call
from studio.label import fill_label

_Picklist = picklist_pb2.Picklist
_USERS = "t.picklist_id = $1::uuid AND t.delete_time IS NULL"


def prepare_create(picklist: _Picklist, _: Around) -> None:
    """Label a list that has no label."""
    fill_label(picklist, picklist.name)


def prepare_update(old: _Picklist, new: _Picklist, _: Around) -> None:
    """Keep what was taken out of the list, retired and at its end: records may have it."""
    fill_label(new, new.name)
    kept = {entry.key for entry in new.entries}
    for entry in old.entries:
        if entry.key not in kept:
            new.entries.add().CopyFrom(entry)
            new.entries[-1].retired = True


def validate(picklist: _Picklist, _: Around) -> None:
    """Refuse a list in which two entries share a key.

    Raises:
        Invalid: ENTRY_KEY_TWICE, per key.
    """
    times = Counter(entry.key for entry in picklist.entries)
    violations = [
        errors.FieldViolation("picklist.entries", "ENTRY_KEY_TWICE", metadata={"key": key})
        for key, count in times.items()
        if count > 1
    ]
    if violations:
        raise errors.Invalid("INVALID_FIELDS", violations=violations)


def lost_default(
    fields: Iterable[custom_field_pb2.CustomField],
    entries: Sequence[picklist_pb2.PicklistEntry],
) -> tuple[str, str] | None:
    """Give an entry that is no longer offered though a field begins with it, and that field."""
    keys = offered(entries)
    for field in fields:
        given = encode_value(field.default_value)
        several: list[Any] = given if isinstance(given, list) else [given]
        for key in several:
            if key is not None and key not in keys:
                return str(key), field.key
    return None


async def update(here: Resources, request: Any, call: Call) -> Message:
    """Change a list, but never so that a field's default is no longer in it.

    Raises:
        FailedPrecondition: ENTRY_IS_DEFAULT.
    """
    picklists = here[_Picklist]
    # Outside the caller's reach nothing is told; what comes last refuses it.
    reach = picklists.rules.reach(call, "update")
    before = await picklists.store.find(call.tenant_id, request.picklist.id, reach)
    mask = {"entries", "open"} & set(picklists.rules.update_mask(request))
    if before is not None and mask:
        entries = (request.picklist if "entries" in mask else before).entries
        is_open = (request.picklist if "open" in mask else before).open
        fields = here[custom_field_pb2.CustomField].store
        users = await fields.where(call.tenant_id, _USERS, before.id)
        if not is_open and (lost := lost_default(users, entries)):
            raise errors.FailedPrecondition("ENTRY_IS_DEFAULT", key=lost[0], field=lost[1])
    return await picklists.update(request, call)


async def delete(here: Resources, request: Any, call: Call) -> Message:
    """Delete a list that no custom field chooses from.

    Raises:
        FailedPrecondition: PICKLIST_IN_USE.
    """
    picklists = here[_Picklist]
    reach = picklists.rules.reach(call, "delete")
    if await picklists.store.find(call.tenant_id, request.id, reach) is not None:
        fields = here[custom_field_pb2.CustomField].store
        users = await fields.where(call.tenant_id, _USERS, request.id)
        if users:
            raise errors.FailedPrecondition("PICKLIST_IN_USE", field=users[0].key)
    return await picklists.delete(request, call)


PICKLIST = Noun(
    _Picklist,
    hooks=Hooks(prepare_create=prepare_create, prepare_update=prepare_update, validate=validate),
    methods={"UpdatePicklist": update, "DeletePicklist": delete},
    without={"Share": "it is in force for everybody"},
)
