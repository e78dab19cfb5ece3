"""Custom fields of a record: held to what the firm has defined (PLT-26), in every noun alike."""

import re
from collections.abc import Iterator
from typing import Any

from banyan.studio.v1 import custom_field_pb2
from google.protobuf import struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from chassis import errors
from chassis.custom.definitions import Definition, Fields
from chassis.custom.value import CEL_TYPES, misfits
from chassis.errors import FieldViolation
from chassis.expressions import Rule, compile_rule
from chassis.json.wellknown import decode_timestamp, encode_timestamp, encode_value

CUSTOM_FIELDS = "custom_fields"
_NAMED = re.compile(r"\b(?:custom_fields|customFields)\.(\w+)")
_Type = custom_field_pb2.CustomField
_Value = struct_pb2.Value


def key_of(path: str) -> str:
    """Give the key in ``customFields.seats``, "" for a path to anything else."""
    name, _, key = path.partition(".")
    return key if name in (CUSTOM_FIELDS, "customFields") else ""


def keys_in(text: str) -> set[str]:
    """Give the keys of the custom fields that a filter, an order or a group may name."""
    return set(_NAMED.findall(text))


def merge(path: str, patch: Any, record: Any) -> None:
    """Take over what a patch says about custom fields.

    Args:
        path: ``custom_fields`` changes the keys that are given, ``custom_fields.seats`` that one,
            ``custom_fields.*`` makes them what the patch has. Null takes a value away.
    """
    given, held = patch.custom_fields.fields, record.custom_fields.fields
    key = key_of(path)
    if key == "*":
        record.custom_fields.CopyFrom(patch.custom_fields)
        return
    for name in [key] if key else list(given):
        if name in given:
            held[name].CopyFrom(given[name])
        else:
            held.pop(name, None)


def settle(record: Any, old: Any, fields: Fields, singular: str) -> list[FieldViolation]:
    """Complete a record's custom fields and name what is wrong with them.

    A new record gets the defaults of what it does not say. What was there before and stays is left
    alone: its picklist entry may have been retired since, its field deleted.

    Args:
        old: the record before; None for a new one.
    """
    values = record.custom_fields.fields
    before: Any = old.custom_fields.fields if old is not None else ()
    for key in [key for key, value in values.items() if _is_null(value)]:
        del values[key]
    if old is None:
        for key, definition in fields.items():
            if key not in values and definition.field.HasField("default_value"):
                values[key].CopyFrom(definition.field.default_value)
    wrong: list[FieldViolation] = []
    touched = old is None or record.custom_fields != old.custom_fields
    for key, value in changed(record, old):
        path = f"{singular}.{CUSTOM_FIELDS}.{key}"
        if key not in fields:
            wrong.append(FieldViolation(path, "UNKNOWN_CUSTOM_FIELD", metadata={"found": key}))
            continue
        found = misfits(value, fields[key].field, fields[key].picklist, path)
        if not found and fields[key].field.type == _Type.TYPE_TIMESTAMP:
            value.string_value = encode_timestamp(decode_timestamp(value.string_value))
        wrong += found
    for key, definition in fields.items() if touched else ():
        if definition.field.required and key not in values:
            wrong.append(FieldViolation(f"{singular}.{CUSTOM_FIELDS}.{key}", "REQUIRED"))
    if not values and not before:
        record.ClearField(CUSTOM_FIELDS)
    return wrong


def changed(record: Any, old: Any) -> list[tuple[str, _Value]]:
    """List the values of a record that it did not have before, with their keys."""
    before: Any = old.custom_fields.fields if old is not None else ()
    return [
        (key, value)
        for key, value in record.custom_fields.fields.items()
        if key not in before or before[key] != value
    ]


def references(record: Any, old: Any, fields: Fields) -> Iterator[tuple[str, str, str]]:
    """Give key, resource type and id of the records that new values refer to."""
    for key, value in changed(record, old):
        definition = fields.get(key)
        if definition is not None and definition.field.type == _Type.TYPE_REFERENCE:
            yield key, definition.field.reference_target.resource_type, value.string_value


def broken_rules(record: Any, fields: Fields, singular: str) -> list[FieldViolation]:
    """Name the values that break their field's own rule, which may look at the whole record.

    A rule that cannot be evaluated is broken: it fails closed.
    """
    message: Any = record
    descriptor: Descriptor = message.DESCRIPTOR
    values = record.custom_fields.fields
    wrong: list[FieldViolation] = []
    for key, definition in fields.items():
        if not definition.field.validation or key not in values:
            continue
        if not _holds(definition, values[key], record, descriptor, singular):
            told = {"hint": definition.field.validation_hint or definition.field.validation}
            path = f"{singular}.{CUSTOM_FIELDS}.{key}"
            wrong.append(FieldViolation(path, "CUSTOM_RULE_BROKEN", metadata=told))
    return wrong


def _holds(
    definition: Definition, value: _Value, record: Message, descriptor: Descriptor, singular: str
) -> bool:
    field = definition.field
    try:
        rule = rule_of(field, singular, descriptor, CUSTOM_FIELDS)
        return rule.holds(**{singular: record, "value": _typed(value, field.type)})
    except errors.Error:
        return False


def rule_of(field: _Type, singular: str, descriptor: Descriptor, path: str) -> Rule:
    """Compile a field's rule over `value` and the record, which is named after its noun.

    Raises:
        Invalid: INVALID_RULE at `path`.
    """
    names = {singular: descriptor, "value": CEL_TYPES[field.type]}
    return compile_rule(field.validation, path, names)


def _typed(value: _Value, kind: int) -> Message:
    """Give a value as its field's rule sees it."""
    plain = encode_value(value)
    match kind:
        case _Type.TYPE_INTEGER:
            return wrappers_pb2.Int64Value(value=plain)
        case _Type.TYPE_DECIMAL:
            return wrappers_pb2.DoubleValue(value=float(plain))
        case _Type.TYPE_BOOLEAN:
            return wrappers_pb2.BoolValue(value=plain)
        case _Type.TYPE_TIMESTAMP:
            found = timestamp_pb2.Timestamp()
            found.CopyFrom(decode_timestamp(plain))
            return found
        case _Type.TYPE_MULTI_PICKLIST:
            return value.list_value
        case _:
            return wrappers_pb2.StringValue(value=plain)


def _is_null(value: _Value) -> bool:
    return value.WhichOneof("kind") in (None, "null_value")
