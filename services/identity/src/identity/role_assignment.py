"""RoleAssignment: who holds which role where, and until when (PLT-16)."""

import datetime
from collections.abc import Iterable, Mapping

from banyan.identity.v1 import access_pb2, role_assignment_pb2, role_pb2

from chassis.resources import Around, Hooks, Noun
from identity.role import check_gift


def grants_of(
    assignments: Iterable[role_assignment_pb2.RoleAssignment],
    roles: Mapping[str, role_pb2.Role],
    day: datetime.date,
) -> list[access_pb2.Grant]:
    """Give what the living assignments that count on a day allow."""
    return [
        access_pb2.Grant(
            permission=permission,
            org_unit_id=assignment.org_unit_id,
            role_id=assignment.role_id,
            role_name=roles[assignment.role_id].name,
            role_assignment_id=assignment.id,
            category_ids=sorted({*permission.category_ids, *assignment.category_ids})
            if permission.scope == role_pb2.Permission.SCOPE_CATEGORY
            else (),
        )
        for assignment in assignments
        if counts(assignment, day) and not roles[assignment.role_id].HasField("delete_time")
        for permission in roles[assignment.role_id].permissions
    ]


def rules_of(
    grants: Iterable[access_pb2.Grant], roles: Mapping[str, role_pb2.Role]
) -> list[access_pb2.HeldFieldRule]:
    """Give the field rules of the roles that grants come from."""
    return [
        access_pb2.HeldFieldRule(rule=rule, role_id=role_id, role_name=roles[role_id].name)
        for role_id in sorted({grant.role_id for grant in grants})
        for rule in roles[role_id].field_rules
    ]


def counts(assignment: role_assignment_pb2.RoleAssignment, day: datetime.date) -> bool:
    """Tell whether an assignment is in force on a day."""
    if assignment.HasField("delete_time"):
        return False
    end = assignment.end_date
    return not assignment.HasField("end_date") or day <= datetime.date(end.year, end.month, end.day)


def authorize(verb: str, assignment: role_assignment_pb2.RoleAssignment, around: Around) -> None:
    """Refuse to give somebody more than the giver may do.

    Raises:
        Forbidden: MORE_THAN_ONE_HAS.
    """
    role = around.record("role_id")
    if verb != "delete" and role is not None:
        check_gift(role, assignment.org_unit_id, around.grants, frozenset(assignment.category_ids))


ROLE_ASSIGNMENT = Noun(
    role_assignment_pb2.RoleAssignment,
    reads=("role_id",),
    hooks=Hooks(authorize=authorize),
    without={"Share": "who gives rights is said by rights alone"},
)
