"""The door: a file of unknown make becomes a table, or is refused with a reason."""

import re

from chassis import errors
from documents.tables.csv_table import CsvTable
from documents.tables.source import Openable, Source
from documents.tables.table import Hints, Limits, Table
from documents.tables.xlsx_table import XlsxTable

_HEAD = 4096
# Files that are often taken for tables: old and encrypted workbooks, web pages called .xls,
# documents, pictures, archives.
_NO_TABLES = (
    *(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\x09\x08\x10\x00\x00\x06\x05\x00",
        b"%PDF-",
        b"{\\rtf",
    ),
    *(
        b"\x89PNG\r\n",
        b"\xff\xd8\xff",
        b"GIF8",
        b"\x1f\x8b",
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07",
    ),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_markup = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|\?xml|html|head|meta|table)\b", re.IGNORECASE
)


def open_table(
    source: Openable, name: str, limits: Limits | None = None, hints: Hints | None = None
) -> Table:
    """Open a table file; what it is follows from its content.

    Args:
        source: a path, or a seekable stream, which stays the caller's and open.
        name: what people call the file, for messages.
        limits: how much it may hold.
        hints: what somebody knows about it.

    Raises:
        Invalid: FORMAT_UNKNOWN, FILE_TOO_LARGE, FILE_EMPTY, FILE_DAMAGED, ARCHIVE_ENTRIES,
            ARCHIVE_TOO_LARGE, ARCHIVE_RATIO, TOO_MANY_TEXTS, EXTERNAL_LINKS_REFUSED,
            SHEET_NOT_FOUND, ENCODING_UNKNOWN, DELIMITER_UNUSABLE, TABLE_TOO_WIDE,
            ROW_TOO_LONG; and what is wrong with the headings, as in `Row.problem`.
    """
    opened = Source(source, name)
    try:
        return _open(opened, limits or Limits(), hints or Hints())
    except BaseException:
        opened.close()
        raise


def _open(source: Source, limits: Limits, hints: Hints) -> Table:
    if source.size > limits.file_bytes:
        raise errors.Invalid("FILE_TOO_LARGE", file=source.name, limit=limits.file_bytes)
    head = source.head(_HEAD)
    if head.startswith(_ZIP):
        return XlsxTable(source, limits, hints)
    if head.startswith(_NO_TABLES) or _markup.match(head):
        raise errors.Invalid("FORMAT_UNKNOWN", file=source.name)
    return CsvTable(source, limits, hints)
