"""Plain values to messages: one table of fields per message type."""

import base64
import binascii
import functools
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from chassis.json import wellknown
from chassis.json.encode import short_enum_name
from chassis.json.fields import enum_name, enum_of, is_map, message_name, message_of
from chassis.json.refusal import Refused

Decoder = Callable[[Any], Any]

__all__ = ["Decoder", "Refused", "decoder_of", "json_fields"]

_RANGES: dict[int, tuple[int, int]] = {
    **dict.fromkeys((5, 15, 17), (-(2**31), 2**31 - 1)),  # int32, sfixed32, sint32
    **dict.fromkeys((13, 7), (0, 2**32 - 1)),  # uint32, fixed32
    **dict.fromkeys((3, 16, 18), (-(2**63), 2**63 - 1)),  # int64, sfixed64, sint64
    **dict.fromkeys((4, 6), (0, 2**64 - 1)),  # uint64, fixed64
}
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,3})?", re.ASCII)
_NON_FINITE = {"NaN", "Infinity", "-Infinity"}
_ENUM_NULL = "google.protobuf.NullValue"


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    decode: Decoder
    oneof: str
    keeps_null: bool


@functools.cache
def decoder_of(descriptor: Descriptor) -> Decoder:
    """Give the function that turns plain values into a message of this type."""
    name = descriptor.full_name
    if name in wellknown.DECODERS:
        return wellknown.DECODERS[name]
    message_type = message_factory.GetMessageClass(descriptor)
    if name in wellknown.WRAPPERS:
        inner = _scalar(descriptor.fields_by_name["value"])
        return lambda value: message_type(value=inner(value))
    table = _table(descriptor)

    def decode(value: Any) -> Any:
        if type(value) is not dict:
            raise Refused.one("NOT_AN_OBJECT")
        return message_type(**_arguments(table, cast("dict[str, Any]", value)))

    return decode


def json_fields(descriptor: Descriptor) -> dict[str, str]:
    """Map both spellings of every field to its proto name."""
    return {key: field.name for key, field in _table(descriptor).items()}


@functools.cache
def _table(descriptor: Descriptor) -> dict[str, _Field]:
    table: dict[str, _Field] = {}
    for field in descriptor.fields:
        oneof = field.containing_oneof
        entry = _Field(
            name=field.name,
            decode=_field_decoder(field),
            oneof=oneof.name if oneof is not None and len(oneof.fields) > 1 else "",
            keeps_null=_keeps_null(field),
        )
        table[field.json_name] = table[field.name] = entry
    return table


def _arguments(table: dict[str, _Field], value: dict[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    problems: list[tuple[str, str, dict[str, str]]] = []
    oneofs: dict[str, str] = {}
    for key, item in value.items():
        field = table.get(key)
        if field is None:
            problems.append((key, "UNKNOWN_FIELD", {"field": key}))
            continue
        if item is None and not field.keeps_null:
            continue
        if field.name in arguments:
            problems.append((field.name, "FIELD_GIVEN_TWICE", {}))
            continue
        if field.oneof:
            other = oneofs.setdefault(field.oneof, field.name)
            if other != field.name:
                problems.append((field.name, "ONLY_ONE_OF", {"other": other}))
                continue
        try:
            arguments[field.name] = field.decode(item)
        except Refused as refused:
            problems += refused.below(field.name)
    if problems:
        raise Refused(problems)
    return arguments


def _field_decoder(field: FieldDescriptor) -> Decoder:
    if is_map(field):
        return _map_decoder(field)
    one = _value_decoder(field)
    if not field.is_repeated:
        return one

    def decode(value: Any) -> list[Any]:
        if type(value) is not list:
            raise Refused.one("NOT_A_LIST")
        items: list[Any] = []
        problems: list[tuple[str, str, dict[str, str]]] = []
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            try:
                items.append(one(item))
            except Refused as refused:
                problems += refused.below(f"[{index}]")
        if problems:
            raise Refused(problems)
        return items

    return decode


def _map_decoder(field: FieldDescriptor) -> Decoder:
    entry = message_of(field).fields_by_name
    key_of = _map_key(entry["key"])
    value_of = _value_decoder(entry["value"])

    def decode(value: Any) -> dict[Any, Any]:
        if not isinstance(value, dict):
            raise Refused.one("NOT_AN_OBJECT")
        items: dict[Any, Any] = {}
        problems: list[tuple[str, str, dict[str, str]]] = []
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            try:
                items[key_of(key)] = value_of(item)
            except Refused as refused:
                problems += refused.below(f"[{key!r}]")
        if problems:
            raise Refused(problems)
        return items

    return decode


def _map_key(field: FieldDescriptor) -> Decoder:
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _bool_key
    return _scalar(field)


def _bool_key(key: Any) -> bool:
    if key not in ("true", "false"):
        raise Refused.one("NOT_A_BOOLEAN")
    return key == "true"


def _value_decoder(field: FieldDescriptor) -> Decoder:
    if field.type in (FieldDescriptor.TYPE_MESSAGE, FieldDescriptor.TYPE_GROUP):
        inner = message_of(field)
        if inner.full_name in wellknown.DECODERS:
            return wellknown.DECODERS[inner.full_name]
        # Types may contain themselves, so the inner decoder is looked up when called.
        return lambda value: decoder_of(inner)(value)
    return _scalar(field)


def _scalar(field: FieldDescriptor) -> Decoder:
    if field.type == FieldDescriptor.TYPE_STRING:
        return _string
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _bool
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _bytes
    if field.type == FieldDescriptor.TYPE_ENUM:
        return _enum(enum_of(field))
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return _double
    if field.type == FieldDescriptor.TYPE_FLOAT:
        return _float
    low, high = _RANGES[field.type]
    return functools.partial(_integer, low=low, high=high)


def _string(value: Any) -> str:
    if type(value) is not str:
        raise Refused.one("NOT_A_STRING")
    return value


def _bool(value: Any) -> bool:
    if type(value) is not bool:
        raise Refused.one("NOT_A_BOOLEAN")
    return value


def _integer(value: Any, low: int, high: int) -> int:
    if type(value) is not int:
        value = _integer_from(value)
    if not low <= value <= high:
        raise Refused.one("OUT_OF_RANGE", low=low, high=high)
    return value


def _integer_from(value: Any) -> int:
    """Read 5.0, "5" and "5e3"; a string keeps all its digits."""
    if type(value) is str and _NUMBER.fullmatch(value):
        if value.lstrip("-").isdigit():
            return int(value)
        value = float(value)
    if type(value) is float and value.is_integer():
        return int(value)
    raise Refused.one("NOT_AN_INTEGER")


def _double(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int or (
        type(value) is str and (_NUMBER.fullmatch(value) or value in _NON_FINITE)
    ):
        number = float(value)
        if number in (float("inf"), float("-inf")) and value not in _NON_FINITE:
            raise Refused.one("OUT_OF_RANGE", low="-1.8e308", high="1.8e308")
        return number
    raise Refused.one("NOT_A_NUMBER")


def _float(value: Any) -> float:
    number = _double(value)
    try:
        struct.pack("<f", number)
    except OverflowError:
        raise Refused.one("OUT_OF_RANGE", low="-3.4e38", high="3.4e38") from None
    return number


def _bytes(value: Any) -> bytes:
    if type(value) is not str:
        raise Refused.one("NOT_A_STRING")
    standard = value.replace("-", "+").replace("_", "/")
    padded = standard + "=" * (-len(standard) % 4)
    try:
        return base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        raise Refused.one("INVALID_BASE64") from None


def _enum(enum: EnumDescriptor) -> Decoder:
    if enum.full_name == _ENUM_NULL:
        return lambda value: 0
    numbers = {value.name: value.number for value in enum.values}
    numbers |= {short_enum_name(enum, name): number for name, number in numbers.items()}
    known = set(numbers.values())
    allowed = ", ".join(short_enum_name(enum, value.name) for value in enum.values)

    def decode(value: Any) -> int:
        if type(value) is str and value in numbers:
            return numbers[value]
        if type(value) is int and value in known:
            return value
        raise Refused.one("NOT_A_VALUE_OF", allowed=allowed)

    return decode


def _keeps_null(field: FieldDescriptor) -> bool:
    if field.is_repeated:
        return False
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return message_name(field) == "google.protobuf.Value"
    return field.type == FieldDescriptor.TYPE_ENUM and enum_name(field) == _ENUM_NULL
