"""What refers to a merged organization or contact refers to the one that stayed (PLT-17)."""

import uuid

import pytest
from banyan.party.v1 import events_pb2

from chassis.events import ConsumerRunner, Event
from sales import merging

NAME, OTHER_NAME = "华为", "华为技术有限公司"


@pytest.fixture
def runner(firm):
    """The consumer as another process runs it."""
    here, broker = firm.world.host.here["sales"], firm.world.host.brokers["sales"]
    return ConsumerRunner(merging.consumer(here), here.database, broker)


class Customer:
    """Two organizations that are one, and what sales has of them."""

    def __init__(self, firm, until) -> None:
        self.firm, self.until = firm, until

    async def prepare(self) -> "Customer":
        firm = self.firm
        self.kept = await firm.organization(name=NAME)
        self.gone = await firm.organization(name=OTHER_NAME)
        self.deal = await firm.deal(organization_id=self.gone.id)
        self.own_deal = await firm.deal(organization_id=self.kept.id)
        lead = await firm.lead()
        self.lead = await firm.call("ConvertLead", id=lead.id, organization_id=self.gone.id)
        self.coverage = await firm.call(
            "CreateCoverage",
            coverage={"organization_id": self.gone.id, "user_id": firm.boss.user_id},
        )
        return self

    async def merge(self):
        ids = {"id": self.kept.id, "other_id": self.gone.id}
        return await self.firm.call("MergeOrganization", **ids)

    async def places(self) -> list[str]:
        """Say at which of the two everything is that was at the one that goes."""
        names = {self.kept.id: "kept", self.gone.id: "gone"}
        records = [
            await self.firm.call("GetOpportunity", id=self.deal.id),
            await self.firm.call("GetOpportunity", id=self.lead.opportunity_id),
            await self.firm.call("GetLead", id=self.lead.id),
            await self.firm.call("GetCoverage", id=self.coverage.id),
        ]
        return [names.get(record.organization_id, "elsewhere") for record in records]

    async def all_are(self, where: str) -> None:
        async def settled() -> bool:
            return set(await self.places()) == {where}

        await self.until(settled)


@pytest.fixture
def customer(firm, until):
    return Customer(firm, until)


async def test_deals_leads_and_coverage_follow_a_merge_and_its_undoing(firm, customer, until):
    await customer.prepare()
    assert await customer.places() == ["gone"] * 4
    merge = await customer.merge()
    await customer.all_are("kept")
    (*_, change) = await firm.changes("sales", customer.deal.id)
    assert (change.verb, change.actor_service) == ("update", "sales")
    assert change.on_behalf_of_user_id == firm.boss.user_id
    assert [f.path for f in change.fields] == ["organization_id"]
    now = await firm.call("GetOpportunity", id=customer.deal.id)
    assert now.organization_name == NAME

    await firm.call("UndoMerge", id=merge.id)
    await customer.all_are("gone")
    own = await firm.call("GetOpportunity", id=customer.own_deal.id)
    assert own == customer.own_deal, "what was at the one that stayed has never moved"
    for record_id in (customer.deal.id, customer.coverage.id):
        assert len(await firm.changes("sales", record_id)) == 3
    assert not (await firm.rows("SELECT id FROM sales.opportunity WHERE moved_by <> '{}'"))


async def test_a_deal_that_has_ended_follows_too(firm, customer):
    await customer.prepare()
    await firm.call("WinOpportunity", id=customer.deal.id, reason="price")
    await customer.merge()
    await customer.all_are("kept")


async def test_people_of_deals_follow(firm, until):
    kept, gone = await firm.contact(name="李娜"), await firm.contact(name="Li Na")
    deal = await firm.deal(contact_id=gone.id)
    merge = await firm.call("MergeContact", id=kept.id, other_id=gone.id)

    async def at(contact_id: str) -> bool:
        return (await firm.call("GetOpportunity", id=deal.id)).contact_id == contact_id

    await until(lambda: at(kept.id))
    await firm.call("UndoMerge", id=merge.id)
    await until(lambda: at(gone.id))


async def test_what_people_moved_since_is_left_by_the_undoing(firm, customer, until):
    await customer.prepare()
    elsewhere = await firm.organization()
    merge = await customer.merge()
    await customer.all_are("kept")
    await firm.update("Opportunity", customer.deal.id, organization_id=elsewhere.id)
    await firm.update("Opportunity", customer.own_deal.id, note="changed")
    await firm.call("UndoMerge", id=merge.id)

    async def settled() -> bool:
        return await customer.places() == ["elsewhere", "gone", "gone", "gone"]

    await until(settled)
    own = await firm.call("GetOpportunity", id=customer.own_deal.id)
    assert own.organization_id == customer.kept.id


async def test_each_undoing_moves_back_what_its_own_merge_moved(firm, until):
    a, b, c = [await firm.organization(name=name) for name in ("A", "B", "C")]
    deals = [await firm.deal(organization_id=one.id) for one in (a, b, c)]

    async def at(*wanted) -> None:
        async def settled() -> bool:
            now = [await firm.call("GetOpportunity", id=deal.id) for deal in deals]
            return [deal.organization_id for deal in now] == [one.id for one in wanted]

        await until(settled)

    first = await firm.call("MergeOrganization", id=b.id, other_id=a.id)
    await at(b, b, c)
    second = await firm.call("MergeOrganization", id=c.id, other_id=b.id)
    await at(c, c, c)
    await firm.call("UndoMerge", id=second.id)
    await at(b, b, c)
    await firm.call("UndoMerge", id=first.id)
    await at(a, b, c)
    # The same merge once more moves what is there now, and back.
    await firm.update("Opportunity", deals[0].id, organization_id=b.id)
    third = await firm.call("MergeOrganization", id=b.id, other_id=a.id)
    await firm.call("UndoMerge", id=third.id)
    await at(b, b, c)


def fact(kind, customer, merge_id: str, undone: bool = False):
    name = "merge_undone" if undone else "records_merged"
    told = kind(
        resource_type="party.banyan/Organization", from_id=customer.gone.id,
        into_id=customer.kept.id, merge_id=merge_id, user_id=customer.firm.boss.user_id,
    )  # fmt: skip
    subject = f"banyan.{customer.firm.tenant_id}.party.fact.{name}"
    return Event(str(uuid.uuid4()), customer.firm.tenant_id, subject, told.SerializeToString())


async def test_a_merge_that_is_heard_after_its_undoing_has_no_effect(firm, customer, runner):
    """PLT-01: events come in any order."""
    await customer.prepare()
    merge_id = str(uuid.uuid4())
    undone = fact(events_pb2.MergeUndone, customer, merge_id, undone=True)
    await runner.apply(firm.tenant_id, [undone])
    await runner.apply(firm.tenant_id, [fact(events_pb2.RecordsMerged, customer, merge_id)])
    assert await customer.places() == ["gone"] * 4
    assert len(await firm.changes("sales", customer.deal.id)) == 1


async def test_a_merge_lets_its_record_be_asked_for_at_once(firm, customer, runner, until):
    """What a new deal could refer to in between would stay with the record that is gone."""
    await customer.prepare()
    sales, gone = firm.world.host.databases["sales"], customer.gone.id
    kept = "SELECT deleted FROM sales.title WHERE resource_id = $1"

    async def mirrored():
        return await sales.read(firm.tenant_id, kept, gone)

    assert [row[0] for row in await until(mirrored)] == [False]
    await runner.apply(
        firm.tenant_id, [fact(events_pb2.RecordsMerged, customer, str(uuid.uuid4()))]
    )
    assert [row[0] for row in await mirrored()] == [None]


async def test_a_merge_that_is_heard_twice_has_one_effect(firm, customer, runner):
    """PLT-01: even under another event id, as after a replay."""
    await customer.prepare()
    merge_id = str(uuid.uuid4())
    for _ in range(2):
        await runner.apply(firm.tenant_id, [fact(events_pb2.RecordsMerged, customer, merge_id)])
    assert await customer.places() == ["kept"] * 4
    assert len(await firm.changes("sales", customer.deal.id)) == 2
    for _ in range(2):
        undone = fact(events_pb2.MergeUndone, customer, merge_id, undone=True)
        await runner.apply(firm.tenant_id, [undone])
    assert await customer.places() == ["gone"] * 4
    assert len(await firm.changes("sales", customer.deal.id)) == 3


async def test_a_lead_whose_e_mail_is_a_contacts_is_converted_on_purpose_only(firm, refusal):
    """PLT-17: one names the contact, or says that a second one is meant."""
    there = await firm.contact(email="li.na@example.com")
    lead = await firm.lead(email="Li.Na@Example.com")
    error = await refusal(firm.call("ConvertLead", id=lead.id))
    assert (error.reason, error.metadata) == ("CONVERSION_REFUSED", {"reason": "ALREADY_SIMILAR"})
    done = await firm.call("ConvertLead", id=lead.id, contact_id=there.id)
    assert done.contact_id == there.id
    other = await firm.lead(email="li.na@example.com")
    done = await firm.call("ConvertLead", id=other.id, allow_duplicate=True)
    assert done.contact_id != there.id
