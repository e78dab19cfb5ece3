"""A sheet of a workbook as a table."""

from collections.abc import Iterator

from chassis import errors
from documents.tables.archive import Archive
from documents.tables.headings import column_letters, unique_headings
from documents.tables.sheet import SheetRow, sheet_rows
from documents.tables.source import Source
from documents.tables.table import Format, Hints, Limits, Row, Table
from documents.tables.values import is_blank
from documents.tables.workbook import Workbook


class XlsxTable(Table):
    """One sheet of an XLSX file; see `Table`."""

    format = Format.XLSX

    def __init__(self, source: Source, limits: Limits, hints: Hints) -> None:
        self.name = source.name
        self._source = source
        self._limits = limits
        self._book = Workbook(Archive(source, limits), source)
        self._sheet = self._book.sheet(hints)
        self.sheets = tuple(sheet.name for sheet in self._book.sheets)
        self.from_1904 = self._book.from_1904
        self.columns: list[str] = []
        self.header_line, self.columns = self._headings(hints.header_line or 1)

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Read the rows; see `Table.rows`."""
        for count, found in enumerate(self._filled(self.header_line + 1), 1):
            if count > self._limits.rows:
                raise errors.Invalid("TABLE_TOO_LONG", limit=self._limits.rows)
            if found.line > after:
                yield self._row(found)

    def close(self) -> None:
        """Close the file if it was opened here."""
        self._source.close()

    def _filled(self, first: int) -> Iterator[SheetRow]:
        for row in sheet_rows(self._book, self._sheet, self._source, self._limits):
            if row.line >= first and (row.cells or row.beyond):
                yield row

    def _headings(self, first: int) -> tuple[int, list[str]]:
        for row in self._filled(first):
            if row.beyond:
                raise errors.Invalid("TABLE_TOO_WIDE", limit=self._limits.columns)
            if problem := self._too_long(row):
                raise problem
            columns = unique_headings(row.cells, self._limits)
            if columns:
                return row.line, columns
        raise errors.Invalid("FILE_EMPTY", file=self.name)

    def _row(self, found: SheetRow) -> Row:
        width, cells = len(self.columns), found.cells
        if len(cells) < width:
            cells.extend([""] * (width - len(cells)))
        problem = self._too_long(found)
        if found.beyond or not all(is_blank(cell) for cell in cells[width:]):
            most = max(found.beyond, len(cells))
            problem = errors.Invalid("CELLS_TOO_MANY", line=found.line, found=most, wanted=width)
        elif len(cells) > width:
            del cells[width:]
        return Row(found.line, tuple(cells), problem)

    def _too_long(self, row: SheetRow) -> errors.Invalid | None:
        if row.long is None:
            return None
        known = row.long < len(self.columns)
        column = self.columns[row.long] if known else f"[{column_letters(row.long)}]"
        limit = self._limits.cell_characters
        return errors.Invalid("CELL_TOO_LONG", line=row.line, column=column, limit=limit)
