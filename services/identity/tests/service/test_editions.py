"""Which modules a firm has: by an edition, or by themselves (PLT-04 to PLT-08)."""

import pytest

from chassis import errors
from chassis.rpc import acting

SALES_FORCE = {"catalog", "contracts", "insight", "sales"}
BUSINESS = SALES_FORCE | {"finance", "marketing"}
ENTERPRISE = BUSINESS | {"partners", "projects", "suppliers"}


async def editions(firm):
    listed = (await firm.call("ListEditions")).editions
    return {edition.shipped_key: edition for edition in listed}


async def license_(firm, edition="", *modules):
    return await firm.call("LicenseTenant", id=firm.tenant_id, edition_id=edition, modules=modules)


async def on(firm):
    """Give what is on, as its people and as other services hear it."""
    me = await firm.call("ReadSelf")
    with acting("sales"):
        profile = await firm.calling("GetTenantProfile", None, wire=False, tenant_id=firm.tenant_id)
    assert profile.modules == me.modules
    return {module.key for module in me.modules if module.on} - {"base"}


async def test_a_new_firm_has_the_editions_and_everything_on(firm):
    assert set(await editions(firm)) == {"sales_force", "bis_business", "bis_enterprise"}
    assert await on(firm) == ENTERPRISE


@pytest.mark.parametrize(
    ("key", "expected"),
    [("sales_force", SALES_FORCE), ("bis_business", BUSINESS), ("bis_enterprise", ENTERPRISE)],
)
async def test_an_edition_brings_its_modules_and_those_of_the_one_before(firm, key, expected):
    tenant = await license_(firm, (edition := (await editions(firm))[key]).id)
    assert (tenant.edition_id, tenant.edition_name) == (edition.id, edition.name)
    assert await on(firm) == expected


async def test_a_firm_grows_by_a_setting_alone(firm):
    """PLT-05: what was recorded is there, and its edition can be taken back."""
    large = (await editions(firm))["bis_enterprise"]
    lead = await firm.source()
    await license_(firm, "", "finance")
    assert await on(firm) == {"finance"}
    await license_(firm, large.id)
    assert (await firm.call("GetSource", id=lead.id)).id == lead.id
    await license_(firm)
    assert await on(firm) == ENTERPRISE
    verbs = [change.verb for change in await firm.changes(firm.tenant_id)]
    assert verbs == ["create", "license", "license", "license"]


async def test_modules_are_licensed_beside_an_edition(firm):
    await license_(firm, (await editions(firm))["sales_force"].id, "projects")
    assert await on(firm) == SALES_FORCE | {"projects"}


async def test_what_is_off_is_not_among_ones_rights(firm):
    def nouns(me):
        return {grant.permission.resource for grant in me.grants}

    assert nouns(await firm.call("ReadSelf")) == {"*"}
    person = await firm.person(("sales.*", "read", "all"), ("party.Source", "read", "own"))
    await license_(firm, "", "catalog", "insight")
    rights = nouns(await firm.call("ReadSelf"))
    assert rights - {"api.*"} == {
        "catalog.*",
        "documents.*",
        "identity.*",
        "insight.*",
        "party.*",
        "studio.*",
    }
    assert nouns(await firm.call("ReadSelf", person)) == {"party.Source"}


async def test_an_explanation_says_that_a_module_is_off(firm):
    asked = {"resource": "sales.Lead", "action": "read"}
    before = await firm.call("ExplainAccess", **asked)
    assert (before.allowed, before.module_off) == (True, "")
    await license_(firm, "", "finance")
    after = await firm.call("ExplainAccess", **asked)
    assert (after.allowed, after.module_off) == (False, "sales")
    assert after.rules == before.rules


async def test_an_administrator_of_a_small_edition_gives_roles_as_before(firm):
    """What a firm has not licensed is off; it is not taken out of what people may give."""
    await license_(firm, (await editions(firm))["sales_force"].id)
    user = await firm.user()
    await firm.assign(user.id, firm.administrator_role)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"modules": ["nope"]}, "UNKNOWN_MODULE"),
        ({"edition_id": "01a20d32-31d4-76a6-9740-af4a32836846"}, "REFERENCE_NOT_FOUND"),
    ],
)
async def test_what_there_is_not_cannot_be_licensed(firm, fields, reason):
    with pytest.raises(errors.Invalid) as caught:
        await firm.call("LicenseTenant", id=firm.tenant_id, **fields)
    assert [violation.reason for violation in caught.value.violations] == [reason]
    assert await on(firm) == ENTERPRISE


async def test_nobody_licenses_by_editing_the_firm_or_without_the_right(firm):
    large = (await editions(firm))["bis_enterprise"]
    patch = {"id": firm.tenant_id, "edition_id": large.id, "modules": ["finance"]}
    for mask in (["edition_id"], ["modules"]):
        await firm.call("UpdateTenant", tenant=patch, update_mask={"paths": mask})
    assert (await firm.call("ReadSelf")).tenant.edition_id == ""
    assert await on(firm) == ENTERPRISE
    editor = await firm.person(("identity.Tenant", "update", "all"), ("*", "read", "all"))
    with pytest.raises(errors.Forbidden):
        await firm.call("LicenseTenant", editor, id=firm.tenant_id)


async def test_a_firm_makes_an_edition_of_its_own_that_contains_another(firm):
    small = (await editions(firm))["sales_force"]
    made = await firm.call(
        "CreateEdition",
        edition={"name": "Ours", "contained_edition_id": small.id, "modules": ["projects"]},
    )
    assert (made.contained_edition_name, made.shipped_key) == ("Sales Force", "")
    await license_(firm, made.id)
    assert await on(firm) == SALES_FORCE | {"projects"}
    await firm.call(
        "UpdateEdition",
        edition={"id": made.id, "modules": ["finance"]},
        update_mask={"paths": ["modules"]},
    )
    assert await on(firm) == SALES_FORCE | {"finance"}
    with pytest.raises(errors.FailedPrecondition) as caught:
        await firm.call("DeleteEdition", id=made.id)
    assert caught.value.reason == "STILL_REFERENCED"


async def test_shipped_editions_come_back_and_up_to_date(firm):
    """For firms founded with an earlier version of the product."""
    before = await editions(firm)
    await firm.set_rows("DELETE FROM identity.edition WHERE shipped_key = 'bis_enterprise'")
    await firm.set_rows(
        "UPDATE identity.edition SET modules = '{sales}' WHERE shipped_key = 'sales_force'"
    )
    restored = (await firm.call("RestoreEditions")).editions
    assert [edition.shipped_key for edition in restored] == [*before]
    after = await editions(firm)
    assert after["bis_business"] == before["bis_business"]
    assert list(after["sales_force"].modules) == ["catalog", "contracts", "insight", "sales"]
    assert after["sales_force"].id == before["sales_force"].id
    assert after["bis_enterprise"].contained_edition_id == before["bis_business"].id
    assert (await firm.call("RestoreEditions")).editions == restored
