"""Columns of a table of records: their headings, and what people read in them.

A heading is the field's path as JSON has it, so that the same file goes back in. Money has two
columns, "amount" and "amount.currencyCode".
"""

import base64
import datetime
import decimal
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from chassis.json import codec_of, short_enum_name
from chassis.json.fields import enum_of, message_name, message_of
from chassis.json.wellknown import EPOCH, encode_duration, snake
from chassis.resources import Noun
from chassis.resources.columns import reference_type
from documents.tables import Value

_F = FieldDescriptor
MONEY = "banyan.type.v1.Money"
TIMESTAMP = "google.protobuf.Timestamp"
# Stands between several values in one cell; an import reads it so.
SEPARATOR = "; "
# From a record to what a column shows.
Read = Callable[[Any], Value]
# From the type of records and an id to the title, "" where it is not known.
TitleOf = Callable[[str, str], str]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        field: the record's field it is about, for the read mask.
        read: gives what stands in it; of a column of titles, the ids.
        titles_of: the type of the records whose titles stand in it, where the record does not say
            them itself.
    """

    heading: str
    field: str
    read: Callable[[Any], Any]
    titles_of: str = ""

    def value(self, record: Any, title_of: TitleOf) -> Value:
        """Give what stands in the row of a record."""
        if not self.titles_of:
            return self.read(record)
        return SEPARATOR.join(title_of(self.titles_of, target) for target in self.read(record))


def is_path(path: str, message: Descriptor) -> bool:
    """Tell whether a path leads to a field: through single messages, in either spelling."""
    return bool(_fields_of(path, message))


def columns_of(
    noun: Noun, paths: Sequence[str], *, with_titles: bool, zone: datetime.tzinfo
) -> list[Column]:
    """Give the columns for some paths; for all fields but titles when there are none.

    Args:
        with_titles: behind each reference the title of what it names, unless its path is there too.
        zone: in which instants are told.
    """
    titles = {noun.field_options(name).title_of: name for name in noun.fields}
    titles.pop("", None)
    wanted = list(paths) or [name for name in noun.fields if name not in titles.values()]
    chosen = [_fields_of(path, noun.descriptor) for path in wanted]
    there = {field.name for fields in chosen for field in fields[:1]}
    found: list[Column] = []
    for fields in chosen:
        found += _columns(fields, zone)
        title = titles.get(fields[0].name, "")
        if not with_titles or title in there:
            continue
        if title:
            found += _columns([noun.fields[title]], zone)
        elif kind := reference_type(fields[-1]):
            found.append(_titles_column(fields, kind))
    return found


def _fields_of(path: str, message: Descriptor) -> list[FieldDescriptor]:
    """Give the fields a path leads through; none when it leads nowhere."""
    name, dot, inner = path.partition(".")
    field = message.fields_by_name.get(snake(name))
    if field is None or not dot:
        return [field] if field is not None else []
    if field.is_repeated or field.message_type is None:
        return []
    rest = _fields_of(inner, message_of(field))
    return [field, *rest] if rest else []


def _columns(fields: Sequence[FieldDescriptor], zone: datetime.tzinfo) -> Iterator[Column]:
    last = fields[-1]
    if message_name(last) == MONEY and not last.is_repeated:
        amount, currency = (message_of(last).fields_by_name[n] for n in ("amount", "currency_code"))
        yield Column(_heading(fields), fields[0].name, _reader([*fields, amount], zone))
        inner = [*fields, currency]
        yield Column(_heading(inner), fields[0].name, _reader(inner, zone))
    else:
        yield Column(_heading(fields), fields[0].name, _reader(fields, zone))


def _titles_column(fields: Sequence[FieldDescriptor], kind: str) -> Column:
    names, read = [field.name for field in fields], _holder(fields[:-1])
    several = fields[-1].is_repeated

    def targets(record: Any) -> list[str]:
        holder = read(record)
        found = getattr(holder, names[-1]) if holder is not None else ""
        return list(found) if several else [found] if found else []

    heading = _heading(fields).removesuffix("s" if several else "").removesuffix("Id") + "Name"
    return Column(heading, names[0], targets, kind)


def _heading(fields: Sequence[FieldDescriptor]) -> str:
    return ".".join(field.json_name for field in fields)


# --- what stands in a cell


def _reader(fields: Sequence[FieldDescriptor], zone: datetime.tzinfo) -> Read:
    """Give what reads the last of some fields, each in the message of the one before."""
    read, field = _holder(fields[:-1]), fields[-1]
    name, tell = field.name, _teller(field, zone)

    def told(record: Any) -> Value:
        holder = read(record)
        if holder is None or (field.has_presence and not holder.HasField(name)):
            return None
        return tell(getattr(holder, name))

    return told


def _holder(fields: Sequence[FieldDescriptor]) -> Callable[[Any], Any]:
    """Give what finds the message some fields lead to, None where one of them is not set."""
    names = [field.name for field in fields]

    def find(record: Any) -> Any:
        for name in names:
            if not record.HasField(name):
                return None
            record = getattr(record, name)
        return record

    return find


def _teller(field: FieldDescriptor, zone: datetime.tzinfo) -> Callable[[Any], Value]:
    one = _single(field, zone)
    if not field.is_repeated:
        return one
    if message_name(field) not in ("", TIMESTAMP, *_MESSAGES):
        return _json_list(message_of(field))
    return lambda values: SEPARATOR.join(_text(one(value)) for value in values)


def _single(field: FieldDescriptor, zone: datetime.tzinfo) -> Callable[[Any], Value]:
    """Give what turns one value of a field into what a cell shows."""
    kind = message_name(field)
    if kind == TIMESTAMP:
        return functools.partial(_instant, zone)
    if kind:
        return _MESSAGES.get(kind) or _json(message_of(field))
    if field.full_name == f"{MONEY}.amount":
        return _number
    if field.type == _F.TYPE_ENUM:
        enum = enum_of(field)
        names = {v.number: short_enum_name(enum, v.name) for v in enum.values if v.number}
        return lambda value: names.get(value) or (str(value) if value else None)
    if field.type == _F.TYPE_BYTES:
        return lambda value: base64.b64encode(value).decode()
    if field.type in (_F.TYPE_DOUBLE, _F.TYPE_FLOAT):
        return _double
    return lambda value: value


def _instant(zone: datetime.tzinfo, value: Any) -> datetime.datetime:
    passed = datetime.timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
    moment = EPOCH + passed
    try:
        return moment.astimezone(zone)
    except OverflowError:  # it is in the first or the last hours there are
        return moment


def _date(value: Any) -> datetime.date:
    return datetime.date(value.year, value.month, value.day)


def _number(text: str) -> Value:
    return decimal.Decimal(text) if text else None


def _double(value: float) -> Value:
    return decimal.Decimal(repr(value)) if math.isfinite(value) else str(value)


def _json(message: Descriptor) -> Callable[[Any], str]:
    codec = codec_of(message_factory.GetMessageClass(message))
    return lambda value: orjson.dumps(codec.to_value(value)).decode()


def _json_list(message: Descriptor) -> Callable[[Iterable[Any]], Value]:
    codec = codec_of(message_factory.GetMessageClass(message))

    def told(values: Iterable[Any]) -> Value:
        plain = [codec.to_value(value) for value in values]
        return orjson.dumps(plain).decode() if plain else None

    return told


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return "" if value is None else f"{value}"


_MESSAGES: dict[str, Callable[[Any], Value]] = {
    "google.type.Date": _date,
    "google.type.Decimal": lambda value: _number(value.value),
    "google.protobuf.Duration": encode_duration,
}
