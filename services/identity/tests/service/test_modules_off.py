"""A module that is off refuses calls everywhere and shows nothing (PLT-04, PLT-05)."""

import pytest

from chassis import errors


@pytest.fixture
async def without_sales(firm, until):
    """A firm whose sales are off, once every service has heard of it."""
    await firm.call("LicenseTenant", id=firm.tenant_id, modules=["finance"])
    await until(lambda: off(firm, "ListLeads"))
    return firm


async def off(firm, method, person=None, **fields):
    try:
        await firm.call(method, person, **fields)
    except errors.FailedPrecondition as refusal:
        return refusal.reason == "MODULE_OFF"
    return False


@pytest.mark.parametrize("wire", [False, True], ids=["local", "wire"])
async def test_what_is_off_is_refused_with_a_way_out(without_sales, wire):
    with pytest.raises(errors.FailedPrecondition) as caught:
        await without_sales.call("ListLeads", wire=wire)
    assert caught.value.reason == "MODULE_OFF"
    assert caught.value.metadata == {"module": "sales", "resource": "sales.Lead"}
    said = errors.sentence(caught.value.reason, caught.value.metadata, "en")
    assert "Ask an administrator to license it" in said
    assert await off(without_sales, "CreateLead", lead={})
    assert await off(without_sales, "ListProducts")


async def test_whoever_could_do_nothing_there_anyway_hears_the_same(without_sales):
    assert await off(without_sales, "ListLeads", await without_sales.member())


async def test_what_is_always_on_goes_on(without_sales):
    source = await without_sales.source()
    assert (await without_sales.call("GetSource", id=source.id)).id == source.id


async def test_another_firm_does_not_notice(without_sales, found):
    await (await found()).call("ListLeads")


async def test_a_module_comes_back_with_what_was_in_it(firm, until):
    lead = await firm.call("CreateLead", lead={"name": "Somebody"})
    await firm.call("LicenseTenant", id=firm.tenant_id, modules=["finance"])
    await until(lambda: off(firm, "GetLead", id=lead.id))
    await firm.call("LicenseTenant", id=firm.tenant_id, modules=["sales"])

    async def back():
        return not await off(firm, "GetLead", id=lead.id)

    await until(back)
    assert (await firm.call("GetLead", id=lead.id)).id == lead.id


async def test_an_edition_that_grows_is_heard_of(firm, until):
    made = await firm.call("CreateEdition", edition={"name": "Ours", "modules": ["finance"]})
    await firm.call("LicenseTenant", id=firm.tenant_id, edition_id=made.id)
    await until(lambda: off(firm, "ListLeads"))
    patch = {"id": made.id, "modules": ["finance", "sales"]}
    await firm.call("UpdateEdition", edition=patch, update_mask={"paths": ["modules"]})

    async def back():
        return not await off(firm, "ListLeads")

    await until(back)
