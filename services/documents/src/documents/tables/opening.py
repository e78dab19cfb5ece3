"""The door: a file of unknown make becomes a table, or is refused with a reason."""

import os
from typing import BinaryIO

from documents.tables.table import Hints, Limits, Table

Source = BinaryIO | str | os.PathLike[str]


def open_table(
    source: Source, name: str, limits: Limits | None = None, hints: Hints | None = None
) -> Table:
    """Open a table file; what it is follows from its content.

    Args:
        source: a path, or a seekable stream, which stays the caller's and open.
        name: what people call the file, for messages.
        limits: how much it may hold.
        hints: what somebody knows about it.

    Raises:
        Invalid: FORMAT_UNKNOWN, FILE_TOO_LARGE, FILE_EMPTY, FILE_DAMAGED, ARCHIVE_TOO_LARGE,
            ARCHIVE_RATIO, EXTERNAL_LINKS_REFUSED, SHEET_NOT_FOUND, ENCODING_UNKNOWN,
            TABLE_TOO_WIDE.
    """
    raise NotImplementedError
