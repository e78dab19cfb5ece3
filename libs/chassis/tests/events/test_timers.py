"""What is due fires once, in its tenant, not before its time; what fails stays and comes again."""

import asyncio
import datetime
import uuid
from dataclasses import dataclass, field

import asyncpg
import pytest

from chassis import errors
from chassis.database import Role
from chassis.events import Sweeper, Timer, set_timer

HOUR = datetime.timedelta(hours=1)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass
class Clock:
    """A kind of timer of its own, what it fired, and a sweeper for it."""

    world: object
    relay: asyncpg.Connection
    kind: str = field(default_factory=lambda: f"test_{uuid.uuid4().hex[:10]}")
    fired: list[tuple[str, str, bytes]] = field(default_factory=list)
    before: object = None

    @property
    def database(self):
        return self.world.host.databases["party"]

    def sweeper(self) -> Sweeper:
        timer = Timer(self.kind, self._handle)
        return Sweeper(self.database, self.world.host.address, (timer,))

    async def sweep(self) -> int:
        return await self.sweeper().sweep(self.relay)

    async def set(self, tenant_id, key, due, payload=b"") -> None:
        async with self.database.transaction(tenant_id) as transaction:
            await set_timer(transaction, "party", self.kind, key, due, payload)

    async def _handle(self, key, payload, transaction) -> None:
        rows = await transaction.fetch("SELECT current_setting('app.tenant')")
        await transaction.fetch(
            "INSERT INTO party.title VALUES ($1, $2, gen_random_uuid(), $3, 1)",
            *(transaction.tenant_id, self.kind, key),
        )
        if self.before is not None:
            await self.before(key)
        assert rows[0][0] == transaction.tenant_id
        self.fired.append((transaction.tenant_id, key, payload))

    async def let_come(self, tenant_id) -> None:
        """Let the time of all timers come, keeping their attempts."""
        await self.database.write(
            tenant_id,
            "UPDATE party.timer SET due_time = now() - interval '1 hour' WHERE kind = $1",
            self.kind,
        )

    async def rows(self, tenant_id):
        found = await self.database.read(
            tenant_id,
            "SELECT key, due_time, attempts, error FROM party.timer WHERE kind = $1 ORDER BY key",
            self.kind,
        )
        return [tuple(row) for row in found]

    async def effects(self, tenant_id):
        found = await self.database.read(
            tenant_id, "SELECT title FROM party.title WHERE resource_type = $1", self.kind
        )
        return sorted(row[0] for row in found)


@pytest.fixture
def tenant() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def clock(world, relay_role) -> Clock:
    return Clock(world, relay_role)


async def test_a_timer_fires_once_and_is_gone(clock, tenant):
    await clock.set(tenant, "a", now() - HOUR, b"payload")
    await clock.sweep()
    await clock.sweep()
    assert clock.fired == [(tenant, "a", b"payload")]
    assert await clock.rows(tenant) == []
    assert await clock.effects(tenant) == ["a"]


async def test_a_timer_fires_in_its_own_tenant_only(clock, tenant):
    other = str(uuid.uuid4())
    await clock.set(tenant, "same", now() - HOUR, b"1")
    await clock.set(other, "same", now() - HOUR, b"2")
    await clock.set(str(uuid.uuid4()), "same", now() + HOUR, b"3")
    await clock.sweep()
    assert sorted(clock.fired) == sorted([(tenant, "same", b"1"), (other, "same", b"2")])
    assert await clock.effects(tenant) == await clock.effects(other) == ["same"]


async def test_a_timer_does_not_fire_before_it_is_due(clock, tenant):
    await clock.set(tenant, "later", now() + HOUR)
    assert await clock.sweep() == 0
    assert clock.fired == []
    assert [row[0] for row in await clock.rows(tenant)] == ["later"]


async def test_a_timer_can_be_moved_to_later_and_to_earlier(clock, tenant):
    await clock.set(tenant, "a", now() - HOUR, b"old")
    await clock.set(tenant, "a", now() + HOUR, b"moved")
    await clock.sweep()
    assert clock.fired == []
    await clock.set(tenant, "a", now() - HOUR, b"newest")
    await clock.sweep()
    assert clock.fired == [(tenant, "a", b"newest")]


async def test_a_timer_set_in_a_transaction_that_rolls_back_never_was(clock, tenant):
    with pytest.raises(ZeroDivisionError):
        async with clock.database.transaction(tenant) as transaction:
            await set_timer(transaction, "party", clock.kind, "a", now() - HOUR)
            raise ZeroDivisionError
    assert await clock.sweep() == 0
    assert clock.fired == []


async def test_timers_of_kinds_nobody_handles_here_stay(clock, tenant, world, relay_role):
    other = Clock(world, relay_role)
    await other.set(tenant, "a", now() - HOUR)
    await clock.sweep()
    assert [row[0] for row in await other.rows(tenant)] == ["a"]


@pytest.mark.parametrize(
    "failure",
    [
        ValueError("wrong"),
        KeyError("wrong"),
        errors.Unavailable("wrong"),
        errors.Invalid("wrong"),
        RuntimeError("wrong"),
        AttributeError("wrong"),
        ZeroDivisionError("wrong"),
        AssertionError("wrong"),
        TimeoutError("wrong"),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_a_timer_that_fails_stays_and_is_due_later_and_the_others_fire(
    clock, tenant, failure
):
    async def fail(key):
        if key == "bad":
            raise failure

    clock.before = fail
    started = now()
    await clock.set(tenant, "bad", now() - 2 * HOUR)
    await clock.set(tenant, "good", now() - HOUR)
    await clock.sweep()
    assert [key for _, key, _ in clock.fired] == ["good"]
    ((key, due, attempts, error),) = await clock.rows(tenant)
    assert (key, attempts) == ("bad", 1)
    assert due > started
    assert "wrong" in error
    assert await clock.effects(tenant) == ["good"], "the failed effect is taken back"


async def test_a_timer_that_fails_again_waits_longer_and_fires_when_mended(clock, tenant):
    async def fail(key):
        raise ValueError(key)

    clock.before = fail
    waits = []
    await clock.set(tenant, "a", now() - HOUR)
    for attempts in range(1, 5):
        await clock.let_come(tenant)
        before = await clock.relay.fetchval("SELECT now()")
        await clock.sweep()
        ((_, due, counted, _),) = await clock.rows(tenant)
        assert counted == attempts
        waits.append(round((due - before).total_seconds()))
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]
    clock.before = None
    await clock.let_come(tenant)
    await clock.sweep()
    assert clock.fired == [(tenant, "a", b"")]
    assert await clock.rows(tenant) == []


async def test_two_sweepers_at_once_fire_each_timer_once(clock, tenant, world):
    for number in range(20):
        await clock.set(tenant, f"{number:02}", now() - HOUR)
    second = await asyncpg.connect(world.host.address.dsn("party", Role.RELAY))
    both = asyncio.Barrier(2)
    waited = 0

    async def overlap(key):
        nonlocal waited
        if waited < 2:  # the two hold one timer each at the same time
            waited += 1
            await asyncio.wait_for(both.wait(), 20)

    clock.before = overlap
    await asyncio.gather(clock.sweep(), clock.sweeper().sweep(second))
    await second.close()
    assert sorted(key for _, key, _ in clock.fired) == [f"{n:02}" for n in range(20)]
    assert await clock.effects(tenant) == [f"{n:02}" for n in range(20)]
    assert await clock.rows(tenant) == []


class SlowToWrite:
    """The sweeper's own connection, whose writes come after something else has happened."""

    def __init__(self, connection, first) -> None:
        self._connection = connection
        self._first = first
        self.fetch = connection.fetch

    async def execute(self, *arguments):
        await self._first()
        return await self._connection.execute(*arguments)


async def test_a_timer_moved_while_it_fails_keeps_its_new_time(clock, tenant):
    """A reminder moved to tomorrow must not fire in a second because today's attempt failed."""
    tomorrow = now() + 24 * HOUR

    async def fail(key):
        raise ValueError(key)

    async def move() -> None:
        await clock.set(tenant, "a", tomorrow, b"moved")

    clock.before = fail
    await clock.set(tenant, "a", now() - HOUR)
    await clock.sweeper().sweep(SlowToWrite(clock.relay, move))
    ((_, due, _, _),) = await clock.rows(tenant)
    assert due == tomorrow
