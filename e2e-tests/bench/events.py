"""The relay against raw publishing, and the time from commit to effect."""

import asyncio
import statistics
import time
import uuid
from collections.abc import Sequence
from typing import Any

import asyncpg
from banyan.api.v1.change_pb2 import Change
from rows import ROUNDS, Row, settled
from scene import Firm

from chassis.database import Role
from chassis.events import Consumer, ConsumerRunner, Event, Relay
from chassis.events.relay import Reading

DRAINED = 5_000
PER_SECOND = 100
_LATEST = f"FROM sales.change ORDER BY sequence DESC LIMIT {DRAINED}"


async def measure(firm: Firm) -> list[Row]:
    """Give the rows about events."""
    return [*await latency(firm), await drain(firm)]


async def latency(firm: Firm) -> list[Row]:
    """Measure from the answer of Create to the effect in another service, at 100 a second."""
    host = firm.host
    seen: dict[str, float] = {}

    async def handle(events: Sequence[Event], _: Any) -> None:
        seen.update((event.change.resource_id, time.perf_counter()) for event in events)

    consumer = Consumer(f"bench_{uuid.uuid4().hex}", ("sales.opportunity.*",), handle)
    runner = ConsumerRunner(consumer, host.databases["party"], host.brokers["party"])
    task = asyncio.create_task(runner.run())
    last = (await firm.create()).id  # the consumer first takes in all that was before

    async def caught_up() -> bool:
        return last in seen

    await settled(caught_up)
    await firm.all_quiet()
    committed: dict[str, float] = {}
    begun = time.perf_counter()
    for n in range(400):
        await asyncio.sleep(max(0.0, begun + n / PER_SECOND - time.perf_counter()))
        made = await firm.create()
        committed[made.id] = time.perf_counter()
    rate = 400 / (time.perf_counter() - begun)

    async def all_seen() -> bool:
        return committed.keys() <= seen.keys()

    await settled(all_seen)
    task.cancel()
    waits = sorted(max(0.0, seen[i] - at) * 1000 for i, at in committed.items())
    note = f"at {rate:.0f} a second"
    p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    return [
        Row("commit → effect, p50 in ms", p50, 3, at_most=10, note=note),
        Row("commit → effect, p99 in ms", p99, 25, at_most=100, note=note),
    ]


async def drain(firm: Firm) -> Row:
    """Compare a relay that publishes 5,000 waiting changes of deals with raw publishing.

    Ours reads, parses, publishes and notes how far it is; raw sends the same messages, made
    beforehand, and waits for the acknowledgements. Nothing else runs in the process meanwhile.
    """
    host = firm.host
    broker = host.brokers["sales"]
    relay = Relay(host.address, broker)
    dsn = host.address.dsn("sales", Role.RELAY)
    reader, noter = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    values: list[float] = []
    rates: list[float] = []
    async with firm.paused():
        rows = await reader.fetch(f"SELECT tenant_id::text, payload, sequence {_LATEST}")
        before = min(row[2] for row in rows) - 1
        messages = [
            message
            for tenant_id, payload, _ in rows
            for message in relay.messages(tenant_id, Change.FromString(payload))
        ]
        for _ in range(ROUNDS):
            await reader.execute("UPDATE sales.relay SET position = $1", before)
            started = time.perf_counter()
            total = await relay.drain(Reading(before), reader, noter)
            rates.append(total / (time.perf_counter() - started))
            assert total == len(rows)
            started = time.perf_counter()
            waits = [
                await broker.publish(subject, body, headers) for subject, headers, body in messages
            ]
            await asyncio.gather(*waits)
            values.append(rates[-1] / (len(messages) / (time.perf_counter() - started)))
    await reader.close()
    await noter.close()
    note = f"{statistics.median(rates):.0f} changes a second"
    return Row("relay drain ÷ raw publish", statistics.median(values), 0.8, at_least=0.5, note=note)
