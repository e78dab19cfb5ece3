"""How a line of the table is measured: three runs, and the bare side of it in each."""

import asyncio
import functools
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nats
import orjson
from rows import Row, settled

from chassis.hosting.founding import local_ids
from journeys.bare import Action, Bare
from journeys.client import Door, Load
from journeys.firm import Firm
from journeys.machine import Platform, Spent, load_average

RUNS = 3
QUIET_SECONDS_MAX = 1800
_READER = "insight"  # as whom streams are looked at
_ANALYZED = "VACUUM (ANALYZE)"
_LOGS = "SELECT nspname FROM pg_namespace WHERE to_regclass(nspname || '.change') IS NOT NULL"
_WAITING = "SELECT count(*) FROM {0}.change WHERE sequence > (SELECT position FROM {0}.relay)"


@dataclass
class Run:
    """One run of one side each."""

    load: Load
    spent: Spent
    bare: float
    machine_load: float
    quiet_seconds: float


@dataclass
class Journey:
    """What is done, and the figure it should reach.

    Attributes:
        requests: what the clients send, without end.
        bare: the role and the action of the bare side.
        at_least, reach_for: requests per second; None for information.
        note: what one should know of it.
        writes: it leaves work behind for relays and consumers, which is waited for.
    """

    name: str
    requests: Iterator[bytes]
    bare: tuple[str, Action]
    at_least: float | None = None
    reach_for: float | None = None
    note: str = ""
    writes: bool = False
    runs: list[Run] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """Count the requests of all runs; each was answered well."""
        return sum(run.load.sent for run in self.runs)

    def row(self) -> Row:
        """Give the line: the median of the runs, and what is behind it."""
        rate = statistics.median(run.load.rate for run in self.runs)
        return Row(self.name, rate, self.reach_for, at_least=self.at_least, note=self._behind())

    def _behind(self) -> str:
        loads, sent = [run.load for run in self.runs], self.sent

        def median(values: Iterator[float]) -> str:
            return f"{statistics.median(values):,.1f}"

        def cpu(seconds: float) -> str:
            return f"{seconds / sent * 1e6:,.0f}"

        parts = [
            f"bare {statistics.median(run.bare for run in self.runs):,.0f}",
            f"p50 {median(one.wait_ms(0.5) for one in loads)} ms"
            f" p99 {median(one.wait_ms(0.99) for one in loads)} ms",
            f"CPU µs each: Banyan {cpu(sum(run.spent.banyan for run in self.runs))},"
            f" PostgreSQL {cpu(sum(run.spent.database for run in self.runs))},"
            f" clients {cpu(sum(one.client_seconds for one in loads))}",
            f"runs {', '.join(f'{one.rate:,.0f}' for one in loads)}",
            f"load {max(run.machine_load for run in self.runs):.1f}",
        ]
        if self.writes:
            parts.append(f"quiet after {median(run.quiet_seconds for run in self.runs)} s")
        return "; ".join([*parts, *filter(None, [self.note])])


class Bench:
    """A running platform with a firm in it, and the ways to look behind it.

    Attributes:
        seconds: how long a side runs.
    """

    def __init__(self, firm: Firm, seconds: float) -> None:
        self.firm = firm
        self.seconds = seconds
        self.platform = Platform(firm.banyan.home)
        self.tenant_id = local_ids(firm.banyan.home)["tenant_id"]
        self.bare = Bare(self.platform, self.tenant_id)

    def door(self) -> Door:
        """Give the public door with a token that is good for ten minutes."""
        return Door(self.firm.banyan.url, self.firm.token())

    async def get(self, path: str) -> Any:
        """GET from the contract."""
        door = self.door()
        return orjson.loads(await door.ask(door.request("GET", f"/v1/{path}")))

    async def replaying(self, requests: list[bytes]) -> tuple[str, Action]:
        """Give the bare side of requests that read: the statements they run."""
        door = self.door()
        acts = [functools.partial(door.ask, request) for request in requests]
        for act in acts:
            await act()
        return await self.bare.replays(await self.bare.recorded(acts))

    async def measure(self, journey: Journey) -> Row:
        """Run both sides in turn; the token in the requests must be fresh."""
        login, action = journey.bare
        await self.bare.rate(login, action, min(0.5, self.seconds))
        for _ in range(RUNS):
            before = self.platform.spent()
            load = await self.door().press(journey.requests, self.seconds)
            spent, machine_load = self.platform.spent().since(before), load_average()
            begun = time.perf_counter()
            if journey.writes:
                await self.quiet()
            quiet_seconds = time.perf_counter() - begun
            bare = await self.bare.rate(login, action, self.seconds / 2)
            journey.runs.append(Run(load, spent, bare, machine_load, quiet_seconds))
        return journey.row()

    async def tidy(self) -> None:
        """Do at once what autovacuum would do within a minute or two."""
        await self.bare.admin.execute(_ANALYZED, timeout=300)

    async def quiet(self) -> None:
        """Wait until every change is published and every consumer has taken in its events."""
        config = orjson.loads((self.platform.home / "data" / "nats.json").read_bytes())
        password = (self.platform.home / "secrets" / "nats" / _READER).read_text()
        events = await nats.connect(
            f"nats://{config['host']}:{config['port']}", user=_READER, password=password
        )
        stream = events.jetstream()
        logs = [name for (name,) in await self.bare.fetch(_LOGS)]

        async def is_quiet() -> bool:
            await asyncio.sleep(0.1)  # asking all the time would take the processor from the rest
            for name in logs:
                if await self.bare.admin.fetchval(_WAITING.format(name)):
                    return False
                for found in await stream.consumers_info(f"banyan-{name}"):
                    if found.num_pending or found.num_ack_pending:
                        return False
            return True

        try:
            await settled(is_quiet, QUIET_SECONDS_MAX)
        finally:
            await events.close()
