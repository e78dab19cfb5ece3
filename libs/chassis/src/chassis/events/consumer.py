"""Taking in events: durable pull consumers whose effect and inbox row are one transaction."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from opentelemetry.trace import SpanKind

from chassis import errors
from chassis.database import Database, Transaction
from chassis.events.broker import Broker, Event, event_of
from chassis.events.pull import Pull
from chassis.tasks import end
from chassis.telemetry import METRICS, log, span
from chassis.turns import TURNS, gather

ATTEMPTS_MAX = 5
_BATCH = 500
_FETCH_SECONDS = 5.0
_ACK_WAIT_SECONDS = 10
_GATHER_SECONDS_MAX = 0.1
_RETRY_SECONDS = (0.1, 0.5, 2.0, 5.0)

Handler = Callable[[Sequence[Event], Transaction], Awaitable[None]]


@dataclass(frozen=True)
class Consumer:
    """What a service does about events of others.

    Attributes:
        name: stable and unique in the service: it names the durable consumer and the inbox rows.
        subjects: what it takes in, as ``<service>.<noun>.<verb>`` with NATS wildcards.
        handle: the effect of some events of one tenant, each new to it. It runs in a transaction
            of that tenant that holds their inbox rows, makes no RPC, and must not assume order.
            When it fails for several, it is asked for each by itself.
    """

    name: str
    subjects: tuple[str, ...]
    handle: Handler


class ConsumerRunner:
    """Runs one consumer against one database."""

    def __init__(self, consumer: Consumer, database: Database, broker: Broker) -> None:
        self._consumer = consumer
        self._database = database
        self._broker = broker
        schema = database.schema
        self.name = f"{schema}_{consumer.name}"
        self._take = (
            f"INSERT INTO {schema}.inbox (consumer, event_id, tenant_id)"
            " SELECT $1, unnest($2::uuid[]), $3 ON CONFLICT DO NOTHING RETURNING event_id::text"
        )
        self._bury = (
            f"INSERT INTO {schema}.dead_letter"
            " (consumer, event_id, tenant_id, subject, payload, trace_parent, error, attempts)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (consumer, event_id)"
            " DO UPDATE SET error = excluded.error, attempts = dead_letter.attempts + 1"
        )

    async def run(self) -> None:
        """Take in events until cancelled, one loop per service they come from."""
        sources = sorted({subject.split(".")[0] for subject in self._consumer.subjects})
        tasks = [asyncio.create_task(self._run_source(source)) for source in sources]
        try:
            await asyncio.wait(tasks)
        finally:
            await end(tasks)

    async def _run_source(self, source: str) -> None:
        await self._broker.connected()
        while True:
            try:
                pull = await self._subscribe(source)
                try:
                    await self._loop(pull)
                finally:
                    # What is on its way to this subscription comes back at once, not after 30 s.
                    with contextlib.suppress(nats.errors.Error, asyncio.CancelledError):
                        await pull.unsubscribe()
            except Exception as error:  # whatever it was, events must be taken in again
                _end_if_cancelled()
                log.warning("consumer", consumer=self.name, source=source, error=repr(error))
                await asyncio.sleep(0.2)

    async def _subscribe(self, source: str) -> Pull:
        stream = await self._broker.ensure_stream(source)
        durable = f"{self.name}_{source}"
        mine = [s for s in self._consumer.subjects if s.split(".")[0] == source]
        config = ConsumerConfig(
            durable_name=durable,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_WAIT_SECONDS,
            deliver_policy=DeliverPolicy.ALL,
            filter_subjects=[f"banyan.*.{subject}" for subject in mine],
            max_ack_pending=2 * _BATCH,
        )
        await self._broker.stream.add_consumer(stream, config)
        return await self._broker.pull(stream, durable, _BATCH)

    async def _loop(self, pull: Pull) -> None:
        while True:
            messages = await pull.batch(_FETCH_SECONDS)
            if not messages:
                METRICS.lag.labels(self.name).set(0)
                continue
            behind = messages[-1].metadata.num_pending
            METRICS.lag.labels(self.name).set(behind)
            await TURNS.after_others(len(messages))
            by_tenant: dict[str, list[Any]] = {}
            for message in messages:
                by_tenant.setdefault(message.subject.split(".")[1], []).append(message)
            for tenant_id, batch in by_tenant.items():
                await self._take_in(tenant_id, batch)
            if not behind:
                await gather(len(messages), _GATHER_SECONDS_MAX)

    async def _take_in(self, tenant_id: str, messages: list[Any]) -> None:
        """Give the whole batch one transaction; when that fails, each message its own."""
        try:
            await self.apply(tenant_id, [event_of(message) for message in messages])
        except Exception as error:
            if len(messages) == 1:
                await self._failed(tenant_id, messages[0], error)
                return
            for message in messages:
                await self._take_in(tenant_id, [message])
            return
        for message in messages:
            await message.ack()

    async def apply(self, tenant_id: str, events: Sequence[Event]) -> None:
        """Let events of one tenant take effect in one transaction, those seen before not again."""
        ids = [event.id for event in events]
        async with self._database.transaction(tenant_id) as transaction:
            rows = await transaction.fetch(self._take, self._consumer.name, ids, tenant_id)
            fresh = {row[0] for row in rows}
            new = {event.id: event for event in events if event.id in fresh}
            if new:
                with contextlib.ExitStack() as spans:
                    for parent in {event.trace_parent for event in new.values()}:
                        spans.enter_context(span(self.name, parent, SpanKind.CONSUMER))
                    await self._consumer.handle(list(new.values()), transaction)
        METRICS.effects.labels(self.name, "done").inc(len(events))

    async def _failed(self, tenant_id: str, message: Any, error: Exception) -> None:
        attempts: int = message.metadata.num_delivered
        event = event_of(message)
        if not (_is_uuid(event.id) and _is_uuid(tenant_id)):
            # Not an event of ours: there is no row it could have, so nothing to keep or replay.
            log.error("not an event", consumer=self.name, subject=event.subject)
            await message.term()
            return
        log.warning(
            "event failed",
            consumer=self.name,
            event_id=event.id,
            subject=event.subject,
            attempts=attempts,
            error=repr(error),
        )
        METRICS.effects.labels(self.name, "failed").inc()
        unavailable = isinstance(error, errors.Unavailable | OSError)
        if attempts < ATTEMPTS_MAX or unavailable:
            delay = _RETRY_SECONDS[min(attempts, len(_RETRY_SECONDS)) - 1]
            await message.nak(delay=delay)
            return
        with contextlib.suppress(errors.Unavailable):
            await self._database.write(
                tenant_id,
                self._bury,
                *(self._consumer.name, event.id, tenant_id, event.subject),
                *(event.payload, event.trace_parent, repr(error)[:2000], attempts),
            )
            await message.ack()

    async def replay(self, tenant_id: str, event_id: str) -> None:
        """Let a dead letter take effect after its cause is mended.

        Raises:
            NotFound: DEAD_LETTER_NOT_FOUND.
        """
        table = f"{self._database.schema}.dead_letter"
        key = (self._consumer.name, event_id)
        rows = await self._database.read(
            tenant_id,
            f"SELECT subject, payload, trace_parent FROM {table}"
            " WHERE consumer = $1 AND event_id = $2 AND replay_time IS NULL",
            *key,
        )
        if not rows:
            raise errors.NotFound("DEAD_LETTER_NOT_FOUND", event=event_id)
        subject, payload, trace_parent = rows[0]
        await self.apply(tenant_id, [Event(event_id, tenant_id, subject, payload, trace_parent)])
        await self._database.write(
            tenant_id,
            f"UPDATE {table} SET replay_time = now() WHERE consumer = $1 AND event_id = $2",
            *key,
        )


def _end_if_cancelled() -> None:
    """End where a cancellation was swallowed: Python 3.11's `wait_for` may do so."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
