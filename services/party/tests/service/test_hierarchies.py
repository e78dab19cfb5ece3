"""What stands above what: groups of organizations, and people in them (PTY-02, PTY-03)."""

import asyncio
import uuid

import pytest

from chassis.access import Scope

PARENT = ("organization.parent_organization_id", "OWN_PARENT")
SUPERIOR = ("contact.reports_to_contact_id", "OWN_SUPERIOR")
ELSEWHERE = ("contact.reports_to_contact_id", "SUPERIOR_ELSEWHERE")


async def line(firm, length: int) -> list[str]:
    """Make organizations, each below the one before."""
    ids = [""]
    for _ in range(length):
        ids.append((await firm.organization(parent_organization_id=ids[-1])).id)
    return ids[1:]


@pytest.mark.parametrize("place", [1, 2, 3])
async def test_an_organization_is_never_put_below_what_is_below_it(firm, violations, place):
    """PTY-03: a circle has no top, however long it is."""
    ids = await line(firm, 4)
    moved = firm.update("Organization", ids[0], parent_organization_id=ids[place])
    assert await violations(moved) == [PARENT]
    kept = await firm.call("GetOrganization", id=ids[0])
    assert (kept.parent_organization_id, kept.etag) == ("", "1")


async def test_an_organization_is_moved_by_editing_it(firm):
    """PTY-03, PLT-19: an import says who belongs to whom after it has made them all."""
    first, second = await line(firm, 2), await line(firm, 2)
    moved = await firm.update("Organization", first[0], parent_organization_id=second[1])
    assert (moved.parent_organization_id, moved.etag) == (second[1], "2")
    alone = await firm.update("Organization", first[0], parent_organization_id="")
    assert alone.parent_organization_id == ""
    below = await firm.update("Organization", second[0], parent_organization_id=first[1])
    assert below.parent_organization_id == first[1]


async def test_what_hangs_on_a_deleted_organization_still_counts(firm, violations):
    ids = await line(firm, 3)
    await firm.call("DeleteOrganization", id=ids[1])
    moved = firm.update("Organization", ids[0], parent_organization_id=ids[2])
    assert await violations(moved) == [PARENT]


@pytest.mark.parametrize("round_", range(5))
async def test_opposite_moves_at_once_close_no_circle(firm, round_):
    """PTY-03: each move alone is fine; all together would have no top."""
    ids = [(await firm.organization()).id for _ in range(6)]
    moves = [
        firm.update("Organization", one, parent_organization_id=ids[(place + 1) % len(ids)])
        for place, one in enumerate(ids)
    ]
    found = await asyncio.gather(*moves, return_exceptions=True)
    refused = [error for error in found if isinstance(error, Exception)]
    assert [[(v.path, v.reason) for v in error.violations] for error in refused] == [[PARENT]]


async def test_another_firm_is_not_waited_for_nor_looked_at(firm, world):
    """Ids are a tenant's own; the same two may stand the other way round elsewhere."""
    other = type(firm)(world, await world.person(await world.tenant()))
    a, b = str(uuid.uuid4()), str(uuid.uuid4())
    for place in (firm, other):
        for one in (a, b):
            await place.organization(id=one)
    await firm.update("Organization", a, parent_organization_id=b)
    await other.update("Organization", b, parent_organization_id=a)


# --- who reports to whom


async def test_a_contact_stands_below_somebody_of_the_same_organization(firm):
    """PTY-02: the customer's own chart."""
    place = (await firm.organization()).id
    boss = await firm.contact(name="Wang Wei", organization_id=place, job_title="Director")
    made = await firm.contact(organization_id=place, reports_to_contact_id=boss.id)
    assert made.reports_to_contact_name == "Wang Wei"
    reply = await firm.call("ListContacts", filter=f'reportsToContactId = "{boss.id}"')
    assert [found.id for found in reply.contacts] == [made.id]


async def test_a_superior_may_work_anywhere_in_the_group(firm):
    """PTY-02, PTY-03: above, below or beside one's own organization."""
    top = await firm.organization()
    left, right = [(await firm.organization(parent_organization_id=top.id)).id for _ in range(2)]
    below = (await firm.organization(parent_organization_id=left)).id
    boss = await firm.contact(organization_id=right)
    for place in (top.id, left, right, below):
        made = await firm.contact(organization_id=place, reports_to_contact_id=boss.id)
        assert made.reports_to_contact_id == boss.id


async def test_a_superior_outside_the_group_is_refused(firm, violations):
    here, there = (await firm.organization()).id, (await firm.organization()).id
    boss, nobodys = await firm.contact(organization_id=there), await firm.contact()
    for superior, place in ((boss, here), (boss, ""), (nobodys, here), (nobodys, "")):
        made = firm.contact(organization_id=place, reports_to_contact_id=superior.id)
        assert await violations(made) == [ELSEWHERE]
    loose = await firm.contact(organization_id=here)
    changed = firm.update("Contact", loose.id, reports_to_contact_id=boss.id)
    assert await violations(changed) == [ELSEWHERE]
    both = await firm.update(
        "Contact", loose.id, reports_to_contact_id=boss.id, organization_id=there
    )
    assert (both.organization_id, both.reports_to_contact_id) == (there, boss.id)


async def test_whoever_leaves_the_group_leaves_the_superior_too(firm, violations):
    here, there = (await firm.organization()).id, (await firm.organization()).id
    boss = await firm.contact(organization_id=here)
    made = await firm.contact(organization_id=here, reports_to_contact_id=boss.id)
    assert await violations(firm.update("Contact", made.id, organization_id=there)) == [ELSEWHERE]
    left = await firm.update("Contact", made.id, organization_id=there, reports_to_contact_id="")
    assert (left.organization_id, left.reports_to_contact_id) == (there, "")


async def test_a_batch_names_the_row_with_a_superior_elsewhere(firm):
    """PLT-19: the other rows go in."""
    here, there = (await firm.organization()).id, (await firm.organization()).id
    boss = (await firm.contact(organization_id=here)).id
    rows = [
        {"contact": {"name": "x", "organization_id": place, "reports_to_contact_id": boss}}
        for place in (here, there)
    ]
    reply = await firm.call("BatchCreateContacts", requests=rows)
    assert [made.organization_id for made in reply.contacts] == [here]
    (error,) = reply.errors
    assert (error.row, [(f.path, f.reason) for f in error.fields]) == (1, [ELSEWHERE])


async def test_nobody_stands_above_themselves(firm, violations):
    """PTY-02, at once or one after the other."""
    place = (await firm.organization()).id
    ids = [(await firm.contact(organization_id=place)).id for _ in range(3)]
    assert await violations(firm.update("Contact", ids[0], reports_to_contact_id=ids[0])) == [
        SUPERIOR
    ]
    moves = [
        firm.update("Contact", one, reports_to_contact_id=ids[(n + 1) % 3])
        for n, one in enumerate(ids)
    ]
    found = await asyncio.gather(*moves, return_exceptions=True)
    refused = [error for error in found if isinstance(error, Exception)]
    assert [[(v.path, v.reason) for v in error.violations] for error in refused] == [[SUPERIOR]]


async def test_a_superior_one_does_not_see_is_not_there(firm, violations):
    """PLT-16: whether the person works elsewhere is not told to who may not see them."""
    rep = await firm.person(
        ("party.Contact", "*", Scope.OWN), ("party.Organization", "*", Scope.ALL)
    )
    here, there = (await firm.organization()).id, (await firm.organization()).id
    for place in (here, there):
        hidden = await firm.contact(organization_id=place)
        made = firm.contact(rep, organization_id=here, reports_to_contact_id=hidden.id)
        assert await violations(made) == [("contact.reports_to_contact_id", "REFERENCE_NOT_FOUND")]
