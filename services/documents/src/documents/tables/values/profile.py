"""What a column is, learnt from its first cells."""

import datetime
import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from documents.tables.table import Cell, CellError
from documents.tables.values.booleans import written_boolean
from documents.tables.values.dates import DateOrder, written_date
from documents.tables.values.decimals import MARKS, Mark, written_numbers
from documents.tables.values.settling import common_way

# Digits that are a name rather than a number: they begin with 0, or are too many to count with.
_NAME_OF_DIGITS = re.compile(r"0[0-9]+|[0-9]{16,}")


class Kind(enum.StrEnum):
    """What all cells of a column can be read as; a proposal for people, nothing more.

    Where several fit it is the first of these: 20170301 is a DATE before it is a DECIMAL, 1 is a
    DECIMAL before it is a BOOLEAN.
    """

    EMPTY = "EMPTY"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMP"
    DECIMAL = "DECIMAL"
    BOOLEAN = "BOOLEAN"
    TEXT = "TEXT"


@dataclass(frozen=True)
class ColumnProfile:
    """How a column writes what one cell alone leaves open; None where nobody knows.

    Attributes:
        kind: what all the cells looked at can be read as.
        date_order: of dates like 03/04/2017.
        decimal_mark: of numbers like 1,234.
        from_1904: day numbers count from 1904 (`Table.from_1904`).
    """

    kind: Kind = Kind.TEXT
    date_order: DateOrder | None = None
    decimal_mark: Mark | None = None
    from_1904: bool = False

    @classmethod
    def of(cls, cells: Iterable[Cell], declared: Self | None = None) -> Self:
        """Learn from the first cells of a column.

        25/04/2017 makes 03/04/2017 a day of April, 1,5 makes 1,234 little more than one. Cells that
        contradict each other decide nothing. What somebody declared stands; the kind is learnt.
        """
        texts: set[str] = set()
        kinds: set[Kind] | None = None
        for cell in cells:
            if not is_blank(cell) and not isinstance(cell, CellError):
                if kinds is None:
                    kinds = _kinds(cell)
                elif len(kinds) > 1:  # what some cell is no other than text, its column is
                    kinds &= _kinds(cell)
                if isinstance(cell, str):
                    texts.add(cell)
        known = declared or cls()
        return replace(
            known,
            kind=Kind.EMPTY if kinds is None else next(kind for kind in Kind if kind in kinds),
            date_order=known.date_order or _date_order(texts),
            decimal_mark=known.decimal_mark or _decimal_mark(texts),
        )


UNDECIDED = ColumnProfile()


def is_blank(cell: Cell) -> bool:
    """Tell whether a cell holds nothing, or nothing but spaces."""
    return isinstance(cell, str) and not cell.strip()


def _date_order(texts: Iterable[str]) -> DateOrder | None:
    found = (written_date(text) for text in texts)
    return common_way((written.days for written in found if written is not None), DateOrder)


def _decimal_mark(texts: Iterable[str]) -> Mark | None:
    found = (written_numbers(text) for text in texts)
    return common_way((numbers for numbers in found if numbers), MARKS)


def _kinds(cell: Cell) -> set[Kind]:
    match cell:
        case bool():
            kinds = {Kind.BOOLEAN}
        case Decimal():
            kinds = _kinds_of_text(format(cell, "f"))
        case datetime.datetime():
            kinds = {Kind.TIMESTAMP}
        case datetime.date():
            kinds = {Kind.DATE, Kind.TIMESTAMP}
        case str():
            kinds = _kinds_of_text(cell)
        case _:
            kinds = set[Kind]()
    return kinds | {Kind.TEXT}


def _kinds_of_text(text: str) -> set[Kind]:
    if _NAME_OF_DIGITS.fullmatch(text):
        return set()
    kinds: set[Kind] = set()
    written = written_date(text)
    if written is not None and written.days:
        kinds |= {Kind.TIMESTAMP} if written.time else {Kind.DATE, Kind.TIMESTAMP}
    if written_numbers(text):
        kinds.add(Kind.DECIMAL)
    if written_boolean(text) is not None:
        kinds.add(Kind.BOOLEAN)
    return kinds
