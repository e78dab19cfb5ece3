"""Opportunity: a deal, from its first stage to won or lost (SAL-07, SAL-19)."""

import datetime
import decimal
from collections.abc import Sequence
from typing import Any

from banyan.sales.v1 import (
    coverage_pb2,
    events_pb2,
    opportunity_pb2,
    pipeline_pb2,
)
from google.protobuf.message import Message
from google.type import date_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun, Resources
from chassis.resources.references import record_key
from chassis.rpc import Call
from sales.coverage import check_splits, splits
from sales.merging import MOVED_BY
from sales.money import amount_of, money
from sales.pipeline import LOST, OPEN, WON, entry_rule, first_stage, preferred, stage_of

IMPORTED = "IMPORTED"
_PREFERRED = "preferred pipeline"
# What a deal that has ended keeps as it was when it ended.
_SETTLED = ("stage", "outcome", "kind", "organization_id", "amount", "open_date", "close_date")
_Opportunity = opportunity_pb2.Opportunity


async def complete(here: Resources, call: Call, new: Any, known: dict[Any, Any]) -> None:
    """Send a deal that names no pipeline through the preferred one."""
    if not new.pipeline_id:
        if _PREFERRED not in known:
            pipeline = known[_PREFERRED] = await preferred(here, call)
            known[record_key("sales.banyan/Pipeline", pipeline.id)] = pipeline
        new.pipeline_id = known[_PREFERRED].id


def prepare_create(deal: _Opportunity, around: Around) -> None:
    """Put a new deal into its stage; only an import may bring one that has ended.

    Raises:
        Invalid: UNKNOWN_STAGE, OUTCOME_CONTRADICTS_STAGE.
        FailedPrecondition: STAGE_REFUSED.
        Forbidden: ONLY_IMPORT_MAY.
    """
    pipeline: pipeline_pb2.Pipeline = around.record("pipeline_id")
    if deal.stage:
        stage = stage_of(pipeline, deal.stage)
    else:
        stage = first_stage(pipeline, deal.outcome or OPEN)
    if deal.outcome not in (0, stage.outcome):
        raise errors.invalid_field("opportunity.outcome", "OUTCOME_CONTRADICTS_STAGE")
    deal.kind = deal.kind or _Opportunity.KIND_OPPORTUNITY
    if not deal.HasField("open_date"):
        deal.open_date.CopyFrom(_date(around.today))
    if stage.outcome == OPEN:
        _check_entry(deal, stage)
    else:
        if around.grants is not None and not around.grants.reach("sales.Opportunity", "import"):
            raise errors.Forbidden("ONLY_IMPORT_MAY", field="outcome")
        deal.outcome_reason = IMPORTED
        deal.outcome_time.FromDatetime(around.now)
    _enter(deal, stage)


def prepare_update(old: _Opportunity, new: _Opportunity, around: Around) -> None:
    """Let a deal move between open stages, and leave one that has ended as it was.

    Raises:
        FailedPrecondition: NOT_OPEN, USE_WIN_OR_LOSE, STAGE_REFUSED.
        Invalid: UNKNOWN_STAGE.
    """
    if old.outcome != OPEN and any(getattr(old, n) != getattr(new, n) for n in _SETTLED):
        raise errors.FailedPrecondition("NOT_OPEN", outcome=old.outcome_reason)
    stage = stage_of(around.record("pipeline_id"), new.stage)
    if new.outcome != old.outcome or (new.stage != old.stage and stage.outcome != OPEN):
        raise errors.FailedPrecondition("USE_WIN_OR_LOSE", stage=stage.key)
    if old.outcome != OPEN:
        return
    if new.stage != old.stage:
        _check_entry(new, stage)
    _enter(new, stage)
    new.outcome = old.outcome  # whatever became of the stage, only Win and Lose end a deal


def _check_entry(deal: _Opportunity, stage: pipeline_pb2.Stage) -> None:
    """Ask the stage's rule whether the deal may enter.

    Raises:
        FailedPrecondition: STAGE_REFUSED, RULE_FAILED.
    """
    if stage.entry_rule and not entry_rule(stage.entry_rule, "stage").holds(opportunity=deal):
        raise errors.FailedPrecondition("STAGE_REFUSED", stage=stage.name, hint=stage.entry_hint)


def _enter(deal: _Opportunity, stage: pipeline_pb2.Stage) -> None:
    """Put a deal into a stage and weigh its amount with the stage's odds."""
    deal.stage, deal.outcome, deal.probability = stage.key, stage.outcome, stage.probability
    deal.ClearField("weighted_amount")
    if deal.HasField("amount"):
        weighted = amount_of(deal.amount) * decimal.Decimal(stage.probability) / 100
        deal.weighted_amount.CopyFrom(money(weighted, deal.amount.currency_code))


# --- how a deal ends


def win(
    deal: _Opportunity,
    request: opportunity_pb2.WinOpportunityRequest,
    around: Around,
    coverages: Sequence[coverage_pb2.Coverage] = (),
) -> list[Message]:
    """Win an open deal with a customer.

    Raises:
        FailedPrecondition: NOT_OPEN, STRATEGY_CANNOT_BE_WON, CUSTOMER_MISSING, SPLITS_NOT_WHOLE.
    """
    if deal.kind == _Opportunity.KIND_STRATEGY:
        raise errors.FailedPrecondition("STRATEGY_CANNOT_BE_WON")
    if not deal.organization_id:
        raise errors.FailedPrecondition("CUSTOMER_MISSING")
    check_splits(coverages, around.today)
    _close(deal, request, around, WON)
    return [
        events_pb2.OpportunityWon(
            opportunity_id=deal.id,
            organization_id=deal.organization_id,
            amount=deal.amount if deal.HasField("amount") else None,
            close_date=deal.close_date,
            reason=deal.outcome_reason,
            credit_splits=[
                events_pb2.CreditSplit(user_id=user_id, percent=f"{percent:f}")
                for user_id, percent in splits(coverages, around.today, deal.owner_user_id)
            ],
        )
    ]


def lose(
    deal: _Opportunity, request: opportunity_pb2.LoseOpportunityRequest, around: Around
) -> list[Message]:
    """Lose an open deal, with the reason.

    Raises:
        FailedPrecondition: NOT_OPEN.
    """
    _close(deal, request, around, LOST)
    return [
        events_pb2.OpportunityLost(
            opportunity_id=deal.id,
            organization_id=deal.organization_id,
            amount=deal.amount if deal.HasField("amount") else None,
            close_date=deal.close_date,
            reason=deal.outcome_reason,
        )
    ]


def reopen(
    deal: _Opportunity, request: opportunity_pb2.ReopenOpportunityRequest, around: Around
) -> None:
    """Take back how a deal ended.

    Raises:
        FailedPrecondition: ALREADY_OPEN, USE_WIN_OR_LOSE, STAGE_REFUSED.
        Invalid: UNKNOWN_STAGE.
    """
    if deal.outcome == OPEN:
        raise errors.FailedPrecondition("ALREADY_OPEN")
    pipeline = around.record("pipeline_id")
    stage = stage_of(pipeline, request.stage) if request.stage else first_stage(pipeline, OPEN)
    if stage.outcome != OPEN:
        raise errors.FailedPrecondition("USE_WIN_OR_LOSE", stage=stage.key)
    _check_entry(deal, stage)
    deal.ClearField("outcome_reason")
    deal.ClearField("outcome_time")
    _enter(deal, stage)


def _close(deal: _Opportunity, request: Any, around: Around, outcome: int) -> None:
    if deal.outcome != OPEN:
        raise errors.FailedPrecondition("NOT_OPEN", outcome=deal.outcome_reason)
    given = request.close_date if request.HasField("close_date") else _date(around.today)
    deal.close_date.CopyFrom(given)
    deal.outcome_reason = request.reason
    deal.outcome_time.FromDatetime(around.now)
    _enter(deal, first_stage(around.record("pipeline_id"), outcome))


async def win_with_splits(here: Resources, request: Any, call: Call) -> Message:
    """Win a deal once the shares of those who cover it are whole."""
    coverages = await here[coverage_pb2.Coverage].store.where(
        call.tenant_id, "t.opportunity_id = $1::uuid AND t.delete_time IS NULL", request.id
    )

    def rule(deal: _Opportunity, asked: Any, around: Around) -> list[Message]:
        return win(deal, asked, around, coverages)

    return await here[_Opportunity].change(request, call, rule)


def _date(day: datetime.date) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


OPPORTUNITY = Noun(
    _Opportunity,
    private=MOVED_BY,
    reads=("pipeline_id",),
    hooks=Hooks(complete=complete, prepare_create=prepare_create, prepare_update=prepare_update),
    verbs={"LoseOpportunity": lose, "ReopenOpportunity": reopen},
    methods={"WinOpportunity": win_with_splits},
)
