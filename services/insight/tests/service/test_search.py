"""Search over everything, within what the caller may read (PLT-16, PLT-31, PTY-01)."""

import asyncio
import time
import uuid

import asyncpg
import pytest
from banyan.api.v1 import change_pb2, share_pb2

from chassis import errors
from chassis.access import EVERYTHING, FieldRule, Grant, Scope
from chassis.database import Role
from chassis.rpc.registry import contract_methods
from insight import heard, search, search_entry
from insight.search import START, Asked, found_sql
from insight.search_entry import searched, seed_of

ORGANIZATION = "party.banyan/Organization"


class Firm:
    """A firm with records to be found."""

    def __init__(self, world, tenant_id):
        self.world, self.tenant_id = world, tenant_id
        self.boss = world.administrator(tenant_id)

    async def call(self, name, person=None, /, **fields):
        method = next(m for m in contract_methods() if m.name == name)
        return await self.world.call(name, method.request_type(**fields), person or self.boss)

    async def organization(self, name, person=None, **fields):
        record = {"name": name} | fields
        return await self.call("CreateOrganization", person, organization=record)

    async def found(self, query, person=None, **fields):
        reply = await self.call("Search", person, query=query, **fields)
        return [hit.resource_id for hit in reply.hits]

    async def until(self, query, wanted, person=None):
        """Wait until a question has exactly this answer, in this order."""
        deadline = time.monotonic() + 10
        while True:
            found = await self.found(query, person)
            if found == wanted:
                return
            assert time.monotonic() < deadline, (query, found, wanted)
            await asyncio.sleep(0.01)


@pytest.fixture
async def firm(world):
    return Firm(world, await world.tenant())


async def test_two_characters_pinyin_and_parts_of_words_find_a_customer(firm):
    huawei = await firm.organization("华为技术有限公司")
    other = await firm.organization("中兴通讯")
    muller = await firm.organization("Müller & Söhne", note="Zulieferer für 华为")
    for query in ("华为技术", "技术", "hwjs", "huaweiji", "HUAWEI"):
        await firm.until(query, [huawei.id])
    await firm.until("中兴", [other.id])
    for query in ("muller", "ÜLLE", "sohne", "Zulief"):
        await firm.until(query, [muller.id])
    await firm.until("华为", [huawei.id, muller.id])  # the title comes before other fields
    assert await firm.found("nobody at all") == []


async def test_the_snippet_says_where_it_was_found(firm):
    made = await firm.organization("Acme", note="They make anvils in Ohio")
    await firm.until("anvil", [made.id])
    (hit,) = (await firm.call("Search", query="anvil")).hits
    assert (hit.resource_type, hit.title) == (ORGANIZATION, "Acme")
    shown = hit.snippet
    assert (shown.field, shown.before, shown.match, shown.after) == (
        "note", "They make ", "anvil", "s in Ohio",
    )  # fmt: skip


async def test_what_changes_is_found_as_it_is_and_what_is_deleted_is_not(firm):
    made = await firm.organization("Alpha Works")
    await firm.until("alpha", [made.id])
    record = {"id": made.id, "name": "Omega Works"}
    await firm.call("UpdateOrganization", organization=record, update_mask={"paths": ["name"]})
    await firm.until("omega", [made.id])
    await firm.until("alpha", [])
    await firm.call("DeleteOrganization", id=made.id)
    await firm.until("omega", [])
    await firm.call("UndeleteOrganization", id=made.id)
    await firm.until("omega", [made.id])


async def test_nobody_finds_what_they_may_not_read(firm, world):
    """Neither by hits nor by pages; and another firm finds nothing at all."""
    grants = [Grant("party.Organization", action, Scope.OWN) for action in ("read", "create")]
    clerk = await world.person(firm.tenant_id, grants)
    mine = await firm.organization("Kestrel North", clerk)
    theirs = await firm.organization("Kestrel South")
    await firm.until("kestrel", [mine.id, theirs.id])
    assert await firm.found("kestrel", clerk) == [mine.id]
    reply = await firm.call("Search", clerk, query="kestrel", page_size=1)
    assert not reply.next_page_token
    blind = await world.person(firm.tenant_id, [Grant("party.Source", "read", Scope.ALL)])
    assert await firm.found("kestrel", blind) == []
    stranger = Firm(world, await world.tenant())
    assert await stranger.found("kestrel") == []


@pytest.mark.parametrize("few", [0, 1000], ids=["in order", "one by one"])
async def test_what_is_hidden_of_a_record_neither_finds_nor_shows_it(firm, world, few, monkeypatch):
    """PLT-16: by grams as where each record is looked at, whatever else is found by the same word.

    The rule is about one noun: another's field of the same name is found.
    """
    monkeypatch.setattr(search, "FEW", few)
    noted = await firm.organization("Acme", note="They make anvils")
    named = await firm.organization("Anvil Brothers", note="Bought anvils in Ohio")
    both = await firm.organization("Weber", note="Owes for anvils", website="anvils.example")
    other = await firm.call("CreateContact", contact={"name": "Ann", "note": "Sells anvils"})
    wanted = [named.id, other.id, both.id, noted.id]
    await firm.until("anvil", wanted)
    rule = FieldRule("all", "party.Organization", frozenset({"note"}), True)
    for scope in (Scope.ALL, Scope.SUBTREE):
        grants = [Grant("*", "read", scope, firm.boss.org_unit_id, "all")]
        clerk = await world.person(firm.tenant_id, grants, field_rules=[rule])
        hits = (await firm.call("Search", clerk, query="anvil")).hits
        assert [(hit.resource_id, hit.snippet.field) for hit in hits] == [
            (named.id, "name"), (other.id, "note"), (both.id, "website"),
        ]  # fmt: skip
        assert await firm.found("ohio", clerk) == []


async def test_what_is_shared_is_found_by_whom_it_is_shared_with(firm, world):
    """PLT-16: with them alone, by a unit too, and no longer than it is."""
    grants = [Grant("party.Organization", "read", Scope.OWN)]
    unit = await world.unit(firm.tenant_id)
    clerk, colleague = [await world.person(firm.tenant_id, grants, unit) for _ in range(2)]
    made = await firm.organization("Osprey")
    await firm.organization("Osprey Sister")
    read = share_pb2.Share.ACCESS_READ
    await firm.call("ShareOrganization", id=made.id, user_id=clerk.user_id, access=read)
    await firm.until("osprey", [made.id], clerk)
    assert await firm.found("osprey", colleague) == []
    await firm.call("ShareOrganization", id=made.id, org_unit_id=unit, access=read)
    await firm.until("osprey", [made.id], colleague)
    for principal in ({"user_id": clerk.user_id}, {"org_unit_id": unit}):
        await firm.call("UnshareOrganization", id=made.id, **principal)
    await firm.until("osprey", [], colleague)
    assert await firm.found("osprey", clerk) == []


async def test_what_is_no_longer_shared_is_not_found_whatever_is_heard_with_it(firm, world):
    """PLT-16: also when the record changed again before the index heard of either."""
    grants = [Grant("party.Organization", "read", Scope.OWN)]
    clerk = await world.person(firm.tenant_id, grants)
    made = await firm.organization("Merlin")
    read = share_pb2.Share.ACCESS_READ
    await firm.call("ShareOrganization", id=made.id, user_id=clerk.user_id, access=read)
    await firm.until("merlin", [made.id], clerk)
    await firm.call("UnshareOrganization", id=made.id, user_id=clerk.user_id)
    record = {"id": made.id, "name": "Peregrine"}
    await firm.call("UpdateOrganization", organization=record, update_mask={"paths": ["name"]})
    await firm.until("peregrine", [made.id])
    here = world.host.here["insight"]
    rows = await world.host.databases["party"].read(
        firm.tenant_id, "SELECT payload FROM party.change ORDER BY sequence"
    )
    changes = [change_pb2.Change.FromString(row[0]) for row in rows]
    unheard = [heard.again(c) for c in changes if c.resource_id == made.id and c.version > 2]
    assert [event.change.verb for event in unheard] == ["unshare", "update"]
    async with here.database.transaction(firm.tenant_id) as transaction:
        # As the index was before it heard of these two.
        await transaction.fetch("UPDATE insight.search_entry SET version = 2")
        await transaction.fetch(
            "INSERT INTO insight.share VALUES ($1, $2, $3, $4, false) ON CONFLICT DO NOTHING",
            *(firm.tenant_id, ORGANIZATION, clerk.user_id, made.id),
        )
        await search_entry.take_in(unheard, transaction)
    assert await firm.found("peregrine") == [made.id]
    assert await firm.found("peregrine", clerk) == []


async def test_pages_go_on_where_they_stopped(firm):
    made = [(await firm.organization(f"Heron {n:02}")).id for n in range(7)]
    await firm.until("heron", made)
    found, token = [], ""
    while True:
        reply = await firm.call("Search", query="heron", page_size=3, page_token=token)
        found += [hit.resource_id for hit in reply.hits]
        token = reply.next_page_token
        if not token:
            break
    assert found == made


async def test_a_kind_of_record_nobody_knows_is_refused(firm):
    with pytest.raises(errors.Invalid) as caught:
        await firm.call("Search", query="x", resource_types=["party.banyan/Nothing"])
    assert caught.value.violations[0].reason == "UNKNOWN_RESOURCE_TYPE"


async def test_a_rebuilt_index_finds_the_same(firm, world):
    made = await firm.organization("Rebuilt Falcon")
    await firm.until("falcon", [made.id])
    before = await firm.call("Search", query="falcon")
    here = world.host.here["insight"]
    async with here.database.transaction(firm.tenant_id) as transaction:
        await transaction.fetch("DELETE FROM insight.search_beginning")
        await transaction.fetch("DELETE FROM insight.search_entry")
    assert await firm.found("falcon") == []
    await search_entry.rebuild(here)
    assert await firm.call("Search", query="falcon") == before


async def test_two_chinese_characters_are_looked_up_by_the_index(firm, world):
    """As the service's own role, behind the wall: no question reads the whole table."""
    owner = await asyncpg.connect(world.host.address.dsn("insight", Role.OWNER))
    rows = [
        (firm.tenant_id, ORGANIZATION, str(uuid.uuid4()), f"公司{n}", [n * 1_000_003 + 7])
        for n in range(20_000)
    ]
    await owner.executemany(
        "INSERT INTO insight.search_entry (tenant_id, resource_type, resource_id, version, title,"
        " fields, texts, beginnings, body, grams) VALUES ($1, $2, $3, 1, $4, '{}', '{}', '', '',"
        " $5)",
        rows,
    )
    await owner.execute("ANALYZE insight.search_entry, insight.search_beginning")
    await owner.close()
    seed, database = seed_of(firm.tenant_id), world.host.databases["insight"]
    asked = Asked("华为", dict.fromkeys(searched(), EVERYTHING), seed, START, 21)
    statement, arguments = found_sql(asked, True)
    plan = await database.read(firm.tenant_id, f"EXPLAIN {statement}", *arguments)
    text = "\n".join(row[0] for row in plan)
    assert "search_entry_grams_idx" in text
    assert "Seq Scan on search_entry" not in text
