"""Tables as files: one face, two formats, never more than a row in memory.

What is written is read back by `open_table` as the same values, without a hint: dates are written
year first, numbers with a point and never so that 1.234 could be taken for a thousand.
"""

import csv
import datetime
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from types import TracebackType
from typing import BinaryIO, Protocol, Self

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from chassis import errors
from documents.tables.defusing import defused
from documents.tables.encodings import LOOK_ALIKES, codec_of
from documents.tables.escapes import escaped
from documents.tables.headings import column_letters

# None and "" are both written as an empty cell.
Value = str | bool | int | Decimal | datetime.date | datetime.datetime | None

# What a sheet can hold.
_ROWS_MAX = 1_048_576
_COLUMNS_MAX = 16_384
_CHARACTERS_MAX = 32_767
# From the day on that Excel and the calendar agree.
_FIRST_DAY = datetime.date(1900, 3, 1)
_DIGITS_MAX = 15
_MAGNITUDE_MAX = 300
_looks_like_thousands = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")
_half_character = re.compile("[\ud800-\udfff]")
_beyond_16_bits = re.compile("[\U00010000-\U0010ffff]")
_no_sheet_name = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_SHEET_NAME_MAX = 31


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


class _Closing:
    """A writer as a context manager; it is closed whatever happens."""

    def close(self) -> None:
        """Finish the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class CsvWriter(_Closing):
    """Writes CSV that Excel and `open_table` read without being told anything."""

    def __init__(
        self, target: BinaryIO, *, encoding: str = "utf-8-sig", delimiter: str = ","
    ) -> None:
        """Begin a file.

        Raises:
            Invalid: ENCODING_UNKNOWN.
        """
        codec = codec_of(encoding)
        self._encoding = encoding
        self._lost = re.compile(f"[{LOOK_ALIKES[codec]}]") if codec in LOOK_ALIKES else None
        self._text = io.TextIOWrapper(target, encoding=codec, newline="")
        self._writer = csv.writer(self._text, delimiter=delimiter)
        self._closed = False

    def write_row(self, values: Sequence[Value]) -> None:
        """Write the next row.

        Raises:
            Invalid: CHARACTER_NOT_IN_ENCODING; nothing of the row is written then.
        """
        texts = [_csv_text(value) for value in values]
        if self._lost and (lost := self._lost.search("".join(texts))):
            raise _not_in_encoding(lost[0], self._encoding)
        try:
            self._writer.writerow(texts)
        except UnicodeEncodeError as error:
            raise _not_in_encoding(error.object[error.start], self._encoding) from error

    def close(self) -> None:
        """Finish the file; the stream stays open."""
        if not self._closed:
            self._closed = True
            self._text.detach()


class XlsxWriter(_Closing):
    """Writes a workbook of one sheet; numbers and dates are such in it.

    What a sheet would spoil is written as text: numbers of more than 15 digits, dates before March
    1900, times with a zone or finer than a millisecond.
    """

    def __init__(self, target: BinaryIO, *, sheet: str = "Sheet1") -> None:
        self._book = xlsxwriter.Workbook(target, {"constant_memory": True})
        self._sheet = self._book.add_worksheet(_sheet_name(sheet), _PlainSheet)
        self._sheet.freeze_panes(1, 0)
        self._bold = self._book.add_format({"bold": True})
        self._formats: dict[str, Format] = {}
        self._row = 0
        self._closed = False

    def write_row(self, values: Sequence[Value]) -> None:
        """Write the next row.

        Raises:
            Invalid: CELL_TOO_LONG, CHARACTER_NOT_IN_ENCODING, TABLE_TOO_LONG, TABLE_TOO_WIDE;
                nothing of the row is written then.
        """
        if self._row >= _ROWS_MAX:
            raise errors.Invalid("TABLE_TOO_LONG", limit=_ROWS_MAX)
        if len(values) > _COLUMNS_MAX:
            raise errors.Invalid("TABLE_TOO_WIDE", limit=_COLUMNS_MAX)
        for column, value in enumerate(values):
            if isinstance(value, str):
                self._refuse(column, value)
        for column, value in enumerate(values):
            if value is not None and value != "":
                self._write(column, value)
        self._row += 1

    def close(self) -> None:
        """Finish the file; the stream stays open."""
        if not self._closed:
            self._closed = True
            self._book.close()

    def _write(self, column: int, value: Value) -> None:
        match value:
            case bool():
                self._sheet.write_boolean(self._row, column, value)
            case int() | Decimal() if _is_sheet_number(Decimal(value)):
                code = _number_code(Decimal(value))
                self._sheet.write_number(self._row, column, float(value), self._format(code))
            case datetime.date() if _is_sheet_date(value):
                timed = isinstance(value, datetime.datetime)
                code = "yyyy-mm-dd hh:mm:ss" if timed else "yyyy-mm-dd"
                self._sheet.write_datetime(self._row, column, value, self._format(code))
            case _:
                style = None if self._row else self._bold
                self._sheet.write_string(self._row, column, _plain_text(value), style)

    def _refuse(self, column: int, text: str) -> None:
        """Refuse a text that no cell can hold; a sheet counts characters as UTF-16 does."""
        if found := _half_character.search(text):
            raise _not_in_encoding(found[0], "utf-8")
        if len(text) + len(_beyond_16_bits.findall(text)) > _CHARACTERS_MAX:
            raise errors.Invalid(
                "CELL_TOO_LONG",
                line=self._row + 1,
                column=column_letters(column),
                limit=_CHARACTERS_MAX,
            )

    def _format(self, code: str) -> Format:
        if code not in self._formats:
            self._formats[code] = self._book.add_format({"num_format": code})
        return self._formats[code]


class _PlainSheet(Worksheet):
    """A sheet in which every text is read back as that text.

    xlsxwriter takes a text that begins with <r> and ends with </r> for XML of its own and writes it
    as it stands, which would let a value write cells; and it confuses what looks like two of its
    escapes in a row.
    """

    @staticmethod
    def _escape_control_characters(data: str | int) -> str | int:
        return data if isinstance(data, int) else escaped(data)

    def _xml_rich_inline_string(self, string: str, attributes: list[tuple[str, object]]) -> None:
        self._xml_inline_string(string, True, attributes)


def _sheet_name(name: str) -> str:
    """Make a name of what a sheet should be called, as far as sheets can be called so."""
    units = name.encode("utf-16-le", "replace")[: 2 * _SHEET_NAME_MAX]
    shortened = units.decode("utf-16-le", "ignore")
    return _no_sheet_name.sub(" ", shortened).strip(" '") or "Sheet1"


def _csv_text(value: Value) -> str:
    return defused(value) if isinstance(value, str) else _plain_text(value)


def _plain_text(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime.datetime():
            return value.isoformat(" ")
        case datetime.date():
            return value.isoformat()
        case Decimal():
            text = format(value, "f")
            return text + "0" if _looks_like_thousands.fullmatch(text) else text
        case _:
            return str(value)


def _is_sheet_number(value: Decimal) -> bool:
    digits = value.as_tuple().digits
    return (
        value.is_finite()
        and len(digits) <= _DIGITS_MAX
        and (not value or abs(value.adjusted()) < _MAGNITUDE_MAX)
    )


def _number_code(value: Decimal) -> str:
    exponent = value.as_tuple().exponent
    places = min(-exponent, _DIGITS_MAX) if isinstance(exponent, int) else 0
    return "0." + "0" * places if places > 0 else "0"


def _is_sheet_date(value: datetime.date) -> bool:
    if isinstance(value, datetime.datetime):
        exact = value.tzinfo is None and value.microsecond % 1000 == 0
        return exact and value.date() >= _FIRST_DAY
    return value >= _FIRST_DAY


def _not_in_encoding(character: str, encoding: str) -> errors.Invalid:
    shown = character if character.isprintable() else ascii(character)[1:-1]
    return errors.Invalid("CHARACTER_NOT_IN_ENCODING", character=shown, encoding=encoding)
