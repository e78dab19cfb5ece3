"""Rows of a table on their way to records, and the records they stand for."""

import decimal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from banyan.type.v1 import money_pb2
from google.type import decimal_pb2

from chassis import errors
from chassis.custom.fields import CUSTOM_FIELDS, key_of
from documents.imports.mapping import RecordMap
from documents.tables import Cell, Row
from documents.tables.values import is_blank, read_text


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

    def is_called(self, noun: str, fields: Sequence[str], values: tuple[str, ...]) -> bool:
        """Tell whether it is the record some fields name."""
        if self.map.noun.name != noun:
            return False
        return values == tuple([str(getattr(self.message, name)) for name in fields])

    @property
    def changed(self) -> list[str]:
        """Name the fields in which the row differs from what is there, custom ones singly."""
        paths = [name for name in self.names if name != CUSTOM_FIELDS]
        if CUSTOM_FIELDS in self.names:
            paths += sorted(f"{CUSTOM_FIELDS}.{key}" for key in self.message.custom_fields.fields)
        return [p for p in paths if not same(value_of(self.message, p), value_of(self.there, p))]


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
                    text = "" if is_blank(cell) else text
                cells[name], texts[name] = cell, text
        except errors.Invalid as error:
            yield Problem(row.line, error.reason, name, metadata=error.metadata)  # pyright: ignore[reportPossiblyUnboundVariable] (set before anything can be refused)
        else:
            yield RowView(row.line, cells, texts)


def value_of(record: Any, path: str) -> Any:
    """Give the value of a field; None for a custom one that is null or not there."""
    key = key_of(path)
    if not key:
        return getattr(record, path)
    value = record.custom_fields.fields.get(key)
    return None if value is None or value.WhichOneof("kind") == "null_value" else value


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
