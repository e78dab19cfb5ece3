"""The one table of types: how a field lies in PostgreSQL, and how it gets there and back.

An unset string is NULL, so that ``field:*`` means the same for every type. Enums are their numbers.
Money takes two columns, ``<field>`` and ``<field>_currency_code``.
"""

import dataclasses
import datetime
import decimal
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from google.api import field_behavior_pb2, resource_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS
from sqlalchemy.types import TypeEngine

from chassis import errors
from chassis.access import SHARES
from chassis.database import TENANT_ID
from chassis.json import codec_of, short_enum_name
from chassis.json.fields import enum_of, is_map, message_name, message_of
from chassis.json.refusal import Refused
from chassis.json.wellknown import EPOCH, decode_timestamp

_INTEGERS = {3, 4, 5, 6, 7, 13, 15, 16, 17, 18}
_F = FieldDescriptor
# A reference to a record of any type.
_ANY = "*"
# Columns that tables have beside those of their fields.
TITLE_SORT_KEY, VERSION, PATH = "title_sort_key", "version", "path"
OWN_COLUMNS = {TENANT_ID, TITLE_SORT_KEY, VERSION, PATH}


@dataclass(frozen=True)
class FieldColumn:
    """How one field is stored.

    Attributes:
        name: the column.
        kind: text, uuid, boolean, integer, number, decimal, money, enum, instant, date, duration,
            texts, json or bytes; filters and summaries decide by it.
        pg: the PostgreSQL type, for casts.
        select: the expression that reads it, with {c} for the column.
        read: Python source from the selected value {v} to a constructor argument.
        write: Python source from the message ``m`` to the parameter.
        helpers: names that read and write use.
    """

    name: str
    kind: str
    type: TypeEngine[Any]
    pg: str
    nullable: bool
    select: str
    read: str
    write: str
    helpers: dict[str, Any]


def is_reference(field: FieldDescriptor) -> bool:
    """Tell whether a field names another record."""
    return bool(reference_type(field))


def reference_type(field: FieldDescriptor) -> str:
    """Give the type of the records whose ids stand in a field, "" for none."""
    kind = _referred(field)
    return "" if kind == _ANY else kind


def holds_names(field: FieldDescriptor) -> bool:
    """Tell whether resource names of records of any type stand in a field: "documents/01a2…"."""
    return _referred(field) == _ANY


def _referred(field: FieldDescriptor) -> str:
    options: Any = field.GetOptions()
    return options.Extensions[resource_pb2.resource_reference].type


def behaviors(field: FieldDescriptor) -> set[int]:
    """Give a field's google.api.field_behavior."""
    options: Any = field.GetOptions()
    return set(options.Extensions[field_behavior_pb2.field_behavior])


def column_name(field: str) -> str:
    """Name the column of a field: the same, but for words SQL or the chassis keeps to itself."""
    return f"{field}_" if field in RESERVED_WORDS | OWN_COLUMNS else field


def columns_of(field: FieldDescriptor) -> tuple[FieldColumn, ...]:
    """Give the columns of a field."""
    name = field.name
    if name == SHARES:
        return (_shares(field),)
    if field.is_repeated:
        return (_repeated(field),)
    message = message_name(field)
    if message == "banyan.type.v1.Money":
        return _money(name)
    if message in _MESSAGES:
        kind, type_, pg, select, read, write = _MESSAGES[message]
        source = write.format(n=name)
        nullable = name not in ("create_time", "update_time")
        return (_column(name, kind, type_, pg, select, read, source, nullable=nullable),)
    if message:
        return (_json(field),)
    if field.type == _F.TYPE_STRING:
        return (_string(field),)
    return (_scalar(field),)


def _column(
    name: str,
    kind: str,
    type_: TypeEngine[Any],
    pg: str,
    select: str,
    read: str,
    write: str,
    *,
    nullable: bool,
    **helpers: Any,
) -> FieldColumn:
    return FieldColumn(column_name(name), kind, type_, pg, nullable, select, read, write, helpers)


def _string(field: FieldDescriptor) -> FieldColumn:
    name = field.name
    required = field_behavior_pb2.REQUIRED in behaviors(field)
    if name == "id" or is_reference(field):
        kind, type_, pg, select = "uuid", UUID(as_uuid=False), "uuid", "{c}::text"
    else:
        kind, type_, pg, select = "text", Text(), "text", "{c}"
    nullable = name != "id" and not required
    return _column(name, kind, type_, pg, select, "{v}", f"m.{name} or None", nullable=nullable)


def _scalar(field: FieldDescriptor) -> FieldColumn:
    name = field.name
    nullable = field.has_presence
    write = f"m.{name} if m.HasField({name!r}) else None" if nullable else f"m.{name}"
    kinds: dict[int, tuple[str, TypeEngine[Any], str]] = {
        _F.TYPE_BOOL: ("boolean", Boolean(), "boolean"),
        _F.TYPE_ENUM: ("enum", SmallInteger(), "smallint"),
        _F.TYPE_DOUBLE: ("number", Double(), "double precision"),
        _F.TYPE_FLOAT: ("number", Double(), "double precision"),
        _F.TYPE_BYTES: ("bytes", LargeBinary(), "bytea"),
        **dict.fromkeys(_INTEGERS, ("integer", BigInteger(), "bigint")),
    }
    kind, type_, pg = kinds[field.type]
    return _column(name, kind, type_, pg, "{c}", "{v}", write, nullable=nullable)


def _money(name: str) -> tuple[FieldColumn, ...]:
    present = f"if m.HasField({name!r}) else None"
    amount = _column(
        name,
        "money",
        Numeric(),
        "numeric",
        "{c}::text",
        "None if {v} is None else {{'amount': {v}, 'currency_code': {w}}}",
        f"decimal(m.{name}.amount) {present}",
        nullable=True,
        decimal=decimal.Decimal,
    )
    currency = _column(
        f"{name}_currency_code",
        "currency",
        Text(),
        "text",
        "{c}",
        "",
        f"m.{name}.currency_code {present}",
        nullable=True,
    )
    return amount, currency


def _repeated(field: FieldDescriptor) -> FieldColumn:
    if field.type == _F.TYPE_STRING:
        return _column(
            field.name, "texts", ARRAY(Text()), "text[]", "{c}", "{v}", f"list(m.{field.name})",
            nullable=False,
        )  # fmt: skip
    return _json(field)


def _json(field: FieldDescriptor) -> FieldColumn:
    """Keep anything else as the JSON of the contract, inside an object with the field's name."""
    assert not is_map(field), f"{field.full_name}: a map has no column type yet"
    item = codec_of(message_factory.GetMessageClass(message_of(field)))

    def dump(values: Any) -> str:
        plain = (
            [item.to_value(value) for value in values]
            if field.is_repeated
            else item.to_value(values)
        )
        return orjson.dumps(plain).decode()

    def load(text: str | None) -> Any:
        if text is None:
            return None
        plain = orjson.loads(text)
        if field.is_repeated:
            return [item.from_value(value) for value in plain]
        return item.from_value(plain)

    name = field.name
    write = f"dump_{name}(m.{name})"
    if not field.is_repeated:
        write += f" if m.HasField({name!r}) else None"
    return FieldColumn(
        name,
        "json",
        JSONB(),
        "jsonb",
        not field.is_repeated,
        "{c}::text",
        f"load_{name}({{v}})",
        write,
        {f"dump_{name}": dump, f"load_{name}": load},
    )


def _shares(field: FieldDescriptor) -> FieldColumn:
    """Keep what few records have as nothing where there is none."""
    kept = _json(field)
    write = f"{kept.write} if m.{SHARES} else None"
    return dataclasses.replace(kept, nullable=True, write=write)


def instant_parts(value: datetime.datetime | None) -> dict[str, int] | None:
    """Give the seconds and nanos of a database instant."""
    if value is None:
        return None
    if value.tzinfo is None:
        # The driver keeps the first and the last instant there are as infinities, without a zone.
        value = value.replace(tzinfo=datetime.UTC)
    passed = value - EPOCH
    return {
        "seconds": passed.days * 86_400 + passed.seconds,
        "nanos": passed.microseconds * 1000,
    }


def instant_of(message: Any) -> datetime.datetime:
    """Give a Timestamp as the database keeps it, in microseconds."""
    return EPOCH + datetime.timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)


def _date_parts(value: datetime.date | None) -> dict[str, int] | None:
    if value is None:
        return None
    return {"year": value.year, "month": value.month, "day": value.day}


def _date_of(message: Any) -> datetime.date:
    try:
        return datetime.date(message.year, message.month, message.day)
    except ValueError:
        raise errors.Invalid("INVALID_DATE") from None


def _duration_parts(value: int | None) -> dict[str, int] | None:
    if value is None:
        return None
    # Both parts of a Duration have its sign; a float would lose the last digits of a long one.
    sign = -1 if value < 0 else 1
    seconds, micros = divmod(abs(value), 1_000_000)
    return {"seconds": sign * seconds, "nanos": sign * micros * 1000}


def _duration_of(message: Any) -> int:
    sign = -1 if message.nanos < 0 else 1
    return message.seconds * 1_000_000 + sign * (abs(message.nanos) // 1000)


def _presence(convert: str) -> str:
    return f"{convert}(m.{{n}}) if m.HasField('{{n}}') else None"


# message: kind, type, pg, select, read, write
_MESSAGES: dict[str, tuple[str, TypeEngine[Any], str, str, str, str]] = {
    "google.protobuf.Timestamp": (
        "instant", DateTime(timezone=True), "timestamptz", "{c}",
        "instant_parts({v})", _presence("instant_of"),
    ),
    "google.type.Date": (
        "date", Date(), "date", "{c}", "date_parts({v})", _presence("date_of"),
    ),
    "google.type.Decimal": (
        "decimal", Numeric(), "numeric", "{c}::text",
        "None if {v} is None else {{'value': {v}}}",
        "decimal(m.{n}.value) if m.HasField('{n}') else None",
    ),
    "google.protobuf.Duration": (
        "duration", BigInteger(), "bigint", "{c}", "duration_parts({v})", _presence("duration_of"),
    ),
}  # fmt: skip

HELPERS: dict[str, Any] = {
    "instant_parts": instant_parts,
    "instant_of": instant_of,
    "date_parts": _date_parts,
    "date_of": _date_of,
    "duration_parts": _duration_parts,
    "duration_of": _duration_of,
    "decimal": decimal.Decimal,
}


def literal(kind: str, text: str, field: FieldDescriptor, path: str) -> Any:
    """Read a filter's literal as a value of a field.

    Raises:
        Invalid: INVALID_LITERAL naming the filter's path.
    """
    try:
        return _LITERALS[kind](text, field)
    except (ValueError, ArithmeticError, KeyError, Refused) as error:
        raise errors.invalid_field("filter", "INVALID_LITERAL", field=path, value=text) from error


def _enum_number(text: str, field: FieldDescriptor) -> int:
    enum = enum_of(field)
    for value in enum.values:
        if text in (value.name, short_enum_name(enum, value.name)):
            return value.number
    raise ValueError(text)


def _boolean(text: str, _: FieldDescriptor) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _decimal(text: str, _: FieldDescriptor) -> decimal.Decimal:
    value = decimal.Decimal(text)
    if not value.is_finite():
        raise ValueError(text)
    return value


def _instant(text: str, _: FieldDescriptor) -> datetime.datetime:
    return instant_of(decode_timestamp(text if "T" in text else f"{text}T00:00:00Z"))


def _duration(text: str, _: FieldDescriptor) -> int:
    return int(decimal.Decimal(text.removesuffix("s")) * 1_000_000)


_LITERALS: dict[str, Callable[[str, FieldDescriptor], Any]] = {
    "text": lambda text, _: text,
    "texts": lambda text, _: text,
    "currency": lambda text, _: text,
    "uuid": lambda text, _: str(uuid.UUID(text)),
    "boolean": _boolean,
    "integer": lambda text, _: int(text),
    "number": lambda text, _: float(text),
    "decimal": _decimal,
    "money": _decimal,
    "enum": _enum_number,
    "instant": _instant,
    "date": lambda text, _: datetime.date.fromisoformat(text),
    "duration": _duration,
}
