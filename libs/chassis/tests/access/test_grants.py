"""How far a permission reaches: no more than it says, and nothing when it says nothing."""

import pytest

from chassis.access import Grant, Grants, Reach, Scope, Tree

TREE = Tree({"top": "", "north": "top", "team": "north", "south": "top"})
ME, OTHER = "me", "other"


def reach(*grants, resource="sales.Lead", action="read"):
    return Grants(ME, grants, TREE).reach(resource, action)


def test_nobody_may_do_what_nothing_allows():
    assert reach() is None
    assert reach(Grant("sales.Lead", "update", Scope.ALL)) is None
    assert reach(Grant("sales.Order", "read", Scope.ALL)) is None


@pytest.mark.parametrize(
    ("resource", "action", "matches"),
    [
        ("sales.Lead", "read", True),
        ("sales.*", "read", True),
        ("*", "read", True),
        ("sales.Lead", "*", True),
        ("*", "*", True),
        ("sales", "read", False),
        ("sales.L*", "read", False),
        ("sales.Leads", "read", False),
        ("Lead", "read", False),
        ("finance.*", "read", False),
        ("sal.*", "read", False),
        ("*.Lead", "read", False),
        (".*", "read", False),
        ("", "read", False),
        ("sales.Lead", "rea", False),
        ("sales.Lead", "", False),
        ("sales.Lead", "read,update", False),
        ("SALES.LEAD", "read", False),
    ],
)
def test_a_wildcard_matches_a_whole_part_and_nothing_else(resource, action, matches):
    assert Grant(resource, action, Scope.ALL).matches("sales.Lead", "read") is matches
    assert (reach(Grant(resource, action, Scope.ALL)) is not None) is matches


def test_all_covers_everything():
    found = reach(Grant("sales.Lead", "read", Scope.ALL))
    assert found.everything
    assert found.covers(OTHER, "south")
    assert found.covers("", "")


def test_own_covers_ones_own_records_wherever_they_are():
    found = reach(Grant("sales.Lead", "read", Scope.OWN))
    assert found.covers(ME, "south")
    assert found.covers(ME, "")
    assert not found.covers(OTHER, "team")
    assert not found.covers("", "")


def test_a_unit_covers_its_records_and_not_those_below():
    found = reach(Grant("sales.Lead", "read", Scope.UNIT, "north"))
    assert found.covers(OTHER, "north")
    assert not found.covers(OTHER, "team")
    assert not found.covers(OTHER, "top")
    assert found.covers(ME, "south"), "one's own always"


def test_a_subtree_covers_what_is_below_and_not_what_is_beside_or_above():
    found = reach(Grant("sales.Lead", "read", Scope.SUBTREE, "north"))
    assert found.covers(OTHER, "north")
    assert found.covers(OTHER, "team")
    assert not found.covers(OTHER, "south")
    assert not found.covers(OTHER, "top")


@pytest.mark.parametrize("scope", [Scope.UNIT, Scope.SUBTREE])
def test_a_scope_without_its_unit_reaches_own_records_only(scope):
    found = reach(Grant("sales.Lead", "read", scope, ""))
    assert found.units == frozenset()
    assert not found.covers(OTHER, "")
    assert not found.covers(OTHER, "top")


def test_a_record_without_a_unit_is_in_no_unit():
    found = reach(Grant("sales.Lead", "read", Scope.SUBTREE, "top"))
    assert not found.covers(OTHER, "")


def test_a_record_without_an_owner_is_nobodys_own():
    assert not Grants("", [Grant("*", "*", Scope.OWN)], TREE).reach("a.B", "read").covers(OTHER, "")
    assert not Reach(own=True, user_id=ME).covers("", "")


def test_permissions_add_up():
    found = reach(
        Grant("sales.Lead", "read", Scope.UNIT, "south"),
        Grant("sales.*", "*", Scope.SUBTREE, "north"),
        Grant("*", "update", Scope.ALL),
    )
    assert not found.everything
    assert found.units == {"south", "north", "team"}


def test_the_widest_permission_decides():
    found = reach(Grant("sales.Lead", "read", Scope.OWN), Grant("*", "*", Scope.ALL))
    assert found.everything


def test_the_answer_is_the_same_when_asked_again():
    grants = Grants(ME, [Grant("sales.Lead", "read", Scope.OWN)], TREE)
    assert grants.reach("sales.Lead", "read") == grants.reach("sales.Lead", "read")
    assert grants.reach("sales.Lead", "win") is None
    assert grants.reach("sales.Lead", "win") is None


def test_the_deciding_permissions_are_named():
    role = Grant("sales.*", "read", Scope.OWN, source="seller")
    grants = Grants(ME, [role, Grant("sales.Lead", "win", Scope.ALL)], TREE)
    assert grants.deciding("sales.Lead", "read") == [role]


def test_an_empty_reach_covers_nothing():
    assert not Reach().covers(ME, "top")
    assert not Reach().covers("", "")
