"""Stages that carry a deal from beginning to end (SAL-07: the funnel a firm defines itself)."""

import datetime

import pytest
from banyan.sales.v1 import opportunity_pb2, outcome_pb2, pipeline_pb2

from chassis import errors
from chassis.access import Caller
from chassis.resources import Around
from sales.pipeline import LOST, OPEN, WON, entry_rule, first_stage, stage_of, validate

AROUND = Around(Caller(), datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC))


def stage(key: str, outcome: int = OPEN, rule: str = "") -> pipeline_pb2.Stage:
    made = pipeline_pb2.Stage(key=key, name=key.title(), entry_rule=rule)
    made.outcome = outcome_pb2.Outcome.ValueType(outcome)
    return made


def pipeline(*stages: pipeline_pb2.Stage) -> pipeline_pb2.Pipeline:
    return pipeline_pb2.Pipeline(name="Direct sales", stages=stages)


ENDS = (stage("won", WON), stage("lost", LOST))


def refusal(made: pipeline_pb2.Pipeline) -> errors.FieldViolation:
    with pytest.raises(errors.Invalid) as caught:
        validate(made, AROUND)
    (violation,) = caught.value.violations
    return violation


def test_a_pipeline_with_every_outcome_is_fine():
    validate(pipeline(stage("new"), stage("proposed"), *ENDS), AROUND)


def test_two_stages_cannot_share_a_key():
    found = refusal(pipeline(stage("new"), stage("new"), *ENDS))
    assert (found.path, found.reason) == ("pipeline.stages", "STAGE_KEY_TWICE")
    assert found.metadata == {"key": "new"}


@pytest.mark.parametrize(("missing", "name"), [(OPEN, "OPEN"), (WON, "WON"), (LOST, "LOST")])
def test_a_pipeline_without_an_outcome_is_refused_with_its_name(missing, name):
    stages = [stage(f"s{outcome}", outcome) for outcome in (OPEN, WON, LOST) if outcome != missing]
    found = refusal(pipeline(*stages))
    assert (found.path, found.reason) == ("pipeline.stages", "STAGES_INCOMPLETE")
    assert found.metadata == {"missing": name}


def test_a_pipeline_without_stages_is_refused():
    assert refusal(pipeline()).reason == "STAGES_INCOMPLETE"


@pytest.mark.parametrize(
    ("rule", "position"),
    [
        ("opportunity.name ==", "1:20"),
        ("opportunity.nmae == ''", "1:12"),
        ("customer == ''", "1:1"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_stage_and_position(rule, position):
    """SAL-06: rules are checked when they are written, not when a deal runs into them."""
    found = refusal(pipeline(stage("new"), stage("proposed", rule=rule), *ENDS))
    assert (found.path, found.reason) == ("pipeline.stages[1].entry_rule", "INVALID_RULE")
    assert found.metadata["position"] == position
    assert found.metadata["detail"]


def test_a_rule_that_says_neither_yes_nor_no_is_refused():
    found = refusal(pipeline(stage("new", rule="opportunity.name"), *ENDS))
    assert (found.path, found.reason) == ("pipeline.stages[0].entry_rule", "RULE_NOT_BOOLEAN")


def test_the_rules_of_closing_stages_are_read_too():
    found = refusal(pipeline(stage("new"), stage("won", WON, "("), stage("lost", LOST)))
    assert found.path == "pipeline.stages[1].entry_rule"


def test_a_rule_may_ask_for_anything_in_a_deal():
    text = (
        'opportunity.organization_id != "" && has(opportunity.amount)'
        " && opportunity.probability >= 0 && opportunity.sales_objective.size() > 3"
    )
    validate(pipeline(stage("new", rule=text), *ENDS), AROUND)
    rule = entry_rule(text, "stage")
    deal = opportunity_pb2.Opportunity(organization_id="x", sales_objective="20 seats")
    assert not rule.holds(opportunity=deal)
    deal.amount.amount = "1"
    assert rule.holds(opportunity=deal)


def test_a_stage_is_found_by_its_key():
    made = pipeline(stage("new"), stage("proposed"), *ENDS)
    assert stage_of(made, "proposed") == made.stages[1]


def test_a_stage_that_is_not_there_is_named_with_its_pipeline():
    with pytest.raises(errors.Invalid) as caught:
        stage_of(pipeline(stage("new"), *ENDS), "signed")
    (found,) = caught.value.violations
    assert (found.path, found.reason) == ("opportunity.stage", "UNKNOWN_STAGE")
    assert found.metadata == {"stage": "signed", "pipeline": "Direct sales"}


@pytest.mark.parametrize(("outcome", "key"), [(OPEN, "b"), (WON, "a"), (LOST, "d")])
def test_the_first_stage_of_an_outcome_is_the_first_in_order(outcome, key):
    made = pipeline(
        stage("a", WON), stage("b"), stage("c"), stage("d", LOST), stage("e", WON), stage("f", LOST)
    )
    assert first_stage(made, outcome).key == key
