"""Consumers that count their effects in party.title, open transactions, and ways to wait."""

import asyncio
import contextlib
import datetime
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from banyan.party.v1 import source_pb2

from chassis.access import Caller
from chassis.database import Role, Transaction
from chassis.events import Consumer, ConsumerRunner, Event, draft_change
from chassis.testing import Person, World, until

NOW = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
INSERT = (
    "INSERT INTO party.change"
    " (tenant_id, id, resource_type, resource_id, version, verb, payload{columns})"
    " VALUES ($1, $2, $3, $4, $5, $6, $7{values})"
)


@dataclass
class Counting:
    """A consumer whose effect on a record is counted in a row of party.title.

    `before` is awaited ahead of each effect; what it raises is the handler's failure.
    """

    world: World
    subjects: tuple[str, ...] = ("party.source.create",)
    name: str = field(default_factory=lambda: f"test_{uuid.uuid4().hex[:10]}")
    before: Callable[[Event], Awaitable[None]] | None = None
    seen: list[Event] = field(default_factory=list[Event])
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def runner(self) -> ConsumerRunner:
        """Give a new runner of the consumer."""
        consumer = Consumer(self.name, self.subjects, self._handle)
        host = self.world.host
        return ConsumerRunner(consumer, host.databases["party"], host.brokers["party"])

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[asyncio.Task[None]]:
        """Run it in the background."""
        task = self.start()
        try:
            yield task
        finally:
            await self.end(task)

    def start(self) -> asyncio.Task[None]:
        """Start a runner in the background."""
        task = asyncio.create_task(self.runner().run())
        self.tasks.append(task)
        return task

    async def end(self, task: asyncio.Task[None]) -> None:
        """Cancel a runner and wait until it is gone; whatever else ended it is a failure."""
        if task in self.tasks:
            self.tasks.remove(task)
        task.cancel()
        done = (await asyncio.gather(task, return_exceptions=True))[0]
        assert isinstance(done, asyncio.CancelledError), f"the runner ended by itself: {done!r}"

    async def _handle(self, events: Sequence[Event], transaction: Transaction) -> None:
        for event in events:
            await self._count(event, transaction)

    async def _count(self, event: Event, transaction: Transaction) -> None:
        self.seen.append(event)
        if self.before is not None:
            await self.before(event)
        record_id = event.change.resource_id if event.payload else event.id
        await transaction.fetch(
            "INSERT INTO party.title (tenant_id, resource_type, resource_id, title, version)"
            " VALUES ($1, $2, $3, '', 1) ON CONFLICT (tenant_id, resource_type, resource_id)"
            " DO UPDATE SET version = title.version + 1",
            *(transaction.tenant_id, self.name, record_id),
        )

    async def effects(self, tenant_id: str) -> dict[str, int]:
        """Give how often each record was affected."""
        rows = await self.world.host.databases["party"].read(
            tenant_id,
            "SELECT resource_id::text, version FROM party.title WHERE resource_type = $1",
            self.name,
        )
        return {row[0]: row[1] for row in rows}

    async def until_affected(self, tenant_id: str, ids: set[str]) -> None:
        """Wait until all these records are affected."""

        async def all_there() -> bool:
            return ids <= (await self.effects(tenant_id)).keys()

        await self.until(all_there)

    async def until(self, condition: Callable[[], Awaitable[Any]]) -> Any:
        """Wait until something is so; at once a failure when a runner ends by itself."""

        async def still_running() -> Any:
            for task in self.tasks:
                assert not task.done(), f"the runner ended by itself: {task.exception()!r}"
            return await condition()

        return await until(still_running)

    async def until_dead(self, tenant_id: str) -> dict[str, tuple[int, bool, str]]:
        """Wait for a dead letter."""
        return await self.until(lambda: self.dead(tenant_id))

    async def dead(self, tenant_id: str) -> dict[str, tuple[int, bool, str]]:
        """Give attempts, whether replayed, and the error of each dead letter, by event."""
        rows = await self.world.host.databases["party"].read(
            tenant_id,
            "SELECT event_id::text, attempts, replay_time IS NOT NULL, error"
            " FROM party.dead_letter WHERE consumer = $1",
            self.name,
        )
        return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def create(world: World, person: Person, name: str = "") -> str:
    """Create a source; give its id."""
    source = source_pb2.Source(name=name or f"s {uuid.uuid4()}")
    made = await world.call("CreateSource", source_pb2.CreateSourceRequest(source=source), person)
    return made.id


@pytest.fixture
async def person(world, tenant) -> Person:
    """Somebody who may do everything, in a tenant of their own."""
    return await world.person(tenant)


@pytest.fixture
def make(world, person):
    """Create sources; gives their ids."""

    async def many(count: int = 1) -> set[str]:
        return set(await asyncio.gather(*(create(world, person) for _ in range(count))))

    return many


@pytest.fixture
def counting(world, monkeypatch) -> Callable[..., Counting]:
    """Make counting consumers that try again soon."""
    monkeypatch.setattr("chassis.events.consumer._RETRY_SECONDS", (0.01, 0.01, 0.02, 0.02))
    monkeypatch.setattr("chassis.events.consumer._ACK_WAIT_SECONDS", 1)
    monkeypatch.setattr("chassis.events.consumer._FETCH_SECONDS", 0.5)
    return lambda **options: Counting(world, **options)


@pytest_asyncio.fixture
async def relay_role(world) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(world.host.address.dsn("party", Role.RELAY))
    yield connection
    await connection.close()


def draft(tenant_id: str):
    new = source_pb2.Source(id=str(uuid.uuid4()), etag="1", name="held")
    return draft_change(Caller(tenant_id), "party.banyan/Source", "create", new, now=NOW)


async def write(connection, tenant_id: str, transaction_id: str = "") -> str:
    """Write one change as the app role; give its id."""
    d = draft(tenant_id)
    columns, values = (", transaction_id", ", $8::text::xid8") if transaction_id else ("", "")
    await connection.execute(
        INSERT.format(columns=columns, values=values),
        *(tenant_id, d.id, d.resource_type, d.resource_id, d.version, d.verb, d.payload),
        *([transaction_id] if transaction_id else []),
    )
    return d.id


class Held:
    """A transaction of a tenant on a connection of its own, begun and not ended."""

    def __init__(self, connection: asyncpg.Connection, tenant_id: str) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.transaction = connection.transaction()

    async def write(self, transaction_id: str = "") -> str:
        return await write(self.connection, self.tenant_id, transaction_id)

    async def commit(self) -> None:
        await self.transaction.commit()

    async def rollback(self) -> None:
        await self.transaction.rollback()


@pytest.fixture
async def tenant(world):
    return await world.tenant()


@pytest.fixture
def begin(world, tenant):
    """Begin transactions that stay open until told."""

    @contextlib.asynccontextmanager
    async def opened(count: int = 1):
        held = []
        try:
            for _ in range(count):
                connection = await asyncpg.connect(world.host.address.dsn("party", Role.APP))
                await connection.execute("SELECT set_config('app.tenant', $1, false)", tenant)
                held.append(Held(connection, tenant))
                await held[-1].transaction.start()
            yield held
        finally:
            for one in held:
                await one.connection.close()

    return opened
