"""Opening a file of an import, with what its map knows of it."""

from pathlib import Path

from documents.imports.mapping import FileMap
from documents.tables import Hints, Limits, Table, open_table


def open_file(path: Path, file: FileMap) -> Table:
    """Open a file as its map calls it.

    Raises:
        Invalid: what `open_table` refuses.
    """
    hints = Hints(
        encoding=file.hints.get("encoding"),
        delimiter=file.hints.get("delimiter"),
        sheet=file.hints.get("sheet"),
    )
    return open_table(path, file.file, Limits(), hints)
