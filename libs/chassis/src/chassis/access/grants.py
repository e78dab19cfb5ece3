"""Permissions: resource type x action x scope, and how far they reach.

A list needs a predicate, not a yes or no, so a permission is compiled into a `Reach`: everything,
one's own records, the records of some units, what was shared, what lies in some categories.
"""

import enum
import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from banyan.api.v1 import options_pb2, share_pb2
from google.protobuf.descriptor import Descriptor

from chassis.access.fields import ALL_FIELDS, FieldAccess, FieldRule, merged
from chassis.access.tree import Tree

SHARES = "shares"
# A share opens a record to every action but these: they stay with those whose record it is.
NOT_SHARED = frozenset({"delete", "share"})
_WRITE = share_pb2.Share.ACCESS_WRITE


class Scope(enum.IntEnum):
    """How far a permission reaches; the numbers are those of the contract."""

    OWN = 1
    UNIT = 2
    SUBTREE = 3
    ALL = 4
    SHARED = 5
    CATEGORY = 6


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission of a role, as assigned to a person at a unit.

    Attributes:
        resource: ``sales.Opportunity``, ``sales.*`` or ``*``.
        action: ``read``, ``create``, ``update``, ``delete``, a business verb, or ``*``.
        scope: how far it reaches from the unit of the assignment.
        org_unit_id: where the role is held; "" for OWN and ALL.
        source: the role's name, for explanations and for its field rules.
        categories: with CATEGORY, the categories and series it reaches.
    """

    resource: str
    action: str
    scope: Scope
    org_unit_id: str = ""
    source: str = ""
    categories: frozenset[str] = frozenset()

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
        principals: records shared with one of these people and units are within reach.
        writing: of these, only what was shared for writing.
        categories: records in these categories and series are within reach.
    """

    everything: bool = False
    own: bool = False
    user_id: str = ""
    units: frozenset[str] = frozenset()
    principals: frozenset[str] = frozenset()
    writing: bool = False
    categories: frozenset[str] = frozenset()

    def covers(self, record: Any, whole: Any = None) -> bool:
        """Tell whether a record is within reach.

        Args:
            whole: the record it is a part of, when it is one and that is known.
        """
        if self.everything or (self.own and getattr(record, "owner_user_id", "") == self.user_id):
            return True
        unit: str = getattr(record, "org_unit_id", "")
        return (
            (bool(unit) and unit in self.units)
            or self._is_shared(record)
            or (whole is not None and self._is_shared(whole))
            or (bool(self.categories) and not self.categories.isdisjoint(categories_of(record)))
        )

    def unshared(self) -> "Reach":
        """Give what is within reach without anybody's sharing."""
        return replace(self, principals=frozenset())

    def _is_shared(self, record: Any) -> bool:
        return bool(self.principals) and any(
            (share.user_id or share.org_unit_id) in self.principals
            and (not self.writing or share.access == _WRITE)
            for share in getattr(record, SHARES, ())
        )


EVERYTHING = Reach(everything=True)


class Grants:
    """All permissions of one person, compiled for one state of the tree.

    Args:
        units: where the person is placed; what is shared with these, or with units above them, is
            shared with the person.
        field_rules: what the person's roles keep from them.
    """

    def __init__(
        self,
        user_id: str,
        grants: Iterable[Grant],
        tree: Tree,
        units: Iterable[str] = (),
        field_rules: Iterable[FieldRule] = (),
    ) -> None:
        self.user_id = user_id
        self.all = tuple(grants)
        self.tree = tree
        self.units = tuple(units)
        self.field_rules = tuple(field_rules)
        above = {top for unit in self.units for top in (unit, *tree.ancestors(unit))}
        self._principals = frozenset({user_id, *above} - {""})
        self._reach: dict[tuple[str, str], Reach | None] = {}
        self._fields: dict[str, FieldAccess] = {}

    def under(self, tree: Tree) -> "Grants":
        """Give the same permissions for another state of the tree."""
        return Grants(self.user_id, self.all, tree, self.units, self.field_rules)

    def reach(self, resource: str, action: str) -> Reach | None:
        """Give how far an action on a resource type reaches; None when it is not allowed at all."""
        key = (resource, action)
        if key not in self._reach:
            self._reach[key] = self._compile(resource, action)
        return self._reach[key]

    def deciding(self, resource: str, action: str) -> list[Grant]:
        """List the permissions that speak of an action, for explanations."""
        return [grant for grant in self.all if grant.matches(resource, action)]

    def fields(self, resource: str) -> FieldAccess:
        """Give which fields of a noun are kept from the person."""
        if not self.field_rules:
            return ALL_FIELDS
        if resource not in self._fields:
            reading = {grant.source for grant in self.deciding(resource, "read")}
            writing = {
                grant.source
                for grant in self.all
                if grant.action != "read" and grant.matches(resource, grant.action)
            }
            self._fields[resource] = merged(self.field_rules, resource, reading, writing)
        return self._fields[resource]

    def _compile(self, resource: str, action: str) -> Reach | None:
        found = self.deciding(resource, action)
        if not found:
            return None
        if any(grant.scope == Scope.ALL for grant in found):
            return EVERYTHING
        units: set[str] = set()
        categories: set[str] = set()
        for grant in found:
            if grant.scope == Scope.UNIT and grant.org_unit_id:
                units.add(grant.org_unit_id)
            elif grant.scope == Scope.SUBTREE and grant.org_unit_id:
                units |= self.tree.subtree(grant.org_unit_id)
            categories |= grant.categories if grant.scope == Scope.CATEGORY else set()
        scopes = {grant.scope for grant in found}
        shared = action not in NOT_SHARED and bool(scopes - {Scope.CATEGORY})
        return Reach(
            # Whoever sees a unit sees their own records too, wherever those are placed.
            own=bool(scopes - {Scope.SHARED, Scope.CATEGORY}),
            user_id=self.user_id,
            units=frozenset(units),
            principals=self._principals if shared else frozenset(),
            writing=action != "read",
            categories=frozenset(categories),
        )


def categories_of(record: Any) -> list[str]:
    """List what a permission of scope CATEGORY reaches a record by."""
    return [getattr(record, name) for name in _category_fields(record.DESCRIPTOR)]


@functools.cache
def _category_fields(message: Descriptor) -> tuple[str, ...]:
    options: Any = message.GetOptions()
    return tuple(options.Extensions[options_pb2.noun].category_fields)
