"""What there is once: a financial profile, a person's part in a communication (PTY-12, SAL-49)."""

import asyncio

from chassis import errors


async def refusals(*attempts) -> list[str]:
    """Make all attempts at once, and give what some are refused with."""
    found = await asyncio.gather(*attempts, return_exceptions=True)
    return [answer.reason for answer in found if isinstance(answer, errors.Error)]


async def test_an_organization_has_one_financial_profile(firm):
    """PTY-12: also when two people write it at once; a deleted one makes room."""
    place, other = await firm.organization(), await firm.organization()
    fields = {"organization_id": place.id, "credit_rating": "AA"}
    made = [firm.make("FinancialProfile", **fields) for _ in range(3)]
    assert await refusals(*made) == ["ALREADY_EXISTS", "ALREADY_EXISTS"]
    await firm.make("FinancialProfile", organization_id=other.id)
    (kept,) = (
        await firm.call("ListFinancialProfiles", filter=f'organizationId = "{place.id}"')
    ).financial_profiles
    assert kept.credit_rating == "AA"
    await firm.call("DeleteFinancialProfile", id=kept.id)
    await firm.make("FinancialProfile", **fields)


async def test_a_person_takes_part_once(firm):
    """SAL-49: of either side; a role is changed and not given twice."""
    visit, another = await firm.communication(), await firm.communication()
    guest = await firm.contact()
    for person in ({"contact_id": guest.id}, {"user_id": firm.boss.user_id}):
        fields = {"communication_id": visit.id, "role": "chair"} | person
        made = [firm.make("CommunicationParticipant", **fields) for _ in range(2)]
        assert await refusals(*made) == ["ALREADY_EXISTS"]
        await firm.make("CommunicationParticipant", **fields | {"communication_id": another.id})
