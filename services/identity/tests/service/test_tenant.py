"""Firms: one slug each, and walls between them."""

import asyncio

import pytest
from banyan.identity.v1 import tenant_pb2

from chassis import errors
from chassis.rpc import acting


async def found_again(firm, **fields):
    tenant = tenant_pb2.Tenant(
        name="another", currency_code="EUR", time_zone="Europe/Berlin", language="de", **fields
    )
    request = tenant_pb2.FoundTenantRequest(
        tenant=tenant, administrator_email="a@example.com", administrator_name="A"
    )
    with acting("identity"):
        return await firm.world.call("FoundTenant", request, None)


async def test_no_two_firms_have_one_slug(firm):
    with pytest.raises(errors.AlreadyExists):
        await found_again(firm, slug=firm.slug)
    assert (await firm.call("ReadSelf")).tenant.slug == firm.slug


async def test_of_firms_founded_at_once_with_one_slug_one_comes_to_be(firm):
    slug = "r" + firm.slug[1:]
    made = await asyncio.gather(
        *(found_again(firm, slug=slug) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(reply, tenant_pb2.FoundTenantResponse) for reply in made) == 1
    assert sum(isinstance(reply, errors.AlreadyExists) for reply in made) == 3


async def test_nobody_founds_a_firm_from_outside(firm):
    request = {"administrator_email": "a@example.com", "administrator_name": "A"}
    with pytest.raises(errors.Forbidden):
        await firm.call("FoundTenant", tenant={"name": "x", "slug": "x"}, **request)


async def test_the_same_person_may_be_known_in_two_firms(firm, found, password):
    other = await found()
    for one in (firm, other):
        made = {"display_name": "Same", "email": "same@example.com"}
        user = await one.call("CreateUser", user=made)
        await one.call("SetUserPassword", id=user.id, new_password=f"{password} {one.slug}")
    for one, another in ((firm, other), (other, firm)):
        await one.sign_in("same@example.com", f"{password} {one.slug}")
        with pytest.raises(errors.Unauthenticated):
            await one.sign_in("same@example.com", f"{password} {another.slug}")


async def test_an_email_is_taken_once_whatever_the_case_of_its_letters(firm):
    user = await firm.user()
    made = {"display_name": "Other", "email": user.email.upper()}
    with pytest.raises(errors.AlreadyExists):
        await firm.call("CreateUser", user=made)


async def test_a_firm_is_renamed_but_keeps_its_slug_and_a_time_zone_there_is(firm):
    async def update(path, **fields):
        patch = {"id": firm.tenant_id} | fields
        return await firm.call("UpdateTenant", tenant=patch, update_mask={"paths": [path]})

    assert (await update("name", name="Renamed")).name == "Renamed"
    for path, value in (("slug", "other"), ("time_zone", "Mars/Base")):
        with pytest.raises(errors.Invalid):
            await update(path, **{path: value})


async def test_a_firm_begins_with_what_it_needs(firm):
    members = await firm.call("ListRoles")
    assert {(role.name, role.built_in) for role in members.roles} == {
        ("Administrator", True), ("Member", False),
    }  # fmt: skip
    (entity,) = (await firm.call("ListLegalEntities")).legal_entities
    assert (entity.currency_code, entity.org_unit_id) == ("CNY", firm.top)
    (unit,) = (await firm.call("ListOrgUnits")).org_units
    assert (unit.id, unit.org_unit_id) == (firm.top, "")


@pytest.mark.parametrize("time_zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
async def test_a_firm_begins_on_its_own_day(found, time_zone):
    """A day begins 26 hours apart in the two, so that one of them is always not at UTC's."""
    firm = await found(time_zone)
    rows = await firm.rows("SELECT valid_from FROM identity.org_unit_edge")
    assert [row[0] for row in rows] == [firm.today]
