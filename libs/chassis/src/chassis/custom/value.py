"""What a value of a custom field is, by its type: in JSON, and as `value` in the field's rule."""

import decimal
from collections.abc import Callable, Iterable
from typing import Any

from banyan.studio.v1 import custom_field_pb2, picklist_pb2
from google.protobuf import struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.descriptor import Descriptor

from chassis import errors
from chassis.ids import is_id
from chassis.json.refusal import Refused
from chassis.json.wellknown import (
    decode_date,
    decode_decimal,
    decode_timestamp,
    encode_value,
)

_Field = custom_field_pb2.CustomField
# A Struct holds numbers as doubles, which are exact to so many digits.
INTEGER_MAX = 10**15 - 1
LENGTH_MAX = {_Field.TYPE_TEXT: 1_000, _Field.TYPE_LONG_TEXT: 10_000}
ENTRY_LENGTH_MAX = 100

# The well-known types stand for CEL's own: a StringValue is a string to a rule.
CEL_TYPES: dict[int, Descriptor] = {
    _Field.TYPE_TEXT: wrappers_pb2.StringValue.DESCRIPTOR,
    _Field.TYPE_LONG_TEXT: wrappers_pb2.StringValue.DESCRIPTOR,
    _Field.TYPE_INTEGER: wrappers_pb2.Int64Value.DESCRIPTOR,
    _Field.TYPE_DECIMAL: wrappers_pb2.DoubleValue.DESCRIPTOR,
    _Field.TYPE_DATE: wrappers_pb2.StringValue.DESCRIPTOR,
    _Field.TYPE_TIMESTAMP: timestamp_pb2.Timestamp.DESCRIPTOR,
    _Field.TYPE_BOOLEAN: wrappers_pb2.BoolValue.DESCRIPTOR,
    _Field.TYPE_PICKLIST: wrappers_pb2.StringValue.DESCRIPTOR,
    _Field.TYPE_MULTI_PICKLIST: struct_pb2.ListValue.DESCRIPTOR,
    _Field.TYPE_REFERENCE: wrappers_pb2.StringValue.DESCRIPTOR,
}


# How filters compare a value: as what, and as which PostgreSQL type; "" for whole values in JSON.
FILTERED_AS: dict[int, tuple[str, str]] = {
    _Field.TYPE_TEXT: ("text", ""),
    _Field.TYPE_LONG_TEXT: ("text", ""),
    _Field.TYPE_INTEGER: ("decimal", "numeric"),
    _Field.TYPE_DECIMAL: ("decimal", "numeric"),
    _Field.TYPE_DATE: ("date", "date"),
    _Field.TYPE_TIMESTAMP: ("instant", "timestamptz"),
    _Field.TYPE_BOOLEAN: ("boolean", ""),
    _Field.TYPE_PICKLIST: ("texts", ""),
    _Field.TYPE_MULTI_PICKLIST: ("texts", ""),
    _Field.TYPE_REFERENCE: ("uuid", ""),
}

# As what orders and summaries take a value, and as which PostgreSQL type.
ASKED_AS: dict[int, tuple[str, str]] = {
    _Field.TYPE_TEXT: ("text", "text"),
    _Field.TYPE_LONG_TEXT: ("long text", "text"),
    _Field.TYPE_INTEGER: ("integer", "bigint"),
    _Field.TYPE_DECIMAL: ("decimal", "numeric"),
    _Field.TYPE_DATE: ("date", "date"),
    _Field.TYPE_TIMESTAMP: ("instant", "timestamptz"),
    _Field.TYPE_BOOLEAN: ("boolean", "boolean"),
    _Field.TYPE_PICKLIST: ("text", "text"),
    _Field.TYPE_MULTI_PICKLIST: ("texts", "text"),
    _Field.TYPE_REFERENCE: ("uuid", "text"),
}


def misfits(
    value: struct_pb2.Value,
    field: _Field,
    picklist: picklist_pb2.Picklist | None,
    path: str,
) -> list[errors.FieldViolation]:
    """Name what keeps a value from being one of a field, with its place below `path`.

    Args:
        picklist: the field's; None for a field that has none.
    """
    try:
        _CHECKS[field.type](encode_value(value), field, picklist)
    except Refused as refused:
        return refused.violations(path)
    return []


def offered(entries: Iterable[picklist_pb2.PicklistEntry]) -> set[str]:
    """Give the keys that new values may take."""
    return {entry.key for entry in entries if not entry.retired}


def _text(value: Any, field: _Field, _: Any) -> None:
    limit = field.text_limits.max_length or LENGTH_MAX[field.type]
    if len(_string(value)) > limit:
        raise Refused.one("STRING_MAX_LEN", max_len=limit)


def _integer(value: Any, field: _Field, _: Any) -> None:
    if type(value) is not int:
        raise Refused.one("NOT_AN_INTEGER")
    if abs(value) > INTEGER_MAX:
        raise Refused.one("OUT_OF_RANGE", low=-INTEGER_MAX, high=INTEGER_MAX)
    _check_limits(decimal.Decimal(value), field.number_limits)


def _decimal(value: Any, field: _Field, _: Any) -> None:
    _check_limits(decimal.Decimal(decode_decimal(value).value), field.number_limits)


def _check_limits(number: decimal.Decimal, limits: custom_field_pb2.NumberLimits) -> None:
    if limits.HasField("minimum") and number < decimal.Decimal(limits.minimum.value):
        raise Refused.one("BELOW_MINIMUM", minimum=limits.minimum.value)
    if limits.HasField("maximum") and number > decimal.Decimal(limits.maximum.value):
        raise Refused.one("ABOVE_MAXIMUM", maximum=limits.maximum.value)


def _boolean(value: Any, _: _Field, __: Any) -> None:
    if type(value) is not bool:
        raise Refused.one("NOT_A_BOOLEAN")


def _key(value: Any, _: _Field, picklist: picklist_pb2.Picklist) -> None:
    if len(_string(value)) > ENTRY_LENGTH_MAX:
        raise Refused.one("STRING_MAX_LEN", max_len=ENTRY_LENGTH_MAX)
    if not picklist.open and value not in offered(picklist.entries):
        raise Refused.one("NOT_IN_PICKLIST", found=value, picklist=picklist.name)


def _keys(value: Any, field: _Field, picklist: picklist_pb2.Picklist) -> None:
    if not isinstance(value, list):
        raise Refused.one("NOT_A_LIST")
    keys: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
    for place, key in enumerate(keys):
        try:
            _key(key, field, picklist)
        except Refused as refused:
            raise Refused(refused.below(f"[{place}]")) from None
    if len(set(keys)) < len(keys):
        raise Refused.one("GIVEN_TWICE")


def _reference(value: Any, _: _Field, __: Any) -> None:
    if not is_id(_string(value)):
        raise Refused.one("NOT_AN_ID")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused.one("NOT_A_STRING")
    return value


_CHECKS: dict[int, Callable[[Any, _Field, Any], object]] = {
    _Field.TYPE_TEXT: _text,
    _Field.TYPE_LONG_TEXT: _text,
    _Field.TYPE_INTEGER: _integer,
    _Field.TYPE_DECIMAL: _decimal,
    _Field.TYPE_DATE: lambda value, _, __: decode_date(value),
    _Field.TYPE_TIMESTAMP: lambda value, _, __: decode_timestamp(value),
    _Field.TYPE_BOOLEAN: _boolean,
    _Field.TYPE_PICKLIST: _key,
    _Field.TYPE_MULTI_PICKLIST: _keys,
    _Field.TYPE_REFERENCE: _reference,
}
