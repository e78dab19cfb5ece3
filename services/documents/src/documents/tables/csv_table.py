"""CSV as it comes: decoded and cut as a stream, each row with the line it begins on."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from chassis import errors
from documents.tables import encodings
from documents.tables.defusing import undefused
from documents.tables.delimiters import announced_delimiter, find_delimiter, is_delimiter
from documents.tables.headings import column_letters, unique_headings
from documents.tables.source import Source
from documents.tables.table import Format, Hints, Limits, Row, Table

_HEAD_LINES = 200
_HEAD_CHARACTERS = 1 << 18
# What makes a row worth a closer look.
_suspicious = re.compile(f"[\0'{encodings.UNREADABLE}]")


class _Record(NamedTuple):
    line: int
    cells: list[str]
    suspicious: bool = False
    problem: errors.Invalid | None = None


class CsvTable(Table):
    """A CSV file; see `Table`."""

    format = Format.CSV

    def __init__(self, source: Source, limits: Limits, hints: Hints) -> None:
        self.name = source.name
        self._source = source
        self._limits = limits
        if hints.delimiter is not None and not is_delimiter(hints.delimiter):
            raise errors.Invalid("DELIMITER_UNUSABLE", given=hints.delimiter)
        self._encoding = hints.encoding or encodings.detect(source)
        self._codec = encodings.codec_of(self._encoding)
        announced = announced_delimiter(next(iter(self._lines(0)), ""))
        self._above = hints.header_line - 1 if hints.header_line else int(announced is not None)
        self._delimiter = hints.delimiter or announced or find_delimiter(self._head())
        self.encoding, self.delimiter = self._encoding, self._delimiter
        self.columns: list[str] = []
        self.header_line, self.columns = self._headings()

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Read the rows; see `Table.rows`."""
        records = self._records()
        next(records)
        for count, record in enumerate(records, 1):
            if count > self._limits.rows:
                raise errors.Invalid("TABLE_TOO_LONG", limit=self._limits.rows)
            if record.line > after:
                yield self._row(record)

    def close(self) -> None:
        """Close the file if it was opened here."""
        self._source.close()

    def _lines(self, skipped: int) -> "_Lines":
        text = io.TextIOWrapper(
            self._source.reader(), encoding=self._codec, errors=encodings.ON_ERROR, newline=""
        )
        lines = _Lines(text, self._limits)
        for _ in islice(lines, skipped):
            pass
        return lines

    def _head(self) -> list[str]:
        """Give the first lines from the headings on, to learn the delimiter from."""
        head: list[str] = []
        characters = 0
        for line in islice(self._lines(self._above), _HEAD_LINES):
            head.append(line)
            characters += len(line)
            if characters > _HEAD_CHARACTERS:
                break
        return head

    def _headings(self) -> tuple[int, list[str]]:
        record = next(self._records(), None)
        if record is None:
            raise errors.Invalid("FILE_EMPTY", file=self.name)
        row = self._row(record._replace(suspicious=True), headings=True)
        if row.problem is not None:
            raise row.problem
        return row.line, unique_headings(row.cells, self._limits)

    def _records(self) -> Iterator[_Record]:
        """Cut the lines into records, the headings first; those without content are left out."""
        lines = self._lines(self._above)
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        while True:
            begin = lines.number + 1
            lines.suspicious = False
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield self._broken(lines, begin)
            else:
                if any(cells):
                    yield _Record(begin, cells, lines.suspicious or lines.number > begin)

    def _broken(self, lines: "_Lines", begin: int) -> _Record:
        """Give the record for a line whose quotes make no sense.

        Raises:
            Invalid: QUOTE_NOT_CLOSED when it took in further lines: nobody can tell any more where
                a row begins, and reading on would make rows that nobody wrote.
        """
        if lines.number > begin:
            raise errors.Invalid("QUOTE_NOT_CLOSED", line=begin)
        if lines.ended:
            problem = errors.Invalid("QUOTE_NOT_CLOSED", line=begin)
        elif len(lines.last) > csv.field_size_limit():
            problem = errors.Invalid(
                "CELL_TOO_LONG", line=begin, column="?", limit=self._limits.cell_characters
            )
        else:
            problem = errors.Invalid("QUOTE_MISPLACED", line=begin)
        return _Record(begin, [lines.last.rstrip("\r\n")], problem=problem)

    def _row(self, record: _Record, headings: bool = False) -> Row:
        line, cells, suspicious, problem = record
        width = len(cells) if headings else len(self.columns)
        if problem is None and len(cells) != width:
            problem = _misfit(line, cells, width)
            if problem is None:
                del cells[width:]
        if suspicious:
            problem = problem or self._flaw(line, cells)
            cells = [encodings.readable(undefused(cell)) for cell in cells]
        return Row(line, tuple(cells), problem)

    def _flaw(self, line: int, cells: Sequence[str]) -> errors.Invalid | None:
        """Find what is wrong with a cell, the first of them."""
        limit = self._limits.cell_characters
        for index, cell in enumerate(cells):
            column = self._column(index)
            if "\0" in cell:
                return errors.Invalid("NUL_BYTE", line=line, column=column)
            if wrong := encodings.unreadable_bytes(cell):
                return errors.Invalid(
                    "UNDECODABLE_BYTES",
                    line=line,
                    column=column,
                    bytes=wrong[:8].hex(" "),
                    encoding=self._encoding,
                )
            if len(cell) > limit:
                return errors.Invalid("CELL_TOO_LONG", line=line, column=column, limit=limit)
        return None

    def _column(self, index: int) -> str:
        if index < len(self.columns):
            return self.columns[index]
        return f"[{column_letters(index)}]"


def _misfit(line: int, cells: Sequence[str], width: int) -> errors.Invalid | None:
    if len(cells) < width:
        return errors.Invalid("CELLS_MISSING", line=line, found=len(cells), wanted=width)
    if any(cells[width:]):
        return errors.Invalid("CELLS_TOO_MANY", line=line, found=len(cells), wanted=width)
    return None


class _Lines:
    """The lines of a text with their ends, counted, for `csv.reader`.

    Attributes:
        number: of the last line read, 1-based.
        last: that line.
        suspicious: a line since this was set to False holds what may be wrong in a cell.
        ended: there are no more.
    """

    def __init__(self, text: io.TextIOWrapper, limits: Limits) -> None:
        self._read = text.readline
        self._limit = limits.row_characters
        self._cell_limit = limits.cell_characters
        self.number = 0
        self.last = ""
        self.suspicious = False
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._read(self._limit + 1)
        if not line:
            self.ended = True
            raise StopIteration
        if not self.number:
            line = line.removeprefix("\ufeff")
        self.number += 1
        self.last = line
        if len(line) > self._limit:
            raise errors.Invalid("ROW_TOO_LONG", line=self.number, limit=self._limit)
        if len(line) > self._cell_limit or _suspicious.search(line):
            self.suspicious = True
        return line
