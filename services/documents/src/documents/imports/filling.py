"""What fills the fields of a record: the expressions of a map, made ready once for all rows."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from banyan.type.v1 import money_pb2
from google.protobuf import struct_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis import errors
from chassis.custom.definitions import Definition
from chassis.custom.fields import CUSTOM_FIELDS, key_of
from chassis.json.fields import is_set
from chassis.resources.columns import reference_type
from documents.imports.cells import Reading
from documents.imports.custom import Custom, CustomReading
from documents.imports.known import Known
from documents.imports.mapping import (
    Constant,
    Expression,
    Find,
    First,
    RecordMap,
    Template,
    Times,
)
from documents.imports.rows import NotYet, Planned, Problem, Refused, RowView
from documents.tables.values import UNDECIDED, ColumnProfile

# Takes the row, what the row stands for besides, and whether what is not there now will not come.
Fill = Callable[[RowView, Sequence[Planned], bool], Any]
# Of one lookup; what is asked for more often than not is among them.
_REMEMBERED = 5_000


@dataclass(frozen=True)
class Way:
    """One way to fill a field.

    Attributes:
        column: what it comes from; "" for what stands in the map.
        fill: gives the value, None for an empty one.
    """

    column: str
    fill: Fill


@dataclass(frozen=True)
class Field:
    """A field of a record.

    Attributes:
        ways: to fill it; the first that is not empty does.
        kind: the type of record it refers to, "" for none.
        many: it holds several values.
        definition: of a custom field.
    """

    name: str
    ways: tuple[Way, ...]
    kind: str
    many: bool
    definition: Definition | None = None

    def ids(self, value: Any) -> list[str]:
        """Give the ids in a value that refers to records."""
        if self.definition is not None:
            return [value.string_value]
        return list(value) if self.many else [value]


@dataclass
class Filling:
    """Makes expressions ready.

    Attributes:
        mine: nouns the file makes: what refers to one not seen yet may wait for the file's end.
        currency: of amounts where nothing else is said.
        custom: the custom fields there are.
    """

    known: Known
    mine: set[str]
    zone: datetime.tzinfo
    currency: str
    profiles: Mapping[str, ColumnProfile]
    spaces: bool
    custom: Custom

    def fields(self, record: RecordMap) -> list[Field]:
        """Give the fields of a record, ready to be filled."""
        found: list[Field] = []
        for name, expression in record.fields:
            if key := key_of(name):
                definition = self.custom[record.noun.name][key]
                found.append(self._custom(record, name, definition, expression))
                continue
            kind = record.noun.noun.fields[name]
            ways = tuple(self._ways(record, kind, expression))
            found.append(Field(name, ways, reference_type(kind), kind.is_repeated))
        return found

    def _custom(
        self, record: RecordMap, name: str, definition: Definition, expression: Expression
    ) -> Field:
        kind = record.noun.noun.fields[CUSTOM_FIELDS]
        ways = tuple(self._ways(record, kind, expression, definition))
        target = definition.field.reference_target.resource_type
        return Field(name, ways, target, many=False, definition=definition)

    def _ways(
        self,
        record: RecordMap,
        kind: FieldDescriptor,
        expression: Expression,
        definition: Definition | None = None,
    ) -> list[Way]:
        match expression:
            case Constant(message):
                value = getattr(message, kind.name)
                return [Way("", lambda row, beside, last: value)]
            case Template():
                return [self._cell(record, kind, expression, Decimal(1), definition)]
            case Times(template, factor, currency):
                way = self._cell(record, kind, template, factor, definition)
                return [way if currency is None else _in_currency(way, currency)]
            case Find():
                way = self._found(record, expression)
                return [way if definition is None else _in_json(way)]
            case First(options):
                ways = (self._ways(record, kind, option, definition) for option in options)
                return [way for found in ways for way in found]

    def _cell(
        self,
        record: RecordMap,
        kind: FieldDescriptor,
        template: Template,
        factor: Decimal,
        definition: Definition | None,
    ) -> Way:
        column = template.column
        named = column or next(iter(template.columns), "")
        profile = self.profiles.get(column, UNDECIDED)
        currency = record.currency or self.currency
        how = (kind, self.zone, currency, profile, factor, self.spaces)
        reading = (
            Reading(*how) if definition is None else CustomReading(*how, definition=definition)
        )
        if column and reading.is_text:  # it was read as a text when the row came
            return Way(named, lambda row, beside, last: row.texts[column] or None)
        noun = record.noun.name

        def fill(row: RowView, beside: Sequence[Planned], last: bool) -> Any:
            text = template.text(row.texts)
            if not text.strip():
                return None
            try:
                return reading.value(row.cells[column] if column else text)
            except errors.Invalid as error:
                value = row.texts.get(named, "")
                raise Refused(
                    Problem(row.line, error.reason, named, value, noun, error.metadata)
                ) from None

        return Way(named, fill)

    def _found(self, record: RecordMap, find: Find) -> Way:
        column = next((c for _, t in find.by for c in t.columns), "")
        templates = [template for _, template in find.by]
        noun, is_mine = find.noun.name, find.noun.name in self.mine
        remembered: dict[tuple[str, ...], Any] = {}

        def fill(row: RowView, beside: Sequence[Planned], last: bool) -> Any:
            values = tuple([template.text(row.texts) for template in templates])
            if values in remembered:
                return remembered[values]
            if not all(values):
                return None
            found = self.known.record(find.noun, find.names, values)
            if found is None and is_mine:
                found = _beside(beside, noun, find.names, values)
                if found is None and not last:
                    raise NotYet
            if found is None:
                raise _not_found(row, record, find, column, values)
            value = found.id if not find.take else _taken(found, find.take)
            # What this file makes may become another record of the same name.
            if not is_mine and len(remembered) < _REMEMBERED:
                remembered[values] = value
            return value

        return Way(column, fill)


def _beside(
    beside: Sequence[Planned], noun: str, names: Sequence[str], values: tuple[str, ...]
) -> Any:
    """Give the record that the same row stands for."""
    for one in beside:
        if one.is_called(noun, names, values):
            return one.message
    return None


def _taken(found: Any, name: str) -> Any:
    return getattr(found, name) if is_set(found, name) else None


def _in_json(way: Way) -> Way:
    """Give the text that a record is looked up for as the value of a custom field."""

    def fill(row: RowView, beside: Sequence[Planned], last: bool) -> Any:
        value = way.fill(row, beside, last)
        return None if value is None else struct_pb2.Value(string_value=value)

    return Way(way.column, fill)


def _in_currency(way: Way, currency: Template) -> Way:
    """Give an amount of money in the currency that another column names."""

    def fill(row: RowView, beside: Sequence[Planned], last: bool) -> Any:
        value = way.fill(row, beside, last)
        code = currency.text(row.texts)
        if value is None or not code:
            return value
        return money_pb2.Money(currency_code=code, amount=value.amount)

    return Way(way.column, fill)


def _not_found(
    row: RowView, record: RecordMap, find: Find, column: str, values: Sequence[str]
) -> Refused:
    return Refused(
        Problem(
            row.line, "RECORD_NOT_FOUND", column, row.texts.get(column, ""), record.noun.name,
            {"noun": find.noun.name, "value": ", ".join(values)},
        )
    )  # fmt: skip
