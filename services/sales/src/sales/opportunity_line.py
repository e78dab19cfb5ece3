"""OpportunityLine: what a deal is about, and how it follows its deal (SAL-19)."""

import decimal
import functools
from collections.abc import Sequence
from typing import Any

from banyan.sales.v1 import opportunity_line_pb2, opportunity_pb2

from chassis import errors
from chassis.database import Transaction
from chassis.events import Consumer, Event
from chassis.resources import Around, Hooks, Noun, Resources
from sales.money import amount_of, exactly, money

_Line = opportunity_line_pb2.OpportunityLine
_UPDATE = "/banyan.sales.v1.OpportunityLineService/UpdateOpportunityLine"


def prepare_create(line: _Line, around: Around) -> None:
    """Reckon the amount, and take over how far the deal is and whose it is."""
    _reckon(line)
    _follow(line, around.record("opportunity_id"))


def prepare_update(_: _Line, line: _Line, around: Around) -> None:
    """Reckon the amount anew."""
    prepare_create(line, around)


def validate(line: _Line, _: Around) -> None:
    """Refuse a discount that is none.

    Raises:
        Invalid: OUT_OF_RANGE.
    """
    if not 0 <= _discount(line) <= 100:
        raise errors.invalid_field(
            "opportunity_line.discount_percent", "OUT_OF_RANGE", low=0, high=100
        )


def _reckon(line: _Line) -> None:
    """Amount = quantity × unit_price × (1 - discount), rounded half up to the cent."""
    line.ClearField("amount")
    if line.HasField("quantity") and line.HasField("unit_price"):
        with exactly():
            gross = decimal.Decimal(line.quantity.value) * amount_of(line.unit_price)
            net = gross * (100 - _discount(line)) / 100
        line.amount.CopyFrom(money(net, line.unit_price.currency_code))


def _discount(line: _Line) -> decimal.Decimal:
    return decimal.Decimal(line.discount_percent.value or 0)


def _follow(line: _Line, deal: opportunity_pb2.Opportunity | None) -> None:
    if deal is not None:
        line.stage, line.outcome = deal.stage, deal.outcome
        line.owner_user_id, line.org_unit_id = deal.owner_user_id, deal.org_unit_id


async def follow_deals(here: Resources, events: Sequence[Event], transaction: Transaction) -> None:
    """Let the lines of changed deals, and new lines, say how far their deals are now, and whose.

    Deals are read as they are, so it does not matter in which order their changes are heard.
    """
    ids = list({_deal_of(event.record) for event in events})
    tenant_id = transaction.tenant_id
    lines = here[_Line]
    deals = await here[opportunity_pb2.Opportunity].store.where(
        tenant_id, "t.id = ANY($1::uuid[])", ids, connection=transaction
    )
    found = await lines.store.where(
        tenant_id, "t.opportunity_id = ANY($1::uuid[])", ids, connection=transaction
    )
    by_id = {deal.id: deal for deal in deals}
    call = here.call_of(_UPDATE, tenant_id)
    for line in found:
        new = _Line()
        new.CopyFrom(line)
        _follow(new, by_id.get(line.opportunity_id))
        await lines.put(call, "update", line, new, transaction)


def _deal_of(heard: Any) -> str:
    """Name the deal that a changed deal or line is about."""
    return heard.opportunity_id if isinstance(heard, _Line) else heard.id


def consumer(here: Resources) -> Consumer:
    """Give what keeps lines with their deals."""
    # A line that was made while its deal moved has seen the deal as it was before.
    verbs = ("update", "win", "lose", "reopen")
    subjects = ("sales.opportunity_line.create", *(f"sales.opportunity.{v}" for v in verbs))
    return Consumer("lines", subjects, functools.partial(follow_deals, here))


OPPORTUNITY_LINE = Noun(
    _Line,
    reads=("opportunity_id",),
    hooks=Hooks(prepare_create=prepare_create, prepare_update=prepare_update, validate=validate),
)
