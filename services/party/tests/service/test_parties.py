"""Organizations and contacts over RPC (PTY-01, PTY-03)."""

import uuid

import pytest

from chassis.access import Grant, Scope


async def test_an_organization_does_not_become_its_own_parent(firm, violations):
    made = await firm.organization()
    wanted = [("organization.parent_organization_id", "OWN_PARENT")]
    patch = {"id": made.id, "parent_organization_id": made.id}
    assert await violations(firm.call("UpdateOrganization", organization=patch)) == wanted
    given = str(uuid.uuid4())
    found = await violations(firm.organization(id=given, parent_organization_id=given))
    assert found[0][0] == "organization.parent_organization_id"


async def test_two_organizations_do_not_belong_to_each_other(firm, violations):
    """PTY-03: they are a tree; a circle has no top, and whoever walks it never arrives."""
    above = await firm.organization()
    below = await firm.organization(parent_organization_id=above.id)
    patch = {"id": above.id, "parent_organization_id": below.id}
    found = await violations(firm.call("UpdateOrganization", organization=patch))
    assert found[0][0] == "organization.parent_organization_id"


async def test_an_organization_says_what_it_belongs_to(firm):
    above = await firm.organization(name="华为技术有限公司")
    below = await firm.organization(parent_organization_id=above.id)
    assert below.parent_organization_name == "华为技术有限公司"


@pytest.mark.parametrize(
    "roles", [[], ["prospect"], ["customer", "partner", "supplier", "competitor"]]
)
async def test_one_record_for_all_an_organization_is_to_the_firm(firm, roles):
    """PTY-01, PTY-32: customer, partner, supplier and competitor are roles of one record."""
    made = await firm.organization(roles=roles)
    assert list(made.roles) == roles
    assert await firm.call("GetOrganization", id=made.id) == made


@pytest.mark.parametrize("roles", [["friend"], ["Customer"], ["customer", ""]])
async def test_a_role_is_one_of_those_there_are(firm, violations, roles):
    found = await violations(firm.organization(roles=roles))
    assert all(path.startswith("organization.roles") for path, _ in found)


async def test_a_role_is_held_once(firm, violations):
    found = await violations(firm.organization(roles=["customer", "customer"]))
    assert found == [("organization.roles", "REPEATED_UNIQUE")]


async def test_organizations_are_found_by_a_role(firm):
    both = await firm.organization(roles=["customer", "partner"])
    await firm.organization(roles=["supplier"])
    reply = await firm.call("ListOrganizations", filter='roles = "partner"')
    assert [found.id for found in reply.organizations] == [both.id]


@pytest.mark.parametrize("country", ["cn", "CHN", "1"])
async def test_a_country_is_two_letters(firm, violations, country):
    found = await violations(firm.organization(country_code=country))
    assert found[0][0] == "organization.country_code"


async def test_a_contact_is_found_by_the_email_however_it_was_typed(firm):
    made = await firm.contact(email="Li.Na@Example.COM")
    assert made.email == "li.na@example.com"
    changed = await firm.call("UpdateContact", contact={"id": made.id, "email": "LN@x.CN"})
    assert changed.email == "ln@x.cn"
    reply = await firm.call("ListContacts", filter='email = "ln@x.cn"')
    assert [found.id for found in reply.contacts] == [made.id]


async def test_spaces_around_a_contacts_email_are_no_mistake(firm):
    assert (await firm.contact(email=" li.na@example.com ")).email == "li.na@example.com"


async def test_what_is_no_email_is_refused(firm, violations):
    found = await violations(firm.contact(email="nobody"))
    assert found == [("contact.email", "STRING_EMAIL")]


async def test_a_contact_says_where_they_work(firm):
    """PTY-09, PTY-26: to who may see the organization."""
    made = await firm.contact(organization_id=(await firm.organization(name="Huawei")).id)
    assert made.organization_name == "Huawei"
    tenant_id = firm.boss.tenant_id
    blind = await firm.world.person(tenant_id, [Grant("party.Contact", "read", Scope.ALL)])
    assert (await firm.call("GetContact", blind, id=made.id)).organization_name == ""


async def test_a_contact_cannot_work_where_nobody_sees_them(firm, violations):
    hidden = await firm.organization()
    gone = await firm.organization()
    await firm.call("DeleteOrganization", id=gone.id)
    rep = await firm.world.person(
        firm.boss.tenant_id,
        [Grant("party.Contact", "*", Scope.OWN), Grant("party.Organization", "*", Scope.OWN)],
    )
    for person, target in ((rep, hidden), (firm.boss, gone)):
        found = await violations(firm.contact(person, organization_id=target.id))
        assert found == [("contact.organization_id", "REFERENCE_NOT_FOUND")]
