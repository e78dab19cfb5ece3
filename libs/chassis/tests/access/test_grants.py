"""How far a permission reaches: no more than it says, and nothing when it says nothing."""

import pytest
from banyan.api.v1.share_pb2 import Share
from banyan.catalog.v1.product_pb2 import Product
from banyan.sales.v1.opportunity_pb2 import Opportunity

from chassis.access import FieldRule, Grant, Grants, Reach, Scope, Tree

TREE = Tree({"top": "", "north": "top", "team": "north", "south": "top"})
ME, OTHER = "me", "other"


def at(owner, unit, *shares):
    """Give a record of somebody's in a unit."""
    return Opportunity(owner_user_id=owner, org_unit_id=unit, shares=shares)


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
    assert found.covers(at(OTHER, "south"))
    assert found.covers(at("", ""))


def test_own_covers_ones_own_records_wherever_they_are():
    found = reach(Grant("sales.Lead", "read", Scope.OWN))
    assert found.covers(at(ME, "south"))
    assert found.covers(at(ME, ""))
    assert not found.covers(at(OTHER, "team"))
    assert not found.covers(at("", ""))


def test_a_unit_covers_its_records_and_not_those_below():
    found = reach(Grant("sales.Lead", "read", Scope.UNIT, "north"))
    assert found.covers(at(OTHER, "north"))
    assert not found.covers(at(OTHER, "team"))
    assert not found.covers(at(OTHER, "top"))
    assert found.covers(at(ME, "south")), "one's own always"


def test_a_subtree_covers_what_is_below_and_not_what_is_beside_or_above():
    found = reach(Grant("sales.Lead", "read", Scope.SUBTREE, "north"))
    assert found.covers(at(OTHER, "north"))
    assert found.covers(at(OTHER, "team"))
    assert not found.covers(at(OTHER, "south"))
    assert not found.covers(at(OTHER, "top"))


@pytest.mark.parametrize("scope", [Scope.UNIT, Scope.SUBTREE])
def test_a_scope_without_its_unit_reaches_own_records_only(scope):
    found = reach(Grant("sales.Lead", "read", scope, ""))
    assert found.units == frozenset()
    assert not found.covers(at(OTHER, ""))
    assert not found.covers(at(OTHER, "top"))


def test_a_record_without_a_unit_is_in_no_unit():
    found = reach(Grant("sales.Lead", "read", Scope.SUBTREE, "top"))
    assert not found.covers(at(OTHER, ""))


def test_a_record_without_an_owner_is_nobodys_own():
    assert (
        not Grants("", [Grant("*", "*", Scope.OWN)], TREE)
        .reach("a.B", "read")
        .covers(at(OTHER, ""))
    )
    assert not Reach(own=True, user_id=ME).covers(at("", ""))


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
    assert not Reach().covers(at(ME, "top"))
    assert not Reach().covers(at("", ""))


READ, WRITE = Share.ACCESS_READ, Share.ACCESS_WRITE


def placed(*grants, rules=()):
    return Grants(ME, grants, TREE, ("team",), rules)


@pytest.mark.parametrize(
    ("share", "reads", "writes"),
    [
        (Share(user_id=ME, access=READ), True, False),
        (Share(user_id=ME, access=WRITE), True, True),
        (Share(org_unit_id="team", access=WRITE), True, True),
        (Share(org_unit_id="top", access=READ), True, False),
        (Share(org_unit_id="south", access=WRITE), False, False),
        (Share(user_id=OTHER, access=WRITE), False, False),
    ],
)
@pytest.mark.parametrize("scope", [Scope.OWN, Scope.UNIT, Scope.SUBTREE, Scope.SHARED])
def test_a_share_opens_a_record_as_far_as_it_says(scope, share, reads, writes):
    """PLT-16."""
    held = placed(Grant("sales.*", "*", scope, "south"))
    record = at(OTHER, "north", share)
    assert held.reach("sales.Opportunity", "read").covers(record) is reads
    for action in ("update", "win"):
        assert held.reach("sales.Opportunity", action).covers(record) is writes
    for action in ("delete", "share"):
        assert not held.reach("sales.Opportunity", action).covers(record)


def test_shared_reaches_nothing_of_ones_own():
    found = placed(Grant("sales.*", "*", Scope.SHARED)).reach("sales.Lead", "read")
    assert not found.covers(at(ME, "team"))


def test_a_part_is_reached_by_a_share_of_its_whole():
    found = placed(Grant("sales.*", "*", Scope.OWN)).reach("sales.OpportunityLine", "update")
    whole = at(OTHER, "north", Share(user_id=ME, access=WRITE))
    assert not found.covers(at(OTHER, "north"))
    assert found.covers(at(OTHER, "north"), whole)


def test_category_reaches_what_lies_in_one_and_no_share():
    """CAT-10."""
    grant = Grant("catalog.*", "read", Scope.CATEGORY, categories=frozenset({"cable", "gtx"}))
    found = placed(grant).reach("catalog.Product", "read")
    assert found.covers(Product(product_category_id="cable"))
    assert found.covers(Product(product_category_id="pipe", product_series_id="gtx"))
    assert not found.covers(Product(product_category_id="pipe", owner_user_id=ME))
    shares = [Share(user_id=ME, access=READ)]
    assert not found.covers(Product(product_category_id="pipe", shares=shares))


def test_a_field_is_hidden_when_every_role_that_reads_hides_it():
    """PLT-16."""
    rules = [
        FieldRule("seller", "sales.Lead", frozenset({"budget", "source"}), True),
        FieldRule("caller", "sales.Lead", frozenset({"budget"}), True),
        FieldRule("caller", "sales.Lead", frozenset({"name"}), False),
    ]
    seller = Grant("sales.Lead", "*", Scope.OWN, source="seller")
    caller = Grant("sales.Lead", "*", Scope.UNIT, "team", source="caller")
    clerk = Grant("sales.Lead", "read", Scope.ALL, source="clerk")
    assert placed(seller, rules=rules).fields("sales.Lead").hidden == {"budget", "source"}
    both = placed(seller, caller, rules=rules).fields("sales.Lead")
    assert both.hidden == both.unwritable == {"budget"}
    alone = placed(caller, rules=rules).fields("sales.Lead")
    assert (alone.hidden, alone.unwritable) == ({"budget"}, {"budget", "name"})
    seen = placed(seller, clerk, rules=rules).fields("sales.Lead")
    assert (seen.hidden, seen.unwritable) == (set(), {"budget", "source"})
    assert not placed(seller, rules=rules).fields("sales.Opportunity").hidden


def test_whoever_reads_no_record_of_a_noun_hears_nothing_of_what_any_role_keeps():
    """PLT-16, PLT-30: they hear of such records elsewhere, as in the audit."""
    rules = [
        FieldRule("auditor", "sales.Lead", frozenset({"budget"}), True),
        FieldRule("visitor", "sales.Lead", frozenset({"source"}), True),
        FieldRule("visitor", "sales.Lead", frozenset({"name"}), False),
    ]
    audit = Grant("insight.AuditRecord", "read", Scope.ALL, source="auditor")
    visit = Grant("party.*", "*", Scope.ALL, source="visitor")
    caller = Grant("sales.Lead", "create", Scope.OWN, source="caller")
    found = placed(audit, visit, rules=rules).fields("sales.Lead")
    assert found.hidden == found.unwritable == {"budget", "source"}
    assert not placed(audit, visit, rules=rules).fields("party.Source").hidden
    writing = placed(audit, caller, rules=rules).fields("sales.Lead")
    assert writing.hidden == writing.unwritable == {"budget", "source"}
    clerk = Grant("sales.*", "read", Scope.SHARED, source="clerk")
    assert not placed(audit, clerk, rules=rules).fields("sales.Lead").hidden


def test_a_field_is_read_only_when_every_role_that_writes_keeps_it():
    """PLT-16: a role that only reads gives no right to write."""
    rules = [FieldRule("seller", "sales.Lead", frozenset({"budget"}), False)]
    seller = Grant("sales.Lead", "*", Scope.OWN, source="seller")
    clerk = Grant("sales.*", "read", Scope.ALL, source="clerk")
    found = placed(seller, clerk, rules=rules).fields("sales.Lead")
    assert (found.hidden, found.unwritable) == (set(), {"budget"})
    for action in ("update", "import", "*"):
        boss = Grant("*", action, Scope.UNIT, "team", source="boss")
        assert not placed(seller, boss, rules=rules).fields("sales.Lead").unwritable
