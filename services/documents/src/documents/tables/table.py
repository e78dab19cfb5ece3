"""What a table is to its readers: headings, then rows of cells, with the line each stands on."""

import datetime
import enum
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import NamedTuple, Self

from chassis import errors


class Format(enum.StrEnum):
    """What a file is, by what stands in it; its name is not asked."""

    CSV = "CSV"
    XLSX = "XLSX"


@dataclass(frozen=True)
class CellError:
    """What stands in a cell of a workbook instead of a value.

    Attributes:
        code: `#REF!`, `#N/A` and so on as the sheet shows it; `=` for a formula that no program has
            calculated yet.
    """

    code: str


# A cell of a CSV is always text. One of a workbook has the type the workbook gives it; a number is
# a Decimal, an empty cell is "" in both.
Cell = (
    str
    | bool
    | Decimal
    | datetime.date
    | datetime.datetime
    | datetime.time
    | datetime.timedelta
    | CellError
)


@dataclass(frozen=True)
class Limits:
    """How much a file may hold; what is more is refused with a reason that says the limit.

    Attributes:
        file_bytes: the file as it comes.
        rows: rows with anything in them, below the headings.
        columns: headings.
        cell_characters: one cell; the default is what Excel itself can hold. At most 131,072.
        row_characters: one line of a CSV.
        archive_entries: files inside a workbook.
        archive_bytes: a workbook unpacked.
        archive_ratio: how many times larger than the file it may become unpacked.
    """

    file_bytes: int = 100_000_000
    rows: int = 1_000_000
    columns: int = 500
    cell_characters: int = 32_767
    row_characters: int = 1_000_000
    archive_entries: int = 2_000
    archive_bytes: int = 1_000_000_000
    archive_ratio: int = 200


@dataclass(frozen=True)
class Hints:
    """What somebody knows about a file; it is believed, not checked. None is found out.

    Attributes:
        encoding: one of `encodings.ENCODINGS`.
        delimiter: the character between the cells of a CSV.
        sheet: the sheet to read; else the first that is shown.
        header_line: the line of the headings, where a title stands above them; the first line from
            there on with anything in it.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_line: int | None = None


class Row(NamedTuple):
    """One row below the headings.

    Attributes:
        line: 1-based line of the file where the row begins, or the row of the sheet.
        cells: in the order of the columns; as many as there are columns unless `problem` says that
            there are more or fewer.
        problem: why the row as a whole cannot be used: CELLS_MISSING, CELLS_TOO_MANY,
            CELL_TOO_LONG, NUL_BYTE, UNDECODABLE_BYTES, QUOTE_MISPLACED, QUOTE_NOT_CLOSED.
    """

    line: int
    cells: tuple[Cell, ...]
    problem: errors.Invalid | None = None


class Table(ABC):
    """An open table. Close it, or use it as a context manager.

    Attributes:
        name: the file's name, as it was given.
        format: CSV or XLSX.
        encoding: of a CSV, as Python names it; None for XLSX.
        delimiter: of a CSV; None for XLSX.
        columns: the headings, each of them once (see `headings.unique_headings`).
        header_line: where they stand.
        sheets: the sheets that can be read; empty for CSV.
        from_1904: True where day numbers count from 1904; a `ColumnProfile` wants to know.
    """

    name: str
    format: Format
    encoding: str | None = None
    delimiter: str | None = None
    columns: list[str]
    header_line: int
    sheets: tuple[str, ...] = ()
    from_1904: bool = False

    @abstractmethod
    def rows(self, after: int = 0) -> Iterator[Row]:
        """Read the rows in their order; rows without any content are left out.

        Every call begins anew, so a table can be read several times, and at the same time.

        Args:
            after: only rows that begin behind this line: the `line` of the last row done.

        Raises:
            Invalid: TABLE_TOO_LONG, ROW_TOO_LONG, QUOTE_NOT_CLOSED, FILE_DAMAGED,
                EXTERNAL_LINKS_REFUSED, where what follows cannot be read as rows.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the file if it was opened here."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
