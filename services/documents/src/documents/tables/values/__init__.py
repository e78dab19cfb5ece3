"""What the cells of a column say: dates, instants, numbers, yes and no, text.

Every function takes a cell as a `Table` gives it, and what is known of its column. It gives the
value or refuses with a reason that can be shown beside the cell; it never guesses. An empty cell
says nothing (`is_blank`); only `read_text` takes one.
"""

import datetime
import enum
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Self

from documents.tables.table import Cell


class DateOrder(enum.StrEnum):
    """In which order a date of three numbers names day, month and year."""

    DAY_FIRST = "DAY_FIRST"
    MONTH_FIRST = "MONTH_FIRST"
    YEAR_FIRST = "YEAR_FIRST"


class Kind(enum.StrEnum):
    """What all cells of a column can be read as; a proposal for people, nothing more."""

    EMPTY = "EMPTY"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMP"
    DECIMAL = "DECIMAL"
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
    decimal_mark: Literal[".", ","] | None = None
    from_1904: bool = False

    @classmethod
    def of(cls, cells: Iterable[Cell], declared: Self | None = None) -> Self:
        """Learn from the first cells of a column; what somebody declared stands."""
        raise NotImplementedError


UNDECIDED = ColumnProfile()


def is_blank(cell: Cell) -> bool:
    """Tell whether a cell holds nothing, or nothing but spaces."""
    raise NotImplementedError


def read_text(cell: Cell) -> str:
    """Read a text; numbers and dates of a workbook as people would type them.

    Raises:
        Invalid: CELL_ERROR, DIGITS_LOST.
    """
    raise NotImplementedError


def read_date(cell: Cell, profile: ColumnProfile = UNDECIDED) -> datetime.date:
    """Read a calendar day.

    Raises:
        Invalid: DATE_UNREADABLE, AMBIGUOUS_DATE, CELL_ERROR.
    """
    raise NotImplementedError


def read_timestamp(
    cell: Cell, zone: datetime.tzinfo, profile: ColumnProfile = UNDECIDED
) -> datetime.datetime:
    """Read an instant, in UTC; `zone` is where a time without one was told.

    Raises:
        Invalid: TIMESTAMP_UNREADABLE, AMBIGUOUS_DATE, CELL_ERROR.
    """
    raise NotImplementedError


def read_decimal(cell: Cell, profile: ColumnProfile = UNDECIDED) -> Decimal:
    """Read a number exactly.

    Raises:
        Invalid: NUMBER_UNREADABLE, AMBIGUOUS_NUMBER, CELL_ERROR.
    """
    raise NotImplementedError


def read_boolean(cell: Cell) -> bool:
    """Read yes or no.

    Raises:
        Invalid: BOOLEAN_UNREADABLE, CELL_ERROR.
    """
    raise NotImplementedError
