"""A deal from its first stage to won or lost (SAL-07, SAL-19, SAL-35)."""

import datetime
import fractions
import math

import pytest
from banyan.sales.v1 import coverage_pb2, events_pb2, opportunity_pb2
from google.type import date_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis import errors
from chassis.access import Grant, Scope
from sales.opportunity import lose, prepare_create, prepare_update, reopen, win
from sales.pipeline import LOST, OPEN, WON

Deal = opportunity_pb2.Opportunity
IMPORT = Grant("sales.Opportunity", "import", Scope.ALL)
TODAY = date_pb2.Date(year=2026, month=3, day=15)
WIN = opportunity_pb2.WinOpportunityRequest
LOSE = opportunity_pb2.LoseOpportunityRequest
REOPEN = opportunity_pb2.ReopenOpportunityRequest


def money(amount: str) -> dict[str, str]:
    return {"currency_code": "CNY", "amount": amount}


def new(scene, *grants, service=False, **fields) -> Deal:
    """Make a deal as Create does."""
    deal = Deal(id="d", name="20 licences", pipeline_id="p", **fields)
    prepare_create(deal, scene.around(*grants, service=service))
    return deal


def ended(scene, outcome=WON, **fields) -> Deal:
    deal = new(scene, organization_id="o", **fields)
    if outcome == WON:
        win(deal, WIN(reason="price"), scene.around())
    else:
        lose(deal, LOSE(reason="price"), scene.around())
    return deal


def changed(scene, old: Deal, **fields) -> Deal:
    """Change a deal as Update does."""
    deal = Deal()
    deal.CopyFrom(old)
    deal.MergeFrom(Deal(**fields))
    prepare_update(old, deal, scene.around())
    return deal


def refusal(attempt, *arguments, **fields) -> tuple:
    with pytest.raises(errors.Error) as caught:
        attempt(*arguments, **fields)
    error = caught.value
    reasons = [(violation.path, violation.reason) for violation in error.violations]
    return (type(error).__name__, reasons or error.reason, error.metadata)


# --- making


def test_a_deal_begins_in_the_first_open_stage_today_where_the_firm_is(scene):
    deal = new(scene, amount=money("1000"))
    assert (deal.stage, deal.outcome, deal.probability) == ("new", OPEN, 10)
    assert deal.kind == Deal.KIND_OPPORTUNITY
    assert deal.open_date == TODAY
    assert deal.weighted_amount.amount == "100.00"
    assert not deal.outcome_reason
    assert not deal.HasField("outcome_time")


def test_a_deal_may_begin_further_on_with_what_it_says_itself(scene):
    begun = date_pb2.Date(year=2025, month=1, day=2)
    deal = new(scene, stage="agreed", kind=Deal.KIND_STRATEGY, open_date=begun)
    assert (deal.stage, deal.kind, deal.open_date) == ("agreed", Deal.KIND_STRATEGY, begun)


def test_a_deal_without_an_amount_weighs_nothing(scene):
    assert not new(scene).HasField("weighted_amount")


def test_an_unknown_stage_is_refused(scene):
    assert refusal(new, scene, stage="signde")[:2] == (
        "Invalid",
        [("opportunity.stage", "UNKNOWN_STAGE")],
    )


@pytest.mark.parametrize(("stage", "outcome"), [("new", WON), ("won", OPEN), ("lost", WON)])
def test_an_outcome_that_contradicts_the_stage_is_refused(scene, stage, outcome):
    found = refusal(new, scene, IMPORT, stage=stage, outcome=outcome)
    assert found[:2] == ("Invalid", [("opportunity.outcome", "OUTCOME_CONTRADICTS_STAGE")])


@pytest.mark.parametrize("given_as", [{"stage": "won"}, {"outcome": WON}, {"stage": "lost"}])
def test_only_an_import_brings_deals_that_have_ended(scene, given_as):
    everything_else = Grant("sales.Opportunity", "create", Scope.ALL)
    assert refusal(new, scene, everything_else, **given_as) == (
        "Forbidden",
        "ONLY_IMPORT_MAY",
        {"field": "outcome"},
    )


@pytest.mark.parametrize(
    ("given_as", "stage", "outcome"),
    [
        ({"stage": "signed"}, "signed", WON),
        ({"outcome": WON}, "won", WON),
        ({"outcome": LOST}, "lost", LOST),
        ({"stage": "gone", "outcome": LOST}, "gone", LOST),
    ],
)
def test_an_imported_deal_says_so(scene, given_as, stage, outcome):
    """PLT-19: history comes in as it was, and is never taken for a win of today."""
    deal = new(scene, IMPORT, **given_as)
    assert (deal.stage, deal.outcome, deal.outcome_reason) == (stage, outcome, "IMPORTED")
    assert deal.HasField("outcome_time")


def test_the_service_itself_may_bring_deals_that_have_ended(scene):
    assert new(scene, service=True, outcome=WON).outcome == WON


# --- what lets a deal into a stage


def test_a_deal_enters_a_stage_only_by_its_rule(scene):
    """SAL-06: rules are strict; who does not keep them does not get in, and is told how to."""
    scene.rule("proposed", 'opportunity.organization_id != ""', "Name the customer.")
    old = new(scene)
    assert refusal(changed, scene, old, stage="proposed") == (
        "FailedPrecondition",
        "STAGE_REFUSED",
        {"stage": "Proposed", "hint": "Name the customer."},
    )
    assert changed(scene, old, stage="proposed", organization_id="o").stage == "proposed"


def test_the_rule_of_the_first_stage_is_asked_when_a_deal_is_made(scene):
    scene.rule("new", "has(opportunity.amount)")
    assert refusal(new, scene)[1] == "STAGE_REFUSED"
    assert new(scene, amount=money("1")).stage == "new"


def test_a_rule_is_asked_on_entering_and_not_while_a_deal_stays(scene):
    old = new(scene, stage="proposed")
    scene.rule("proposed", "false")
    assert changed(scene, old, note="still here").note == "still here"


def test_a_reopened_deal_enters_by_the_rule_too(scene):
    deal = ended(scene, LOST)
    scene.rule("new", "false", "No way back.")
    assert refusal(reopen, deal, REOPEN(), scene.around())[1] == "STAGE_REFUSED"


@pytest.mark.parametrize(
    "rule",
    [
        "1 / opportunity.probability > 0 || 1 / 0 == 1",
        'int(opportunity.name) > 0',
        'opportunity.name.matches("(")',
        "[1, 2][opportunity.probability + 5] == 1",
    ],
)  # fmt: skip
def test_a_rule_that_fails_at_run_time_never_reads_as_true(scene, rule):
    scene.rule("new", rule)
    assert refusal(new, scene)[:2] == ("FailedPrecondition", "RULE_FAILED")


def test_history_comes_in_without_asking_rules(scene):
    scene.rule("won", "false")
    assert new(scene, IMPORT, stage="won").stage == "won"


# --- weighing


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(-(10**18) + 1, 10**18 - 1), st.text("0123456789", max_size=6), st.integers(0, 100)
)
def test_a_weighted_amount_is_rounded_half_up_once(scene, whole, places, odds):
    """What a deal is worth at its odds, exact for every amount the contract lets in."""
    text = f"{whole}" + (f".{places}" if places else "")
    scene.odds("new", odds)
    deal = new(scene, amount=money(text))
    cents = fractions.Fraction(text) * odds
    rounded = math.floor(abs(cents) + fractions.Fraction(1, 2)) * (-1 if cents < 0 else 1)
    assert fractions.Fraction(deal.weighted_amount.amount) * 100 == rounded
    assert deal.weighted_amount.currency_code == "CNY"
    assert deal.probability == odds


@pytest.mark.parametrize(("amount", "weighted"), [("0.05", "0.01"), ("0.04", "0.00")])
def test_half_a_cent_is_a_cent(scene, amount, weighted):
    assert new(scene, amount=money(amount)).weighted_amount.amount == weighted


# --- changing


def test_a_deal_moves_between_open_stages_both_ways(scene):
    there = changed(scene, new(scene, amount=money("100")), stage="agreed")
    assert (there.stage, there.probability, there.weighted_amount.amount) == ("agreed", 90, "90.00")
    assert changed(scene, there, stage="proposed").weighted_amount.amount == "33.00"


def test_a_changed_amount_is_weighed_anew(scene):
    assert changed(scene, new(scene, amount=money("1")), amount=money("50")).weighted_amount == (
        type(Deal().amount)(**money("5.00"))
    )


@pytest.mark.parametrize("fields", [{"stage": "won"}, {"stage": "lost"}, {"outcome": WON}])
def test_an_update_neither_wins_nor_loses(scene, fields):
    found = refusal(changed, scene, new(scene), **fields)
    assert found[:2] == ("FailedPrecondition", "USE_WIN_OR_LOSE")


def test_a_deal_whose_stage_has_become_a_won_one_is_not_won_by_an_update(scene):
    """A pipeline may change under a deal; only Win wins, with customer, shares and the fact."""
    old = new(scene, stage="agreed")
    next(s for s in scene.pipeline.stages if s.key == "agreed").outcome = WON
    try:
        deal = changed(scene, old, note="hello")
    except errors.FailedPrecondition:
        return
    assert deal.outcome == OPEN


@pytest.mark.parametrize("outcome", [WON, LOST])
@pytest.mark.parametrize(
    "fields",
    [
        {"stage": "new"},
        {"outcome": OPEN},
        {"kind": Deal.KIND_STRATEGY},
        {"organization_id": "other"},
        {"amount": {"currency_code": "CNY", "amount": "1"}},
        {"open_date": {"year": 2000, "month": 1, "day": 1}},
        {"close_date": {"year": 2000, "month": 1, "day": 1}},
    ],
    ids=lambda fields: next(iter(fields)) if isinstance(fields, dict) else "",
)
def test_what_has_ended_stays_as_it_ended(scene, outcome, fields):
    """SAL-35: the record of wins and losses is not rewritten."""
    old = ended(scene, outcome, amount=money("100"))
    assert refusal(changed, scene, old, **fields) == (
        "FailedPrecondition",
        "NOT_OPEN",
        {"outcome": "price"},
    )


def test_what_has_ended_can_still_be_annotated_and_renamed(scene):
    old = ended(scene, amount=money("100"))
    deal = changed(scene, old, note="a good one", name="Twenty licences")
    assert (deal.note, deal.name, deal.outcome) == ("a good one", "Twenty licences", WON)
    deal.note, deal.name = old.note, old.name
    assert deal == old


def test_what_has_ended_keeps_its_figures_when_the_odds_of_its_stage_change(scene):
    old = ended(scene, amount=money("100"))
    scene.odds("won", 50)
    assert changed(scene, old, note="x").weighted_amount == old.weighted_amount


# --- winning, losing, reopening


def test_a_deal_is_won_today_with_a_fact(scene):
    deal = new(scene, organization_id="o", amount=money("100"))
    (fact,) = win(deal, WIN(reason="price"), scene.around())
    assert (deal.stage, deal.outcome, deal.probability) == ("won", WON, 100)
    assert (deal.outcome_reason, deal.close_date) == ("price", TODAY)
    assert deal.outcome_time.ToDatetime(datetime.UTC) == scene.around().now
    assert deal.weighted_amount.amount == "100.00"
    assert fact == events_pb2.OpportunityWon(
        opportunity_id="d",
        organization_id="o",
        amount=deal.amount,
        close_date=TODAY,
        reason="price",
        credit_splits=[events_pb2.CreditSplit(user_id=deal.owner_user_id, percent="100")],
    )


def test_the_fact_of_a_win_says_who_is_credited(scene):
    """SAL-39: whoever reckons revenue per person hears the shares with the win."""
    shares = [("a", "60"), ("b", "40")]
    coverages = [coverage_pb2.Coverage(user_id=user, id=user) for user, _ in shares]
    for coverage, (_, share) in zip(coverages, shares, strict=True):
        coverage.credit_split.value = share
    deal = new(scene, organization_id="o")
    (fact,) = win(deal, WIN(), scene.around(), coverages)
    assert [(split.user_id, split.percent) for split in fact.credit_splits] == shares


def test_a_deal_is_lost_with_a_fact_and_needs_no_customer(scene):
    deal = new(scene, amount=money("100"))
    day = date_pb2.Date(year=2026, month=2, day=1)
    (fact,) = lose(deal, LOSE(reason="no budget", close_date=day), scene.around())
    assert (deal.stage, deal.outcome, deal.close_date) == ("lost", LOST, day)
    assert deal.weighted_amount.amount == "0.00"
    assert fact == events_pb2.OpportunityLost(
        opportunity_id="d", amount=deal.amount, close_date=day, reason="no budget"
    )


def test_a_strategy_cannot_be_won(scene):
    """SAL-19: a strategy may stand without a customer; it is no sale."""
    deal = new(scene, kind=Deal.KIND_STRATEGY, organization_id="o")
    assert refusal(win, deal, WIN(), scene.around())[1] == "STRATEGY_CANNOT_BE_WON"


def test_a_deal_is_not_won_without_a_customer(scene):
    assert refusal(win, new(scene), WIN(), scene.around())[1] == "CUSTOMER_MISSING"


def test_a_deal_is_not_won_while_shares_are_not_whole(scene):
    coverage = coverage_pb2.Coverage(user_id="u")
    coverage.credit_split.value = "60"
    deal = new(scene, organization_id="o")
    found = refusal(win, deal, WIN(), scene.around(), [coverage])
    assert found[1:] == ("SPLITS_NOT_WHOLE", {"sum": "60"})
    assert deal.outcome == OPEN


@pytest.mark.parametrize("outcome", [WON, LOST])
def test_what_has_ended_does_not_end_again(scene, outcome):
    deal = ended(scene, outcome)
    for attempt, request in ((win, WIN()), (lose, LOSE(reason="x"))):
        found = refusal(attempt, deal, request, scene.around())
        assert found == ("FailedPrecondition", "NOT_OPEN", {"outcome": "price"})


@pytest.mark.parametrize("outcome", [WON, LOST])
def test_how_a_deal_ended_is_taken_back(scene, outcome):
    deal = ended(scene, outcome, amount=money("100"))
    reopen(deal, REOPEN(), scene.around())
    assert (deal.stage, deal.outcome, deal.outcome_reason) == ("new", OPEN, "")
    assert not deal.HasField("outcome_time")
    assert deal.weighted_amount.amount == "10.00"


def test_a_deal_is_reopened_where_it_was(scene):
    deal = ended(scene)
    reopen(deal, REOPEN(stage="agreed"), scene.around())
    assert deal.stage == "agreed"


def test_what_is_open_is_not_reopened(scene):
    assert refusal(reopen, new(scene), REOPEN(), scene.around())[1] == "ALREADY_OPEN"


def test_nothing_is_reopened_into_an_end(scene):
    found = refusal(reopen, ended(scene), REOPEN(stage="lost"), scene.around())
    assert found[1:] == ("USE_WIN_OR_LOSE", {"stage": "lost"})


def test_nothing_is_reopened_into_a_stage_that_is_not_there(scene):
    found = refusal(reopen, ended(scene), REOPEN(stage="nowhere"), scene.around())
    assert found[1] == [("opportunity.stage", "UNKNOWN_STAGE")]
