"""Health and traces, of calls and of what follows from them."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from banyan.api.v1 import change_pb2
from banyan.party.v1 import source_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis import errors
from chassis.events import Consumer, ConsumerRunner, Event
from chassis.rpc import (
    Call,
)
from chassis.rpc.registry import contract_methods
from chassis.telemetry import configure_traces, new_trace_parent, trace_id

OUTER = next(m for m in contract_methods() if m.name == "CreateSource")
INNER = next(m for m in contract_methods() if m.name == "ListSources")
# What is asked about the caller joins the trace when it is not remembered.
ABOUT_THE_CALLER = "/banyan.identity.v1.AccessService/"
CODES = sorted(errors.Error.__subclasses__(), key=lambda kind: kind.__name__)
Handle = Callable[[Any, Call], Awaitable[Any]]


async def test_the_server_says_that_it_serves(world):
    async with grpc.aio.insecure_channel(f"127.0.0.1:{world.host.grpc_port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        asked = health_pb2.HealthCheckRequest(service="")
        assert (await stub.Check(asked)).status == health_pb2.HealthCheckResponse.SERVING
        watch = stub.Watch(asked)
        first = await asyncio.wait_for(watch.read(), 5)
        assert first.status == health_pb2.HealthCheckResponse.SERVING
        watch.cancel()
        unknown = stub.Watch(health_pb2.HealthCheckRequest(service="nobody"))
        first = await asyncio.wait_for(unknown.read(), 5)
        assert first.status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        unknown.cancel()


@pytest.fixture
def spans():
    """Record spans; gives those of one trace by name."""
    exporter = InMemorySpanExporter()
    configure_traces("t", SimpleSpanProcessor(exporter))

    def of(trace: str) -> dict[str, Any]:
        found = exporter.get_finished_spans()
        return {
            s.name: s
            for s in found
            if f"{s.context.trace_id:032x}" == trace and not s.name.startswith(ABOUT_THE_CALLER)
        }

    yield of
    configure_traces("t", None)


async def test_a_call_and_its_further_calls_are_one_trace(bench, spans):
    async def handle(request: Any, call: Call) -> Any:
        await call.channels.to("party").unary_unary(INNER.path)(source_pb2.ListSourcesRequest())
        return source_pb2.Source()

    bench.handle = handle
    parent = new_trace_parent()
    await bench.call(traceparent=parent)
    found = spans(trace_id(parent))
    assert set(found) == {OUTER.path, INNER.path}
    outer, inner = found[OUTER.path], found[INNER.path]
    assert f"{outer.parent.span_id:016x}" == parent.split("-")[2]
    assert inner.parent.span_id == outer.context.span_id


async def test_calls_that_are_not_related_are_not_one_trace(bench, spans):
    traces: set[str] = set()

    async def handle(request: Any, call: Call) -> Any:
        traces.add(trace_id(call.trace_parent))
        return source_pb2.Source()

    bench.handle = handle
    for _ in range(3):
        await bench.call()
    assert len(traces) == 3
    assert all(set(spans(trace)) == {OUTER.path} for trace in traces)


async def test_a_change_and_what_consumers_do_about_it_join_the_trace_of_the_call(world, spans):
    person = await world.person(await world.tenant())
    parent = new_trace_parent()
    source = source_pb2.Source(name=str(uuid.uuid4()))
    made = await world.wire.to("party").unary_unary(OUTER.path)(
        source_pb2.CreateSourceRequest(source=source),
        metadata={**person.metadata, "traceparent": parent},
    )
    rows = await world.host.databases["party"].read(
        person.tenant_id, "SELECT payload FROM party.change WHERE resource_id = $1", made.id
    )
    change = change_pb2.Change.FromString(rows[0][0])
    assert trace_id(change.trace_parent) == trace_id(parent)

    async def nothing(events: Any, transaction: Any) -> None:
        return None

    consumer = Consumer(f"test_{uuid.uuid4().hex[:8]}", ("party.source.create",), nothing)
    database, broker = world.host.databases["party"], world.host.brokers["party"]
    runner = ConsumerRunner(consumer, database, broker)
    event = Event(change.id, person.tenant_id, "x", rows[0][0], change.trace_parent)
    await runner.apply(person.tenant_id, [event])
    found = spans(trace_id(parent))
    server, effect = found[OUTER.path], found[runner.name]
    assert f"{server.parent.span_id:016x}" == parent.split("-")[2]
    assert effect.parent.span_id == server.context.span_id
