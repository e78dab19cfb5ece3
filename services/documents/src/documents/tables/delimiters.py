"""Which character stands between the cells of a CSV."""

import csv
import re
from collections.abc import Sequence

# Of two that fit equally well the earlier one is taken: a comma also stands in prose and numbers.
DELIMITERS = ("\t", ";", "|", ",")
_announced = re.compile(r"sep=(.)[\r\n]*", re.IGNORECASE)


def is_delimiter(text: str) -> bool:
    """Tell whether a text can stand between cells: one character, no quote or line end."""
    return len(text) == 1 and text not in '"\r\n'


def announced_delimiter(line: str) -> str | None:
    """Read the line `sep=;` that Excel understands above the headings."""
    match = _announced.fullmatch(line)
    return match[1] if match and is_delimiter(match[1]) else None


def find_delimiter(lines: Sequence[str]) -> str:
    """Find the delimiter of the first lines of a table, the headings first.

    It is the one that cuts the most rows into as many cells as there are headings; of several the
    one that makes more cells. A table of one column has none, which reads like a comma.
    """
    fits = {delimiter: _fit(lines, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: fits[delimiter])
    return best if fits[best] > (0.0, 1) else ","


def _fit(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] == 1:
        return 0.0, 1
    return widths.count(widths[0]) / len(widths), widths[0]
