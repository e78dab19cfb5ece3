"""Whoever reads the change log on from `next_after` misses nothing, whoever commits last."""

import asyncio
import random
import uuid

import pytest
from banyan.api.v1 import change_pb2
from banyan.party.v1 import source_pb2

from chassis import errors
from chassis.rpc import acting

PATH = "/banyan.api.v1.ChangeService/ReadChanges"


async def read_changes(world, **fields):
    with acting("party"):
        call = world.host.channels.to("party").unary_unary(PATH)
        return await call(change_pb2.ReadChangesRequest(**fields))


class Reader:
    """Reads on from where it stopped, and keeps what is of one tenant."""

    def __init__(self, world, tenant: str) -> None:
        self.world = world
        self.tenant = tenant
        self.after = ""
        self.found: list[change_pb2.Change] = []

    async def read(self, size: int = 0) -> change_pb2.ReadChangesResponse:
        reply = await read_changes(self.world, service="party", after=self.after, page_size=size)
        self.after = reply.next_after
        self.found += [change for change in reply.changes if change.tenant_id == self.tenant]
        return reply

    async def read_all(self, size: int = 1000) -> list[str]:
        while (await self.read(size)).changes:
            pass
        return [change.id for change in self.found]


@pytest.fixture
async def reader(world, tenant):
    """Read from what is the end now."""
    made = Reader(world, tenant)
    await made.read_all(5000)
    return made


async def create(world, tenant, count=1):
    person = await world.person(tenant)
    made = []
    for _ in range(count):
        source = source_pb2.Source(name=str(uuid.uuid4()))
        request = source_pb2.CreateSourceRequest(source=source)
        made.append((await world.call("CreateSource", request, person)).id)
    return made


async def written(world, tenant) -> set[str]:
    rows = await world.host.databases["party"].read(tenant, "SELECT id::text FROM party.change")
    return {row[0] for row in rows}


async def test_reading_stops_below_the_oldest_open_transaction(world, tenant, begin, reader):
    before = await create(world, tenant, 2)
    async with begin() as (held,):
        first = await held.write()
        await create(world, tenant, 3)
        await reader.read_all()
        assert [c.resource_id for c in reader.found] == before
        await held.commit()
    found = await reader.read_all()
    assert first in found
    assert set(found) == await written(world, tenant)
    assert len(found) == len(set(found)) == 6


async def test_the_transaction_that_began_first_and_commits_last_is_not_missed(
    world, tenant, begin, reader
):
    """It holds the lowest transaction number, and sequences below and above all the others."""
    async with begin(3) as (first, second, third):
        for held in (first, second, third):
            await held.write()
        for held in (third, first):
            await held.write()
        await third.commit()
        await reader.read_all(1)
        await create(world, tenant)
        await second.commit()
        await reader.read_all(1)
        assert reader.found == [], "the first is still open"
        await first.write()
        await first.commit()
    found = await reader.read_all(1)
    assert set(found) == await written(world, tenant)
    assert len(found) == len(set(found)) == 7


async def test_a_transaction_that_rolls_back_holds_nobody_up(world, tenant, begin, reader):
    async with begin() as (held,):
        lost = await held.write()
        await create(world, tenant, 2)
        await held.rollback()
    found = await reader.read_all()
    assert set(found) == await written(world, tenant)
    assert lost not in found
    assert len(found) == 2


async def test_a_reader_beside_many_overlapping_transactions_misses_nothing(
    world, tenant, begin, reader
):
    order = random.Random(4)
    rolled_back: set[str] = set()
    kept: set[str] = set()
    async with begin(12) as held:
        waiting = [(one, []) for one in held]
        while waiting:
            one, ids = order.choice(waiting)
            act = order.choice(["write", "write", "write", "commit", "rollback"])
            if act == "write":
                ids.append(await one.write())
            else:
                await (one.commit() if act == "commit" else one.rollback())
                (kept if act == "commit" else rolled_back).update(ids)
                waiting.remove((one, ids))
            await reader.read(order.choice([1, 3, 100]))
    found = await reader.read_all(2)
    assert len(kept) > 5
    assert len(found) == len(set(found))
    assert set(found) == kept
    assert not rolled_back & set(found)


async def test_a_reader_beside_running_writers_misses_nothing(world, tenant, reader):
    writing = asyncio.gather(*(create(world, tenant, 5) for _ in range(8)))
    while not writing.done():
        await reader.read(3)
    await writing
    found = await reader.read_all(3)
    assert set(found) == await written(world, tenant)
    assert len(found) == 40


async def test_pages_of_one_give_what_one_big_page_gives(world, tenant, begin, reader):
    start = reader.after
    async with begin(2) as (first, second):
        for held in (first, second, first, second):
            await held.write()
        await second.commit()
        await first.commit()
    await create(world, tenant, 5)
    small = await reader.read_all(1)
    big = Reader(world, tenant)
    big.after = start
    await big.read(5000)
    assert [c.id for c in big.found] == small
    assert big.after == reader.after
    assert [c.sequence for c in big.found] == [c.sequence for c in reader.found]


async def test_the_log_is_in_order_though_transaction_numbers_grow_a_digit(world, tenant, begin):
    """9, 10 and 100 stand below every number of this server, so they come first."""
    async with begin() as (held,):
        wanted = {number: await held.write(number) for number in ("100", "9")}
        wanted["10"] = await held.write("10")
        await held.commit()
    expected = [wanted[number] for number in ("9", "10", "100")]
    for size in (1, 2, 3):
        reader = Reader(world, tenant)
        for _ in range(3):
            await reader.read(size)
        assert [change.id for change in reader.found] == expected, f"pages of {size}"


async def test_the_end_of_the_log_gives_the_same_position_again(reader):
    position = reader.after
    reply = await reader.read()
    assert (list(reply.changes), reply.next_after) == ([], position)


@pytest.mark.parametrize(
    "after",
    [
        *("x", "1", "1.", ".1", "1.x", "-1.0", "1.-1", "1.2.3", " 1.2", "1;2", "1.2\n"),
        pytest.param("²." + "1", id="superscript"),
        pytest.param("٣.1", id="arabic digits"),
        pytest.param("1.²", id="superscript sequence"),
        pytest.param("99999999999999999999999.1", id="transaction too large"),
        pytest.param("1.99999999999999999999999", id="sequence too large"),
    ],
)
async def test_a_wrong_position_is_invalid(world, after):
    with pytest.raises(errors.Invalid) as caught:
        await read_changes(world, service="party", after=after)
    assert [v.path for v in caught.value.violations] == ["after"]


@pytest.mark.parametrize("size", [-1, 5001])
async def test_a_page_outside_the_limits_is_invalid(world, size):
    with pytest.raises(errors.Invalid) as caught:
        await read_changes(world, service="party", page_size=size)
    assert [v.path for v in caught.value.violations] == ["page_size"]


async def test_the_log_of_a_service_that_is_not_here_is_not_found(world):
    with pytest.raises(errors.NotFound):
        await read_changes(world, service="party; DROP TABLE party.change")
