"""What a person does not see of a record: taken out of it wherever it stands in a reply."""

import functools
import json
from collections.abc import Callable, Iterable, Set
from typing import Any

from banyan.api.v1 import options_pb2
from google.api import resource_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from chassis.access.fields import FieldAccess
from chassis.json.fields import copy_field, is_set

_CUSTOM = "custom_fields"
_POOL = descriptor_pool.Default()


@functools.lru_cache(maxsize=10_000)
def with_titles(message: Descriptor, names: frozenset[str]) -> frozenset[str]:
    """Give fields and what shows the titles of what they refer to."""
    titles = {
        field.name
        for field in message.fields
        if _field_options(field).Extensions[options_pb2.field].title_of in names - {""}
    }
    return names | titles


def conceal(reply: Any, fields_of: Callable[[str], FieldAccess]) -> None:
    """Take what is hidden out of every record in a reply.

    Args:
        fields_of: gives what is kept of a noun ("sales.Opportunity").
    """
    message: Descriptor = reply.DESCRIPTOR
    noun = _noun(message)
    if noun and (hidden := fields_of(noun).hidden):
        for name in with_titles(message, hidden):
            take_out(reply, name)
    for name, other, title in _titles(message):
        if title in fields_of(other).hidden:
            reply.ClearField(name)
    for name, kind in _told(message).items():
        about = fields_of(resource_of(getattr(reply, kind))).hidden
        if about:
            _conceal_told(getattr(reply, name), about)
    for field in _ways(message):
        values: Iterable[Any] = (getattr(reply, field.name),)
        if field.is_repeated:
            values = getattr(reply, field.name)
        elif not reply.HasField(field.name):
            continue
        for value in values:
            conceal(value, fields_of)


def _conceal_told(told: Any, hidden: Set[str]) -> None:
    """Leave out what is told of hidden fields: path, old and new value."""
    keys = {path.partition(".")[2] for path in hidden if path.startswith(f"{_CUSTOM}.")}
    kept: list[Any] = []
    for one in told:
        if one.path == _CUSTOM and keys:
            _drop(one, "old_value", keys)
            _drop(one, "new_value", keys)
            if one.old_value == one.new_value:
                continue
        if one.path not in hidden:
            kept.append(one)
    del told[:]
    told.extend(kept)


def _drop(told: Any, side: str, keys: Set[str]) -> None:
    """Leave some custom fields out of what is told: a value, or its JSON."""
    value: Any = getattr(told, side)
    if isinstance(value, str):
        kept = {key: one for key, one in json.loads(value or "{}").items() if key not in keys}
        # In one order on both sides: a record and its row keep keys in different ones.
        setattr(told, side, json.dumps(kept, sort_keys=True) if kept else "")
    elif value.HasField("struct_value"):
        for key in keys:
            value.struct_value.fields.pop(key, None)
        if not value.struct_value.fields:
            value.null_value = 0


def take_out(record: Any, path: str) -> None:
    """Clear a field, or one of the custom fields ("custom_fields.margin"), of a record."""
    name, _, key = path.partition(".")
    if name not in record.DESCRIPTOR.fields_by_name:
        return
    if not key:
        record.ClearField(name)
    elif name == _CUSTOM and record.HasField(_CUSTOM):
        record.custom_fields.fields.pop(key, None)


def put_back(record: Any, path: str, before: Any) -> None:
    """Make a field, or one custom field, what it is in an earlier state of the record."""
    take_out(record, path)
    name, _, key = path.partition(".")
    if not key:
        copy_field(name, before, record)
    elif is_given(before, path):
        record.custom_fields.fields[key].CopyFrom(before.custom_fields.fields[key])


def is_given(record: Any, path: str) -> bool:
    """Tell whether a record says something about a field, or one of the custom fields."""
    name, _, key = path.partition(".")
    if name not in record.DESCRIPTOR.fields_by_name:
        return False
    if key:
        return name == _CUSTOM and key in record.custom_fields.fields
    return is_set(record, name)


def differs(path: str, one: Any, other: Any) -> bool:
    """Tell whether two states of a record differ in a field, or in one of the custom fields."""
    name, _, key = path.partition(".")
    if not key:
        return getattr(one, name) != getattr(other, name) or is_given(one, path) != is_given(
            other, path
        )
    if is_given(one, path) != is_given(other, path):
        return True
    held = (record.custom_fields.fields[key] for record in (one, other))
    return is_given(one, path) and next(held) != next(held)


def _field_options(field: FieldDescriptor) -> Any:
    return field.GetOptions()


@functools.cache
def _noun(message: Descriptor) -> str:
    """Name the noun a message is a record of, "" if it is none."""
    options: Any = message.GetOptions()
    return resource_of(options.Extensions[resource_pb2.resource].type)


def resource_of(kind: str) -> str:
    """Give the noun that rights speak of for a type: party.Organization."""
    return kind.replace(".banyan/", ".")


@functools.cache
def _titles(message: Descriptor) -> tuple[tuple[str, str, str], ...]:
    """Give the fields that show titles, each with whose: the noun, and its field.

    The whole contract is loaded, as it is wherever calls are answered.
    """
    found: list[tuple[str, str, str]] = []
    for field in message.fields:
        if source := _field_options(field).Extensions[options_pb2.field].title_of:
            reference = _field_options(message.fields_by_name[source])
            kind: str = reference.Extensions[resource_pb2.resource_reference].type
            service, _, noun = kind.partition(".banyan/")
            other: Any = _POOL.FindMessageTypeByName(f"banyan.{service}.v1.{noun}")
            title: str = other.GetOptions().Extensions[options_pb2.noun].title
            found.append((field.name, resource_of(kind), title))
    return tuple(found)


@functools.cache
def _told(message: Descriptor) -> dict[str, str]:
    """Give the fields that speak of another record's fields, and which field says of which type."""
    found = {f.name: _field_options(f).Extensions[options_pb2.field] for f in message.fields}
    return {name: options.fields_of for name, options in found.items() if options.fields_of}


@functools.cache
def _ways(message: Descriptor) -> tuple[FieldDescriptor, ...]:
    """List the fields of a message in which there may be records."""
    return tuple(
        field
        for field in message.fields
        if field.message_type is not None and _leads(field.message_type, frozenset())
    )


def _leads(message: Descriptor, seen: frozenset[str]) -> bool:
    if message.full_name in seen or not message.full_name.startswith("banyan."):
        return False
    return bool(_noun(message) or _told(message)) or any(
        _leads(field.message_type, seen | {message.full_name})
        for field in message.fields
        if field.message_type is not None
    )
