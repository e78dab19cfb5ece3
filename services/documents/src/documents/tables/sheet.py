"""The rows of a sheet, read as a stream: never more of it in memory than a few rows."""

import datetime
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation, localcontext

from documents.tables.archive import Attributes, local, xml_parser
from documents.tables.escapes import unescaped
from documents.tables.serials import NumberFormat, shown_as
from documents.tables.source import Source
from documents.tables.table import Cell, CellError, Limits
from documents.tables.workbook import Sheet, Workbook, external_links_refused

_ROWS_MAX = 1_048_576
_NOT_CALCULATED = CellError("=")
_quoted = re.compile(r"\"[^\"]*\"|'[^']*'")
_reference = re.compile(r"([A-Z]{1,3})[0-9]+")
# The same few days stand in many rows; so many of them are worked out only once.
_SHOWN_MAX = 10_000
# Spreadsheets keep 15 digits; the rest of a binary fraction is noise.
_DIGITS = 15
_MAGNITUDE_MAX = 400


class SheetRow:
    """A row as the sheet has it.

    Attributes:
        line: its number.
        cells: from column A on; as many as there are, up to one more than the limit of columns.
        beyond: the number of the last column behind those that holds something; 0 when none does.
        long: the index of a cell that is longer than the limit.
    """

    __slots__ = ("beyond", "cells", "line", "long")

    def __init__(self, line: int) -> None:
        self.line = line
        self.cells: list[Cell] = []
        self.beyond = 0
        self.long: int | None = None


def sheet_rows(book: Workbook, sheet: Sheet, source: Source, limits: Limits) -> Iterator[SheetRow]:
    """Read the rows that a sheet has, in their order.

    Raises:
        Invalid: FILE_DAMAGED, EXTERNAL_LINKS_REFUSED when a formula calls a program (DDE).
    """
    reader = _Reader(book, source, limits)
    for _ in book.archive.parse(sheet.part, reader.parser):
        yield from reader.done
        reader.done.clear()
        reader.hold_back()


class _Reader:
    """Hears what the parser sees of a sheet, and makes rows of it."""

    def __init__(self, book: Workbook, source: Source, limits: Limits) -> None:
        self.done: list[SheetRow] = []
        self.parser = xml_parser()
        self.parser.StartElementHandler = self._root
        self.parser.EndElementHandler = self._end
        self._book = book
        self._source = source
        self._limits = limits
        self._columns: dict[str, int] = {}
        self._shown: dict[tuple[NumberFormat, str], Cell] = {}
        self._row = SheetRow(0)
        self._text: list[str] = []
        self._formula: list[str] = []
        self._type: str | None = None
        self._style: str | None = None
        self._column = -1
        self._reading = False
        self._has_formula = False

    def hold_back(self) -> None:
        """Keep no more of a text that has not ended yet than tells that it is too long."""
        for pieces in (self._text, self._formula):
            if len(pieces) > 1 or (pieces and len(pieces[0]) > self._limits.cell_characters):
                pieces[:] = ["".join(pieces)[: self._limits.cell_characters + 1]]

    def _root(self, name: str, _: Attributes) -> None:
        """Learn the prefix of all elements from the first, so that no name is cut later."""
        prefix = name[: -len(local(name))]
        self._c, self._v, self._t = prefix + "c", prefix + "v", prefix + "t"
        self._f, self._r, self._phonetic = prefix + "f", prefix + "row", prefix + "rPh"
        self.parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == self._c:
            get = attributes.get
            self._type, self._style = get("t"), get("s")
            self._place(get("r"))
            self._text.clear()
            self._has_formula = False
        elif name == self._v or name == self._t:
            if not self._reading:
                self.parser.CharacterDataHandler = self._text.append
        elif name == self._r:
            self._begin_row(attributes.get("r"))
        elif name == self._f:
            self._has_formula = True
            self._formula.clear()
            self.parser.CharacterDataHandler = self._formula.append
        elif name == self._phonetic:
            self._reading = True

    def _end(self, name: str) -> None:
        if name == self._v or name == self._t:
            self.parser.CharacterDataHandler = None
        elif name == self._c:
            self._put("".join(self._text))
        elif name == self._r:
            self.done.append(self._row)
        elif name == self._f:
            self.parser.CharacterDataHandler = None
            if "|" in _quoted.sub("", "".join(self._formula)):
                raise external_links_refused(self._source)
        elif name == self._phonetic:
            self._reading = False

    def _begin_row(self, number: str | None) -> None:
        line = int(number) if number else self._row.line + 1
        if not self._row.line < line <= _ROWS_MAX:
            raise ValueError(f"row {line} behind row {self._row.line}")
        self._row = SheetRow(line)
        self._column = -1

    def _place(self, reference: str | None) -> None:
        if reference is None:
            self._column += 1
            return
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = _column_index(reference)
        if column <= self._column:
            raise ValueError(f"cell {reference} is out of order")
        self._column = column

    def _put(self, text: str) -> None:
        """Put the cell that has ended into its row, if there is anything in it."""
        kind = self._type
        if not text:
            # A text may be empty; a formula that gives a number or truth has one once calculated.
            if not self._has_formula or kind == "str":
                return
            value = _NOT_CALCULATED
        elif kind is None or kind == "n":
            value = self._number(text)
        elif kind == "s":
            value = self._book.texts[int(text)]
        elif kind == "inlineStr" or kind == "str":
            value = unescaped(text)
        else:
            value = _rare_value(kind, text)
        if value != "":
            self._keep(value)

    def _keep(self, value: Cell) -> None:
        row, column = self._row, self._column
        if column > self._limits.columns:
            row.beyond = column + 1
            return
        cells = row.cells
        if len(cells) < column:
            cells.extend([""] * (column - len(cells)))
        cells.append(value)
        if isinstance(value, str) and len(value) > self._limits.cell_characters:
            row.long = column

    def _number(self, text: str) -> Cell:
        if self._style is None:
            return exact_number(text)
        shown = self._book.formats[int(self._style)]
        if shown is NumberFormat.NUMBER:
            return exact_number(text)
        known = self._shown.get((shown, text))
        if known is None:
            known = shown_as(exact_number(text), shown, self._book.from_1904)
            if len(self._shown) < _SHOWN_MAX:
                self._shown[shown, text] = known
        return known


def _rare_value(kind: str, text: str) -> Cell:
    if kind == "b":
        return text in ("1", "true")
    if kind == "e":
        return CellError(text)
    if kind == "d":
        return _iso(text)
    raise ValueError(f"cell of type {kind}")


def exact_number(text: str) -> Decimal:
    """Read a number as the sheet shows it: 0.89999999999999991 is 0.9.

    Raises:
        ValueError: it is none, or no spreadsheet could hold it.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:40]!r} is no number") from None
    if not number.is_finite() or abs(number.adjusted()) > _MAGNITUDE_MAX:
        raise ValueError(f"{text[:40]!r} is no number")
    if len(text) <= _DIGITS or number == number.to_integral_value():
        return number
    with localcontext() as context:
        context.prec = _DIGITS
        return number.normalize()  # zeros at the end are digits that nobody wrote


def _iso(text: str) -> datetime.date | datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    return moment.date() if len(text) == len("2017-03-01") else moment


def _column_index(reference: str) -> int:
    """Give the 0-based place of the column that a reference like AB12 names."""
    match = _reference.fullmatch(reference)
    if match is None:
        raise ValueError(f"no cell is called {reference[:40]!r}")
    index = 0
    for letter in match[1]:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
