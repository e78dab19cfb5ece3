"""Field rules: what of a noun's records a person does not see, or sees and does not write."""

from collections.abc import Iterable, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What one role keeps from its holders of one noun.

    Attributes:
        source: the role's name.
        resource: ``sales.Opportunity``.
        fields: names and ``custom_fields.margin``.
        hidden: they are not even seen.
    """

    source: str
    resource: str
    fields: frozenset[str]
    hidden: bool


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """Which fields of a noun's records are kept from somebody.

    Attributes:
        hidden: what they do not see.
        unwritable: what they may not write; everything hidden is among it.
    """

    hidden: frozenset[str] = frozenset()
    unwritable: frozenset[str] = frozenset()


ALL_FIELDS = FieldAccess()


def merged(
    rules: Iterable[FieldRule], resource: str, reading: Set[str], writing: Set[str]
) -> FieldAccess:
    """Give what roles together keep from their holder: rights add up, so what all of them keep.

    Args:
        reading: the roles that let read the noun. Without any, its holder hears of records only
            elsewhere, as in the audit, and nothing of what any role keeps.
        writing: those that let write it.
    """
    mine = [rule for rule in rules if rule.resource == resource]
    roles = [{role} for role in reading] or [{rule.source for rule in mine}]
    unseen = _common(_fields(mine, sources, hidden_only=True) for sources in roles)
    unwritable = _common(_fields(mine, {role}, hidden_only=False) for role in writing)
    return FieldAccess(unseen, unseen | unwritable) if unseen or unwritable else ALL_FIELDS


def _common(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    """Give what all of these have; nothing where there are none."""
    first, *others = [*sets] or [frozenset[str]()]
    return first.intersection(*others)


def _fields(rules: Iterable[FieldRule], sources: Set[str], *, hidden_only: bool) -> frozenset[str]:
    found = (r.fields for r in rules if r.source in sources and (r.hidden or not hidden_only))
    return frozenset[str]().union(*found)
