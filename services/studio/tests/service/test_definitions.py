"""All get the definitions in force: services whole, people as far as they may read (PLT-26)."""

from banyan.studio.v1 import definition_pb2

from chassis import errors
from chassis.access import Scope
from chassis.rpc import acting


async def asked_by_a_service(firm, tenant_id: str = ""):
    """Ask as a service does in the background, without a tenant of its own."""
    request = definition_pb2.GetDefinitionsRequest(tenant_id=tenant_id or firm.tenant_id)
    with acting("sales"):
        return await firm.world.call("GetDefinitions", request, None)


async def test_a_service_gets_the_definitions_of_the_tenant_it_names(firm, other):
    field, industry = await firm.field(), await firm.picklist("software")
    theirs = await other.field()
    found = await asked_by_a_service(firm)
    assert list(found.custom_fields) == [field]
    assert list(found.picklists) == [industry]
    assert [made.id for made in (await asked_by_a_service(other)).custom_fields] == [theirs.id]


async def test_the_version_tells_that_something_changed(firm):
    versions = [(await asked_by_a_service(firm)).version]
    field, industry = await firm.field(), await firm.picklist("software")
    versions.append((await asked_by_a_service(firm)).version)
    await firm.update("CustomField", field.id, required=True)
    versions.append((await asked_by_a_service(firm)).version)
    await firm.call("DeletePicklist", id=industry.id)
    versions.append((await asked_by_a_service(firm)).version)
    assert versions == ["0.0", "1.1", "2.1", "2.2"]
    assert (await asked_by_a_service(firm)).version == versions[-1]


async def test_a_change_of_definitions_is_published(firm):
    """What others keep of them in memory is dropped when they hear of it."""
    made = await firm.field()
    await firm.update("CustomField", made.id, required=True)
    rows = await firm.world.host.databases["studio"].read(
        firm.tenant_id, "SELECT resource_type, verb FROM studio.change ORDER BY sequence"
    )
    kind = "studio.banyan/CustomField"
    assert [tuple(row) for row in rows] == [(kind, "create"), (kind, "update")]


async def test_people_get_those_of_nouns_they_may_read(firm, refusal):
    await firm.picklist("software")
    await firm.field()
    await firm.field(resource_type="sales.banyan/Lead")
    everything = await firm.call("ReadDefinitions")
    assert everything == await asked_by_a_service(firm)
    seller = await firm.person(("sales.Lead", "read", Scope.OWN))
    found = await firm.call("ReadDefinitions", seller)
    assert [field.resource_type for field in found.custom_fields] == ["sales.banyan/Lead"]
    assert [picklist.name for picklist in found.picklists] == ["industry"]
    assert found.version == everything.version
    request = {"tenant_id": firm.tenant_id}
    assert isinstance(await refusal(firm.call("GetDefinitions", **request)), errors.Forbidden)
