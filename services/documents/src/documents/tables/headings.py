"""Headings that can be told apart, so that a column can be named in a mapping."""

from collections.abc import Sequence

from chassis import errors
from documents.tables.table import Cell, Limits
from documents.tables.values import is_blank, read_text


def unique_headings(cells: Sequence[Cell], limits: Limits) -> list[str]:
    """Give every column a name of its own.

    A heading is its text with single spaces. One that is used before gets a number, `Phone (2)`;
    an empty one the letters a spreadsheet shows above it, `[C]`. Empty ones at the end are no
    columns: spreadsheets leave them behind.

    Raises:
        Invalid: TABLE_TOO_WIDE.
    """
    texts = [" ".join(read_text(cell).split()) for cell in cells[: _width(cells)]]
    if len(texts) > limits.columns:
        raise errors.Invalid("TABLE_TOO_WIDE", limit=limits.columns)
    written = set(texts)
    names: list[str] = []
    for index, text in enumerate(texts):
        wanted = text or f"[{column_letters(index)}]"
        name, number = wanted, 1
        while name in names or (name in written and name != text):
            number += 1
            name = f"{wanted} ({number})"
        names.append(name)
    return names


def _width(cells: Sequence[Cell]) -> int:
    return max((index for index, cell in enumerate(cells, 1) if not is_blank(cell)), default=0)


def column_letters(index: int) -> str:
    """Name a column by its place, 0-based, as spreadsheets do: A, B, ..., Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
