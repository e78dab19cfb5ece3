"""Which assignments count on a day, and what they add up to (PLT-16)."""

import datetime

import pytest
from banyan.identity.v1 import role_assignment_pb2, role_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2

from chassis import errors
from chassis.access import Caller, Grant, Grants, Scope, Tree
from chassis.resources import Around
from identity.role import new_permission
from identity.role_assignment import authorize, counts, grants_of

DAY = datetime.date(2026, 3, 15)
LONG_AGO = Timestamp(seconds=1)
READ = new_permission("party.Source", "read", Scope.UNIT)
UPDATE = new_permission("party.Source", "update", Scope.OWN)


def assignment(role_id="r", end=None, *, deleted=False, name="a"):
    made = role_assignment_pb2.RoleAssignment(
        id=name, user_id="u", role_id=role_id, org_unit_id=f"unit of {name}"
    )
    if end is not None:
        made.end_date.CopyFrom(date_pb2.Date(year=end.year, month=end.month, day=end.day))
    if deleted:
        made.delete_time.CopyFrom(LONG_AGO)
    return made


def role(name="r", *permissions, deleted=False):
    made = role_pb2.Role(id=name, name=f"role {name}", permissions=permissions)
    if deleted:
        made.delete_time.CopyFrom(LONG_AGO)
    return made


@pytest.mark.parametrize(("days", "expected"), [(-1, False), (0, True), (1, True)])
def test_an_assignment_counts_until_the_end_of_its_last_day(days, expected):
    assert counts(assignment(end=DAY + datetime.timedelta(days=days)), DAY) == expected


def test_an_assignment_without_an_end_counts_until_it_is_deleted():
    assert counts(assignment(), DAY)
    assert not counts(assignment(deleted=True), DAY)
    assert not counts(assignment(end=DAY, deleted=True), DAY)


def test_every_permission_of_every_counting_assignment_is_a_grant_with_its_origin():
    roles = {"r": role("r", READ, UPDATE), "s": role("s", READ)}
    found = grants_of([assignment("r", name="a"), assignment("s", name="b")], roles, DAY)
    assert [
        (g.permission, g.org_unit_id, g.role_id, g.role_name, g.role_assignment_id) for g in found
    ] == [
        (READ, "unit of a", "r", "role r", "a"),
        (UPDATE, "unit of a", "r", "role r", "a"),
        (READ, "unit of b", "s", "role s", "b"),
    ]


def test_what_is_deleted_or_over_gives_nothing():
    roles = {"r": role("r", READ), "gone": role("gone", READ, deleted=True)}
    ended = assignment(end=DAY - datetime.timedelta(days=1))
    assert grants_of([assignment("gone"), ended, assignment(deleted=True)], roles, DAY) == []


def around(*held: Grant) -> Around:
    tree = Tree({"top": ""})
    return Around(
        Caller("t", "giver"),
        datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC),
        grants=Grants("giver", held, tree),
        referred={"role_id": role("r", READ)},
    )


def test_an_assignment_gives_no_more_than_the_giver_has_at_that_unit():
    made = assignment()
    authorize("create", made, around(Grant("party.Source", "read", Scope.UNIT, made.org_unit_id)))
    for verb in ("create", "update", "undelete"):
        with pytest.raises(errors.Forbidden) as caught:
            authorize(verb, made, around(Grant("party.Source", "read", Scope.UNIT, "elsewhere")))
        assert caught.value.reason == "MORE_THAN_ONE_HAS"
    # To take away, one needs nothing of what is taken.
    authorize("delete", made, around())
