"""A conversion is whole or not at all, wherever the process dies (SAL-07, PLT-17)."""

import asyncio

import pytest
from banyan.sales.v1 import lead_pb2

from chassis import errors
from chassis.resources.saga import SagaRunner
from sales import conversion

Lead = lead_pb2.Lead
ONE = {"organization": 1, "contact": 1, "opportunity": 1}
NONE = {"organization": 0, "contact": 0, "opportunity": 0}


def method_of(noun):
    return lambda here, method, request: noun in method


def noting(step):
    return lambda runner, tenant_id, saga_id, noted: noted == step


# Where a process can die on the way forward: what is being called, and which call of it.
FORWARD = {
    "make the organization": (conversion, "_create", method_of("Organization")),
    "note the organization": (SagaRunner, "_note", noting(1)),
    "make the contact": (conversion, "_create", method_of("Contact")),
    "note the contact": (SagaRunner, "_note", noting(2)),
    "end the saga": (SagaRunner, "_end", None),
    "close the lead": (conversion, "_lead", None),
}
# And on the way back, when the contact was refused for good.
BACKWARD = {
    "turn back": (SagaRunner, "_turn_back", None),
    "drop the contact": (conversion, "_delete", method_of("Contact")),
    "note the dropped contact": (SagaRunner, "_note", noting(1)),
    "drop the organization": (conversion, "_delete", method_of("Organization")),
    "note the dropped organization": (SagaRunner, "_note", noting(0)),
    "end the saga": (SagaRunner, "_end", None),
    "open the lead": (conversion, "_lead", None),
}
WHEN = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])


async def assert_converted(conversions, lead_id: str) -> None:
    lead = await conversions.lead(lead_id)
    assert lead.status == Lead.STATUS_CONVERTED
    assert await conversions.made(with_deleted=True) == ONE, "exactly one of each, ever"
    firm = conversions.firm
    organization = await firm.call("GetOrganization", id=lead.organization_id)
    contact = await firm.call("GetContact", id=lead.contact_id)
    deal = await firm.call("GetOpportunity", id=lead.opportunity_id)
    assert contact.organization_id == deal.organization_id == organization.id
    assert (deal.contact_id, deal.lead_id) == (contact.id, lead_id)
    assert organization.etag == contact.etag == deal.etag == "1"
    facts = [fact for change in await firm.changes("sales", lead_id) for fact in change.facts]
    assert len(facts) == 1


async def assert_taken_back(conversions, lead_id: str, reason: str) -> None:
    lead = await conversions.lead(lead_id)
    assert (lead.status, lead.outcome_reason) == (Lead.STATUS_OPEN, reason)
    assert [lead.organization_id, lead.contact_id, lead.opportunity_id] == [""] * 3
    assert await conversions.made() == NONE
    assert not await conversions.under_way()
    versions = [change.version for change in await conversions.firm.changes("sales", lead_id)]
    assert versions == [1, 2, 3], "made, begun, refused"


@WHEN
@pytest.mark.parametrize("place", FORWARD)
async def test_whoever_dies_is_followed_by_one_who_ends_it(
    firm, conversions, spoil, Killed, place, after
):
    death = asyncio.CancelledError if after else Killed
    lead = await firm.lead(company_name="Factory", contact_name="Li Na")
    owner, name, matches = FORWARD[place]
    back = spoil(owner, name, death(), after=after, matches=matches)
    with pytest.raises(death):
        await conversions.convert(lead.id)
    back()
    ((_, _, undoing, _),) = await conversions.under_way()
    assert not undoing
    assert (await conversions.lead(lead.id)).status == Lead.STATUS_CONVERTING
    await conversions.finish()
    await assert_converted(conversions, lead.id)


async def test_who_dies_before_it_is_written_down_has_begun_nothing(
    firm, conversions, spoil, Killed
):
    """The lead, its saga and the request id are one transaction."""
    lead = await firm.lead()
    back = spoil(SagaRunner, "go_on", Killed())
    with pytest.raises(Killed):
        await conversions.convert(lead.id, request_id="r")
    back()
    assert len(await conversions.under_way()) == 1
    other = await firm.lead()
    back = spoil(conversion.Saga, "begin", Killed(), after=True)
    with pytest.raises(Killed):
        await conversions.convert(other.id, request_id="r2")
    back()
    assert await conversions.lead(other.id) == other
    assert len(await conversions.under_way()) == 1
    await conversions.finish()
    await assert_converted(conversions, lead.id)


async def test_an_answer_that_is_lost_is_given_again(firm, conversions, spoil, Killed):
    lead = await firm.lead()
    back = spoil(SagaRunner, "go_on", Killed(), after=True)
    with pytest.raises(Killed):
        await conversions.convert(lead.id, request_id="r")
    back()
    assert not await conversions.under_way()
    again = await conversions.convert(lead.id, request_id="r")
    assert again.status == Lead.STATUS_CONVERTED
    await assert_converted(conversions, lead.id)


async def test_who_asks_again_after_a_death_is_told_how_far_it_is(firm, conversions, spoil, Killed):
    lead = await firm.lead()
    back = spoil(conversion, "_create", Killed(), matches=method_of("Contact"))
    with pytest.raises(Killed):
        await conversions.convert(lead.id, request_id="r")
    back()
    again = await conversions.convert(lead.id, request_id="r")
    assert again.status in (Lead.STATUS_CONVERTING, Lead.STATUS_CONVERTED)
    await conversions.finish()
    await assert_converted(conversions, lead.id)


async def test_a_death_may_come_at_every_step_of_one_conversion(firm, conversions, spoil, Killed):
    lead = await firm.lead()
    ways = list(FORWARD.values())
    for number, (owner, name, matches) in enumerate(ways):
        back = spoil(owner, name, Killed(), after=True, matches=matches)
        with pytest.raises(Killed):
            if number == 0:
                await conversions.convert(lead.id)
            else:
                ((saga_id, *_),) = await conversions.under_way()
                await conversions.runner().go_on(firm.tenant_id, saga_id)
        back()
    await conversions.finish()
    await assert_converted(conversions, lead.id)


@WHEN
@pytest.mark.parametrize("place", FORWARD)
async def test_two_who_go_on_at_once_make_one_of_each(
    firm, conversions, spoil, Killed, place, after
):
    lead = await firm.lead()
    owner, name, matches = FORWARD[place]
    back = spoil(owner, name, Killed(), after=after, matches=matches)
    with pytest.raises(Killed):
        await conversions.convert(lead.id)
    back()
    ((saga_id, *_),) = await conversions.under_way()
    await asyncio.gather(*(conversions.runner().go_on(firm.tenant_id, saga_id) for _ in range(3)))
    assert not await conversions.under_way()
    await assert_converted(conversions, lead.id)


# --- refused for good


@WHEN
@pytest.mark.parametrize("noun", ["Organization", "Contact"])
@pytest.mark.parametrize(
    "error",
    [
        errors.Invalid("INVALID_FIELDS"),
        errors.Forbidden("PERMISSION_DENIED"),
        errors.FailedPrecondition("RULE_BROKEN"),
        errors.AlreadyExists("ALREADY_EXISTS", key="name"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_party_refuses_is_taken_back(
    firm, conversions, refusal, spoil, noun, after, error
):
    """Even when the refused step had worked once and only its answer was lost."""
    lead = await firm.lead()
    spoil(conversion, "_create", error, after=after, matches=method_of(noun))
    found = await refusal(conversions.convert(lead.id))
    assert (type(found), found.reason) == (errors.FailedPrecondition, "CONVERSION_REFUSED")
    assert found.metadata == {"reason": error.reason}
    await assert_taken_back(conversions, lead.id, error.reason)


@pytest.mark.parametrize("given", [("organization",), ("contact",), ("organization", "contact")])
async def test_what_was_there_before_is_never_taken_back(firm, conversions, refusal, spoil, given):
    lead = await firm.lead()
    there = {f"{noun}_id": (await getattr(firm, noun)()).id for noun in given}
    back = spoil(conversion, "_lead", errors.NotFound("NOT_FOUND"), matches=_once())
    found = await refusal(conversions.convert(lead.id, **there))
    back()
    assert found.metadata == {"reason": "NOT_FOUND"}
    assert await conversions.made() == NONE | dict.fromkeys(given, 1)
    assert (await conversions.lead(lead.id)).status == Lead.STATUS_OPEN


def _once():
    """Match the first call only."""
    seen: list[object] = []

    def matches(*arguments: object) -> bool:
        seen.append(arguments)
        return len(seen) == 1

    return matches


async def test_a_deal_that_is_refused_at_the_end_takes_everything_back(firm, conversions, spoil):
    """A pipeline may change while a conversion waits; then its rule decides."""
    lead = await firm.lead()
    back = spoil(conversion, "_create", errors.Unavailable("AWAY"), matches=method_of("Contact"))
    assert (await conversions.convert(lead.id)).status == Lead.STATUS_CONVERTING
    stages = [
        {"key": s.key, "name": s.name, "outcome": s.outcome, "entry_rule": rule}
        for s, rule in zip(firm.pipeline.stages, ["false", "", "", ""], strict=True)
    ]
    await firm.update("Pipeline", firm.pipeline.id, stages=stages)
    back()
    await conversions.finish()
    await assert_taken_back(conversions, lead.id, "STAGE_REFUSED")


async def test_a_lead_that_was_refused_is_converted_once_it_is_put_right(
    firm, conversions, refusal, spoil
):
    lead = await firm.lead()
    back = spoil(conversion, "_create", errors.Invalid("INVALID_FIELDS"))
    await refusal(conversions.convert(lead.id, request_id="r"))
    again = await refusal(conversions.convert(lead.id, request_id="r"))
    assert again.reason == "CONVERSION_REFUSED"
    back()
    await firm.update("Lead", lead.id, note="put right")
    done = await conversions.convert(lead.id, request_id="r2")
    assert (done.status, done.outcome_reason) == (Lead.STATUS_CONVERTED, "")
    assert await conversions.made() == ONE


@WHEN
@pytest.mark.parametrize("place", BACKWARD)
async def test_whoever_dies_while_taking_back_is_followed_too(
    firm, conversions, spoil, Killed, place, after
):
    lead = await firm.lead()
    refused = errors.Invalid("INVALID_FIELDS")
    spoil(conversion, "_create", refused, after=True, matches=method_of("Contact"))
    owner, name, matches = BACKWARD[place]
    if place == "note the dropped contact":
        matches = _second(matches)  # on the way there the organization was noted with the same 1
    back = spoil(owner, name, Killed(), after=after, matches=matches)
    with pytest.raises(Killed):
        await conversions.convert(lead.id)
    back()
    assert len(await conversions.under_way()) == 1
    await conversions.finish()
    await assert_taken_back(conversions, lead.id, "INVALID_FIELDS")


def _second(matches):
    seen: list[object] = []

    def second(*arguments: object) -> bool:
        seen.extend([arguments] if matches(*arguments) else [])
        return len(seen) == 2

    return second


@pytest.mark.parametrize("noun", ["Organization", "Contact"])
async def test_taking_back_waits_for_what_is_away(firm, conversions, spoil, noun):
    """The reason is kept: it is the refusal people are told, not the waiting."""
    lead = await firm.lead()
    refused = errors.Invalid("INVALID_FIELDS")
    spoil(conversion, "_create", refused, after=True, matches=method_of("Contact"))
    back = spoil(conversion, "_delete", errors.Unavailable("AWAY"), matches=method_of(noun))
    assert (await conversions.convert(lead.id)).status == Lead.STATUS_CONVERTING
    ((_, _, undoing, attempts),) = await conversions.under_way()
    assert (undoing, attempts) == (True, 1)
    back()
    await conversions.finish()
    await assert_taken_back(conversions, lead.id, "INVALID_FIELDS")


async def test_two_who_take_back_at_once_leave_nothing(firm, conversions, spoil, Killed):
    lead = await firm.lead()
    refused = errors.Invalid("INVALID_FIELDS")
    spoil(conversion, "_create", refused, after=True, matches=method_of("Contact"))
    back = spoil(SagaRunner, "_turn_back", Killed(), after=True)
    with pytest.raises(Killed):
        await conversions.convert(lead.id)
    back()
    ((saga_id, *_),) = await conversions.under_way()
    await asyncio.gather(*(conversions.runner().go_on(firm.tenant_id, saga_id) for _ in range(3)))
    await assert_taken_back(conversions, lead.id, "INVALID_FIELDS")
