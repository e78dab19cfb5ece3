"""Role: a set of permissions under a name (PLT-16); nobody gives what they do not have."""

from collections.abc import Mapping, Set
from functools import cache
from typing import Any

from banyan.identity.v1 import role_pb2

from chassis import errors
from chassis.access import Grant, Grants, Scope
from chassis.resources import Around, Hooks, Noun
from chassis.rpc.method import SIGNED_IN
from chassis.rpc.registry import contract_methods
from identity import field_rules


@cache
def actions() -> Mapping[str, Set[str]]:
    """Give the actions that can be allowed, by resource ("sales.Opportunity")."""
    found: dict[str, set[str]] = {}
    for method in contract_methods():
        named = {method.action, method.wider_action} - {SIGNED_IN, ""}
        if named:
            found.setdefault(method.resource, set()).update(named)
    return found


def unknown_parts(
    permission: role_pb2.Permission, known: Mapping[str, Set[str]]
) -> list[tuple[str, str]]:
    """Name what of a permission speaks of nothing there is, as (field, reason)."""
    service, _, noun = permission.resource.partition(".")
    if permission.resource == "*":
        meant = list(known)
    elif noun == "*":
        meant = [name for name in known if name.startswith(f"{service}.")]
    else:
        meant = [name for name in known if name == permission.resource]
    if not meant:
        return [("resource", "UNKNOWN_RESOURCE")]
    if permission.action != "*" and not any(permission.action in known[name] for name in meant):
        return [("action", "UNKNOWN_ACTION")]
    return []


def prepare(role: role_pb2.Role, _: Around) -> None:
    """Name the fields of field rules as contracts do, however they were written."""
    for rule in role.field_rules:
        rule.fields[:] = [field_rules.contract_name(name) for name in rule.fields]


def validate(role: role_pb2.Role, _: Around) -> None:
    """Refuse permissions and field rules that speak of nothing there is.

    Raises:
        Invalid: UNKNOWN_RESOURCE, UNKNOWN_ACTION, ONLY_WITH_CATEGORY, per permission;
            UNKNOWN_RESOURCE, UNKNOWN_FIELD, FIELD_NEEDED, per field rule.
    """
    violations = [
        errors.FieldViolation(
            f"role.permissions[{place}].{name}",
            reason,
            metadata={"found": getattr(permission, name)},
        )
        for place, permission in enumerate(role.permissions)
        for name, reason in unknown_parts(permission, actions())
    ]
    violations += [
        errors.FieldViolation(f"role.permissions[{place}].category_ids", "ONLY_WITH_CATEGORY")
        for place, permission in enumerate(role.permissions)
        if permission.category_ids and permission.scope != role_pb2.Permission.SCOPE_CATEGORY
    ]
    for place, rule in enumerate(role.field_rules):
        violations += field_rules.wrong_parts(rule, f"role.field_rules[{place}]")
    if violations:
        raise errors.Invalid("INVALID_FIELDS", violations=violations)


def gives(
    grant: Grant,
    permission: role_pb2.Permission,
    unit_id: str,
    grants: Grants,
    categories: frozenset[str] | None = frozenset(),
) -> bool:
    """Tell whether one's own grant is at least as much as a permission held at a unit.

    Args:
        categories: what assignments add to the categories of the permission; None for any.
    """
    service = permission.resource.partition(".")[0]
    wide = grant.resource in (permission.resource, f"{service}.*", "*")
    if not wide or grant.action not in (permission.action, "*"):
        return False
    if grant.scope == Scope.ALL:
        return True
    if Scope.CATEGORY in (grant.scope, permission.scope):
        if categories is None:
            return False
        reached = {*permission.category_ids, *categories}
        return grant.scope == permission.scope and reached <= grant.categories
    if permission.scope in (Scope.OWN, Scope.SHARED):
        # All scopes left include what was shared; a guest's includes nothing else.
        return grant.scope != Scope.SHARED or permission.scope == Scope.SHARED
    if not unit_id or permission.scope == Scope.ALL:
        return False
    if grant.scope == Scope.SUBTREE:
        return unit_id in grants.tree.subtree(grant.org_unit_id)
    same = permission.scope == Scope.UNIT and grant.scope == Scope.UNIT
    return same and grant.org_unit_id == unit_id


def check_gift(
    role: role_pb2.Role,
    unit_id: str,
    grants: Grants | None,
    categories: frozenset[str] | None = frozenset(),
) -> None:
    """Refuse to give a role that allows more than the giver may do.

    Args:
        unit_id: where it will be held; "" for anywhere.
        grants: the giver's; None for a service.
        categories: what assignments add to permissions of scope CATEGORY; None for any.

    Raises:
        Forbidden: MORE_THAN_ONE_HAS, MORE_THAN_ONE_SEES.
    """
    if grants is None:
        return
    for permission in role.permissions:
        if not any(gives(held, permission, unit_id, grants, categories) for held in grants.all):
            raise errors.Forbidden(
                "MORE_THAN_ONE_HAS", action=permission.action, resource=permission.resource
            )
    for resource, path in field_rules.shows_more(role, grants):
        raise errors.Forbidden("MORE_THAN_ONE_SEES", field=path, resource=resource)


def authorize(verb: str, role: role_pb2.Role, around: Around) -> None:
    """Refuse to write a role that gives anybody more than the writer has.

    Raises:
        Forbidden: MORE_THAN_ONE_HAS, MORE_THAN_ONE_SEES.
        FailedPrecondition: BUILT_IN.
    """
    if role.built_in and around.grants is not None:
        raise errors.FailedPrecondition("BUILT_IN", name=role.name)
    if verb != "delete":
        # A new role is held by nobody; one that is there, perhaps for categories one does not have.
        check_gift(role, "", around.grants, frozenset() if verb == "create" else None)


def new_permission(resource: str, action: str, scope: Scope) -> Any:
    """Make a permission."""
    number = role_pb2.Permission.Scope.ValueType(scope)
    return role_pb2.Permission(resource=resource, action=action, scope=number)


ADMINISTRATOR = role_pb2.Role(
    name="Administrator",
    description="May do everything.",
    permissions=[new_permission("*", "*", Scope.ALL)],
    built_in=True,
)
MEMBER = role_pb2.Role(
    name="Member",
    description="Sees the organisation and its people, and keeps own sign-ins, keys and views.",
    permissions=[
        new_permission("identity.Tenant", "read", Scope.ALL),
        new_permission("identity.OrgUnit", "read", Scope.ALL),
        new_permission("identity.LegalEntity", "read", Scope.ALL),
        new_permission("identity.Position", "read", Scope.ALL),
        new_permission("identity.User", "read", Scope.ALL),
        new_permission("identity.Session", "*", Scope.OWN),
        new_permission("identity.ApiKey", "*", Scope.OWN),
        *(
            new_permission("studio.View", action, Scope.OWN)
            for action in ("create", "read", "update", "delete")
        ),
    ],
)

ROLE = Noun(
    role_pb2.Role,
    hooks=Hooks(
        prepare_create=prepare,
        prepare_update=lambda _, role, around: prepare(role, around),
        validate=validate,
        authorize=authorize,
    ),
    without={"Share": "who gives rights is said by rights alone"},
)
