"""Why somebody may do something, or may not (PLT-16)."""

import pytest
from banyan.identity.v1 import access_pb2, role_pb2
from banyan.sales.v1.opportunity_pb2 import Opportunity

from chassis.access import Grant, Scope, Tree
from chassis.access.contract import plain_access
from identity.access import explained
from identity.role import new_permission

ALLOWS = access_pb2.ExplainAccessResponse.FINDING_ALLOWS
NOT_OWNER = access_pb2.ExplainAccessResponse.FINDING_NOT_OWNER
OUTSIDE = access_pb2.ExplainAccessResponse.FINDING_OUTSIDE_UNITS
WOULD = access_pb2.ExplainAccessResponse.FINDING_WOULD_ALLOW
TREE = Tree({"top": "", "team": "top", "squad": "team", "other": "top"})
MINE_ELSEWHERE = Opportunity(owner_user_id="me", org_unit_id="other")
THEIRS_IN = {
    unit: Opportunity(owner_user_id="them", org_unit_id=unit)
    for unit in ("top", "team", "squad", "other")
}


def grant(resource="sales.Deal", action="read", scope=Scope.ALL, unit="team", role="role"):
    return access_pb2.Grant(
        permission=new_permission(resource, action, scope), org_unit_id=unit, role_name=role
    )


def explain(*grants, place=None, roles=(), active=True):
    request = access_pb2.ExplainAccessRequest(resource="sales.Deal", action="read")
    access = access_pb2.UserAccess(active=active, grants=grants)
    return explained(request, "me", access, place, roles, TREE)


def findings(answer):
    return [rule.finding for rule in answer.rules]


@pytest.mark.parametrize(
    ("scope", "place", "finding"),
    [
        (Scope.ALL, None, ALLOWS),
        (Scope.OWN, None, ALLOWS),
        (Scope.UNIT, None, ALLOWS),
        (Scope.ALL, THEIRS_IN["other"], ALLOWS),
        (Scope.OWN, MINE_ELSEWHERE, ALLOWS),
        (Scope.OWN, THEIRS_IN["team"], NOT_OWNER),
        (Scope.UNIT, THEIRS_IN["team"], ALLOWS),
        (Scope.UNIT, THEIRS_IN["squad"], OUTSIDE),
        (Scope.UNIT, MINE_ELSEWHERE, ALLOWS),
        (Scope.SUBTREE, THEIRS_IN["squad"], ALLOWS),
        (Scope.SUBTREE, THEIRS_IN["top"], OUTSIDE),
        (Scope.SUBTREE, MINE_ELSEWHERE, ALLOWS),
        (Scope.UNIT, ("them", ""), OUTSIDE),
    ],
)
def test_a_rule_is_judged_by_how_far_it_reaches(scope, place, finding):
    answer = explain(grant(scope=scope), place=place)
    assert findings(answer) == [finding]
    assert answer.allowed == (finding == ALLOWS)


@pytest.mark.parametrize("resource", ["sales.Deal", "sales.*", "*"])
@pytest.mark.parametrize("action", ["read", "*"])
def test_every_rule_that_speaks_of_the_action_is_told(resource, action):
    assert findings(explain(grant(resource, action, Scope.OWN), place=MINE_ELSEWHERE)) == [ALLOWS]


def test_rules_about_something_else_are_not_told():
    answer = explain(grant("sales.Lead"), grant(action="win"), grant("party.*"))
    assert not answer.rules
    assert not answer.allowed


def test_rules_that_allow_come_first():
    answer = explain(
        grant(scope=Scope.UNIT, role="outside"),
        grant(scope=Scope.OWN, role="not owner"),
        grant(scope=Scope.ALL, role="allows"),
        place=THEIRS_IN["other"],
    )
    assert findings(answer) == [ALLOWS, NOT_OWNER, OUTSIDE]
    assert [rule.grant.role_name for rule in answer.rules] == ["allows", "not owner", "outside"]


def test_when_nothing_allows_it_the_roles_that_would_are_named():
    would = role_pb2.Role(
        id="1", name="would", permissions=[new_permission("sales.*", "*", Scope.OWN)]
    )
    other = role_pb2.Role(
        id="2", name="other", permissions=[new_permission("party.*", "*", Scope.ALL)]
    )
    answer = explain(grant(scope=Scope.OWN), place=THEIRS_IN["team"], roles=[would, other])
    assert findings(answer) == [NOT_OWNER, WOULD]
    assert answer.rules[1].grant.role_id == "1"
    assert not answer.allowed
    assert findings(explain(grant(), roles=[would])) == [ALLOWS]


def test_an_inactive_person_may_do_nothing():
    answer = explain(active=False)
    assert answer.inactive
    assert not answer.allowed


def test_a_grant_of_the_contract_is_read_whole():
    held = access_pb2.UserAccess(grants=[grant("a.B", "win", Scope.SUBTREE, "team", "role")])
    assert plain_access(held).grants == (Grant("a.B", "win", Scope.SUBTREE, "team", "role"),)
