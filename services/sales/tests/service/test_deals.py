"""A deal's life over RPC (SAL-07, SAL-19, SAL-35, SAL-39)."""

import datetime
import uuid
import zoneinfo

import pytest
from banyan.sales.v1 import events_pb2

from chassis import errors
from chassis.access import Scope

CNY = {"currency_code": "CNY", "amount": "1000.10"}


def today() -> datetime.date:
    return datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai")).date()


def day_of(date) -> datetime.date:
    return datetime.date(date.year, date.month, date.day)


async def fact_of(firm, record_id: str, kind):
    """Give the one fact that came with the last change of a deal."""
    change = (await firm.changes("sales", record_id))[-1]
    (packed,) = change.facts
    fact = kind()
    assert packed.Unpack(fact)
    return change, fact


async def test_a_deal_goes_through_the_preferred_pipeline_from_its_first_stage(firm, outcomes):
    await firm.make_pipeline()
    deal = await firm.deal(amount=CNY)
    assert deal.pipeline_id == firm.pipeline.id
    assert deal.pipeline_name == firm.pipeline.name
    assert (deal.stage, deal.outcome, deal.probability) == ("new", outcomes["OPEN"], 10)
    assert deal.weighted_amount.amount == "100.01"
    assert day_of(deal.open_date) == today()
    assert deal == await firm.call("GetOpportunity", id=deal.id)


async def test_of_several_preferred_pipelines_the_oldest_is_taken(firm):
    await firm.make_pipeline(preferred=True)
    assert (await firm.deal()).pipeline_id == firm.pipeline.id


async def test_without_any_pipeline_a_deal_is_refused_by_name(firm, refusal):
    await firm.call("DeletePipeline", id=firm.pipeline.id)
    assert (await refusal(firm.deal())).reason == "NO_PIPELINE"


async def test_a_deal_moves_is_won_reopened_and_lost(firm, outcomes):
    """SAL-07: the whole way through the funnel, one change per step, none twice."""
    customer = await firm.organization()
    deal = await firm.deal(amount=CNY, organization_id=customer.id)
    moved = await firm.update("Opportunity", deal.id, stage="proposed")
    assert (moved.stage, moved.weighted_amount.amount) == ("proposed", "500.05")

    won = await firm.call("WinOpportunity", id=deal.id, reason="price", etag=moved.etag)
    assert (won.stage, won.outcome, won.outcome_reason) == ("won", outcomes["WON"], "price")
    assert day_of(won.close_date) == today()
    change, fact = await fact_of(firm, deal.id, events_pb2.OpportunityWon)
    assert (change.verb, change.version, change.actor_user_id) == ("win", 3, firm.boss.user_id)
    assert fact == events_pb2.OpportunityWon(
        opportunity_id=deal.id, organization_id=customer.id, amount=won.amount,
        close_date=won.close_date, reason="price",
        credit_splits=[events_pb2.CreditSplit(user_id=won.owner_user_id, percent="100")],
    )  # fmt: skip

    reopened = await firm.call("ReopenOpportunity", id=deal.id, stage="proposed")
    assert (reopened.stage, reopened.outcome) == ("proposed", outcomes["OPEN"])
    lost = await firm.call("LoseOpportunity", id=deal.id, reason="no budget")
    assert (lost.stage, lost.outcome, lost.etag) == ("lost", outcomes["LOST"], "5")
    change, fact = await fact_of(firm, deal.id, events_pb2.OpportunityLost)
    assert (change.verb, fact.reason) == ("lose", "no budget")
    verbs = [c.verb for c in await firm.changes("sales", deal.id)]
    assert verbs == ["create", "update", "win", "reopen", "lose"]


async def test_a_win_that_comes_twice_under_one_request_id_is_one(firm):
    deal = await firm.deal(organization_id=(await firm.organization()).id)
    asked = {"id": deal.id, "reason": "price", "request_id": "r"}
    first = await firm.call("WinOpportunity", **asked)
    again = await firm.call("WinOpportunity", **asked)
    assert again.etag == first.etag == "2"


async def test_a_stale_win_is_refused(firm, refusal):
    deal = await firm.deal(organization_id=(await firm.organization()).id)
    await firm.update("Opportunity", deal.id, note="x")
    assert (await refusal(firm.call("WinOpportunity", id=deal.id, etag="1"))).reason == "STALE_ETAG"


@pytest.mark.parametrize(
    "fields", [{"stage": "new"}, {"amount": CNY}, {"close_date": {"year": 2020, "month": 1}}]
)
async def test_settled_fields_of_a_lost_deal_are_refused(firm, refusal, fields):
    deal = await firm.deal()
    await firm.call("LoseOpportunity", id=deal.id, reason="price")
    fields = {k: v | {"day": 1} if k == "close_date" else v for k, v in fields.items()}
    error = await refusal(firm.update("Opportunity", deal.id, **fields))
    assert (error.reason, error.metadata) == ("NOT_OPEN", {"outcome": "price"})
    assert (await firm.update("Opportunity", deal.id, note="why")).note == "why"


async def test_an_open_deal_is_not_closed_by_an_update(firm, refusal):
    deal = await firm.deal()
    error = await refusal(firm.update("Opportunity", deal.id, stage="won"))
    assert (error.reason, error.metadata) == ("USE_WIN_OR_LOSE", {"stage": "won"})


async def test_a_deal_stays_in_its_pipeline(firm, refusal):
    deal, other = await firm.deal(), await firm.make_pipeline()
    error = await refusal(firm.update("Opportunity", deal.id, pipeline_id=other.id))
    assert ("opportunity.pipeline_id", "IMMUTABLE") in [
        (violation.path, violation.reason) for violation in error.violations
    ]


async def test_a_deal_is_won_only_by_who_may(firm, refusal):
    """PLT-16: to change a deal is not to win it."""
    deal = await firm.deal(organization_id=(await firm.organization()).id)
    clerk = await firm.person(
        ("sales.Opportunity", "read", Scope.ALL), ("sales.Opportunity", "update", Scope.ALL)
    )
    error = await refusal(firm.call("WinOpportunity", clerk, id=deal.id))
    assert (type(error), error.reason) == (errors.Forbidden, "PERMISSION_DENIED")
    nobody = await firm.person()
    attempt = firm.call("LoseOpportunity", nobody, id=deal.id, reason="x")
    assert isinstance(await refusal(attempt), errors.Forbidden)


async def test_shares_must_be_whole_before_a_deal_is_won(firm, refusal):
    """SAL-39: who worked on the deal, and with which share, is settled before it counts."""
    deal = await firm.deal(organization_id=(await firm.organization()).id)
    cover = {"opportunity_id": deal.id, "user_id": firm.boss.user_id}
    for share in ("60", "30"):
        made = cover | {"credit_split": {"value": share}}
        last = await firm.call("CreateCoverage", coverage=made)
    assert day_of(last.start_date) == today()
    error = await refusal(firm.call("WinOpportunity", id=deal.id))
    assert (error.reason, error.metadata) == ("SPLITS_NOT_WHOLE", {"sum": "90"})
    await firm.update("Coverage", last.id, credit_split={"value": "40"})
    await firm.call("WinOpportunity", id=deal.id)
    _, fact = await fact_of(firm, deal.id, events_pb2.OpportunityWon)
    assert sorted(split.percent for split in fact.credit_splits) == ["40", "60"]


async def test_a_deleted_share_does_not_count(firm):
    deal = await firm.deal(organization_id=(await firm.organization()).id)
    made = {"opportunity_id": deal.id, "user_id": firm.boss.user_id, "credit_split": {"value": "1"}}
    cover = await firm.call("CreateCoverage", coverage=made)
    await firm.call("DeleteCoverage", id=cover.id)
    await firm.call("WinOpportunity", id=deal.id)


# --- what is wrong is named


@pytest.mark.parametrize("noun", ["deal", "lead"])
async def test_an_amount_in_another_currency_is_refused_by_name(firm, refusal, noun):
    """Until there are exchange rates, nothing is added up that does not add up."""
    name = {"deal": "amount", "lead": "expected_amount"}[noun]
    euros = {"currency_code": "EUR", "amount": "5"}
    error = await refusal(getattr(firm, noun)(**{name: euros}))
    (found,) = error.violations
    assert (found.path, found.reason) == (
        f"{'opportunity' if noun == 'deal' else 'lead'}.{name}",
        "CURRENCY_NOT_SUPPORTED",
    )
    assert found.metadata == {"given": "EUR", "wanted": "CNY"}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("opportunity.amount", {"amount": {"currency_code": "CNY", "amount": "a lot"}}),
        ("opportunity.amount", {"amount": {"currency_code": "CNY", "amount": ""}}),
        ("opportunity.amount", {"amount": {"currency_code": "CNY", "amount": "NaN"}}),
        ("opportunity.amount", {"amount": {"currency_code": "CNY", "amount": "9" * 19}}),
        ("opportunity.outcome", {"outcome": 99}),
        ("opportunity.kind", {"kind": 99}),
        ("opportunity.stage", {"stage": "nowhere"}),
        ("opportunity.name", {"name": ""}),
        ("opportunity.lead_id", {"lead_id": str(uuid.uuid4())}),
        ("opportunity.pipeline_id", {"pipeline_id": str(uuid.uuid4())}),
        ("opportunity.open_date", {"open_date": {"year": 2026, "month": 2, "day": 30}}),
    ],
)
@pytest.mark.parametrize("how", ["create", "update"])
async def test_what_is_wrong_with_a_deal_is_named_by_its_field(firm, refusal, path, fields, how):
    """PLT-18: a mistake is the caller's and says where it is; it is never a fault of ours."""
    if how == "create":
        error = await refusal(firm.deal(**fields))
    elif "outcome" in fields or "pipeline_id" in fields:
        return  # refused as something an update cannot do
    else:
        error = await refusal(firm.update("Opportunity", (await firm.deal()).id, **fields))
    assert isinstance(error, errors.Invalid), error
    assert any(violation.path.startswith(path) for violation in error.violations), error


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("quantity", {"quantity": {"value": "many"}}),
        ("quantity", {"quantity": {"value": "NaN"}}),
        ("quantity", {"quantity": {"value": "Infinity"}}),
        ("discount_percent", {"discount_percent": {"value": "some"}}),
        ("discount_percent", {"discount_percent": {"value": "101"}}),
        ("unit_price", {"unit_price": {"currency_code": "CNY", "amount": "x"}}),
        ("", {"quantity": {"value": "9" * 28}, "unit_price": {"currency_code": "CNY",
                                                              "amount": "9" * 18}}),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_line_is_named_by_its_field(firm, refusal, path, fields):
    line = {
        "description": "Seat", "opportunity_id": (await firm.deal()).id,
        "quantity": {"value": "1"}, "unit_price": CNY,
    }  # fmt: skip
    error = await refusal(firm.call("CreateOpportunityLine", opportunity_line=line | fields))
    assert isinstance(error, errors.Invalid), error
    assert any(v.path.startswith(f"opportunity_line.{path}") for v in error.violations) or not path


@pytest.mark.parametrize("share", ["half", "NaN", "101"])
async def test_a_share_that_is_none_is_named_by_its_field(firm, refusal, share):
    cover = {
        "opportunity_id": (await firm.deal()).id, "user_id": firm.boss.user_id,
        "credit_split": {"value": share},
    }  # fmt: skip
    error = await refusal(firm.call("CreateCoverage", coverage=cover))
    assert isinstance(error, errors.Invalid), error
    assert any(v.path.startswith("coverage.credit_split") for v in error.violations)


async def test_only_an_import_brings_deals_that_have_ended(firm, refusal):
    """PLT-19: with the right to import, and only with it."""
    rights = [("sales.Opportunity", action, Scope.OWN) for action in ("create", "read")]
    rights.append(("sales.Pipeline", "read", Scope.ALL))
    clerk = await firm.person(*rights)
    assert (await refusal(firm.deal(clerk, stage="won"))).reason == "ONLY_IMPORT_MAY"
    importer = await firm.person(*rights, ("sales.Opportunity", "import", Scope.OWN))
    deal = await firm.deal(importer, stage="won")
    assert (deal.outcome_reason, deal.owner_user_id) == ("IMPORTED", importer.user_id)
    (change,) = await firm.changes("sales", deal.id)
    assert not change.facts


async def test_a_deal_cannot_be_made_with_a_customer_that_is_deleted(firm, refused):
    """PLT-17: what is deleted is not there, in whichever service it lies."""
    gone = await firm.organization()
    await firm.call("DeleteOrganization", id=gone.id)
    error = await refused(lambda: firm.deal(organization_id=gone.id))
    assert [v.reason for v in error.violations] == ["REFERENCE_NOT_FOUND"]
