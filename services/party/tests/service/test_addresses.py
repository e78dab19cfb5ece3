"""Addresses of organizations and people; which one to take (PTY-01, PTY-19)."""

import asyncio

import pytest
from banyan.party.v1 import address_pb2

from chassis import errors
from chassis.access import Scope

BILLING, SHIPPING = address_pb2.Address.KIND_BILLING, address_pb2.Address.KIND_SHIPPING
TAKEN = [("address.primary", "PRIMARY_TAKEN")]


async def address(firm, person=None, /, **fields):
    record = {"kind": BILLING, "lines": "18 Keji Road", "city": "Shenzhen"}
    return await firm.make("Address", person, **record | fields)


@pytest.fixture(params=["organization", "contact"])
async def party(firm, request) -> dict[str, str]:
    """An organization or a contact, as an address names it."""
    made = await getattr(firm, request.param)()
    return {f"{request.param}_id": made.id}


async def test_there_is_one_primary_address_of_a_kind(firm, party, violations):
    """PTY-19: which one to take is never a question."""
    first = await address(firm, **party, primary=True)
    second = await address(firm, **party)
    assert (first.primary, second.primary) == (True, False)
    assert (await address(firm, **party, kind=SHIPPING, primary=True)).primary
    assert await violations(address(firm, **party, primary=True)) == TAKEN
    assert await violations(firm.update("Address", second.id, primary=True)) == TAKEN
    await firm.update("Address", first.id, primary=False)
    assert (await firm.update("Address", second.id, primary=True)).primary
    (found,) = (
        await firm.call("ListAddresses", filter='primary = true AND kind = "BILLING"')
    ).addresses
    assert found.id == second.id


async def test_a_primary_address_stays_primary_when_it_is_edited(firm, party, violations):
    made = await address(firm, **party, primary=True)
    assert (await firm.update("Address", made.id, primary=True, city="Kunshan")).primary
    await address(firm, **party, kind=SHIPPING, primary=True)
    assert await violations(firm.update("Address", made.id, kind=SHIPPING)) == TAKEN


async def test_of_two_primary_ones_at_once_one_is_refused(firm, party):
    """PTY-19: the key holds where looking first does not."""
    made = [address(firm, **party, primary=True) for _ in range(4)]
    answers = await asyncio.gather(*made, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, errors.Error)]
    assert len(refused) == 3
    for error in refused:
        found = [(v.path, v.reason) for v in error.violations]
        assert error.reason == "ALREADY_EXISTS" or found == TAKEN


async def test_a_deleted_primary_address_makes_room(firm, party, refusal):
    made = await address(firm, **party, primary=True)
    await firm.call("DeleteAddress", id=made.id)
    await address(firm, **party, primary=True)
    assert (await refusal(firm.call("UndeleteAddress", id=made.id))).reason == "ALREADY_EXISTS"


async def test_a_batch_names_the_row_with_a_second_primary(firm, party):
    """PLT-19: also when the first stands in the same batch."""
    row = {"kind": BILLING, "lines": "x", "primary": True} | party
    reply = await firm.call("BatchCreateAddresses", requests=[{"address": row}] * 2)
    assert len(reply.addresses) == 1
    (error,) = reply.errors
    assert (error.row, error.reason) == (1, "ALREADY_EXISTS")
    again = await firm.call("BatchCreateAddresses", requests=[{"address": row}])
    assert [(f.path, f.reason) for e in again.errors for f in e.fields] == TAKEN


async def test_an_address_is_of_one_party(firm, violations):
    assert [path for path, _ in await violations(address(firm))] == ["address.party"]
    named = address(firm, organization_id="")
    assert [path for path, _ in await violations(named)] == ["address.organization_id"]


async def test_whose_address_is_taken_is_not_told_to_who_does_not_see_them(firm, party, violations):
    """PLT-16."""
    rep = await firm.person(
        ("party.Address", "*", Scope.ALL),
        ("party.Organization", "*", Scope.OWN),
        ("party.Contact", "*", Scope.OWN),
    )
    await address(firm, **party, primary=True)
    (name,) = party
    found = await violations(address(firm, rep, **party, primary=True))
    assert found == [(f"address.{name}", "REFERENCE_NOT_FOUND")]


async def test_invoices_go_to_an_address_even_of_who_pays_instead(firm, violations):
    """PTY-19: the group's own, or a bank's."""
    payer, customer = await firm.organization(), await firm.organization()
    bill_to = await address(firm, organization_id=payer.id, lines="1 Finance Street")
    changed = await firm.update("Organization", customer.id, bill_to_address_id=bill_to.id)
    assert changed.bill_to_address_lines == "1 Finance Street"
    await firm.call("DeleteAddress", id=bill_to.id)
    again = firm.update("Organization", payer.id, bill_to_address_id=bill_to.id)
    assert await violations(again) == [("organization.bill_to_address_id", "REFERENCE_NOT_FOUND")]
