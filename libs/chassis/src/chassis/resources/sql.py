"""SQL with parameters, as it is put together."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Sql:
    """The parameters of a statement under construction."""

    arguments: list[Any] = field(default_factory=list[Any])

    def bind(self, value: Any, pg: str) -> str:
        """Add a parameter and give its placeholder."""
        self.arguments.append(value)
        return f"${len(self.arguments)}::{pg}"


def subtree_of(column: str, prefix: str) -> str:
    """Give the condition that a path lies at or below a prefix, as a range an index serves.

    Paths end with a dot, and "/" is the character after it.
    """
    return f"{column} >= {prefix} AND {column} < left({prefix}, -1) || '/'"
