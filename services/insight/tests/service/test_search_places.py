"""Search answers what a look at every text says, whoever asks (PLT-16, PLT-31, PTY-01)."""

import random
import uuid
from typing import Any, NamedTuple

import asyncpg
import pytest
from banyan.api.v1 import change_pb2
from banyan.party.v1 import contact_pb2, organization_pb2

from chassis.access import EVERYTHING, Grant, Reach, Scope
from chassis.database import Role
from chassis.rpc.registry import contract_methods
from insight import heard, search, search_entry
from insight.search import START, Asked, found_sql
from insight.search_entry import searched, seed_of
from insight.search_text import beginnings, fold

ORGANIZATION, CONTACT = "party.banyan/Organization", "party.banyan/Contact"
_MADE = {ORGANIZATION: organization_pb2.Organization, CONTACT: contact_pb2.Contact}
_WORDS = (
    *("华为", "技术", "华", "Kestrel", "tre", "estr", "a_b", "100%", "Wei", "为人", "Müller"),
    *("& Co.", "5G基站", "estrestr", "Präzisionsmaschinenbaugesellschaft", "深圳", "-9"),
)
_QUERIES = (
    *("华为", "技术", "华", "为", "华为技", "stre", "tre", "estr", "kest", "rel", "s", "es", "a_b"),
    *("0%", "00%", "100%", "x", "hw", "weijishu", "shenzhen", "zhen", "g基", "5g", "基站", "mull"),
    *("üLLE", "lle", "& co", "co.", ". ", "re tre", "l 华", "-9", "maschine", "gesell", "schaft"),
)


def _event(tenant_id, version=1, kind=ORGANIZATION, **fields):
    record = _MADE[kind](**fields)
    change = change_pb2.Change(
        id=str(uuid.uuid4()),
        tenant_id=tenant_id,
        resource_type=kind,
        resource_id=record.id,
        version=version,
        verb="create" if version == 1 else "update",
    )
    change.record.Pack(record)
    return heard.again(change)


def _records(owners, count):
    chance = random.Random(3)
    for _ in range(count):
        note = " ".join(chance.choices(_WORDS, k=chance.randrange(4)))
        words = chance.choices(_WORDS, k=chance.choice((1, 1, 2, 2, 3, 3, 12)))
        yield {
            "kind": chance.choice((ORGANIZATION, ORGANIZATION, CONTACT)),
            "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "name": chance.choice(("", " ")).join(words)[:200],
            "note": note,
            "owner_user_id": chance.choice(owners),
        }


def _place(query, record):
    """Give where a record stands among the matches by a look at its texts; None for nowhere."""
    name = fold(record["name"])
    ways = [way for way in beginnings(record["name"]) if way[1:].startswith(query)]
    ahead = [way for way in ways if way[0] < "3"]
    if ahead or len(query) < (3 if query.isascii() else 2):
        return ahead[0] if ahead else None
    if within := [name[at:][:64] for at in range(64) if name[at:].startswith(query)]:
        return "3" + min(within)
    if ways or query in name:
        return "4"
    return "5" if query in fold(record["note"]) else None


def _wanted(typed, records):
    query = fold(typed)
    found = [(place, r) for r in records if (place := _place(query, r)) is not None]
    found.sort(key=lambda one: one[1]["kind"])
    found.sort(key=lambda one: one[1]["id"], reverse=True)
    return [r["id"] for _, r in sorted(found, key=lambda one: one[0])]


class Asking:
    """Calls of one person's searches."""

    def __init__(self, world, person):
        self.world, self.person = world, person
        self._method = next(m for m in contract_methods() if m.name == "Search")

    async def found(self, query, size, kinds=(ORGANIZATION,)):
        """Give everything found, page by page."""
        found, token = [], ""
        while True:
            request = self._method.request_type(
                query=query, page_size=size, page_token=token, resource_types=kinds
            )
            reply = await self.world.call("Search", request, self.person)
            found += [hit.resource_id for hit in reply.hits]
            token = reply.next_page_token
            if not token:
                return found


async def _take_in(world, tenant_id, events):
    async with world.host.here["insight"].database.transaction(tenant_id) as transaction:
        await search_entry.take_in(events, transaction)


class Firm(NamedTuple):
    """A tenant with records, some of them somebody's own.

    Attributes:
        askers: who searches, with the types of which they read but their own.
    """

    tenant_id: str
    askers: list[tuple[Any, set[str]]]
    records: list[dict[str, str]]

    def read_by(self, person, own, kinds):
        """Give the records somebody may read."""
        return [
            record
            for record in self.records
            if record["kind"] in kinds
            and (record["kind"] not in own or record["owner_user_id"] == person.user_id)
        ]


@pytest.fixture(scope="session")
async def firm(world):
    """A tenant, who reads all there, and who reads but their own, of all types or of one."""
    tenant_id = await world.tenant()
    grants = [Grant(f"party.{n}", "read", Scope.OWN) for n in ("Organization", "Contact")]
    owner = await world.person(tenant_id, grants)
    mixed = await world.person(
        tenant_id, [Grant("party.Organization", "read", Scope.ALL), grants[1]]
    )
    boss = world.administrator(tenant_id)
    records = list(_records([person.user_id for person in (owner, boss, mixed)], 400))
    await _take_in(world, tenant_id, [_event(tenant_id, **r) for r in records])
    askers = [(boss, set()), (owner, {ORGANIZATION, CONTACT}), (mixed, {CONTACT})]
    return Firm(tenant_id, askers, records)


@pytest.mark.parametrize("few", [0, 1000], ids=["in order", "one by one"])
@pytest.mark.parametrize("query", _QUERIES)
async def test_every_place_is_the_one_its_texts_say(firm, world, query, few, monkeypatch):
    """PLT-16, PTY-01: for who reads all, who reads their own, and who reads types differently.

    Of little that may be read each is looked at; of more it is met in order. Both say the same.
    """
    monkeypatch.setattr(search, "FEW", few)
    found = 0
    for person, own in firm.askers:
        asking = Asking(world, person)
        for kinds in ((ORGANIZATION,), (CONTACT, ORGANIZATION)):
            wanted = _wanted(query, firm.read_by(person, own, kinds))
            assert await asking.found(query, 100, kinds) == wanted
            assert await asking.found(query, 7, kinds) == wanted
            found += len(wanted)
    # A letter or two inside a word lead nowhere, nor does what is nowhere.
    assert found or query in ("0%", "x", ". ")


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
    """PLT-31: no index is read that leads to the whole of a tenant, or to all somebody may read."""
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
    narrow = Reach(own=True, user_id=str(uuid.uuid4()), units=frozenset({str(uuid.uuid4())}))
    database = world.host.databases["insight"]
    for reach in (EVERYTHING, narrow):
        asked = Asked("kestrel", dict.fromkeys(searched(), reach), seed_of(tenants[0]), START, 21)
        statement, arguments = found_sql(asked, reach is EVERYTHING)
        plan = await database.read(tenants[0], f"EXPLAIN {statement}", *arguments)
        text = "\n".join(row[0] for row in plan)
        assert "search_entry_grams_idx" in text
        assert "BitmapAnd" not in text
        assert "search_entry_owner_idx" not in text
        assert "search_entry_unit_idx" not in text
