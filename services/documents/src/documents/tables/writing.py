"""Tables as files: one face, two formats, never more than a row in memory."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import BinaryIO, Protocol

# None and "" are both written as an empty cell.
Value = str | bool | int | Decimal | datetime.date | datetime.datetime | None


class TableWriter(Protocol):
    """What a job that writes a table needs; the first row it writes are the headings."""

    def write_row(self, values: Sequence[Value]) -> None:
        """Write the next row.

        Raises:
            Invalid: CHARACTER_NOT_IN_ENCODING, CELL_TOO_LONG, TABLE_TOO_LONG, TABLE_TOO_WIDE.
        """
        ...

    def close(self) -> None:
        """Finish the file; the stream it was written to stays open."""
        ...


class CsvWriter:
    """Writes CSV that Excel and `open_table` read without being told anything."""

    def __init__(
        self, target: BinaryIO, *, encoding: str = "utf-8-sig", delimiter: str = ","
    ) -> None:
        raise NotImplementedError

    def write_row(self, values: Sequence[Value]) -> None:
        """Write the next row."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish the file; the stream stays open."""
        raise NotImplementedError


class XlsxWriter:
    """Writes a workbook of one sheet."""

    def __init__(self, target: BinaryIO, *, sheet: str = "Sheet1") -> None:
        raise NotImplementedError

    def write_row(self, values: Sequence[Value]) -> None:
        """Write the next row."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish the file; the stream stays open."""
        raise NotImplementedError
