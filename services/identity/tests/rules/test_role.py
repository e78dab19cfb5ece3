"""What a role may say, and that nobody gives more than they have (PLT-16)."""

import datetime

import pytest
from banyan.identity.v1 import role_pb2
from hypothesis import event, given
from hypothesis import strategies as st

from chassis import errors
from chassis.access import Caller, Grant, Grants, Scope, Tree
from chassis.resources import Around
from identity.role import (
    ADMINISTRATOR,
    MEMBER,
    actions,
    authorize,
    check_gift,
    gives,
    new_permission,
    unknown_parts,
    validate,
)

KNOWN = {"sales.Deal": {"read", "win"}, "sales.Lead": {"read"}, "party.Source": {"update"}}
TREE = Tree({"top": "", "team": "top", "squad": "team", "other": "top"})
NOW = datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC)


def grants(*held: Grant) -> Grants:
    return Grants("giver", held, TREE)


def role(*permissions: role_pb2.Permission) -> role_pb2.Role:
    return role_pb2.Role(name="role", permissions=permissions)


# --- what a permission may speak of


@pytest.mark.parametrize(
    ("resource", "action", "found"),
    [
        ("sales.Deal", "win", []),
        ("sales.Deal", "*", []),
        ("sales.*", "win", []),
        ("sales.*", "*", []),
        ("*", "update", []),
        ("*", "*", []),
        ("sales.Dael", "read", [("resource", "UNKNOWN_RESOURCE")]),
        ("sale.*", "read", [("resource", "UNKNOWN_RESOURCE")]),
        ("*.*", "read", [("resource", "UNKNOWN_RESOURCE")]),
        ("*.Deal", "read", [("resource", "UNKNOWN_RESOURCE")]),
        ("", "read", [("resource", "UNKNOWN_RESOURCE")]),
        ("sales", "read", [("resource", "UNKNOWN_RESOURCE")]),
        ("sales.Lead", "win", [("action", "UNKNOWN_ACTION")]),
        ("sales.*", "update", [("action", "UNKNOWN_ACTION")]),
        ("*", "fly", [("action", "UNKNOWN_ACTION")]),
    ],
)
def test_a_permission_speaks_of_what_there_is(resource, action, found):
    assert unknown_parts(new_permission(resource, action, Scope.ALL), KNOWN) == found


def test_a_role_is_refused_with_every_unknown_part_by_its_place():
    made = role(
        new_permission("identity.User", "read", Scope.ALL),
        new_permission("identity.Nobody", "read", Scope.ALL),
        new_permission("identity.User", "fly", Scope.ALL),
    )
    with pytest.raises(errors.Invalid) as caught:
        validate(made, Around(Caller(), NOW))
    assert [(v.path, v.reason, v.metadata) for v in caught.value.violations] == [
        ("role.permissions[1].resource", "UNKNOWN_RESOURCE", {"found": "identity.Nobody"}),
        ("role.permissions[2].action", "UNKNOWN_ACTION", {"found": "fly"}),
    ]


@pytest.mark.parametrize("built_in", [ADMINISTRATOR, MEMBER], ids=lambda r: r.name)
def test_the_roles_a_firm_begins_with_speak_of_what_there_is(built_in):
    validate(built_in, Around(Caller(), NOW))


@pytest.mark.parametrize(
    ("resource", "action"), [("identity.User", "set_password"), ("identity.Access", "explain")]
)
def test_every_action_the_product_asks_for_can_be_put_into_a_role(resource, action):
    """SetUserPassword and ExplainAccess ask for these; without them only "*" would reach them."""
    assert unknown_parts(new_permission(resource, action, Scope.ALL), actions()) == []


# --- who gives what


@pytest.mark.parametrize(
    ("held", "given", "unit", "enough"),
    [
        (Grant("*", "*", Scope.ALL), ("sales.Deal", "win", Scope.ALL), "", True),
        (Grant("*", "*", Scope.ALL), ("*", "*", Scope.ALL), "team", True),
        (Grant("sales.*", "*", Scope.ALL), ("sales.*", "read", Scope.ALL), "", True),
        (Grant("sales.*", "*", Scope.ALL), ("*", "read", Scope.ALL), "", False),
        (Grant("sales.Deal", "*", Scope.ALL), ("sales.*", "read", Scope.ALL), "", False),
        (Grant("sales.Deal", "read", Scope.ALL), ("sales.Deal", "*", Scope.ALL), "", False),
        (Grant("sales.Deal", "read", Scope.ALL), ("sales.Deal", "win", Scope.ALL), "", False),
        (Grant("s.D", "r", Scope.SUBTREE, "team"), ("s.D", "r", Scope.SUBTREE), "squad", True),
        (Grant("s.D", "r", Scope.SUBTREE, "team"), ("s.D", "r", Scope.UNIT), "team", True),
        (Grant("s.D", "r", Scope.SUBTREE, "team"), ("s.D", "r", Scope.UNIT), "top", False),
        (Grant("s.D", "r", Scope.SUBTREE, "team"), ("s.D", "r", Scope.SUBTREE), "other", False),
        (Grant("s.D", "r", Scope.SUBTREE, "team"), ("s.D", "r", Scope.SUBTREE), "", False),
        (Grant("s.D", "r", Scope.SUBTREE, "top"), ("s.D", "r", Scope.ALL), "top", False),
        (Grant("s.D", "r", Scope.UNIT, "team"), ("s.D", "r", Scope.UNIT), "team", True),
        (Grant("s.D", "r", Scope.UNIT, "team"), ("s.D", "r", Scope.SUBTREE), "team", False),
        (Grant("s.D", "r", Scope.UNIT, "team"), ("s.D", "r", Scope.UNIT), "squad", False),
        (Grant("s.D", "r", Scope.UNIT, "team"), ("s.D", "r", Scope.OWN), "other", True),
        (Grant("s.D", "r", Scope.OWN), ("s.D", "r", Scope.OWN), "team", True),
        (Grant("s.D", "r", Scope.OWN), ("s.D", "r", Scope.UNIT), "team", False),
    ],
)
def test_one_grant_gives_what_is_not_more_than_itself(held, given, unit, enough):
    assert gives(held, new_permission(*given), unit, grants(held)) == enough


RESOURCES = ["a.A", "a.B", "b.C"]
ACTIONS = ["read", "update"]
UNITS = ["n0", "n1", "n2", "n3", "n4"]


@st.composite
def trees(draw) -> Tree:
    """Any forest of five units: each stands below an earlier one, or at the top."""
    return Tree({u: draw(st.sampled_from(["", *UNITS[:n]])) for n, u in enumerate(UNITS)})


RIGHTS = st.tuples(
    st.sampled_from([*RESOURCES, "a.*", "b.*", "*"]),
    st.sampled_from([*ACTIONS, "*"]),
    st.sampled_from(list(Scope)),
)


@given(
    tree=trees(),
    held=st.lists(st.tuples(RIGHTS, st.sampled_from(UNITS)), max_size=4),
    given_=st.lists(RIGHTS, min_size=1, max_size=2),
    unit=st.sampled_from(UNITS),
)
def test_whatever_may_be_given_reaches_no_further_than_the_giver(tree, held, given_, unit):
    """An own-records permission reaches the receiver's own, so it needs the action and no units."""
    giver = Grants("giver", [Grant(*right, where) for right, where in held], tree)
    try:
        check_gift(role(*(new_permission(*right) for right in given_)), unit, giver)
    except errors.Forbidden:
        event("refused")
        return
    event("given")
    receiver = Grants("receiver", [Grant(*right, unit) for right in given_], tree)
    for resource in [*RESOURCES, "a.New"]:
        for action in [*ACTIONS, "new"]:
            got, had = receiver.reach(resource, action), giver.reach(resource, action)
            if got is not None:
                assert had is not None
                assert had.everything or not got.everything
                assert had.everything or got.units <= had.units


@given(trees(), RIGHTS, st.sampled_from(UNITS))
def test_what_one_holds_one_may_give_where_one_holds_it(tree, right, unit):
    giver = Grants("giver", [Grant(*right, unit)], tree)
    check_gift(role(new_permission(*right)), unit, giver)


def test_a_role_is_given_whole_or_not_at_all():
    held = grants(Grant("a.A", "read", Scope.ALL))
    made = role(new_permission("a.A", "read", Scope.ALL), new_permission("a.B", "read", Scope.OWN))
    with pytest.raises(errors.Forbidden) as caught:
        check_gift(made, "top", held)
    assert caught.value.metadata == {"action": "read", "resource": "a.B"}


def test_a_service_gives_what_it_must():
    check_gift(ADMINISTRATOR, "", None)


def test_a_built_in_role_cannot_be_written_by_anybody():
    everything = grants(Grant("*", "*", Scope.ALL))
    around = Around(Caller("t", "giver"), NOW, grants=everything)
    for verb in ("update", "delete", "undelete"):
        with pytest.raises(errors.FailedPrecondition) as caught:
            authorize(verb, ADMINISTRATOR, around)
        assert caught.value.reason == "BUILT_IN"
    authorize("create", ADMINISTRATOR, Around(Caller("t", service="identity"), NOW))


def test_a_role_one_could_not_give_may_still_be_deleted():
    around = Around(Caller("t", "giver"), NOW, grants=grants())
    made = role(new_permission("a.A", "read", Scope.OWN))
    authorize("delete", made, around)
    with pytest.raises(errors.Forbidden):
        authorize("undelete", made, around)
