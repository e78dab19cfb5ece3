"""What hangs on a deal follows it, and what it refers to is shown to who may see it."""

import asyncio
import functools
import uuid

import pytest

from chassis.access import Scope
from chassis.events import ConsumerRunner, Event
from sales import opportunity_line


async def line(firm, deal, **fields):
    record = {
        "description": "Seat", "opportunity_id": deal.id, "quantity": {"value": "3"},
        "unit_price": {"currency_code": "CNY", "amount": "33.335"},
    } | fields  # fmt: skip
    return await firm.call("CreateOpportunityLine", opportunity_line=record)


def follows(firm, made, **wanted):
    """Give a condition: the line is as far as wanted."""

    async def condition():
        found = await firm.call("GetOpportunityLine", id=made.id)
        return found if {name: getattr(found, name) for name in wanted} == wanted else None

    return condition


# --- lines


async def test_a_line_is_reckoned_and_as_far_as_its_deal(firm, outcomes):
    made = await line(firm, await firm.deal(stage="proposed"))
    assert (made.amount.amount, made.amount.currency_code) == ("100.01", "CNY")
    assert (made.stage, made.outcome) == ("proposed", outcomes["OPEN"])
    changed = await firm.update("OpportunityLine", made.id, discount_percent={"value": "10"})
    assert changed.amount.amount == "90.00"


async def test_lines_follow_their_deal_to_its_end(firm, until, outcomes):
    """PLT-02: forecasts by product move with the deal, and say that sales did it."""
    deal = await firm.deal(organization_id=(await firm.organization()).id)
    first, second = await line(firm, deal), await line(firm, deal)
    other = await line(firm, await firm.deal())
    await firm.update("Opportunity", deal.id, stage="proposed")
    for made in (first, second):
        await until(follows(firm, made, stage="proposed", outcome=outcomes["OPEN"]))
    await firm.call("WinOpportunity", id=deal.id)
    for made in (first, second):
        found = await until(follows(firm, made, stage="won", outcome=outcomes["WON"]))
        assert found.amount == made.amount
    assert (await firm.call("GetOpportunityLine", id=other.id)).etag == "1"
    changes = await firm.changes("sales", first.id)
    assert [c.version for c in changes] == list(range(1, len(changes) + 1))
    assert {(c.verb, c.actor_service) for c in changes[1:]} == {("update", "sales")}


async def test_a_change_that_moves_no_stage_leaves_lines_alone(firm, until):
    deal = await firm.deal()
    made = await line(firm, deal)
    await firm.update("Opportunity", deal.id, note="hello")
    await firm.update("Opportunity", deal.id, stage="proposed")
    found = await until(follows(firm, made, stage="proposed"))
    assert found.etag == "2"


async def test_an_event_that_comes_again_or_late_changes_nothing(firm, until):
    """The deal is read as it is, so old news does not bring back an old stage."""
    deal = await firm.deal()
    made = await line(firm, deal)
    await firm.update("Opportunity", deal.id, stage="proposed")
    await until(follows(firm, made, stage="proposed"))
    host = firm.world.host
    consumer = opportunity_line.consumer(host.here["sales"])
    runner = ConsumerRunner(consumer, host.databases["sales"], host.brokers["sales"])
    for change in await firm.changes("sales", deal.id):
        subject = f"banyan.{firm.tenant_id}.sales.opportunity.{change.verb}"
        for event_id in (change.id, str(uuid.uuid4())):
            event = Event(event_id, firm.tenant_id, subject, change.SerializeToString())
            await runner.apply(firm.tenant_id, [event])
    found = await firm.call("GetOpportunityLine", id=made.id)
    assert (found.stage, found.etag) == ("proposed", "2")


async def test_a_line_made_while_its_deal_moves_ends_where_the_deal_is(
    firm, until, monkeypatch, outcomes
):
    """It read the deal before the move and was written after the move was heard."""
    deal = await firm.deal()
    witness = await line(firm, deal)
    store = firm.world.host.here["sales"][opportunity_line.OPPORTUNITY_LINE.message].store
    original = store.insert
    moved = asyncio.Event()

    async def late(*arguments, **fields):
        await moved.wait()
        return await original(*arguments, **fields)

    monkeypatch.setattr(store, "insert", late)
    making = asyncio.create_task(line(firm, deal))
    await asyncio.sleep(0.05)
    await firm.update("Opportunity", deal.id, stage="proposed")
    await until(follows(firm, witness, stage="proposed"))
    moved.set()
    made = await making
    monkeypatch.undo()
    await until(follows(firm, made, stage="proposed"), 2)


async def test_lines_of_deals_of_a_moment_ago_are_as_far_as_these_are_now(firm):
    """PLT-19: what a batch wrote is kept; another process's change of it must not be overlooked."""
    rows = [{"opportunity": {"name": f"deal {n}", "stage": "proposed"}} for n in range(3)]
    deals = (await firm.call("BatchCreateOpportunities", requests=rows)).opportunities
    await firm.set_rows(
        "UPDATE sales.opportunity SET version = version + 1, stage = 'new' WHERE id = $1",
        deals[1].id,
    )
    await firm.set_rows(
        "UPDATE sales.opportunity SET version = version + 1, delete_time = now() WHERE id = $1",
        deals[2].id,
    )
    one = {"description": "Seat", "quantity": {"value": "1"},
           "unit_price": {"currency_code": "CNY", "amount": "5"}}  # fmt: skip
    rows = [{"opportunity_line": one | {"opportunity_id": deal.id}} for deal in deals]
    reply = await firm.call("BatchCreateOpportunityLines", requests=rows)
    assert [made.stage for made in reply.opportunity_lines] == ["proposed", "new"]
    (refused,) = reply.errors
    assert (refused.row, refused.fields[0].reason) == (2, "REFERENCE_NOT_FOUND")


async def test_a_line_stays_with_its_deal(firm, refusal):
    made = await line(firm, await firm.deal())
    error = await refusal(
        firm.update("OpportunityLine", made.id, opportunity_id=(await firm.deal()).id)
    )
    assert [v.reason for v in error.violations] == ["IMMUTABLE"]


async def test_a_line_names_a_product_and_shows_what_it_is_called_now(firm, until):
    """CAT-03, PLT-01: what the line says itself stays as it was written."""
    product = await firm.product(name="GTX Pro")
    made = await line(firm, await firm.deal(), product_id=product.id)
    assert (made.description, made.product_id) == ("Seat", product.id)
    await until(follows(firm, made, product_name="GTX Pro"))
    await firm.update("Product", product.id, name="GTX Pro 2")
    seen = await until(follows(firm, made, product_name="GTX Pro 2"))
    assert (seen.description, seen.etag) == ("Seat", "1")
    (found,) = await firm.listed("ListOpportunityLines", filter=f'productId = "{product.id}"')
    assert found.id == made.id


async def test_a_line_needs_no_product_but_none_that_is_not_there(firm, refused):
    """PLT-16: nor one that whoever writes it does not see."""
    deal, product, gone = await firm.deal(), await firm.product(), await firm.product()
    await firm.call("DeleteProduct", id=gone.id)
    assert (await line(firm, deal)).product_id == ""
    rep = await firm.person(("sales.*", "*", Scope.ALL), ("catalog.Product", "read", Scope.OWN))
    made = {"description": "Seat", "opportunity_id": deal.id, "quantity": {"value": "1"},
            "unit_price": {"currency_code": "CNY", "amount": "1"}}  # fmt: skip
    for person, target in ((firm.boss, gone.id), (firm.boss, str(uuid.uuid4())), (rep, product.id)):
        line_of = made | {"product_id": target}
        attempt = functools.partial(
            firm.call, "CreateOpportunityLine", person, opportunity_line=line_of
        )
        (found,) = (await refused(attempt)).violations
        assert (found.path, found.reason) == ("opportunity_line.product_id", "REFERENCE_NOT_FOUND")


@pytest.mark.parametrize("discount", ["-1", "100.5"])
async def test_a_discount_that_is_none_is_refused(firm, refusal, discount):
    deal = await firm.deal()
    error = await refusal(line(firm, deal, discount_percent={"value": discount}))
    (found,) = error.violations
    assert (found.path, found.reason) == ("opportunity_line.discount_percent", "OUT_OF_RANGE")


# --- titles


async def titled(firm, deal_id: str, name: str, person=None):
    async def condition():
        deal = await firm.call("GetOpportunity", person, id=deal_id)
        return deal if deal.organization_name == name else None

    return condition


async def test_a_deal_says_what_its_customer_is_called_now(firm, until):
    """PLT-01, PLT-02: the name is party's; a new one is seen everywhere without being copied."""
    customer = await firm.organization()
    deal = await firm.deal(organization_id=customer.id)
    seen = await until(await titled(firm, deal.id, customer.name))
    assert seen.etag == "1"
    await firm.update("Organization", customer.id, name="华为技术有限公司")
    seen = await until(await titled(firm, deal.id, "华为技术有限公司"))
    assert seen.etag == "1", "the deal itself has not changed"
    (listed,) = await firm.listed("ListOpportunities")
    assert listed.organization_name == "华为技术有限公司"


async def test_a_name_is_not_shown_to_who_may_not_read_its_record(firm, until):
    """PLT-16: neither read, listed nor given back by a write."""
    customer = await firm.organization()
    deal = await firm.deal(organization_id=customer.id)
    await until(await titled(firm, deal.id, customer.name))
    rep = await firm.person(("sales.*", "*", Scope.ALL), ("party.Organization", "read", Scope.OWN))
    blind = await firm.person(("sales.Opportunity", "*", Scope.ALL))
    for person in (rep, blind):
        found = [
            await firm.call("GetOpportunity", person, id=deal.id),
            *await firm.listed("ListOpportunities", person),
            await firm.update("Opportunity", deal.id, person, note=str(uuid.uuid4())),
        ]
        assert [one.organization_id for one in found] == [customer.id] * 3
        assert [one.organization_name for one in found] == [""] * 3
    assert found[0].pipeline_name == ""
    assert (await firm.call("GetOpportunity", rep, id=deal.id)).pipeline_name == firm.pipeline.name


async def test_a_conversion_does_not_tell_names_either(firm, until):
    """PLT-16: whoever may make customers but not read them is not told what they are called."""
    makes = [(f"party.{noun}", "create", Scope.ALL) for noun in ("Organization", "Contact")]
    rep = await firm.person(("sales.*", "*", Scope.ALL), *makes)
    lead = await firm.lead(rep, company_name="Secret")
    await firm.call("ConvertLead", rep, id=lead.id, request_id="r")

    async def heard():
        return (await firm.call("GetLead", id=lead.id)).organization_name == "Secret"

    await until(heard)
    assert (await firm.call("GetLead", rep, id=lead.id)).organization_name == ""
    again = await firm.call("ConvertLead", rep, id=lead.id, request_id="r")
    assert again.organization_name == ""
