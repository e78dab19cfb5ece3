"""From rows to records: what each row stands for, before anything is written.

A row goes in whole or not at all: what is wrong with one of its records holds the others back, so
that it can be put right and come again.
"""

import datetime
import decimal
import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from banyan.type.v1 import money_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.type import decimal_pb2

from chassis import errors
from chassis.ids import is_id
from chassis.resources.columns import is_reference, reference_type
from chassis.resources.rules import is_set
from documents.imports.cells import Reading
from documents.imports.known import Known, Sought
from documents.imports.mapping import (
    Constant,
    Expression,
    Find,
    First,
    RecordMap,
    Template,
    Times,
)
from documents.imports.nouns import ImportNoun
from documents.tables import Cell, Row
from documents.tables.values import UNDECIDED, ColumnProfile, is_blank, read_text

# The key of a record that is known by its id.
_ID = ("id",)


@dataclass(frozen=True)
class Problem:
    """Why a row, or a record of it, does not go in.

    Attributes:
        line: of the file, from 1; 0 for what is no row.
        column: its heading; "" when it is about the whole row.
        metadata: what the sentence of the reason names.
    """

    line: int
    reason: str
    column: str = ""
    value: str = ""
    noun: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    record_id: str = ""


class Refused(Exception):
    """A row, or a record of it, cannot go in."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


class NotYet(Exception):
    """A record the row refers to may still come in this file."""


@dataclass
class Planned:
    """A record of a row.

    Attributes:
        message: as the row says it is; the id is chosen already.
        names: the fields the row speaks of.
        there: the record as the database has it; None when there is none.
        made: an earlier try of this job, cut short, has made it.
        needs: ids of records of this import it refers to.
        columns: by field, the column it comes from.
    """

    map: RecordMap
    line: int
    message: Any
    names: tuple[str, ...]
    there: Any
    made: bool
    needs: frozenset[str]
    columns: Mapping[str, str]

    def is_called(self, noun: str, fields: Sequence[str], values: Sequence[str]) -> bool:
        """Tell whether it is the record some fields name."""
        return self.map.noun.name == noun and all(
            str(getattr(self.message, name)) == value
            for name, value in zip(fields, values, strict=True)
        )

    @property
    def changed(self) -> list[str]:
        """Name the fields in which the row differs from what is there."""
        return [
            name
            for name in self.names
            if not same(getattr(self.message, name), getattr(self.there, name))
        ]


@dataclass
class RowView:
    """A row by its columns, with what is written for what is meant put right."""

    line: int
    cells: Mapping[str, Cell]
    texts: Mapping[str, str]


def views(
    rows: Iterable[Row],
    columns: Sequence[str],
    values: Mapping[str, Mapping[str, str]],
    wanted: Iterable[str],
    *,
    spaces: bool = False,
) -> Iterator[RowView | Problem]:
    """Give rows by the columns that are wanted; a row that cannot be used as what is wrong.

    Args:
        rows: of a table.
        columns: of the table, as the map calls them.
        values: by column, what is written for what is meant.
        wanted: columns.
        spaces: those around a text belong to it.
    """
    places = [(name, columns.index(name), values.get(name, {})) for name in wanted]
    for row in rows:
        if row.problem is not None:
            yield Problem(row.line, row.problem.reason, metadata=row.problem.metadata)
            continue
        cells: dict[str, Cell] = {}
        texts: dict[str, str] = {}
        try:
            for name, place, meant in places:
                cell = row.cells[place]
                text = "" if is_blank(cell) else read_text(cell)
                text = text if spaces else text.strip()
                if text in meant:
                    cell = text = meant[text]
                cells[name], texts[name] = cell, text
        except errors.Invalid as error:
            yield Problem(row.line, error.reason, name, metadata=error.metadata)  # pyright: ignore[reportPossiblyUnboundVariable] (set before anything can be refused)
        else:
            yield RowView(row.line, cells, texts)


class Planner:
    """Plans the rows of one file.

    Attributes:
        place: of the file in the map, part of every id it chooses.
        mine: nouns this file makes: what refers to one not seen yet may wait for the file's end.
    """

    def __init__(
        self,
        records: Sequence[RecordMap],
        known: Known,
        job_id: str,
        place: int,
        *,
        zone: datetime.tzinfo,
        currency: str,
        profiles: Mapping[str, ColumnProfile],
        looked_up: Mapping[str, set[tuple[str, ...]]],
        spaces: bool = False,
    ) -> None:
        self.records = records
        self._known = known
        self._job_id = job_id
        self._place = place
        self.mine = {record.noun.name for record in records}
        self._looked_up = looked_up
        self._seen: dict[tuple[str, tuple[str, ...]], tuple[int, bytes]] = {}
        self._readings: dict[tuple[int, str, Template], Reading] = {}
        self._keys = [tuple(name for name, _ in record.key) for record in records]
        self._put: dict[tuple[int, str], Callable[[Any, Any], None]] = {}
        self._references: set[tuple[int, str]] = set()
        self._by_id = {
            record.noun.noun.resource.type: record.noun
            for record, key in zip(records, self._keys, strict=True)
            if key == _ID
        }
        for number, record in enumerate(records):
            for name, expression in record.fields:
                kind = record.noun.noun.fields[name]
                self._put[number, name] = _putter(kind)
                if is_reference(kind):
                    self._references.add((number, name))
                for template, factor in _read(expression):
                    self._readings[number, name, template] = Reading(
                        kind,
                        zone,
                        record.currency or currency,
                        profiles.get(template.column, UNDECIDED),
                        factor,
                        spaces,
                    )

    # --- what has to be known first

    def sought(self, row: RowView) -> Iterator[Sought]:
        """Name the records a row's records may be, and those it refers to, as far as unknown."""
        for record in self.records:
            if record.when is not None and not record.when.text(row.texts):
                continue
            yield from self._unknown(record.noun, record.key, row)
            for find in record.finds:
                yield from self._unknown(find.noun, find.by, row)
            for name, expression in record.fields:
                noun = self._by_id.get(reference_type(record.noun.noun.fields[name]))
                for template, _ in _read(expression) if noun is not None else ():
                    yield from self._unknown(noun, (("id", template),), row)

    def _unknown(
        self, noun: ImportNoun, by: Sequence[tuple[str, Template]], row: RowView
    ) -> Iterator[Sought]:
        if noun.name in self._known.none_of:
            return
        values = tuple([template.text(row.texts) for _, template in by])
        known = by[0][0] != "id" or is_id(values[0])
        if all(values) and known:
            sought = Sought(noun, tuple([name for name, _ in by]), values)
            if sought.key not in self._known.there and sought.key not in self._known.made:
                yield sought

    def paths(self) -> dict[str, set[str]]:
        """Name by noun the fields that planning will need of records that are there."""
        found: dict[str, set[str]] = {}
        for record in self.records:
            found.setdefault(record.noun.name, set()).update(name for name, _ in record.fields)
            for find in record.finds:
                if find.take:
                    found.setdefault(find.noun.name, set()).add(find.take)
        return found

    # --- planning

    def plan(self, row: RowView, *, last: bool) -> list[Planned]:
        """Plan the records of a row.

        Args:
            last: what is not there now will not come.

        Raises:
            Refused: the row does not go in.
            NotYet: what it refers to may still come.
        """
        planned: list[Planned] = []
        try:
            for number, record in enumerate(self.records):
                if record.when is None or record.when.text(row.texts):
                    one = self._record(number, record, row, planned, last)
                    if one is not None:
                        planned.append(one)
        except (Refused, NotYet):
            # A later row may stand for what this one would have made.
            for place in [p for p, (line, _) in self._seen.items() if line == row.line]:
                del self._seen[place]
            raise
        for one in planned:
            self._remember(one)
        return planned

    def _record(
        self, number: int, record: RecordMap, row: RowView, beside: list[Planned], last: bool
    ) -> Planned | None:
        """Plan one record; None when the very same was planned for an earlier row."""
        key = tuple([template.text(row.texts) for _, template in record.key])
        if not all(key):
            empty = [c for _, t in record.key for c in t.columns if not row.texts[c]]
            column = empty[0] if empty else ""
            raise Refused(Problem(row.line, "KEY_EMPTY", column, noun=record.noun.name))
        if self._keys[number] == _ID and not is_id(key[0]):
            column = record.key[0][1].column
            raise Refused(Problem(row.line, "NOT_AN_ID", column, key[0], record.noun.name))
        fields = self._keys[number]
        place = (record.noun.name, fields, key)
        there = self._known.there.get(place)
        if there is None and self._known.dry:
            there = self._known.made.get(place)
        message: Any = record.noun.noun.message()
        names: list[str] = []
        needs: set[str] = set()
        columns: dict[str, str] = {}
        for name, expression in record.fields:
            value, column = self._value(number, record, name, expression, row, beside, last)
            columns[name] = column
            if value is None:
                continue
            self._put[number, name](message, value)
            names.append(name)
            if (number, name) in self._references:
                ids = [value] if isinstance(value, str) else value
                needs.update(ids)
                kind = reference_type(record.noun.noun.fields[name])
                if not last and any(self._may_come(kind, one, key) for one in ids):
                    raise NotYet
        if self._is_repeated(record, key, message, row):
            return None
        chosen = chosen_id(self._job_id, self._place, row.line, number)
        made = there is not None and there.id == chosen
        if fields != _ID:
            message.id = there.id if there is not None else chosen
        return Planned(
            record, row.line, message, tuple(names), there, made, frozenset(needs), columns
        )

    def _value(
        self,
        number: int,
        record: RecordMap,
        name: str,
        expression: Expression,
        row: RowView,
        beside: list[Planned],
        last: bool,
    ) -> tuple[Any, str]:
        """Give the value of a field and the column it comes from; None for an empty one."""
        match expression:
            case Constant(message):
                return getattr(message, name), ""
            case Template():
                return self._cell(number, record, name, expression, row)
            case Times(template, _, currency):
                return self._amount(number, record, name, template, currency, row)
            case Find():
                return self._found(record, expression, row, beside, last)
            case First(options):
                column = ""
                for option in options:
                    value, column = self._value(number, record, name, option, row, beside, last)
                    if value is not None:
                        return value, column
                return None, column

    def _cell(
        self, number: int, record: RecordMap, name: str, template: Template, row: RowView
    ) -> tuple[Any, str]:
        column = template.column
        cell: Cell = row.cells[column] if column else template.text(row.texts)
        named = column or next(iter(template.columns), "")
        if is_blank(cell) or (column and not row.texts[column]):
            return None, named
        try:
            return self._readings[number, name, template].value(cell), named
        except errors.Invalid as error:
            value = row.texts.get(named, "")
            raise Refused(
                Problem(row.line, error.reason, named, value, record.noun.name, error.metadata)
            ) from None

    def _amount(
        self,
        number: int,
        record: RecordMap,
        name: str,
        template: Template,
        currency: Template | None,
        row: RowView,
    ) -> tuple[Any, str]:
        """Give a number, or an amount of money in the currency that another column names."""
        value, column = self._cell(number, record, name, template, row)
        code = currency.text(row.texts) if currency is not None else ""
        if value is None or not code:
            return value, column
        return money_pb2.Money(currency_code=code, amount=value.amount), column

    def _found(
        self, record: RecordMap, find: Find, row: RowView, beside: list[Planned], last: bool
    ) -> tuple[Any, str]:
        values = tuple([template.text(row.texts) for _, template in find.by])
        column = next((c for _, t in find.by for c in t.columns), "")
        if not all(values):
            return None, column
        key = (find.noun.name, find.names, values)
        found = self._known.made.get(key) or self._known.there.get(key)
        if found is None and find.noun.name in self.mine:
            found = next((one.message for one in beside if one.is_called(*key)), None)
            if found is None and not last:
                raise NotYet
        if found is None:
            raise Refused(
                Problem(
                    row.line, "RECORD_NOT_FOUND", column, row.texts.get(column, ""),
                    record.noun.name, {"noun": find.noun.name, "value": ", ".join(values)},
                )
            )  # fmt: skip
        if not find.take:
            return found.id, column
        return (getattr(found, find.take) if is_set(found, find.take) else None), column

    def _may_come(self, kind: str, target: str, key: tuple[str, ...]) -> bool:
        """Tell whether a record that another names by its id may stand further down in the file."""
        noun = self._by_id.get(kind)
        if noun is None or (target,) == key:
            return False
        place = (noun.name, _ID, (target,))
        return self._known.made.get(place) is None and self._known.there.get(place) is None

    def _is_repeated(
        self, record: RecordMap, key: tuple[str, ...], message: Any, row: RowView
    ) -> bool:
        """Tell whether the same record was planned before.

        Raises:
            Refused: KEY_TWICE when it was, but otherwise.
        """
        digest = hashlib.blake2b(
            message.SerializeToString(deterministic=True), digest_size=12
        ).digest()
        place = (record.noun.name, key)
        line, earlier = self._seen.setdefault(place, (row.line, digest))
        if line == row.line:
            return False
        if earlier == digest:
            return True
        column = next((c for _, t in record.key for c in t.columns), "")
        raise Refused(
            Problem(
                row.line, "KEY_TWICE", column, ", ".join(key), record.noun.name, {"line": str(line)}
            )
        )

    def _remember(self, planned: Planned) -> None:
        """Let later rows find the record."""
        name = planned.map.noun.name
        by_id = {_ID} if planned.map.noun in self._by_id.values() else set[tuple[str, ...]]()
        for fields in by_id.union(self._looked_up.get(name, ())):
            values = tuple(str(getattr(planned.message, f)) for f in fields)
            self._known.made[name, fields, values] = planned.message


def chosen_id(job_id: str, *place: int) -> str:
    """Give a UUIDv7 that follows from a job and a place in its files.

    Its time is that of the job, and later places come later, so that an index grows at its end.
    """
    seed = hashlib.blake2b(f"{job_id}/{place}".encode(), digest_size=8).digest()
    begun = uuid.UUID(job_id).int >> 80
    order = (place[1] if len(place) > 1 else 0) & 0xFFF
    top = (begun + ((place[1] if len(place) > 1 else 0) >> 12)) & (2**48 - 1)
    number = top << 80 | 0x7 << 76 | order << 64 | 0b10 << 62
    return str(uuid.UUID(int=number | int.from_bytes(seed) >> 2))


def same(ours: Any, theirs: Any) -> bool:
    """Tell whether two values of a field mean the same: 5 is 5.00, and an order of texts counts."""
    if isinstance(ours, money_pb2.Money):
        return ours.currency_code == theirs.currency_code and _number(ours.amount) == _number(
            theirs.amount
        )
    if isinstance(ours, decimal_pb2.Decimal):
        return _number(ours.value) == _number(theirs.value)
    return ours == theirs


def _number(text: str) -> decimal.Decimal | None:
    return decimal.Decimal(text) if text else None


def _putter(kind: FieldDescriptor) -> Callable[[Any, Any], None]:
    """Give what sets a field of a record."""
    name = kind.name
    if kind.is_repeated:
        return lambda message, value: getattr(message, name).extend(value)
    if kind.message_type is not None:
        return lambda message, value: getattr(message, name).CopyFrom(value)
    return lambda message, value: setattr(message, name, value)


def _read(expression: Expression) -> list[tuple[Template, decimal.Decimal]]:
    """Give the templates whose text becomes a value, with the factor of numbers."""
    match expression:
        case Template():
            return [(expression, decimal.Decimal(1))]
        case Times(template, factor):
            return [(template, factor)]
        case First(options):
            return [found for option in options for found in _read(option)]
        case _:
            return []
