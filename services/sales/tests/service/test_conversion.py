"""A lead becomes an organization, a contact and a deal (SAL-07, SAL-14)."""

import asyncio
import uuid

import pytest
from banyan.sales.v1 import events_pb2, lead_pb2

from chassis import errors
from chassis.access import Scope
from sales import conversion

Lead = lead_pb2.Lead
ONE = {"organization": 1, "contact": 1, "opportunity": 1}
NONE = {"organization": 0, "contact": 0, "opportunity": 0}
FULL = {
    "company_name": "昆山工厂", "contact_name": "Li Na", "email": "Li.Na@Example.com",
    "phone": "+86 512", "job_title": "Buyer",
    "expected_amount": {"currency_code": "CNY", "amount": "1000"},
}  # fmt: skip


def stages(firm, rule: str, key: str = "new") -> list[dict]:
    return [
        {"key": s.key, "name": s.name, "outcome": s.outcome, "probability": s.probability,
         "entry_rule": rule if s.key == key else ""}
        for s in firm.pipeline.stages
    ]  # fmt: skip


# --- the good case


async def test_a_lead_becomes_a_customer_a_contact_and_a_deal(firm, conversions):
    source = await firm.call("CreateSource", source={"name": f"fair {uuid.uuid4()}"})
    lead = await firm.lead(**FULL, source_id=source.id)
    done = await conversions.convert(lead.id, opportunity_name="20 seats")
    assert done.status == Lead.STATUS_CONVERTED
    assert done.HasField("outcome_time")
    assert not done.outcome_reason
    assert await conversions.made() == ONE

    organization = await firm.call("GetOrganization", id=done.organization_id)
    assert (organization.name, organization.phone) == ("昆山工厂", "+86 512")
    assert list(organization.roles) == ["prospect"]
    contact = await firm.call("GetContact", id=done.contact_id)
    assert (contact.name, contact.job_title) == ("Li Na", "Buyer")
    assert (contact.email, contact.phone) == ("li.na@example.com", "+86 512")
    assert contact.organization_id == organization.id
    deal = await firm.call("GetOpportunity", id=done.opportunity_id)
    assert (deal.name, deal.stage, deal.pipeline_id) == ("20 seats", "new", firm.pipeline.id)
    assert (deal.organization_id, deal.contact_id) == (organization.id, contact.id)
    assert (deal.lead_id, deal.source_id) == (lead.id, source.id)
    assert (deal.amount.amount, deal.weighted_amount.amount) == ("1000", "100.00")
    for record in (organization, contact, deal):
        assert record.owner_user_id == lead.owner_user_id
        assert record.org_unit_id == lead.org_unit_id
        assert record.creator_user_id == firm.boss.user_id
    assert not await conversions.under_way()


async def test_a_conversion_is_two_changes_of_the_lead_and_one_fact(firm, conversions):
    """SAL-14, PLT-30: everybody can see who converted it, and that sales did the rest for them."""
    lead = await firm.lead()
    done = await conversions.convert(lead.id)
    begun, ended = (await firm.changes("sales", lead.id))[1:]
    assert (begun.verb, begun.actor_user_id) == ("convert", firm.boss.user_id)
    assert (ended.verb, ended.actor_service) == ("convert", "sales")
    assert ended.on_behalf_of_user_id == firm.boss.user_id
    (packed,) = ended.facts
    fact = events_pb2.LeadConverted()
    assert packed.Unpack(fact)
    assert fact == events_pb2.LeadConverted(
        lead_id=lead.id, organization_id=done.organization_id, contact_id=done.contact_id,
        opportunity_id=done.opportunity_id,
    )  # fmt: skip
    (created,) = await firm.changes("party", done.organization_id)
    assert (created.verb, created.actor_service) == ("create", "sales")
    assert created.on_behalf_of_user_id == firm.boss.user_id


@pytest.mark.parametrize("given", [("organization",), ("contact",), ("organization", "contact")])
async def test_what_is_there_already_is_taken(firm, conversions, given):
    """PTY-01: a customer is one record; a second lead of theirs makes no second customer."""
    lead = await firm.lead(**FULL)
    there = {f"{noun}_id": (await getattr(firm, noun)()).id for noun in given}
    done = await conversions.convert(lead.id, **there)
    assert await conversions.made() == ONE
    for name, value in there.items():
        assert getattr(done, name) == value
    deal = await firm.call("GetOpportunity", id=done.opportunity_id)
    assert (deal.organization_id, deal.contact_id) == (done.organization_id, done.contact_id)


async def test_a_bare_lead_becomes_whole_too(firm, conversions):
    lead = await firm.lead(name="somebody called")
    done = await conversions.convert(lead.id)
    names = [
        (await firm.call(f"Get{noun}", id=getattr(done, f"{noun.lower()}_id"))).name
        for noun in ("Organization", "Contact", "Opportunity")
    ]
    assert names == ["somebody called"] * 3


async def test_a_lead_of_somebody_else_is_converted_for_them(firm, conversions):
    """SAL-65: a manager converts; the customer stays with the rep whose lead it was."""
    rep = await firm.person()
    unit = await firm.world.unit(firm.tenant_id)
    lead = await firm.lead(owner_user_id=rep.user_id, org_unit_id=unit)
    done = await conversions.convert(lead.id)
    assert done.status == Lead.STATUS_CONVERTED, done.outcome_reason
    for noun in ("Organization", "Contact", "Opportunity"):
        record = await firm.call(f"Get{noun}", id=getattr(done, f"{noun.lower()}_id"))
        assert (record.owner_user_id, record.org_unit_id) == (rep.user_id, unit)
        assert record.creator_user_id == firm.boss.user_id


async def test_a_first_stage_that_asks_for_the_customer_gets_it(firm, conversions):
    """The deal will have one: the trial before the conversion must not refuse for its lack."""
    rule = 'opportunity.organization_id != "" && opportunity.contact_id != ""'
    await firm.update("Pipeline", firm.pipeline.id, stages=stages(firm, rule))
    done = await conversions.convert((await firm.lead()).id)
    assert done.status == Lead.STATUS_CONVERTED


async def test_a_request_id_converts_once_and_answers_the_same(firm, conversions):
    lead = await firm.lead()
    answers = await asyncio.gather(
        *(conversions.convert(lead.id, request_id="r") for _ in range(3))
    )
    await conversions.finish()
    assert {answer.status for answer in answers} <= {Lead.STATUS_CONVERTING, Lead.STATUS_CONVERTED}
    again = await conversions.convert(lead.id, request_id="r")
    assert again.status == Lead.STATUS_CONVERTED
    assert await conversions.made() == ONE


async def test_two_who_convert_at_once_make_one_of_each(firm, conversions):
    lead = await firm.lead()
    answers = await asyncio.gather(
        *(conversions.convert(lead.id) for _ in range(4)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, errors.Error)]
    assert len(refused) == 3
    assert {error.reason for error in refused} <= {"LEAD_NOT_OPEN", "BUSY_RECORD"}
    assert await conversions.made() == ONE


# --- refused before anything begins


async def assert_untouched(conversions, lead, made=NONE) -> None:
    assert await conversions.lead(lead.id) == lead
    assert not await conversions.under_way()
    assert await conversions.made(with_deleted=True) == made


@pytest.mark.parametrize(
    "missing",
    [
        ("sales.Lead", "convert"),
        ("sales.Opportunity", "create"),
        ("party.Organization", "create"),
        ("party.Contact", "create"),
    ],
)
async def test_who_may_not_make_all_of_it_makes_nothing(firm, conversions, refusal, missing):
    """PLT-16: every right is asked for before the first step."""
    rights = {
        ("sales.Lead", "convert"), ("sales.Opportunity", "create"),
        ("party.Organization", "create"), ("party.Contact", "create"),
    }  # fmt: skip
    lead = await firm.lead()
    able = [(*right, Scope.ALL) for right in rights - {missing}]
    person = await firm.person(*able, ("*", "read", Scope.ALL))
    error = await refusal(conversions.convert(lead.id, person))
    assert (type(error), error.reason) == (errors.Forbidden, "PERMISSION_DENIED")
    assert error.metadata == {"resource": missing[0], "action": missing[1]}
    await assert_untouched(conversions, lead)


async def test_rights_that_do_not_reach_the_lead_make_nothing(firm, conversions, refusal):
    lead = await firm.lead()
    rep = await firm.person(
        ("sales.Lead", "convert", Scope.ALL), ("*", "read", Scope.ALL),
        ("sales.Opportunity", "create", Scope.ALL), ("party.Contact", "create", Scope.ALL),
        ("party.Organization", "create", Scope.OWN),
    )  # fmt: skip
    error = await refusal(conversions.convert(lead.id, rep))
    assert isinstance(error, errors.Forbidden)
    assert error.metadata["resource"] == "party.Organization"
    await assert_untouched(conversions, lead)


async def test_rights_to_make_what_is_given_are_not_asked_for(firm, conversions):
    """A rep without the right to make customers converts for a customer that is there."""
    customer, person = await firm.organization(), await firm.contact()
    rep = await firm.person(
        ("sales.Lead", "*", Scope.OWN), ("sales.Opportunity", "create", Scope.OWN),
        ("*", "read", Scope.ALL),
    )  # fmt: skip
    lead = await firm.lead(rep)
    given = {"organization_id": customer.id, "contact_id": person.id}
    assert (await conversions.convert(lead.id, rep, **given)).status == Lead.STATUS_CONVERTED


@pytest.mark.parametrize("field", ["organization_id", "contact_id", "pipeline_id"])
@pytest.mark.parametrize("value", ["nope", str(uuid.uuid4())])
async def test_what_is_given_must_be_there(firm, conversions, refusal, field, value):
    lead = await firm.lead()
    error = await refusal(conversions.convert(lead.id, **{field: value}))
    assert isinstance(error, errors.Invalid), error
    (found,) = error.violations
    assert found.path.endswith(field)
    await assert_untouched(conversions, lead)


async def test_a_customer_out_of_sight_is_not_there(firm, conversions, refusal):
    hidden = await firm.organization()
    rep = await firm.person(
        ("sales.*", "*", Scope.ALL), ("party.Contact", "*", Scope.ALL),
        ("party.Organization", "*", Scope.OWN),
    )  # fmt: skip
    lead = await firm.lead(rep)
    error = await refusal(conversions.convert(lead.id, rep, organization_id=hidden.id))
    assert [v.reason for v in error.violations] == ["REFERENCE_NOT_FOUND"]
    assert (await conversions.lead(lead.id)).status == Lead.STATUS_OPEN


async def test_a_deleted_customer_is_not_there(firm, conversions, refusal, until):
    gone = await firm.organization()
    await firm.call("DeleteOrganization", id=gone.id)

    async def known_to_be_gone():
        kept = "SELECT true FROM sales.title WHERE resource_id = $1 AND deleted"
        return await firm.world.host.databases["sales"].read(firm.tenant_id, kept, gone.id)

    await until(known_to_be_gone)
    lead = await firm.lead()
    error = await refusal(conversions.convert(lead.id, organization_id=gone.id))
    assert [v.reason for v in error.violations] == ["REFERENCE_NOT_FOUND"]
    await assert_untouched(conversions, lead, {**NONE, "organization": 1})


async def test_a_deal_its_pipeline_refuses_begins_nothing(firm, conversions, refusal):
    await firm.update("Pipeline", firm.pipeline.id, stages=stages(firm, "false"))
    lead = await firm.lead()
    assert (await refusal(conversions.convert(lead.id))).reason == "STAGE_REFUSED"
    await assert_untouched(conversions, lead)


async def test_without_a_pipeline_nothing_begins(firm, conversions, refusal):
    await firm.call("DeletePipeline", id=firm.pipeline.id)
    lead = await firm.lead()
    assert (await refusal(conversions.convert(lead.id))).reason == "NO_PIPELINE"
    await assert_untouched(conversions, lead)


async def test_a_lead_that_is_not_open_or_not_as_it_was_is_refused(firm, conversions, refusal):
    lead = await firm.lead()
    assert (await refusal(conversions.convert(lead.id, etag="7"))).reason == "STALE_ETAG"
    await firm.call("DisqualifyLead", id=lead.id, reason="no budget")
    error = await refusal(conversions.convert(lead.id))
    assert (error.reason, error.metadata) == ("LEAD_NOT_OPEN", {"status": "DISQUALIFIED"})
    gone = await firm.lead()
    await firm.call("DeleteLead", id=gone.id)
    assert (await refusal(conversions.convert(gone.id))).reason == "RECORD_DELETED"
    assert isinstance(await refusal(conversions.convert(str(uuid.uuid4()))), errors.NotFound)
    assert await conversions.made(with_deleted=True) == NONE


# --- while it is under way


@pytest.mark.parametrize("step", ["Organization", "Contact"])
async def test_a_conversion_waits_for_what_is_away_and_then_ends(
    firm, conversions, refusal, spoil, step
):
    """The caller is not made to wait; meanwhile nobody changes the lead under it."""
    lead = await firm.lead()
    away = errors.Unavailable("PARTY_AWAY", retry_after=1)
    back = spoil(conversion, "_create", away, matches=lambda here, method, request: step in method)
    assert (await conversions.convert(lead.id)).status == Lead.STATUS_CONVERTING
    ((_, done, undoing, attempts),) = await conversions.under_way()
    assert (done, undoing, attempts) == (int(step == "Contact"), False, 1)
    for attempt in (
        firm.update("Lead", lead.id, note="hello"),
        firm.call("DeleteLead", id=lead.id),
        firm.call("DisqualifyLead", id=lead.id, reason="x"),
        conversions.convert(lead.id),
    ):
        error = await refusal(attempt)
        assert (error.reason, error.metadata) == ("LEAD_NOT_OPEN", {"status": "CONVERTING"})
    back()
    await conversions.finish()
    assert (await conversions.lead(lead.id)).status == Lead.STATUS_CONVERTED
    assert await conversions.made(with_deleted=True) == ONE


async def test_what_waits_is_left_alone_until_it_is_due(firm, conversions, spoil):
    lead = await firm.lead()
    back = spoil(conversion, "_create", errors.Unavailable("PARTY_AWAY"))
    await conversions.convert(lead.id)
    (row,) = await firm.rows("SELECT due_time > now(), error FROM sales.saga")
    assert tuple(row) == (True, "PARTY_AWAY")
    back()
    await conversions.finish()


async def test_a_converted_lead_is_not_converted_again(firm, conversions, refusal):
    lead = await firm.lead()
    await conversions.convert(lead.id)
    error = await refusal(conversions.convert(lead.id))
    assert (error.reason, error.metadata) == ("LEAD_NOT_OPEN", {"status": "CONVERTED"})
    assert await conversions.made() == ONE
