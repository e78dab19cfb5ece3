"""Pipelines change without losing the deals in them (SAL-07, SAL-06)."""

import uuid

from chassis import errors
from chassis.access import Scope


def stages(firm, *, without: str = "", **changed) -> list[dict]:
    """Give the pipeline's stages, one left out or some changed: ``new={"outcome": …}``."""
    return [
        {"key": s.key, "name": s.name, "outcome": s.outcome, "probability": s.probability}
        | changed.get(s.key, {})
        for s in firm.pipeline.stages
        if s.key != without
    ]


async def test_a_stage_with_deals_in_it_is_not_taken_away(firm, refusal):
    deal = await firm.deal(stage="proposed")
    error = await refusal(
        firm.update("Pipeline", firm.pipeline.id, stages=stages(firm, without="proposed"))
    )
    assert (error.reason, error.metadata) == ("STAGE_IN_USE", {"stage": "proposed"})
    await firm.update("Opportunity", deal.id, stage="new")
    kept = await firm.update("Pipeline", firm.pipeline.id, stages=stages(firm, without="proposed"))
    assert [stage.key for stage in kept.stages] == ["new", "won", "lost"]


async def test_a_whole_pipeline_written_anew_keeps_its_used_stages_too(firm, refusal):
    """Without a mask, and with "*", the stages are meant as well."""
    await firm.deal(stage="proposed")
    record = {"id": firm.pipeline.id, "name": "x", "stages": stages(firm, without="proposed")}
    for mask in ({}, {"update_mask": {"paths": ["*"]}}):
        error = await refusal(firm.call("UpdatePipeline", pipeline=record, **mask))
        assert error.reason == "STAGE_IN_USE"


async def test_a_pipeline_is_renamed_while_deals_go_through_it(firm):
    await firm.deal(stage="proposed")
    renamed = await firm.update("Pipeline", firm.pipeline.id, name="Partners")
    assert (renamed.name, renamed.stages) == ("Partners", firm.pipeline.stages)


async def test_a_stage_with_only_deleted_deals_can_go(firm):
    deal = await firm.deal(stage="proposed")
    await firm.call("DeleteOpportunity", id=deal.id)
    await firm.update("Pipeline", firm.pipeline.id, stages=stages(firm, without="proposed"))


async def test_a_stage_with_open_deals_does_not_become_a_won_one(firm, refusal, outcomes):
    """Else every deal in it is won by its next update, with neither customer nor fact."""
    deal = await firm.deal(stage="proposed")
    change = stages(firm, proposed={"outcome": "OUTCOME_WON"})
    try:
        await firm.update("Pipeline", firm.pipeline.id, stages=change)
        await firm.update("Opportunity", deal.id, note="hello")
    except errors.FailedPrecondition:
        pass
    assert (await firm.call("GetOpportunity", id=deal.id)).outcome == outcomes["OPEN"]


async def test_a_pipeline_without_a_way_to_lose_is_refused(firm, refusal):
    attempt = firm.update("Pipeline", firm.pipeline.id, stages=stages(firm, without="lost"))
    (found,) = (await refusal(attempt)).violations
    assert (found.path, found.reason) == ("pipeline.stages", "STAGES_INCOMPLETE")


async def test_two_pipelines_cannot_share_a_name(firm, refusal):
    error = await refusal(firm.make_pipeline(name=firm.pipeline.name))
    assert isinstance(error, errors.AlreadyExists)


async def test_a_pipeline_that_is_none_is_not_found(firm, refusal):
    attempt = firm.update("Pipeline", str(uuid.uuid4()), stages=stages(firm))
    assert isinstance(await refusal(attempt), errors.NotFound)


async def test_an_id_that_is_none_is_refused_like_anywhere_else(firm, refusal):
    error = await refusal(firm.update("Pipeline", "not an id", stages=stages(firm)))
    assert isinstance(error, errors.Invalid), error


async def test_who_may_not_change_a_pipeline_learns_nothing_of_the_deals_in_it(firm, refusal):
    """PLT-16: whether there are deals in a stage is not for everybody."""
    await firm.deal(stage="proposed")
    stranger = await firm.person(("sales.Pipeline", "read", Scope.ALL))
    taken = stages(firm, without="proposed")
    error = await refusal(firm.update("Pipeline", firm.pipeline.id, stranger, stages=taken))
    assert isinstance(error, errors.Forbidden), error


async def test_a_stage_refuses_with_the_hint_of_the_firm(firm, refusal):
    """SAL-06: rules are the firm's own, and are kept."""
    rule = {"entry_rule": 'opportunity.sales_objective != ""', "entry_hint": "Say who buys what."}
    await firm.update("Pipeline", firm.pipeline.id, stages=stages(firm, proposed=rule))
    deal = await firm.deal()
    error = await refusal(firm.update("Opportunity", deal.id, stage="proposed"))
    assert error.reason == "STAGE_REFUSED"
    assert error.metadata == {"stage": "Proposed", "hint": "Say who buys what."}
    both = {"stage": "proposed", "sales_objective": "20 seats by June"}
    assert (await firm.update("Opportunity", deal.id, **both)).stage == "proposed"


async def test_a_rule_that_cannot_be_read_is_refused_with_its_place(firm, refusal):
    change = stages(firm, proposed={"entry_rule": "opportunity.nmae != ''"})
    error = await refusal(firm.update("Pipeline", firm.pipeline.id, stages=change))
    (found,) = error.violations
    assert (found.path, found.reason) == ("pipeline.stages[1].entry_rule", "INVALID_RULE")
    assert found.metadata["position"] == "1:12"


async def test_a_pipeline_changed_elsewhere_counts_at_once(firm, refusal):
    """What rules read is kept in memory; another process's change of it must not be overlooked."""
    deal = await firm.deal(stage="proposed")  # from here on the pipeline is at hand
    await firm.set_rows(
        "UPDATE sales.pipeline SET version = version + 1,"
        " stages = jsonb_set(stages, '{1,probability}', '75') WHERE id = $1",
        firm.pipeline.id,
    )
    assert (await firm.deal(stage="proposed")).probability == 75
    changed = await firm.update("Opportunity", deal.id, note="hello")
    assert changed.probability == 75
    await firm.set_rows(
        "UPDATE sales.pipeline SET version = version + 1,"
        " stages = jsonb_set(stages, '{1,probability}', '60') WHERE id = $1",
        firm.pipeline.id,
    )
    rows = [{"opportunity": {"name": f"deal {n}", "stage": "proposed"}} for n in range(3)]
    reply = await firm.call("BatchCreateOpportunities", requests=rows)
    assert [deal.probability for deal in reply.opportunities] == [60, 60, 60]
    await firm.set_rows(
        "UPDATE sales.pipeline SET version = version + 1,"
        " stages = jsonb_set(stages, '{1,key}', '\"offered\"') WHERE id = $1",
        firm.pipeline.id,
    )
    assert (await firm.deal(stage="offered")).stage == "offered"
    assert (await refusal(firm.deal(stage="proposed"))).violations[0].reason == "UNKNOWN_STAGE"
