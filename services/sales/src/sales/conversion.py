"""Conversion: a lead becomes organization, contact and deal, whole or not at all (SAL-07, SAL-14).

1. Here: the lead is CONVERTING; every id is chosen; the saga is written down with it.
2. party: the organization is made, unless the lead names one that is there.
3. party: the contact is made, likewise.
4. Here, in one transaction: the deal is made, the lead is CONVERTED, the saga ends.

A refusal that repeating cannot change takes back 3 and 2, and the lead is open again with the
reason. Rights are asked for before anything begins; what follows is done by sales on behalf of the
person.
"""

from typing import Any

import uuid_utils
from banyan.party.v1 import contact_pb2, organization_pb2
from banyan.sales.v1 import conversion_pb2, events_pb2, lead_pb2, opportunity_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import EVERYTHING
from chassis.database import Transaction
from chassis.resources import Resources, see_of
from chassis.resources.saga import Saga, SagaRunner, Step
from chassis.rpc import Call

_Lead = lead_pb2.Lead
_State = conversion_pb2.LeadConversion
_PARTY = "/banyan.party.v1."


async def convert(here: Resources, request: Any, call: Call) -> Message:
    """Begin a conversion and run it; what cannot be finished now is finished by the sweep.

    Raises:
        FailedPrecondition: LEAD_NOT_OPEN, NO_PIPELINE, CONVERSION_REFUSED.
        Forbidden: PERMISSION_DENIED for what the caller may not make.
        Invalid: REFERENCE_NOT_FOUND.
    """
    leads = here[_Lead]

    async def run(asked: Any) -> Message:
        old, new = await leads.loaded(call, request.id, request.etag, call.method.action)
        begin(new)
        state = _state(new, request, call)
        _check_rights(state, call)
        await _check_deal(here, state, call)
        saga_id = str(uuid_utils.uuid7())
        async with here.database.transaction(call.tenant_id) as transaction:
            await leads.put(call, "convert", old, new, transaction, asked)
            await CONVERSION.begin(here, saga_id, state, transaction)
        await SagaRunner(here, (CONVERSION,)).go_on(call.tenant_id, saga_id)
        return new

    await leads.once(request, call, run)
    lead = await leads.store.get(call.tenant_id, request.id, EVERYTHING, see=see_of(call))
    if lead.status == _Lead.STATUS_OPEN:
        raise errors.FailedPrecondition("CONVERSION_REFUSED", reason=lead.outcome_reason)
    return lead


def begin(lead: _Lead) -> None:
    """Refuse what is not open, and say that it is on its way.

    Raises:
        FailedPrecondition: LEAD_NOT_OPEN.
    """
    if lead.status != _Lead.STATUS_OPEN:
        name = _Lead.Status.Name(lead.status).removeprefix("STATUS_")
        raise errors.FailedPrecondition("LEAD_NOT_OPEN", status=name)
    lead.status = _Lead.STATUS_CONVERTING
    lead.ClearField("outcome_reason")


def _state(lead: _Lead, request: Any, call: Call) -> _State:
    """Choose every id, and keep what the steps need of the lead."""
    state = _State(
        tenant_id=call.tenant_id,
        on_behalf_of_user_id=call.caller.person_id,
        lead_id=lead.id,
        organization_id=request.organization_id or _new_id(),
        makes_organization=not request.organization_id,
        contact_id=request.contact_id or _new_id(),
        makes_contact=not request.contact_id,
        opportunity_id=_new_id(),
        pipeline_id=request.pipeline_id,
        opportunity_name=request.opportunity_name or lead.name,
        company_name=lead.company_name or lead.contact_name or lead.name,
        contact_name=lead.contact_name or lead.name,
        job_title=lead.job_title,
        email=lead.email,
        phone=lead.phone,
        source_id=lead.source_id,
        owner_user_id=lead.owner_user_id,
        org_unit_id=lead.org_unit_id,
        allow_duplicate=request.allow_duplicate,
    )
    if lead.HasField("expected_amount"):
        state.amount.CopyFrom(lead.expected_amount)
    day = call.today
    state.open_date.year, state.open_date.month, state.open_date.day = day.year, day.month, day.day
    return state


def _check_rights(state: _State, call: Call) -> None:
    """Ask for every right the steps will need, before the first of them."""
    needed = [("sales.Opportunity", "create")]
    needed += [("party.Organization", "create")] if state.makes_organization else []
    needed += [("party.Contact", "create")] if state.makes_contact else []
    for resource, action in needed:
        reach = call.reach(resource, action)
        if reach is None or not reach.covers(state):
            raise errors.Forbidden("PERMISSION_DENIED", action=action, resource=resource)


async def _check_deal(here: Resources, state: _State, call: Call) -> None:
    """Refuse now what would be refused at the end: a trial of the deal that will be made.

    What is yet to be made cannot be looked up; what is there must be visible to the caller.
    """
    deal = deal_of(state)
    later = {"organization_id": state.makes_organization, "contact_id": state.makes_contact}
    await here[opportunity_pb2.Opportunity].prepare_new(
        call, deal, unchecked=frozenset(name for name, made in later.items() if made)
    )
    state.pipeline_id = deal.pipeline_id


def deal_of(state: _State) -> opportunity_pb2.Opportunity:
    """Give the deal a lead becomes."""
    return opportunity_pb2.Opportunity(
        id=state.opportunity_id,
        name=state.opportunity_name,
        organization_id=state.organization_id,
        contact_id=state.contact_id,
        pipeline_id=state.pipeline_id,
        amount=state.amount if state.HasField("amount") else None,
        open_date=state.open_date,
        source_id=state.source_id,
        lead_id=state.lead_id,
        owner_user_id=state.owner_user_id,
        org_unit_id=state.org_unit_id,
    )


# --- the steps


async def make_organization(here: Resources, state: _State) -> None:
    """Make the organization, once."""
    if state.makes_organization:
        organization = organization_pb2.Organization(
            id=state.organization_id,
            name=state.company_name,
            roles=["prospect"],
            phone=state.phone,
            owner_user_id=state.owner_user_id,
            org_unit_id=state.org_unit_id,
        )
        request = organization_pb2.CreateOrganizationRequest(
            organization=organization, request_id=f"convert {state.organization_id}"
        )
        await _create(here, "OrganizationService/CreateOrganization", request)


async def drop_organization(here: Resources, state: _State) -> None:
    """Take the organization back."""
    if state.makes_organization:
        request = organization_pb2.DeleteOrganizationRequest(id=state.organization_id)
        await _delete(here, "OrganizationService/DeleteOrganization", request)


async def make_contact(here: Resources, state: _State) -> None:
    """Make the contact, once."""
    if state.makes_contact:
        contact = contact_pb2.Contact(
            id=state.contact_id,
            name=state.contact_name,
            organization_id=state.organization_id,
            job_title=state.job_title,
            email=state.email,
            phone=state.phone,
            owner_user_id=state.owner_user_id,
            org_unit_id=state.org_unit_id,
        )
        request = contact_pb2.CreateContactRequest(
            contact=contact,
            request_id=f"convert {state.contact_id}",
            allow_duplicate=state.allow_duplicate,
        )
        await _create(here, "ContactService/CreateContact", request)


async def drop_contact(here: Resources, state: _State) -> None:
    """Take the contact back."""
    if state.makes_contact:
        request = contact_pb2.DeleteContactRequest(id=state.contact_id)
        await _delete(here, "ContactService/DeleteContact", request)


async def finish(here: Resources, state: _State, call: Call, transaction: Transaction) -> None:
    """Make the deal and close the lead."""
    deals, leads = here[opportunity_pb2.Opportunity], here[_Lead]
    deal = deal_of(state)
    around = await deals.prepare_new(call, deal, trusted=True)
    await deals.add(call, deal, around, transaction)
    old, new = await _lead(here, state, transaction)
    new.status = _Lead.STATUS_CONVERTED
    new.organization_id, new.contact_id = state.organization_id, state.contact_id
    new.opportunity_id = state.opportunity_id
    new.outcome_time.GetCurrentTime()
    fact = events_pb2.LeadConverted(
        lead_id=state.lead_id,
        organization_id=state.organization_id,
        contact_id=state.contact_id,
        opportunity_id=state.opportunity_id,
    )
    await leads.put(call, "convert", old, new, transaction, facts=[fact])


async def refused(
    here: Resources, state: _State, reason: str, call: Call, transaction: Transaction
) -> None:
    """Open the lead again and say why."""
    old, new = await _lead(here, state, transaction)
    new.status = _Lead.STATUS_OPEN
    new.outcome_reason = reason
    await here[_Lead].put(call, "convert", old, new, transaction)


async def _lead(here: Resources, state: _State, transaction: Transaction) -> tuple[_Lead, _Lead]:
    [lead] = await here[_Lead].store.where(
        state.tenant_id, "t.id = $1::uuid", state.lead_id, connection=transaction
    )
    new = _Lead()
    new.CopyFrom(lead)
    return lead, new


async def _create(here: Resources, method: str, request: Any) -> None:
    """Make a record of party; one that is there under this very id was made by an earlier try."""
    channel: Any = here.channels.to("party")
    try:
        await channel.unary_unary(_PARTY + method)(request)
    except errors.AlreadyExists as error:
        if error.metadata.get("key") != "id":
            raise


async def _delete(here: Resources, method: str, request: Any) -> None:
    """Take a record of party back, if it is there."""
    channel: Any = here.channels.to("party")
    try:
        await channel.unary_unary(_PARTY + method)(request)
    except errors.NotFound:
        return


def _new_id() -> str:
    return str(uuid_utils.uuid7())


CONVERSION = Saga(
    "convert_lead",
    "/banyan.sales.v1.LeadService/ConvertLead",
    _State,
    steps=(
        Step(make_organization, drop_organization),
        Step(make_contact, drop_contact),
    ),
    finish=finish,
    refused=refused,
)
