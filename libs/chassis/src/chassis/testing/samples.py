"""Sample records made from the contract, so that every noun is tested without code of its own."""

import itertools
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis.json.fields import enum_of, message_name
from chassis.resources import Noun
from chassis.resources.columns import is_reference
from chassis.resources.noun import HEADER_FIELDS

_counter = itertools.count(1)
_F = FieldDescriptor


class Samples:
    """Makes records of a noun that differ in every field."""

    def __init__(self, noun: Noun) -> None:
        self.noun = noun

    def writable(self) -> list[str]:
        """List the fields a caller may write and that a sample fills."""
        return [
            name
            for name, field in self.noun.fields.items()
            if name not in HEADER_FIELDS
            and not is_reference(field)
            and not self.noun.field_options(name).title_of
        ]

    def make(self, *, bare: bool = False) -> Any:
        """Make a record; `bare` leaves out what is not required."""
        number = next(_counter)
        record = self.noun.message()
        for name in self.writable():
            field = self.noun.fields[name]
            if not bare or _rules(field).HasField("string"):
                _fill(record, field, number)
        return record

    def changed(self, record: Any) -> tuple[Any, str]:
        """Give a copy with one field changed, and the field."""
        other = self.make()
        name = next(n for n in self.writable() if getattr(other, n) != getattr(record, n))
        copy = self.noun.message()
        copy.CopyFrom(record)
        setattr(copy, name, getattr(other, name))
        return copy, name


def _rules(field: FieldDescriptor) -> Any:
    options: Any = field.GetOptions()
    return options.Extensions[validate_pb2.field]


def _fill(record: Any, field: FieldDescriptor, number: int) -> None:
    name = field.name
    if field.is_repeated:
        if field.type == _F.TYPE_STRING:
            getattr(record, name).append(f"{name} {number}")
        return
    kind = message_name(field)
    if kind:
        _fill_message(getattr(record, name), kind, number)
    elif field.type == _F.TYPE_STRING:
        setattr(record, name, f"{name} {number:06}")
    elif field.type == _F.TYPE_BOOL:
        setattr(record, name, number % 2 == 0)
    elif field.type == _F.TYPE_ENUM:
        values = [value.number for value in enum_of(field).values if value.number]
        setattr(record, name, values[number % len(values)])
    else:
        setattr(record, name, number % 100)


def _fill_message(target: Any, kind: str, number: int) -> None:
    if kind == "google.protobuf.Timestamp":
        target.seconds = 1_700_000_000 + number
    elif kind == "google.type.Date":
        target.year, target.month, target.day = 2026, number % 12 + 1, number % 28 + 1
    elif kind == "google.type.Decimal":
        target.value = f"0.{number % 90 + 10}"
    elif kind == "google.protobuf.Duration":
        target.seconds = number
    elif kind == "banyan.type.v1.Money":
        target.currency_code, target.amount = "CNY", f"{number}.50"
