"""Permissions: resource type x action x scope, and how far they reach.

A list needs a predicate, not a yes or no, so a permission is compiled into a `Reach`: everything,
one's own records, the records of some units.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from chassis.access.tree import Tree


class Scope(enum.IntEnum):
    """How far a permission reaches; the numbers are those of the contract."""

    OWN = 1
    UNIT = 2
    SUBTREE = 3
    ALL = 4


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission of a role, as assigned to a person at a unit.

    Attributes:
        resource: ``sales.Opportunity``, ``sales.*`` or ``*``.
        action: ``read``, ``create``, ``update``, ``delete``, a business verb, or ``*``.
        scope: how far it reaches from the unit of the assignment.
        org_unit_id: where the role is held; "" for OWN and ALL.
        source: the role's name, for explanations.
    """

    resource: str
    action: str
    scope: Scope
    org_unit_id: str = ""
    source: str = ""

    def matches(self, resource: str, action: str) -> bool:
        """Tell whether it speaks of this action on this resource type."""
        service = resource.partition(".")[0]
        return self.resource in (resource, f"{service}.*", "*") and self.action in (action, "*")


@dataclass(frozen=True, slots=True)
class Reach:
    """The records a permission lets its holder touch.

    Attributes:
        everything: all records of the tenant.
        user_id: the holder; records owned by them are within reach when `own`.
        own: own records are within reach.
        units: records placed in these units are within reach.
    """

    everything: bool = False
    own: bool = False
    user_id: str = ""
    units: frozenset[str] = frozenset()

    def covers(self, owner_user_id: str, org_unit_id: str) -> bool:
        """Tell whether a record with this owner and unit is within reach."""
        return (
            self.everything
            or (self.own and owner_user_id == self.user_id)
            or (bool(org_unit_id) and org_unit_id in self.units)
        )


EVERYTHING = Reach(everything=True)


class Grants:
    """All permissions of one person, compiled for one state of the tree."""

    def __init__(self, user_id: str, grants: Iterable[Grant], tree: Tree) -> None:
        self.user_id = user_id
        self.all = tuple(grants)
        self.tree = tree
        self._reach: dict[tuple[str, str], Reach | None] = {}

    def reach(self, resource: str, action: str) -> Reach | None:
        """Give how far an action on a resource type reaches; None when it is not allowed at all."""
        key = (resource, action)
        if key not in self._reach:
            self._reach[key] = self._compile(resource, action)
        return self._reach[key]

    def deciding(self, resource: str, action: str) -> list[Grant]:
        """List the permissions that speak of an action, for explanations."""
        return [grant for grant in self.all if grant.matches(resource, action)]

    def _compile(self, resource: str, action: str) -> Reach | None:
        found = self.deciding(resource, action)
        if not found:
            return None
        if any(grant.scope == Scope.ALL for grant in found):
            return EVERYTHING
        units: set[str] = set()
        for grant in found:
            if grant.scope == Scope.UNIT and grant.org_unit_id:
                units.add(grant.org_unit_id)
            elif grant.scope == Scope.SUBTREE and grant.org_unit_id:
                units |= self.tree.subtree(grant.org_unit_id)
        # Whoever sees a unit sees their own records too, wherever those are placed.
        return Reach(own=True, user_id=self.user_id, units=frozenset(units))
