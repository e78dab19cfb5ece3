"""The types whose JSON is not their fields: times, dates, decimals, structs, wrappers, masks."""

import datetime
import functools
import re
from collections.abc import Callable
from typing import Any

from google.protobuf import (
    any_pb2,
    duration_pb2,
    field_mask_pb2,
    struct_pb2,
    symbol_database,
    timestamp_pb2,
)
from google.type import date_pb2, decimal_pb2

from chassis.json.refusal import Refused

UTC = datetime.UTC
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
STRUCT_DEPTH_MAX = 32

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII
)
_DURATION = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,27})(\.[0-9]{1,18})?", re.ASCII)
_DURATION_SECONDS_MAX = 315_576_000_000


def encode_timestamp(value: timestamp_pb2.Timestamp) -> str:
    """Write an instant as RFC 3339 in UTC with 0, 3, 6 or 9 digits."""
    days, seconds = divmod(value.seconds, 86_400)
    minutes, seconds = divmod(seconds, 60)
    return f"{_day(days)}T{_minute(minutes)}{seconds:02}{_fraction(value.nanos)}Z"


@functools.lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return (EPOCH + datetime.timedelta(days=days)).date().isoformat()


@functools.cache
def _minute(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}:"


def decode_timestamp(value: Any) -> timestamp_pb2.Timestamp:
    """Read an instant with any offset and up to 9 digits."""
    match = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refused.one("INVALID_TIMESTAMP")
    try:
        moment = datetime.datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
        passed = moment - EPOCH
    except (ValueError, OverflowError):
        raise Refused.one("INVALID_TIMESTAMP") from None
    nanos = int((match[2] or "").ljust(9, "0"))
    seconds = passed.days * 86_400 + passed.seconds
    if not -62_135_596_800 <= seconds <= 253_402_300_799:
        raise Refused.one("INVALID_TIMESTAMP")
    return timestamp_pb2.Timestamp(seconds=seconds, nanos=nanos)


def encode_duration(value: duration_pb2.Duration) -> str:
    """Write a length of time in seconds: "3.5s"."""
    sign = "-" if value.seconds < 0 or value.nanos < 0 else ""
    return f"{sign}{abs(value.seconds)}{_fraction(abs(value.nanos))}s"


def decode_duration(value: Any) -> duration_pb2.Duration:
    """Read a length of time in seconds."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[2]) > _DURATION_SECONDS_MAX:
        raise Refused.one("INVALID_DURATION")
    sign = -1 if match[1] else 1
    nanos = int((match[3] or "").ljust(9, "0"))
    return duration_pb2.Duration(seconds=sign * int(match[2]), nanos=sign * nanos)


def encode_date(value: date_pb2.Date) -> str:
    """Write a calendar date as ISO 8601."""
    return f"{value.year:04}-{value.month:02}-{value.day:02}"


def decode_date(value: Any) -> date_pb2.Date:
    """Read a whole calendar date; partial dates are refused."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise Refused.one("INVALID_DATE")
    try:
        date = datetime.date.fromisoformat(value)
    except ValueError:
        raise Refused.one("INVALID_DATE") from None
    return date_pb2.Date(year=date.year, month=date.month, day=date.day)


def decode_decimal(value: Any) -> decimal_pb2.Decimal:
    """Read a decimal from a string or an integer; a JSON float has already lost digits."""
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise Refused.one("INVALID_DECIMAL")
    return decimal_pb2.Decimal(value=text)


def encode_value(value: struct_pb2.Value) -> Any:
    """Write a dynamic value."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return encode_struct(value.struct_value)
    if kind == "list_value":
        return [encode_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return None if kind in (None, "null_value") else getattr(value, kind)


def set_value(target: struct_pb2.Value, value: str | bool | dict[str, str] | None) -> None:
    """Make a dynamic value what is given, in place: copying costs more than all else."""
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    else:
        target.struct_value.SetInParent()
        for key, text in value.items():
            target.struct_value.fields[key].string_value = text


def encode_struct(value: struct_pb2.Struct) -> dict[str, Any]:
    """Write a dynamic object."""
    return {key: encode_value(item) for key, item in value.fields.items()}


def decode_value(value: Any, depth: int = 0) -> struct_pb2.Value:
    """Read a dynamic value, at most 32 levels deep."""
    if depth > STRUCT_DEPTH_MAX:
        raise Refused.one("TOO_DEEP", limit=STRUCT_DEPTH_MAX)
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, list):
        return struct_pb2.Value(list_value=decode_list(value, depth + 1))
    return struct_pb2.Value(struct_value=decode_struct(value, depth + 1))


def decode_struct(value: Any, depth: int = 0) -> struct_pb2.Struct:
    """Read a dynamic object."""
    if not isinstance(value, dict):
        raise Refused.one("NOT_AN_OBJECT")
    items: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
    return struct_pb2.Struct(
        fields={key: decode_value(item, depth + 1) for key, item in items.items()}
    )


def decode_list(value: Any, depth: int = 0) -> struct_pb2.ListValue:
    """Read a dynamic list."""
    if not isinstance(value, list):
        raise Refused.one("NOT_A_LIST")
    items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
    return struct_pb2.ListValue(values=[decode_value(item, depth + 1) for item in items])


def encode_mask(value: field_mask_pb2.FieldMask) -> str:
    """Write a mask as comma separated camelCase paths."""
    return ",".join(_camel(path) for path in value.paths)


def decode_mask(value: Any) -> field_mask_pb2.FieldMask:
    """Read a mask; paths in camelCase and snake_case are both understood."""
    if not isinstance(value, str):
        raise Refused.one("NOT_A_STRING")
    paths = [snake(path.strip()) for path in value.split(",") if path.strip()]
    return field_mask_pb2.FieldMask(paths=paths)


def encode_any(value: any_pb2.Any) -> Any:
    """Write a packed message with its type; its type must be linked into the program."""
    from chassis.json.encode import encoder_of  # the two call each other

    if not value.type_url:
        return {}
    name = value.type_url.rpartition("/")[2]
    message = symbol_database.Default().GetSymbol(name)()
    value.Unpack(message)
    inner = encoder_of(message.DESCRIPTOR)(message)
    if name in ENCODERS:
        return {"@type": value.type_url, "value": inner}
    return {"@type": value.type_url, **inner}


def snake(path: str) -> str:
    """Turn closeDate into close_date; a path in snake_case stays as it is."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: "_" + m[1].lower(), path)


def _camel(path: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda m: m[1].upper(), path)


def _fraction(nanos: int) -> str:
    if not nanos:
        return ""
    if nanos % 1_000_000 == 0:
        return f".{nanos // 1_000_000:03}"
    if nanos % 1_000 == 0:
        return f".{nanos // 1_000:06}"
    return f".{nanos:09}"


ENCODERS: dict[str, Callable[[Any], Any]] = {
    "google.protobuf.Timestamp": encode_timestamp,
    "google.protobuf.Duration": encode_duration,
    "google.type.Date": encode_date,
    "google.type.Decimal": lambda value: value.value,
    "google.protobuf.Struct": encode_struct,
    "google.protobuf.Value": encode_value,
    "google.protobuf.ListValue": lambda value: [encode_value(item) for item in value.values],
    "google.protobuf.FieldMask": encode_mask,
    "google.protobuf.Any": encode_any,
}

DECODERS: dict[str, Callable[[Any], Any]] = {
    "google.protobuf.Timestamp": decode_timestamp,
    "google.protobuf.Duration": decode_duration,
    "google.type.Date": decode_date,
    "google.type.Decimal": decode_decimal,
    "google.protobuf.Struct": decode_struct,
    "google.protobuf.Value": decode_value,
    "google.protobuf.ListValue": decode_list,
    "google.protobuf.FieldMask": decode_mask,
}

# A wrapper is the JSON of its value.
WRAPPERS = {
    f"google.protobuf.{name}Value"
    for name in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
}
