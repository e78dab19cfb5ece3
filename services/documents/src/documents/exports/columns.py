"""Columns of a table of records: which fields they show, and what stands in a cell.

A column is called by its path as JSON has it. Money has two columns, "amount" and
"amount.currencyCode". A path that goes on behind a reference shows what it names: the external id
of "parentOrganizationId.externalId".
"""

import base64
import datetime
import decimal
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import orjson
from banyan.studio.v1 import custom_field_pb2
from google.protobuf import message_factory, struct_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from chassis import errors
from chassis.access import FieldAccess, with_titles
from chassis.custom.definitions import NONE, Fields
from chassis.custom.fields import CUSTOM_FIELDS, key_of
from chassis.json import codec_of, short_enum_name
from chassis.json.fields import enum_of, message_name, message_of
from chassis.json.wellknown import decode_timestamp, encode_duration, encode_value, snake
from chassis.resources import Noun
from chassis.resources.columns import instant_of, reference_type
from chassis.resources.kinds import nouns
from documents.lists import joined
from documents.nouns import method_of
from documents.tables import Value

_F = FieldDescriptor
MONEY = "banyan.type.v1.Money"
TIMESTAMP = "google.protobuf.Timestamp"
# From a record to what a column shows.
Read = Callable[[Any], Value]
# Records by their type and id, as far as they are seen.
Seen = Mapping[tuple[str, str], Any]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        path: its name.
        fields: those of the record it leads through; the first is the record's own.
        beyond: those of the record that the first one names.
        read: gives what stands in it, from the record, or from the one that it names.
        custom: the custom field it shows.
    """

    path: str
    fields: tuple[FieldDescriptor, ...]
    beyond: tuple[FieldDescriptor, ...]
    read: Read
    custom: custom_field_pb2.CustomField | None = None

    @property
    def own(self) -> FieldDescriptor:
        """Give the record's own field it is about."""
        return self.fields[0]

    @property
    def kind(self) -> str:
        """Give the type of the records it looks into; "" where it shows the record itself."""
        return reference_type(self.own) if self.beyond else ""

    def targets(self, record: Any) -> list[str]:
        """Give the ids of the records whose field it shows."""
        found = getattr(record, self.own.name)
        return list(found) if self.own.is_repeated else [found] if found else []

    def value(self, record: Any, seen: Seen) -> Value:
        """Give what stands in the row of a record."""
        if not self.beyond:
            return self.read(record)
        named = [seen.get((self.kind, target)) for target in self.targets(record)]
        values = [self.read(target) for target in named if target is not None]
        if self.own.is_repeated:
            return joined([_text(value) for value in values])
        return values[0] if values else None


def is_path(path: str, noun: Noun) -> bool:
    """Tell whether a path, in either spelling, leads to a field; of custom ones it leads to any."""
    return bool(_led(path, noun)[0])


def shows_hidden(path: str, noun: Noun, fields_of: Callable[[str], FieldAccess]) -> bool:
    """Tell whether a path leads to what somebody does not see, of the record or behind it.

    Args:
        fields_of: gives what is kept from them of a noun ("sales.Opportunity").
    """
    own, beyond = _led(path, noun)
    key = key_of(path)
    names = {own[0].name, f"{CUSTOM_FIELDS}.{key}" if key else ""}
    if names & with_titles(noun.descriptor, fields_of(noun.name).hidden):
        return True
    if not beyond:
        return False
    target = nouns()[reference_type(own[0])]
    return beyond[0].name in with_titles(target.descriptor, fields_of(target.name).hidden)


def columns_of(
    noun: Noun,
    paths: Sequence[str],
    zone: datetime.tzinfo,
    custom: Fields = NONE,
    hidden: Set[str] = frozenset(),
) -> list[Column]:
    """Give the columns for some paths; for every field, and what tells references, if none.

    Args:
        noun: whose records the rows are.
        paths: in either spelling.
        zone: in which instants are told.
        custom: what the firm has defined.
        hidden: fields that are not among all of them.

    Raises:
        FailedPrecondition: UNKNOWN_CUSTOM_FIELD.
    """
    found: dict[str, Column] = {}
    for path in paths or _all_paths(noun, hidden):
        fields, beyond = _led(path, noun)
        key = key_of(path)
        made = [_custom(key, fields, zone, custom)] if key else _columns(fields, beyond, zone)
        for column in made:
            found.setdefault(column.path, column)
    return list(found.values())


def _custom(
    key: str, fields: tuple[FieldDescriptor, ...], zone: datetime.tzinfo, custom: Fields
) -> Column:
    if key not in custom:
        raise errors.FailedPrecondition("UNKNOWN_CUSTOM_FIELD", found=key)
    field = custom[key].field
    tell = _CUSTOM.get(field.type, encode_value)
    if field.type == custom_field_pb2.CustomField.TYPE_TIMESTAMP:
        tell = functools.partial(_custom_instant, zone)

    def told(record: Any) -> Value:
        values = record.custom_fields.fields
        return tell(values[key]) if key in values else None

    return Column(f"{fields[0].json_name}.{key}", fields, (), told, field)


def _all_paths(noun: Noun, hidden: Set[str]) -> Iterator[str]:
    """Name every field but titles; behind references external id and title of what they name."""
    for name, field in noun.fields.items():
        if name in hidden or noun.field_options(name).title_of:
            continue
        yield name
        target = nouns().get(reference_type(field))
        if target is not None and method_of(target, "List") is not None:
            telling = dict.fromkeys(("external_id", target.options.title))
            yield from (f"{name}.{known}" for known in telling if known in target.fields)


def _led(path: str, noun: Noun) -> tuple[tuple[FieldDescriptor, ...], tuple[FieldDescriptor, ...]]:
    """Give the fields a path leads through, and those behind a reference; none if it is none."""
    name, dot, rest = path.partition(".")
    field = noun.fields.get(snake(name))
    if key_of(path):
        return ((field,), ()) if field is not None else ((), ())
    target = nouns().get(reference_type(field)) if field is not None else None
    if field is None or target is None or not dot:
        return _fields_of(path, noun.descriptor), ()
    beyond = _fields_of(rest, target.descriptor)
    is_seen = method_of(target, "List") is not None
    return ((field,), beyond) if beyond and is_seen else ((), ())


def _fields_of(path: str, message: Descriptor) -> tuple[FieldDescriptor, ...]:
    name, dot, inner = path.partition(".")
    field = message.fields_by_name.get(snake(name))
    if field is None or not dot:
        return (field,) if field is not None else ()
    if field.is_repeated or message_name(field) in ("", "google.protobuf.Struct"):
        return ()
    rest = _fields_of(inner, message_of(field))
    return (field, *rest) if rest else ()


def _columns(
    fields: tuple[FieldDescriptor, ...],
    beyond: tuple[FieldDescriptor, ...],
    zone: datetime.tzinfo,
) -> Iterator[Column]:
    shown = beyond or fields
    last = shown[-1]
    ends = [shown]
    if message_name(last) == MONEY and not last.is_repeated:
        ends = [(*shown, message_of(last).fields_by_name[n]) for n in ("amount", "currency_code")]
    for end in ends:
        path = ".".join(field.json_name for field in ((*fields, *end) if beyond else end))
        yield Column(
            path=path.removesuffix(".amount") if len(ends) > 1 else path,
            fields=fields if beyond else end,
            beyond=end if beyond else (),
            read=_reader(end, zone),
        )


# --- what stands in a cell


def _reader(fields: Sequence[FieldDescriptor], zone: datetime.tzinfo) -> Read:
    """Give what reads the last of some fields, each in the message of the one before."""
    holders, field = [field.name for field in fields[:-1]], fields[-1]
    name, tell = field.name, _teller(field, zone)

    def told(record: Any) -> Value:
        for holder in holders:
            if not record.HasField(holder):
                return None
            record = getattr(record, holder)
        if field.has_presence and not record.HasField(name):
            return None
        return tell(getattr(record, name))

    return told


def _teller(field: FieldDescriptor, zone: datetime.tzinfo) -> Callable[[Any], Value]:
    one = _single(field, zone)
    if not field.is_repeated:
        return one
    if message_name(field) not in ("", TIMESTAMP, *_MESSAGES):
        return _json_list(message_of(field))
    return lambda values: joined([_text(one(value)) for value in values])


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
    moment = instant_of(value)
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


def _custom_instant(zone: datetime.tzinfo, value: struct_pb2.Value) -> datetime.datetime:
    return _instant(zone, decode_timestamp(value.string_value))


def _custom_texts(value: struct_pb2.Value) -> Value:
    return joined([one.string_value for one in value.list_value.values])


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
# Custom fields whose values are not what JSON has for them.
_CUSTOM: dict[int, Callable[[struct_pb2.Value], Value]] = {
    custom_field_pb2.CustomField.TYPE_DECIMAL: lambda value: _number(value.string_value),
    custom_field_pb2.CustomField.TYPE_DATE: lambda value: datetime.date.fromisoformat(
        value.string_value
    ),
    custom_field_pb2.CustomField.TYPE_MULTI_PICKLIST: _custom_texts,
}
