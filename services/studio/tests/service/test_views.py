"""Views are somebody's own until they are shared, and ask what can be answered (PLT-25)."""

from chassis import errors
from chassis.access import Scope

OWN_VIEWS = [("studio.View", verb, Scope.OWN) for verb in ("create", "read", "update", "delete")]
READS_DEALS = ("sales.Opportunity", "read", Scope.ALL)


async def test_what_a_list_would_refuse_is_refused_when_it_is_saved(firm, violations):
    attempt = firm.view(columns=["name", "nmae"], filter="nmae = 1", order_by="note", group_by="x")
    assert await violations(attempt) == [
        ("view.columns[1]", "UNKNOWN_FIELD"),
        ("view.filter", "NOT_FILTERABLE"),
        ("view.order_by", "NOT_SORTABLE"),
        ("view.group_by", "NOT_GROUPABLE"),
    ]


async def test_what_a_view_asks_is_answered(firm):
    made = await firm.view(
        columns=["name", "amount"],
        filter="outcome = OPEN",
        order_by="closeDate desc",
        group_by="stage, month(closeDate)",
    )
    asked = {"filter": made.filter, "order_by": made.order_by}
    assert not (await firm.call("ListOpportunities", **asked)).opportunities
    await firm.call("SummarizeOpportunities", filter=made.filter, group_by=made.group_by)


async def test_columns_show_custom_fields_that_are_defined(firm, other, violations):
    field = await firm.field(key="seats")
    columns = ["name", "customFields.seats"]
    made = await firm.view(columns=columns)
    assert list(made.columns) == columns
    wanted = [("view.columns[1]", "UNKNOWN_FIELD")]
    assert await violations(other.view(columns=columns)) == wanted
    attempt = firm.view(resource_type="sales.banyan/Lead", columns=columns)
    assert await violations(attempt) == wanted
    wrong = ["name", "custom_fields.chairs"]
    assert await violations(firm.update("View", made.id, columns=wrong)) == wanted
    await firm.call("DeleteCustomField", id=field.id)
    assert await violations(firm.view(columns=columns)) == wanted
    renamed = await firm.update("View", made.id, name="what is left")
    assert (renamed.name, list(renamed.columns)) == ("what is left", columns)


async def test_a_view_stays_with_its_noun(firm, violations):
    made = await firm.view()
    found = await violations(firm.update("View", made.id, resource_type="sales.banyan/Lead"))
    assert found == [("view.resource_type", "IMMUTABLE")]


async def test_sharing_takes_a_right_of_its_own(firm, refusal):
    """PLT-16."""
    member = await firm.person(*OWN_VIEWS, READS_DEALS)
    made = await firm.view(member)
    for attempt in (
        firm.view(member, sharing="SHARING_EVERYBODY"),
        firm.update("View", made.id, member, sharing="SHARING_UNIT"),
    ):
        error = await refusal(attempt)
        assert isinstance(error, errors.Forbidden)
        assert error.metadata == {"action": "share", "resource": "studio.View"}
    lead = await firm.person(*OWN_VIEWS, ("studio.View", "share", Scope.OWN), READS_DEALS)
    shared = await firm.view(lead, sharing="SHARING_EVERYBODY")
    assert shared.owner_user_id == lead.user_id


async def offered(firm, person, **fields) -> list[str]:
    return [view.name for view in (await firm.call("OfferViews", person, **fields)).views]


async def test_one_is_offered_own_views_those_of_the_unit_and_everybodys(firm):
    division = await firm.world.unit(firm.tenant_id)
    team = await firm.world.unit(firm.tenant_id, division)
    member = await firm.person(*OWN_VIEWS, READS_DEALS, unit=team)
    neighbour = await firm.person(READS_DEALS)
    await firm.view(member, name="own")
    await firm.view(name="the boss's")
    await firm.view(name="of the division", org_unit_id=division, sharing="SHARING_UNIT")
    await firm.view(name="everybody's", sharing="SHARING_EVERYBODY", preferred=True)
    assert await offered(firm, member) == ["everybody's", "own", "of the division"]
    assert await offered(firm, neighbour) == ["everybody's"]


async def test_views_are_offered_of_the_noun_one_asks_for_and_may_read(firm, other, violations):
    everybody = {"sharing": "SHARING_EVERYBODY"}
    await firm.view(name="deals", **everybody)
    await firm.view(name="leads", resource_type="sales.banyan/Lead", **everybody)
    seller = await firm.person(READS_DEALS, ("sales.Lead", "read", Scope.OWN))
    assert await offered(firm, seller) == ["leads", "deals"]
    assert await offered(firm, seller, resource_type="sales.banyan/Opportunity") == ["deals"]
    assert await offered(firm, await firm.person(READS_DEALS)) == ["deals"]
    assert await offered(firm, await firm.person()) == []
    assert await offered(other, other.boss) == []
    attempt = firm.call("OfferViews", resource_type="sales.Opportunity")
    assert await violations(attempt) == [("resource_type", "UNKNOWN_RESOURCE_TYPE")]
