"""From the change table to JetStream: one relay per service at a time."""

import asyncio
import contextlib
import functools
from collections.abc import Sequence
from typing import Any

import asyncpg
import nats.errors
from banyan.api.v1 import change_pb2

from chassis.database import Address, Record, Role
from chassis.events.broker import Broker
from chassis.events.change import fact_id
from chassis.json.wellknown import encode_timestamp
from chassis.telemetry import METRICS, log
from chassis.turns import TURNS, gather

BATCH = 1000
POLL_SECONDS = 1.0
ACKNOWLEDGE_SECONDS = 10.0
GATHER_SECONDS_MAX = 0.05
# The oldest transaction that is open, and the first that has not begun.
_OPEN = (
    "SELECT pg_snapshot_xmin(open)::text::bigint, pg_snapshot_xmax(open)::text::bigint"
    " FROM pg_current_snapshot() open"
)
_LOCK = "SELECT pg_advisory_lock(hashtextextended($1, 0))"
_FAILURES = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    nats.errors.Error,
    TimeoutError,
)


class Reading:
    """How far a session has read the log: the highest number seen, and those missing below it.

    A number is drawn before its transaction commits, so a lower one may appear after a higher. A
    missing one is looked for until every transaction that was open when it was noticed has ended:
    its own was among them, since a change takes its number after its row is written.

    Attributes:
        seen: the highest number read.
        missing: numbers below it that were not there, with the first transaction that began too
            late to hold them; None until that is known.
    """

    def __init__(self, position: int) -> None:
        self.seen = position
        self.missing: dict[int, int | None] = {}

    @property
    def position(self) -> int:
        """Give the number up to which nothing is missing."""
        return min(self.missing) - 1 if self.missing else self.seen

    def open_transactions(self, oldest: int, following: int) -> list[int]:
        """Take in which transactions are open; give the missing numbers that are decided now."""
        decided = [n for n, late in self.missing.items() if late is not None and late <= oldest]
        self.missing.update({n: following for n, late in self.missing.items() if late is None})
        return decided

    def read(self, sequences: Sequence[int]) -> None:
        """Take in numbers that were read, in their order."""
        for sequence in sequences:
            if sequence > self.seen:
                self.missing.update(dict.fromkeys(range(self.seen + 1, sequence)))
                self.seen = sequence
            else:
                self.missing.pop(sequence, None)


class Relay:
    """Publishes a service's changes, woken after each commit and each second as a net.

    The reader's connection holds an advisory lock, so a second process of the same service waits.
    Noting how far it is overlaps with publishing the next batch; a crash in between publishes that
    batch again under the same ids.
    """

    def __init__(self, address: Address, broker: Broker) -> None:
        self._service = broker.service
        self._dsn = address.dsn(broker.service, Role.RELAY)
        self._broker = broker
        self._wake = asyncio.Event()
        select = f"SELECT sequence, tenant_id::text, payload FROM {self._service}.change"
        self._select_next = f"{select} WHERE sequence > $1 ORDER BY sequence LIMIT $2"
        self._select_missing = f"{select} WHERE sequence = ANY($1::bigint[]) ORDER BY sequence"
        self._note = f"UPDATE {self._service}.relay SET position = $1 WHERE position < $1"

    def wake(self) -> None:
        """Say that there may be something to publish."""
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled, whatever fails in between."""
        await self._broker.connected()
        while True:
            try:
                await self._session()
            except _FAILURES as error:
                log.warning("relay", service=self._service, error=repr(error))
                await asyncio.sleep(0.2)

    async def _session(self) -> None:
        reader = await asyncpg.connect(self._dsn)
        noter = await asyncpg.connect(self._dsn)
        try:
            await reader.execute(_LOCK, f"relay {self._service}")
            await self._broker.ensure_stream(self._service)
            reading = await self.begin(reader)
            while True:
                self._wake.clear()
                await gather(await self.drain(reading, reader, noter), GATHER_SECONDS_MAX)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._wake.wait()
        finally:
            reader.terminate()
            noter.terminate()

    async def begin(self, reader: asyncpg.Connection) -> Reading:
        """Read on from where the last session was."""
        return Reading(await reader.fetchval(f"SELECT position FROM {self._service}.relay"))

    async def drain(
        self, reading: Reading, reader: asyncpg.Connection, noter: asyncpg.Connection
    ) -> int:
        """Publish everything that waits; give how much it was."""
        total = await self._look_for_missing(reading, reader)
        noting: asyncio.Task[Any] | None = None
        try:
            while rows := await reader.fetch(self._select_next, reading.seen, BATCH):
                await TURNS.after_others(len(rows))
                await self._publish(rows)
                reading.read([row[0] for row in rows])
                if noting is not None:
                    await noting
                noting = asyncio.create_task(noter.execute(self._note, reading.position))
                total += len(rows)
                if len(rows) < BATCH:
                    break
        finally:
            if noting is not None:
                await noting
        METRICS.published.labels(self._service).inc(total)
        return total

    async def _look_for_missing(self, reading: Reading, reader: asyncpg.Connection) -> int:
        """Publish what appeared below the highest number seen; give how much it was."""
        if not reading.missing:
            return 0
        row = await reader.fetchrow(_OPEN)
        assert row is not None
        decided = reading.open_transactions(*row)
        rows = await reader.fetch(self._select_missing, list(reading.missing))
        await self._publish(rows)
        reading.read([*(row[0] for row in rows), *decided])
        await reader.execute(self._note, reading.position)
        return len(rows)

    async def _publish(self, rows: list[Record]) -> None:
        acknowledgements: list[asyncio.Future[Any]] = []
        for sequence, tenant_id, payload in rows:
            change = change_pb2.Change.FromString(payload)
            change.sequence = sequence
            for subject, headers, body in self.messages(tenant_id, change):
                acknowledgements.append(await self._broker.publish(subject, body, headers))
        # The library never ends what was waiting when the server died.
        async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
            results = await asyncio.gather(*acknowledgements, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def messages(
        self, tenant_id: str, change: change_pb2.Change
    ) -> list[tuple[str, dict[str, str], bytes]]:
        """Give the change itself and each fact it established."""
        noun = _snake(change.resource_type.rpartition("/")[2])
        base = f"banyan.{tenant_id}.{self._service}"
        record_type = change.record.type_url.rpartition("/")[2]
        headers = self._headers(change, change.id, f"{record_type}.{change.verb}")
        messages = [(f"{base}.{noun}.{change.verb}", headers, change.SerializeToString())]
        for index, fact in enumerate(change.facts):
            kind = fact.type_url.rpartition("/")[2]
            headers = self._headers(change, fact_id(change.id, index), kind)
            subject = f"{base}.fact.{_snake(kind.rpartition('.')[2])}"
            messages.append((subject, headers, fact.value))
        return messages

    def _headers(self, change: change_pb2.Change, event_id: str, kind: str) -> dict[str, str]:
        headers = {
            "Nats-Msg-Id": event_id,
            "ce-specversion": "1.0",
            "ce-id": event_id,
            "ce-source": f"/banyan/{self._service}",
            "ce-type": kind,
            "ce-subject": f"{change.resource_type}/{change.resource_id}",
            "ce-time": encode_timestamp(change.time),
            "ce-tenantid": change.tenant_id,
            "content-type": "application/protobuf",
        }
        if change.trace_parent:
            headers["traceparent"] = change.trace_parent
        return headers


@functools.cache
def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
