"""Opening a file of an import, with what its map knows of it."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from chassis import errors
from chassis.custom.fields import key_of
from documents.imports.cells import wants_profile
from documents.imports.custom import Custom, has_habits
from documents.imports.mapping import DECIMAL_MARKS, FileMap, RecordMap, templates_of
from documents.tables import Hints, Limits, Table, open_table
from documents.tables.values import UNDECIDED, ColumnProfile, DateOrder

# Cells from which a column's habits are learnt.
_LEARNT_FROM = 5_000


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


def columns_of(table: Table, file: FileMap) -> list[str]:
    """Give the columns as the map calls them.

    Raises:
        FailedPrecondition: COLUMN_MISSING with what there is.
    """
    columns = [file.headings.get(name, name) for name in table.columns]
    for name in sorted(file.columns):
        if name not in columns:
            raise errors.FailedPrecondition(
                "COLUMN_MISSING", file=file.file, column=name, found=", ".join(table.columns)
            )
    return columns


def profiles_of(
    table: Table, columns: Sequence[str], file: FileMap, custom: Custom
) -> dict[str, ColumnProfile]:
    """Learn from the first cells how columns write dates and numbers."""
    names = {
        template.column
        for record in file.records
        for name, expression in record.fields
        for template in templates_of(expression)
        if template.column and _wants_profile(record, name, custom)
    }
    if not names:
        return {}
    rows = [r.cells for r in itertools.islice(table.rows(), _LEARNT_FROM) if r.problem is None]
    declared = ColumnProfile(
        date_order=DateOrder(file.hints["dates"]) if "dates" in file.hints else None,
        decimal_mark=DECIMAL_MARKS.get(file.hints.get("numbers", "")),
        from_1904=table.from_1904,
    )
    found: dict[str, ColumnProfile] = {}
    for name in names:
        place = columns.index(name)
        # Each once, by type too: to Python 1 and TRUE are the same.
        cells = {(type(row[place]), row[place]): row[place] for row in rows}
        found[name] = ColumnProfile.of(cells.values(), declared) if cells else UNDECIDED
    return found


def _wants_profile(record: RecordMap, name: str, custom: Custom) -> bool:
    if key := key_of(name):
        return has_habits(custom[record.noun.name][key])
    return wants_profile(record.noun.noun.fields[name])
