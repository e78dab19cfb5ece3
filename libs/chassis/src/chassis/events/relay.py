"""From the change table to JetStream: one relay per service at a time."""

import asyncio
import contextlib
import functools
from typing import Any

import asyncpg
import nats.errors
from banyan.api.v1 import change_pb2

from chassis.database import Address, Record, Role
from chassis.events.broker import Broker
from chassis.events.change import fact_id
from chassis.json.wellknown import encode_timestamp
from chassis.telemetry import METRICS, log

BATCH = 1000
POLL_SECONDS = 1.0
ACKNOWLEDGE_SECONDS = 10.0
# After a drain, a moment for more to come: the first change goes at once, a crowd goes together.
GATHER_SECONDS = 0.005
_LOCK = "SELECT pg_advisory_lock(hashtextextended($1, 0))"
_FAILURES = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    nats.errors.Error,
    TimeoutError,
)


class Relay:
    """Publishes a service's changes, woken after each commit and each second as a net.

    The reader's connection holds an advisory lock, so a second process of the same service waits.
    Marking a batch as published overlaps with publishing the next; a crash in between publishes it
    again under the same id.
    """

    def __init__(self, address: Address, broker: Broker) -> None:
        self._service = broker.service
        self._dsn = address.dsn(broker.service, Role.RELAY)
        self._broker = broker
        self._wake = asyncio.Event()
        self._select = (
            f"SELECT sequence, tenant_id::text, payload FROM {self._service}.change"
            " WHERE published_at IS NULL AND sequence > $1 ORDER BY sequence LIMIT $2"
        )
        self._mark = (
            f"UPDATE {self._service}.change SET published_at = now()"
            " WHERE sequence = ANY($1::bigint[])"
        )

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
        marker = await asyncpg.connect(self._dsn)
        try:
            await reader.execute(_LOCK, f"relay {self._service}")
            await self._broker.ensure_stream(self._service)
            while True:
                self._wake.clear()
                await self.drain(reader, marker)
                await asyncio.sleep(GATHER_SECONDS)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._wake.wait()
        finally:
            reader.terminate()
            marker.terminate()

    async def drain(self, reader: asyncpg.Connection, marker: asyncpg.Connection) -> int:
        """Publish everything that waits; give how much it was."""
        last, total = 0, 0
        marking: asyncio.Task[Any] | None = None
        try:
            while rows := await reader.fetch(self._select, last, BATCH):
                last = rows[-1][0]
                await self._publish(rows)
                if marking is not None:
                    await marking
                sequences = [row[0] for row in rows]
                marking = asyncio.create_task(marker.execute(self._mark, sequences))
                total += len(rows)
                if len(rows) < BATCH:
                    break
        finally:
            if marking is not None:
                await marking
        METRICS.published.labels(self._service).inc(total)
        return total

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
