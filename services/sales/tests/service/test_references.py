"""What a deal refers to in other services is looked up in what events have told of it."""

import pytest

from chassis import errors
from chassis.access import FieldRule, Scope
from chassis.rpc import Channels


@pytest.fixture
def party_is_down(monkeypatch):
    """Let party answer nobody."""
    reach = Channels.to

    def to(self, service):
        if service == "party":
            raise errors.Unavailable("SERVICE_UNKNOWN", service=service)
        return reach(self, service)

    def down():
        monkeypatch.setattr(Channels, "to", to)

    return down


def sees(name, firm, deal_id):
    """Give a condition: the deal shows the name of its customer."""

    async def condition():
        return (await firm.call("GetOpportunity", id=deal_id)).organization_name == name

    return condition


async def test_deals_with_known_customers_are_made_while_party_is_down(
    firm, until, refusal, party_is_down
):
    """PLT-02: new ones, and others that get such a customer."""
    customer = await firm.organization(name="Kunshan Precision")
    first = await firm.deal(organization_id=customer.id)
    await until(sees(customer.name, firm, first.id))
    party_is_down()
    made = await firm.deal(organization_id=customer.id)
    assert made.organization_name == customer.name
    other = await firm.deal()
    changed = await firm.update("Opportunity", other.id, organization_id=customer.id)
    assert changed.organization_name == customer.name
    # What is not known here is asked for, and nobody answers.
    assert isinstance(await refusal(firm.deal(organization_id=first.id)), errors.Unavailable)


async def test_a_customer_that_comes_back_is_there_at_once(firm, refused):
    """PLT-17: a no is never taken from what events have told."""
    customer = await firm.organization()
    await firm.call("DeleteOrganization", id=customer.id)
    await refused(lambda: firm.deal(organization_id=customer.id))
    await firm.call("UndeleteOrganization", id=customer.id)
    assert (await firm.deal(organization_id=customer.id)).organization_name == customer.name


async def test_whether_a_customer_is_deleted_is_asked_where_it_was_not_kept(firm, until, refusal):
    """Rows of before the mirror knew it say nothing of it."""
    customer = await firm.organization()
    first = await firm.deal(organization_id=customer.id)
    await until(sees(customer.name, firm, first.id))
    await firm.call("DeleteOrganization", id=customer.id)
    await firm.set_rows("UPDATE sales.title SET deleted = NULL, version = version + 100")
    error = await refusal(firm.deal(organization_id=customer.id))
    assert [v.reason for v in error.violations] == ["REFERENCE_NOT_FOUND"]


async def test_who_does_not_see_a_customer_makes_no_deal_with_it(firm, until, refusal, refused):
    """PLT-16: known here or not; and given to a colleague it is out of sight."""
    rights = [("sales.*", "*", Scope.ALL), ("party.Organization", "*", Scope.OWN)]
    rep, colleague = await firm.person(*rights), await firm.person(*rights)
    mine = await firm.organization(rep)
    deal = await firm.deal(rep, organization_id=mine.id)
    await until(sees(mine.name, firm, deal.id))
    assert (await firm.deal(rep, organization_id=mine.id)).organization_name == mine.name
    error = await refusal(firm.deal(colleague, organization_id=mine.id))
    assert [v.reason for v in error.violations] == ["REFERENCE_NOT_FOUND"]
    await firm.update("Organization", mine.id, owner_user_id=colleague.user_id)
    assert (await firm.deal(colleague, organization_id=mine.id)).organization_name == mine.name
    error = await refused(lambda: firm.deal(rep, organization_id=mine.id))
    assert [v.reason for v in error.violations] == ["REFERENCE_NOT_FOUND"]


async def test_a_name_that_is_hidden_is_not_told_by_deals(firm, until):
    """SAL-65: though it is known here."""
    customer = await firm.organization(name="Secret")
    first = await firm.deal(organization_id=customer.id)
    await until(sees(customer.name, firm, first.id))
    rule = FieldRule("everything", "party.Organization", frozenset({"name"}), hidden=True)
    blind = await firm.world.person(firm.tenant_id, field_rules=[rule])
    made = await firm.deal(blind, organization_id=customer.id)
    seen = await firm.call("GetOpportunity", blind, id=made.id)
    (listed,) = await firm.listed("ListOpportunities", blind, filter=f'id = "{made.id}"')
    for one in (made, seen, listed):
        assert (one.organization_id, one.organization_name) == (customer.id, "")
