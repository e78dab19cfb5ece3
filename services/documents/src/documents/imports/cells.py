"""From a cell to a field: what a text, number or date of a table means for a field of a record."""

import datetime
import decimal
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

import orjson
from banyan.type.v1 import money_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, decimal_pb2

from chassis import errors
from chassis.json import codec_of, short_enum_name
from chassis.json.fields import enum_of, is_map, message_name
from documents.lists import parted
from documents.tables import Cell
from documents.tables.values import (
    ColumnProfile,
    read_boolean,
    read_date,
    read_decimal,
    read_text,
    read_timestamp,
)

_F = FieldDescriptor
_SIGNED_32, _SIGNED_64 = range(-(2**31), 2**31), range(-(2**63), 2**63)
_UNSIGNED_32, _UNSIGNED_64 = range(2**32), range(2**64)
_INTEGERS = {
    **dict.fromkeys((_F.TYPE_INT32, _F.TYPE_SINT32, _F.TYPE_SFIXED32), _SIGNED_32),
    **dict.fromkeys((_F.TYPE_INT64, _F.TYPE_SINT64, _F.TYPE_SFIXED64), _SIGNED_64),
    **dict.fromkeys((_F.TYPE_UINT32, _F.TYPE_FIXED32), _UNSIGNED_32),
    **dict.fromkeys((_F.TYPE_UINT64, _F.TYPE_FIXED64), _UNSIGNED_64),
}
MONEY = "banyan.type.v1.Money"
_REMEMBERED = 5_000


@dataclass
class Reading:
    """How the cells of one column are read into one field.

    Attributes:
        zone: in which times without a zone are meant.
        currency: of amounts.
        profile: what the column's other cells say about the order of days and months, and such.
        factor: what numbers are multiplied by.
        spaces: those around a text belong to it.
    """

    field: FieldDescriptor
    zone: datetime.tzinfo
    currency: str
    profile: ColumnProfile
    factor: decimal.Decimal = decimal.Decimal(1)
    spaces: bool = False
    _read: Callable[[Cell, "Reading"], Any] = attribute(init=False)
    # What is no text by type too: to Python 1 and TRUE are the same key.
    _known: dict[Any, Any] = attribute(default_factory=dict[Any, Any])

    def __post_init__(self) -> None:
        self._read = self._reader()

    def _reader(self) -> Callable[[Cell, "Reading"], Any]:
        return _reader_of(self.field)

    @property
    def is_text(self) -> bool:
        """Tell whether a cell is taken as the text it is."""
        return self._read is text_in

    def value(self, cell: Cell) -> Any:
        """Read a cell that is not empty, as the constructor of the record takes it.

        Raises:
            Invalid: what is wrong with it.
        """
        key = cell if isinstance(cell, str) else (type(cell), cell)
        found = self._known.get(key)
        if found is None:
            found = self._read(cell, self)
            if len(self._known) < _REMEMBERED:
                self._known[key] = found
        return found


def wants_profile(field_: FieldDescriptor) -> bool:
    """Tell whether other cells of a column help to read one."""
    return _reader_of(field_) not in (text_in, _texts, _boolean, _enum, _json)


def refuse_unreadable(field_: FieldDescriptor) -> None:
    """Refuse a field no cell can hold.

    Raises:
        Invalid: MAP_FIELD_NOT_A_CELL.
    """
    _reader_of(field_)


def _reader_of(field_: FieldDescriptor) -> Callable[[Cell, Reading], Any]:
    message = message_name(field_)
    if message in _MESSAGES and not field_.is_repeated:
        return _MESSAGES[message]
    if message and not is_map(field_):
        return _json
    if message:
        raise errors.Invalid("MAP_FIELD_NOT_A_CELL", field=field_.name)
    if field_.is_repeated:
        if field_.type != _F.TYPE_STRING:
            raise errors.Invalid("MAP_FIELD_NOT_A_CELL", field=field_.name)
        return _texts
    if field_.type in _INTEGERS:
        return _integer
    readers = {_F.TYPE_STRING: text_in, _F.TYPE_BOOL: _boolean, _F.TYPE_ENUM: _enum}
    if field_.type in (_F.TYPE_DOUBLE, _F.TYPE_FLOAT):
        return _double
    if field_.type not in readers:
        raise errors.Invalid("MAP_FIELD_NOT_A_CELL", field=field_.name)
    return readers[field_.type]


def text_in(cell: Cell, reading: Reading) -> str:
    """Read a text."""
    return read_text(cell) if reading.spaces else read_text(cell).strip()


def _texts(cell: Cell, _: Reading) -> list[str]:
    return parted(read_text(cell))


def _json(cell: Cell, reading: Reading) -> Any:
    """Read what has parts, as an export writes it: JSON, or a word that stands for it."""
    text, field = read_text(cell), reading.field
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = text
    assert field.containing_type is not None, field.full_name
    record = message_factory.GetMessageClass(field.containing_type)
    try:
        found = getattr(codec_of(record).from_value({field.json_name: value}), field.name)
    except errors.Invalid:
        raise errors.Invalid("JSON_UNREADABLE", given=text[:60], field=field.json_name) from None
    return list(found) if field.is_repeated else found


def _boolean(cell: Cell, _: Reading) -> bool:
    return read_boolean(cell)


def _integer(cell: Cell, reading: Reading) -> int:
    number = number_in(cell, reading)
    if number != number.to_integral_value():
        raise errors.Invalid("NOT_AN_INTEGER")
    if int(number) not in _INTEGERS[reading.field.type]:
        raise errors.Invalid("VALUE_OUT_OF_RANGE")
    return int(number)


def _double(cell: Cell, reading: Reading) -> float:
    return float(number_in(cell, reading))


def _enum(cell: Cell, reading: Reading) -> int:
    text = read_text(cell)
    enum = enum_of(reading.field)
    wanted = text.strip().upper().replace(" ", "_").replace("-", "_")
    for value in enum.values:
        if wanted in (value.name, short_enum_name(enum, value.name)):
            return value.number
    allowed = ", ".join(short_enum_name(enum, v.name) for v in enum.values if v.number)
    raise errors.Invalid("NOT_A_VALUE_OF", allowed=allowed)


def _decimal(cell: Cell, reading: Reading) -> decimal_pb2.Decimal:
    return decimal_pb2.Decimal(value=_plain(number_in(cell, reading)))


def _money(cell: Cell, reading: Reading) -> money_pb2.Money:
    amount = _plain(number_in(cell, reading))
    return money_pb2.Money(currency_code=reading.currency, amount=amount)


def _date(cell: Cell, reading: Reading) -> date_pb2.Date:
    day = read_date(cell, reading.profile)
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def instant_in(cell: Cell, reading: Reading) -> Timestamp:
    """Read an instant."""
    found = Timestamp()
    found.FromDatetime(read_timestamp(cell, reading.zone, reading.profile))
    return found


def number_in(cell: Cell, reading: Reading) -> decimal.Decimal:
    """Read a number, times the factor."""
    number = read_decimal(cell, reading.profile)
    if reading.factor == 1:
        return number
    with decimal.localcontext(prec=100):
        # 1.2345678 million has no seven digits behind the point.
        return (number * reading.factor).normalize()


def _plain(number: decimal.Decimal) -> str:
    return f"{number:f}"


_MESSAGES: dict[str, Callable[[Cell, Reading], Any]] = {
    "google.type.Decimal": _decimal,
    MONEY: _money,
    "google.type.Date": _date,
    "google.protobuf.Timestamp": instant_in,
}
