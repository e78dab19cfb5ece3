"""Search answers what a look at every text says, whoever asks (PLT-16, PLT-31, PTY-01)."""

import random
import uuid

import asyncpg
import pytest
from banyan.api.v1 import change_pb2
from banyan.party.v1 import organization_pb2

from chassis.access import EVERYTHING, Grant, Scope
from chassis.database import Role
from chassis.rpc.registry import contract_methods
from insight import heard, search_entry
from insight.search import START, Asked, found_sql
from insight.search_entry import searched, seed_of
from insight.search_text import beginnings, fold

ORGANIZATION = "party.banyan/Organization"
_WORDS = ("华为", "技术", "华", "Kestrel", "tre", "estr", "a_b", "100%", "Wei", "为人")


def _event(tenant_id, version=1, **fields):
    record = organization_pb2.Organization(**fields)
    change = change_pb2.Change(
        id=str(uuid.uuid4()),
        tenant_id=tenant_id,
        resource_type=ORGANIZATION,
        resource_id=record.id,
        version=version,
        verb="create" if version == 1 else "update",
    )
    change.record.Pack(record)
    return heard.again(change)


def _records(owner_user_id, count):
    chance = random.Random(3)
    for _ in range(count):
        note = " ".join(chance.choices(_WORDS, k=chance.randrange(4)))
        yield {
            "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "name": chance.choice(("", " ")).join(chance.choices(_WORDS, k=chance.randrange(1, 4))),
            "note": note,
            "owner_user_id": owner_user_id,
        }


def _place(query, record):
    """Give where a record stands among the matches by a look at its texts; None for nowhere."""
    ways = [way for way in beginnings(record["name"]) if way[1:].startswith(query)]
    ahead = [way for way in ways if way[0] < "3"]
    if ahead or len(query) < (3 if query.isascii() else 2):
        return ahead[0] if ahead else None
    if ways or query in fold(record["name"]):
        return "3"
    return "4" if query in fold(record["note"]) else None


def _wanted(query, records):
    found = [(place, r["id"]) for r in records if (place := _place(query, r)) is not None]
    found.sort(key=lambda one: one[1], reverse=True)
    return [id_ for _, id_ in sorted(found, key=lambda one: one[0])]


class Asking:
    """Calls of one person's searches."""

    def __init__(self, world, person):
        self.world, self.person = world, person
        self._method = next(m for m in contract_methods() if m.name == "Search")

    async def found(self, query, size):
        """Give everything found, page by page."""
        found, token = [], ""
        while True:
            request = self._method.request_type(
                query=query, page_size=size, page_token=token, resource_types=[ORGANIZATION]
            )
            reply = await self.world.call("Search", request, self.person)
            found += [hit.resource_id for hit in reply.hits]
            token = reply.next_page_token
            if not token:
                return found


async def _take_in(world, tenant_id, events):
    async with world.host.here["insight"].database.transaction(tenant_id) as transaction:
        await search_entry.take_in(events, transaction)


@pytest.fixture(scope="session")
async def firm(world):
    """A tenant, somebody who reads but their own there, and records that are theirs."""
    tenant_id = await world.tenant()
    owner = await world.person(tenant_id, [Grant("party.Organization", "read", Scope.OWN)])
    records = list(_records(owner.user_id, 150))
    await _take_in(world, tenant_id, [_event(tenant_id, **r) for r in records])
    return tenant_id, owner, records


@pytest.mark.parametrize(
    "query",
    ["华为", "技术", "华", "stre", "tre", "estr", "hw", "weijishu", "a_b", "0%", "100%", "x"],
)
async def test_every_place_is_the_one_its_texts_say(firm, world, query):
    """For who reads all, through the grams, and for who reads little, one by one."""
    tenant_id, owner, records = firm
    wanted = _wanted(query, records)
    assert wanted or query in ("0%", "x"), "two letters inside a word lead nowhere"
    for person in (world.administrator(tenant_id), owner):
        asking = Asking(world, person)
        assert await asking.found(query, 100) == wanted
        assert await asking.found(query, 7) == wanted


async def test_a_change_of_other_fields_moves_a_record_and_keeps_its_texts(world):
    tenant_id = await world.tenant()
    grants = [Grant("party.Organization", "read", Scope.OWN)]
    one, other = [await world.person(tenant_id, grants) for _ in range(2)]
    record = {"id": str(uuid.uuid4()), "name": "华为 Kestrel", "note": "Anvils"}
    first = _event(tenant_id, 1, **record, owner_user_id=one.user_id)
    moved = _event(tenant_id, 2, **record, owner_user_id=other.user_id)
    await _take_in(world, tenant_id, [first])
    await _take_in(world, tenant_id, [moved])
    await _take_in(world, tenant_id, [first])  # late
    for query in ("华为", "hw", "estr", "anvil"):
        assert await Asking(world, one).found(query, 9) == []
        assert await Asking(world, other).found(query, 9) == [record["id"]]


async def test_other_texts_beside_the_same_title_are_found_and_the_title_as_before(world):
    tenant_id = await world.tenant()
    asking = Asking(world, world.administrator(tenant_id))
    record = {"id": str(uuid.uuid4()), "name": "华为 Kestrel"}
    await _take_in(world, tenant_id, [_event(tenant_id, 1, **record, note="Anvils")])
    await _take_in(world, tenant_id, [_event(tenant_id, 2, **record, note="Hammers")])
    assert await asking.found("anvil", 9) == []
    for query in ("hammer", "华为", "hwk", "uawei", "weikestrel", "estr"):
        wanted = [] if query == "uawei" else [record["id"]]
        assert await asking.found(query, 9) == wanted, query
    await _take_in(world, tenant_id, [_event(tenant_id, 3, id=record["id"], name="中兴")])
    for query in ("hammer", "华为", "hwk", "weikestrel", "estr"):
        assert await asking.found(query, 9) == [], query
    assert await asking.found("zx", 9) == [record["id"]]


async def test_among_several_tenants_texts_are_looked_up_by_grams_alone(world):
    """No index is read that leads to the whole of a tenant."""
    tenants = [await world.tenant() for _ in range(3)]
    owner = await asyncpg.connect(world.host.address.dsn("insight", Role.OWNER))
    await owner.executemany(
        "INSERT INTO insight.search_entry (tenant_id, resource_type, resource_id, version, title,"
        " fields, texts, beginnings, body, grams) SELECT $1, $2, gen_random_uuid(), 1, 'x', '{}',"
        " '{}', '', '', ARRAY[n, n + 1] FROM generate_series(1, 10000) AS n",
        [(tenant_id, ORGANIZATION) for tenant_id in tenants],
    )
    await owner.execute("ANALYZE insight.search_entry")
    await owner.close()
    asked = Asked("kestrel", dict.fromkeys(searched(), EVERYTHING), seed_of(tenants[0]), START, 21)
    statement, arguments = found_sql(asked, True)
    database = world.host.databases["insight"]
    plan = await database.read(tenants[0], f"EXPLAIN {statement}", *arguments)
    text = "\n".join(row[0] for row in plan)
    assert "search_entry_grams_idx" in text
    assert "BitmapAnd" not in text
