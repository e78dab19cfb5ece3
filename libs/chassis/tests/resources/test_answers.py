"""A summary that was answered before is what it is now, whoever changed what meanwhile."""

import asyncio
import random
import uuid
from collections import Counter

import asyncpg
import pytest

from chassis.access import Grant, Scope
from chassis.database import Role
from chassis.resources import answers
from chassis.rpc.registry import contract_methods

SOURCE = "party.banyan/Source"
_LATE = (
    "INSERT INTO party.source SELECT (jsonb_populate_record(s, jsonb_build_object('id', $2::uuid,"
    " 'name', 'late', 'kind', 'late'))).* FROM party.source s WHERE tenant_id = $1",
    "INSERT INTO party.change (tenant_id, id, resource_type, resource_id, version, verb, payload)"
    f" VALUES ($1, $2, '{SOURCE}', $2, 1, 'create', '')",
)


class Firm:
    """A firm's sources, counted by kind."""

    def __init__(self, world, tenant_id):
        self.world, self.tenant_id = world, tenant_id
        self.boss = world.administrator(tenant_id)

    async def call(self, name, person=None, /, **fields):
        method = next(m for m in contract_methods() if m.name == name)
        return await self.world.call(name, method.request_type(**fields), person or self.boss)

    async def ask(self, person=None, **fields):
        """Give how many there are by kind."""
        reply = await self.call("SummarizeSources", person, group_by="kind", **fields)
        return {g.keys["kind"].string_value: int(g.values["count"].string_value)
                for g in reply.groups}  # fmt: skip

    async def source(self, kind):
        return await self.call("CreateSource", source={"name": str(uuid.uuid4()), "kind": kind})


@pytest.fixture
async def firm(world):
    return Firm(world, await world.tenant())


@pytest.fixture
def made(monkeypatch):
    """Count how often answers are made, by firm."""
    counts = Counter()
    get = answers.Answers.get

    async def counting(kept, tenant_id, question, kinds, make):
        async def once():
            counts[tenant_id] += 1
            return await make()

        return await get(kept, tenant_id, question, kinds, once)

    monkeypatch.setattr(answers.Answers, "get", counting)
    return counts


async def test_an_answer_is_made_once_as_long_as_nothing_changes(firm, world, made):
    """PLT-02: what others do, in other firms or to other records, leaves it as it is."""
    await firm.source("fair")
    for _ in range(3):
        assert await firm.ask() == {"fair": 1}
    other = Firm(world, await world.tenant())
    await other.source("fair")
    await firm.call("CreateOrganization", organization={"name": "Acme"})
    assert await firm.ask() == {"fair": 1}
    assert made[firm.tenant_id] == 1
    assert await firm.ask(filter='kind = "web"') == {}
    assert made[firm.tenant_id] == 2


async def test_of_many_who_ask_at_once_after_a_change_one_makes_the_answer(firm, made):
    await firm.source("fair")
    assert await firm.ask() == {"fair": 1}
    await firm.source("fair")
    before = made[firm.tenant_id]
    assert await asyncio.gather(*(firm.ask() for _ in range(10))) == 10 * [{"fair": 2}]
    assert made[firm.tenant_id] == before + 1


async def test_an_answer_that_is_too_large_is_given_and_not_kept(firm, made, monkeypatch):
    monkeypatch.setattr(answers, "BYTES_MAX", 10)
    await firm.source("fair")
    assert [await firm.ask() for _ in range(2)] == 2 * [{"fair": 1}]
    assert made[firm.tenant_id] == 2


async def test_every_change_is_in_the_next_answer(firm):
    """PLT-02: made, changed, deleted, brought back; by the one who asks or by another."""
    one = await firm.source("fair")
    assert await firm.ask() == {"fair": 1}
    await firm.source("web")
    assert await firm.ask() == {"fair": 1, "web": 1}
    patch = {"source": {"id": one.id, "kind": "web"}, "update_mask": {"paths": ["kind"]}}
    await firm.call("UpdateSource", **patch)
    assert await firm.ask() == {"web": 2}
    await firm.call("DeleteSource", id=one.id)
    assert await firm.ask() == {"web": 1}
    await firm.call("UndeleteSource", id=one.id)
    assert await firm.ask() == {"web": 2}


async def test_nobody_is_given_what_another_may_see(firm, world):
    """PLT-16: not even where the question is the same, and shares count at once."""
    mine = await world.person(firm.tenant_id, [Grant("party.Source", "read", Scope.OWN)])
    made = await firm.source("fair")
    assert await firm.ask() == {"fair": 1}
    assert await firm.ask(mine) == {}
    share = {"id": made.id, "user_id": mine.user_id}
    await firm.call("ShareSource", **share, access="ACCESS_READ")
    assert await firm.ask(mine) == {"fair": 1}
    await firm.call("UnshareSource", **share)
    assert await firm.ask(mine) == {}


async def test_what_was_under_way_when_it_was_answered_counts_once_it_is_committed(firm, world):
    """One that began before it was answered, and ends after others."""
    await firm.source("fair")
    owner = await asyncpg.connect(world.host.address.dsn("party", Role.OWNER))
    async with owner.transaction():
        late = uuid.uuid4()
        for statement in _LATE:
            await owner.execute(statement, firm.tenant_id, late)
        assert await firm.ask() == {"fair": 1}
        await firm.source("web")
        for _ in range(2):
            assert await firm.ask() == {"fair": 1, "web": 1}
    assert await firm.ask() == {"fair": 1, "web": 1, "late": 1}
    await owner.execute("DELETE FROM party.change WHERE id = $1", late)
    await owner.close()


async def test_among_writers_every_answer_has_what_was_written_before_it_was_asked_for(firm):
    """Each asks after each of its writes, while others write and ask the same."""
    written = 0

    async def one(number):
        nonlocal written
        chance = random.Random(number)
        for _ in range(12):
            await firm.source("k")
            written += 1
            before = written
            for _ in range(chance.randrange(1, 4)):
                found = (await firm.ask())["k"]
                assert before <= found
                before = found

    await asyncio.gather(*(one(number) for number in range(6)))
    assert await firm.ask() == {"k": 72}


async def test_whether_anything_changed_is_one_look_along_the_log(firm, world):
    """PLT-31: it reads what has been logged since, however much the firm has logged before.

    Of what others have logged since it says nothing.
    """
    other = await world.tenant()
    owner = await asyncpg.connect(world.host.address.dsn("party", Role.OWNER))
    for tenant_id, first in ((firm.tenant_id, 1), (other, 50_000)):
        await owner.execute(
            "INSERT INTO party.change (tenant_id, id, resource_type, resource_id, version, verb,"
            " payload, transaction_id) SELECT $1, gen_random_uuid(), $2, gen_random_uuid(), 1,"
            " 'create', '', ($3 + n / 10)::text::xid8 FROM generate_series(1, 30000) AS n",
            *(tenant_id, SOURCE, first),
        )
    try:
        await owner.execute("ANALYZE party.change")
        database = world.host.databases["party"]
        for condition, arguments in (
            answers.looks("40000:52000:", [SOURCE]),
            answers.looks("40000:52000:40000,50003", [SOURCE]),
        ):
            statement = f"SELECT {condition}".format(schema="party")
            for _ in range(6):  # then the plan is the general one
                assert not (await database.read(firm.tenant_id, statement, *arguments))[0][0]
            assert (await database.read(other, statement, *arguments))[0][0]
            plan = await database.read(firm.tenant_id, f"EXPLAIN ANALYZE {statement}", *arguments)
            text = "\n".join(row[0] for row in plan)
            assert "change_replay" in text, text
            assert "change_version_key" not in text, text
            assert "Seq Scan" not in text, text
    finally:
        await owner.execute("DELETE FROM party.change WHERE payload = ''")
        await owner.close()
