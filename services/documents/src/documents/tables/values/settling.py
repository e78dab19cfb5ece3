"""A text that can be read in several ways, and which of them counts in its column."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from chassis import errors

Way = TypeVar("Way")
Value = TypeVar("Value")


def settled(
    readings: Mapping[Way, Value],
    known: Way | None,
    unreadable: errors.Invalid,
    ambiguous: errors.Invalid,
) -> Value:
    """Give the reading that counts.

    Args:
        readings: what the text says, read in each of the ways that make sense.
        known: the way of its column; None where nobody knows.
        unreadable: raised when there is no such reading.
        ambiguous: raised when the readings differ and nobody knows which one counts.

    Raises:
        Invalid: one of the two.
    """
    ways = readings if known is None else [known]
    values = [readings[way] for way in ways if way in readings]
    if not values:
        raise unreadable
    if any(value != values[0] for value in values):
        raise ambiguous
    return values[0]


def common_way(ballots: Iterable[Iterable[Way]], ways: Iterable[Way]) -> Way | None:
    """Give the one way in which every text of a column can be read; None if they leave it open."""
    left = set(ways)
    for ballot in ballots:
        left &= set(ballot)
    return left.pop() if len(left) == 1 else None
