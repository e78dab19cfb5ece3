"""What descriptors answer only loosely typed of a field, and what a record has in it."""

import functools
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor


def message_name(field: FieldDescriptor) -> str:
    """Give the full name of a field's message type, "" for scalars."""
    return field.message_type.full_name if field.message_type is not None else ""


def enum_name(field: FieldDescriptor) -> str:
    """Give the full name of a field's enum type, "" for other types."""
    return field.enum_type.full_name if field.enum_type is not None else ""


def message_of(field: FieldDescriptor) -> Descriptor:
    """Give the type of a message field."""
    assert field.message_type is not None, field.full_name
    return field.message_type


def enum_of(field: FieldDescriptor) -> EnumDescriptor:
    """Give the type of an enum field."""
    assert field.enum_type is not None, field.full_name
    return field.enum_type


def is_map(field: FieldDescriptor) -> bool:
    """Tell a map from other repeated fields."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def is_set(record: Any, name: str) -> bool:
    """Tell whether a field of a record has a value other than nothing."""
    has_presence = _has_presence(record.DESCRIPTOR, name)
    return record.HasField(name) if has_presence else bool(getattr(record, name))


@functools.cache
def _has_presence(message: Descriptor, name: str) -> bool:
    return message.fields_by_name[name].has_presence


def copy_field(name: str, source: Any, target: Any) -> None:
    """Make a field of `target` what it is in `source`, unset included."""
    target.ClearField(name)
    field = source.DESCRIPTOR.fields_by_name[name]
    if field.is_repeated:
        getattr(target, name).MergeFrom(getattr(source, name))
    elif field.message_type is not None:
        if source.HasField(name):
            getattr(target, name).CopyFrom(getattr(source, name))
    elif not field.has_presence or source.HasField(name):
        setattr(target, name, getattr(source, name))
