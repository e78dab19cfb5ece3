"""What is measured, against what."""

import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from banyan.api.v1.change_pb2 import Change
from banyan.party.v1 import source_pb2
from google.protobuf import json_format

from chassis.database import Role
from chassis.events import Consumer, ConsumerRunner, Event, Relay
from chassis.json import codec_of
from chassis.testing import Person, World, open_world
from gateway.app import Door, build_app

ROUNDS = 9
ROWS = 5_000
Action = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    value: float
    reach_for: float
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def bound(self) -> float:
        """Give the bound."""
        return self.at_most if self.at_most is not None else self.at_least or 0

    @property
    def met(self) -> bool:
        """Tell whether the bound holds."""
        return self._within(self.bound)

    @property
    def reached(self) -> bool:
        """Tell whether what one reaches for is reached."""
        return self._within(self.reach_for)

    def _within(self, limit: float) -> bool:
        return self.value <= limit if self.at_most is not None else self.value >= limit


async def seconds(action: Action, times: int) -> float:
    """Time an action, per call."""
    started = time.perf_counter()
    for _ in range(times):
        await action()
    return (time.perf_counter() - started) / times


async def ratio(ours: Action, bare: Action, times: int) -> tuple[float, str]:
    """Give the median ratio over interleaved rounds, and both medians in microseconds."""
    await seconds(ours, times)
    await seconds(bare, times)
    pairs = [(await seconds(ours, times), await seconds(bare, times)) for _ in range(ROUNDS)]
    value = statistics.median(a / b for a, b in pairs)
    left = statistics.median(a for a, _ in pairs) * 1e6
    right = statistics.median(b for _, b in pairs) * 1e6
    return value, f"{left:.0f} µs / {right:.0f} µs"


async def measure() -> list[Row]:
    """Measure everything in one world."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_world(Path(folder) / "home") as world:
            bench = Bench(world)
            await bench.prepare()
            rows = [
                *await bench.reads(),
                *await bench.writes(),
                *bench.json(),
                *await bench.events(),
                bench.memory(),
            ]
        rows.append(start_row(Path(folder) / "start"))
    return rows


class Bench:
    """A world with one tenant of `ROWS` sources, and a bare connection beside it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.person: Person = await world.person(await world.tenant())
        self.ids: list[str] = []
        self.bare: asyncpg.Connection
        self.open: asyncpg.Connection

    async def prepare(self) -> None:
        """Make rows, analyse them, open the bare connections and the REST door."""
        for start in range(0, ROWS, 100):
            made = await asyncio.gather(*(self.create() for _ in range(start, start + 100)))
            self.ids += [record.id for record in made]
        address = self.world.host.address
        owner = await asyncpg.connect(address.dsn("party", Role.OWNER))
        await owner.execute("ANALYZE party.source")
        self.open = owner  # owns the table: no row-level security
        self.bare = await asyncpg.connect(address.dsn("party", Role.APP))
        await self.bare.execute("SELECT set_config('app.tenant', $1, false)", self.person.tenant_id)
        store = self.world.host.here["party"][source_pb2.Source].store
        self.columns = ", ".join(
            part.select.format(c=f"t.{part.name}")
            for parts in store._columns.values()
            for part in parts
        )
        self.list_sql = (
            f"SELECT {self.columns}, t.version FROM party.source t"
            " WHERE t.delete_time IS NULL ORDER BY t.id LIMIT 51"
        )
        self.get_sql = f"SELECT {self.columns}, t.version FROM party.source t WHERE t.id = $1::uuid"
        self.app = build_app(self.world.host.channels, ready=self.world.host.ready)
        self.wire_app = build_app(self.world.wire, ready=self.world.host.ready)

    async def create(self) -> Any:
        source = source_pb2.Source(name=str(uuid.uuid4()), kind="fair", note="x" * 80)
        request = source_pb2.CreateSourceRequest(source=source, request_id=str(uuid.uuid4()))
        return await self.world.call("CreateSource", request, self.person)

    async def rest(self, app: Door, path: str, query: str = "") -> None:
        """Make a request through the ASGI application, without a client library in between."""
        messages: list[Any] = []
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"authorization", self.person.metadata["authorization"].encode())],
            "client": ("127.0.0.1", 1),
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await app(scope, receive, send)
        assert messages[0]["status"] == 200, messages

    async def reads(self) -> list[Row]:
        """List and Get against the same SQL on a bare connection."""
        world, person, one = self.world, self.person, self.ids[7]
        listing = source_pb2.ListSourcesRequest(page_size=50)
        here = partial(world.call, "ListSources", listing, person)
        bare_list = partial(self.bare.fetch, self.list_sql)
        bare_get = partial(self.bare.fetchrow, self.get_sql, one)
        rest_list = partial(self.rest, self.app, "/v1/sources", "pageSize=50")
        wire_list = partial(self.rest, self.wire_app, "/v1/sources", "pageSize=50")
        rest_get = partial(self.rest, self.app, f"/v1/sources/{one}")
        rows: list[Row] = []
        value, note = await ratio(here, bare_list, 100)
        rows.append(Row("servicer List of 50 ÷ bare asyncpg", value, 2.0, at_most=3.0, note=note))
        value, note = await ratio(rest_list, bare_list, 100)
        rows.append(Row("REST List of 50 ÷ bare asyncpg", value, 4.0, at_most=6.0, note=note))
        value, note = await ratio(rest_get, bare_get, 300)
        rows.append(Row("REST Get ÷ bare asyncpg", value, 4.0, at_most=6.0, note=note))
        value, note = await ratio(wire_list, rest_list, 100)
        rows.append(Row("REST List, wire ÷ in process", value, 1.4, at_most=1.8, note=note))
        tenant = f"t.tenant_id = '{person.tenant_id}'"
        plain = self.list_sql.replace("WHERE", f"WHERE {tenant} AND")
        value, note = await ratio(bare_list, partial(self.open.fetch, plain), 100)
        rows.append(Row("List with RLS ÷ without", value, 1.05, at_most=1.2, note=note))
        return rows

    async def writes(self) -> list[Row]:
        """Create against a bare INSERT of the same row."""
        insert = (
            "INSERT INTO party.source (tenant_id, id, create_time, update_time, creator_user_id,"
            " owner_user_id, org_unit_id, name, kind, retired, note, version, title_sort_key)"
            " VALUES ($1, $2, now(), now(), $3, $3, $4, $5, 'fair', false, $6, 1, $5)"
        )
        p = self.person

        async def bare() -> None:
            name = str(uuid.uuid4())
            await self.bare.execute(
                insert, p.tenant_id, str(uuid.uuid4()), p.user_id, p.org_unit_id, name, "x" * 80
            )

        value, note = await ratio(self.create, bare, 200)
        return [Row("Create ÷ bare INSERT", value, 1.4, at_most=1.8, note=note)]

    def json(self) -> list[Row]:
        """The compiled codec against json_format, on 50 records."""
        codec = codec_of(source_pb2.ListSourcesResponse)
        one = source_pb2.Source(
            id=str(uuid.uuid4()), name="n" * 30, kind="fair", note="x" * 80, etag="1",
            creator_user_id=str(uuid.uuid4()), owner_user_id=str(uuid.uuid4()),
        )  # fmt: skip
        one.create_time.GetCurrentTime()
        one.update_time.GetCurrentTime()
        page = source_pb2.ListSourcesResponse(sources=[one] * 50)
        text = codec.to_bytes(page)

        def times(compiled: Callable[[], object], oracle: Callable[[], object]) -> float:
            values: list[float] = []
            for _ in range(ROUNDS):
                a = min(timed(compiled) for _ in range(3))
                values.append(min(timed(oracle) for _ in range(3)) / a)
            return statistics.median(values)

        encode = times(lambda: codec.to_bytes(page), lambda: json_format.MessageToJson(page))
        decode = times(
            lambda: codec.from_bytes(text),
            lambda: json_format.Parse(text, source_pb2.ListSourcesResponse()),
        )
        return [
            Row("JSON encode: times faster than json_format", encode, 5, at_least=3),
            Row("JSON decode: times faster than json_format", decode, 8, at_least=4),
        ]

    async def events(self) -> list[Row]:
        """The relay against raw publishing, and the time from commit to effect."""
        return [*await self.latency(), await self.drain()]

    async def drain(self) -> Row:
        host = self.world.host
        broker = host.brokers["party"]
        host.background["party.relay"].cancel()  # one relay at a time: this one
        relay = Relay(host.address, broker)
        dsn = host.address.dsn("party", Role.RELAY)
        reader, marker = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
        values: list[float] = []
        try:
            for _ in range(ROUNDS):
                rows = await reader.fetch(
                    "SELECT sequence, tenant_id::text, payload FROM party.change"
                    " ORDER BY sequence LIMIT 5000"
                )
                messages = [
                    message
                    for _, tenant_id, payload in rows
                    for message in relay.messages(tenant_id, Change.FromString(payload))
                ]
                sequences = await reader.fetch(
                    "UPDATE party.change SET published_at = NULL WHERE sequence IN"
                    " (SELECT sequence FROM party.change ORDER BY sequence LIMIT 5000)"
                    " RETURNING sequence"
                )
                started = time.perf_counter()
                total = await relay.drain(reader, marker)
                ours = total / (time.perf_counter() - started)
                assert total >= len(sequences) * 0.5
                started = time.perf_counter()
                waits = [
                    await broker.publish(subject, body, headers)
                    for subject, headers, body in messages
                ]
                await asyncio.gather(*waits)
                values.append(ours / (len(messages) / (time.perf_counter() - started)))
        finally:
            await reader.close()
            await marker.close()
        return Row("relay drain ÷ raw publish", statistics.median(values), 0.8, at_least=0.5)

    async def latency(self) -> list[Row]:
        """Commit to effect at 100 events a second."""
        host = self.world.host
        seen: dict[str, float] = {}

        async def handle(event: Event, _: Any) -> None:
            seen[event.change.resource_id] = time.perf_counter()

        consumer = Consumer(f"bench_{uuid.uuid4().hex}", ("party.source.*",), handle)
        runner = ConsumerRunner(consumer, host.databases["party"], host.brokers["party"])
        task = asyncio.create_task(runner.run())
        last = (await self.create()).id  # the consumer first takes in all that was before
        await settled(lambda: last in seen)
        committed: dict[str, float] = {}
        for _ in range(400):
            made = await self.create()
            committed[made.id] = time.perf_counter()
            await asyncio.sleep(0.01)
        await settled(lambda: committed.keys() <= seen.keys())
        task.cancel()
        waits = sorted(max(0.0, seen[i] - at) * 1000 for i, at in committed.items())
        return [
            Row("commit → effect, p50 in ms", waits[len(waits) // 2], 3, at_most=10),
            Row("commit → effect, p99 in ms", waits[int(len(waits) * 0.99)], 25, at_most=100),
        ]

    def memory(self) -> Row:
        """Weigh this process, which hosts every service; the benchmark itself is in the figure."""
        text = Path(f"/proc/{os.getpid()}/smaps_rollup").read_text()
        pss = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        return Row("platform in one process: PSS in MB", pss / 1024, 250, at_most=400)


async def settled(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, a minute at most."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 (what is waited for is far away, in a consumer)
            await asyncio.sleep(0.01)


def timed(action: Callable[[], object], times: int = 20) -> float:
    """Time a plain function, per call."""
    started = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - started) / times


def start_row(home: Path) -> Row:
    """Start `banyan up` twice in a new folder; the second start counts."""
    from running import BIN, process, wait_ready

    from chassis.hosting import installed_services
    from chassis.hosting.local import LocalServers, free_ports

    elapsed = 0.0
    for _ in range(2):
        port = next(free_ports())
        started = time.perf_counter()
        with process(str(BIN / "banyan"), "up", BANYAN_HOME=str(home), BANYAN_PORT=str(port)) as up:
            wait_ready(f"http://127.0.0.1:{port}", up)
            elapsed = time.perf_counter() - started
    LocalServers(home, installed_services()).remove()
    return Row("warm start to ready, seconds", elapsed, 6, at_most=15)
