"""Several texts in one cell: written by exports and read by imports, the same both ways."""

from collections.abc import Sequence
from typing import Any, cast

import orjson

SEPARATOR = ";"


def joined(texts: Sequence[str]) -> str:
    """Write texts in one cell: between semicolons, or as a JSON list where that would lose any."""
    text = f"{SEPARATOR} ".join(texts)
    return text if parted(text) == list(texts) else orjson.dumps(list(texts)).decode()


def parted(text: str) -> list[str]:
    """Read the texts of a cell."""
    if text.startswith("["):
        try:
            listed = cast("list[Any]", orjson.loads(text))
        except orjson.JSONDecodeError:
            listed = [None]
        if all(isinstance(one, str) for one in listed):
            return listed
    return [part.strip() for part in text.split(SEPARATOR) if part.strip()]
