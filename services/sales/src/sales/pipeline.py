"""Pipeline: the stages of a deal, with their odds and what lets one in (SAL-07)."""

from collections import Counter
from typing import Any

from banyan.sales.v1 import opportunity_pb2, outcome_pb2, pipeline_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import EVERYTHING
from chassis.expressions import Rule, compile_rule
from chassis.resources import Around, Hooks, Noun, Resources
from chassis.resources.references import is_seen
from chassis.rpc import Call

OPEN, WON, LOST = outcome_pb2.OUTCOME_OPEN, outcome_pb2.OUTCOME_WON, outcome_pb2.OUTCOME_LOST
_NAMES = {OPEN: "OPEN", WON: "WON", LOST: "LOST"}


def stage_of(pipeline: pipeline_pb2.Pipeline, key: str) -> pipeline_pb2.Stage:
    """Find a stage by its key.

    Raises:
        Invalid: UNKNOWN_STAGE.
    """
    for stage in pipeline.stages:
        if stage.key == key:
            return stage
    raise errors.invalid_field(
        "opportunity.stage", "UNKNOWN_STAGE", stage=key, pipeline=pipeline.name
    )


def first_stage(pipeline: pipeline_pb2.Pipeline, outcome: int) -> pipeline_pb2.Stage:
    """Give the first stage with an outcome.

    Raises:
        Invalid: UNKNOWN_STAGE for an outcome that is none; `validate` made sure of the others.
    """
    for stage in pipeline.stages:
        if stage.outcome == outcome:
            return stage
    raise errors.invalid_field(
        "opportunity.outcome", "UNKNOWN_STAGE", stage=outcome, pipeline=pipeline.name
    )


def entry_rule(text: str, field: str) -> Rule:
    """Compile a stage's entry rule; the deal is `opportunity` in it.

    Raises:
        Invalid: INVALID_RULE, RULE_NOT_BOOLEAN, RULE_TOO_LONG at `field`.
    """
    return compile_rule(text, field, {"opportunity": opportunity_pb2.Opportunity.DESCRIPTOR})


def validate(pipeline: pipeline_pb2.Pipeline, _: Around) -> None:
    """Refuse stages that cannot carry a deal from beginning to end.

    Raises:
        Invalid: STAGE_KEY_TWICE, STAGES_INCOMPLETE, and what is wrong with an entry rule.
    """
    keys = Counter(stage.key for stage in pipeline.stages)
    for key, times in keys.items():
        if times > 1:
            raise errors.invalid_field("pipeline.stages", "STAGE_KEY_TWICE", key=key)
    for outcome, name in _NAMES.items():
        if all(stage.outcome != outcome for stage in pipeline.stages):
            raise errors.invalid_field("pipeline.stages", "STAGES_INCOMPLETE", missing=name)
    for place, stage in enumerate(pipeline.stages):
        if stage.entry_rule:
            entry_rule(stage.entry_rule, f"pipeline.stages[{place}].entry_rule")


async def update(here: Resources, request: Any, call: Call) -> Message:
    """Change a pipeline, but never take away a stage that deals are in, nor turn what it means.

    Raises:
        FailedPrecondition: STAGE_IN_USE.
    """
    pipelines = here[pipeline_pb2.Pipeline]
    before = await pipelines.store.find(call.tenant_id, request.pipeline.id, EVERYTHING)
    if before is not None and "stages" in pipelines.rules.update_mask(request):
        kept = {(stage.key, stage.outcome) for stage in request.pipeline.stages}
        gone = [stage.key for stage in before.stages if (stage.key, stage.outcome) not in kept]
        await _refuse_in_use(here, call, before.id, gone)
    return await pipelines.update(request, call)


async def _refuse_in_use(here: Resources, call: Call, pipeline_id: str, stages: list[str]) -> None:
    rows = await here.database.read(
        call.tenant_id,
        "SELECT stage FROM sales.opportunity WHERE pipeline_id = $1 AND stage = ANY($2)"
        " AND delete_time IS NULL LIMIT 1",
        *(pipeline_id, stages),
    )
    if rows:
        raise errors.FailedPrecondition("STAGE_IN_USE", stage=rows[0][0])


async def preferred(here: Resources, call: Call) -> pipeline_pb2.Pipeline:
    """Give the pipeline of deals that name none: a preferred one, the oldest of several.

    Raises:
        FailedPrecondition: NO_PIPELINE when there is none for the caller.
    """
    found = await here[pipeline_pb2.Pipeline].store.where(call.tenant_id, "t.delete_time IS NULL")
    found = [pipeline for pipeline in found if is_seen(call, PIPELINE, pipeline)]
    if not found:
        raise errors.FailedPrecondition("NO_PIPELINE")
    return min(found, key=lambda pipeline: (not pipeline.preferred, pipeline.id))


PIPELINE = Noun(
    pipeline_pb2.Pipeline,
    hooks=Hooks(validate=validate),
    methods={"UpdatePipeline": update},
)
