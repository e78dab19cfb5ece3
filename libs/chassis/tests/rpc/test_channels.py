"""A local call and a call over the wire are alike in everything but speed."""

import asyncio
import contextlib
import contextvars
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import grpc
import pytest
import pytest_asyncio
from banyan.api.v1 import change_pb2
from banyan.party.v1 import source_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis import errors
from chassis.access import TokenReader
from chassis.events import Consumer, ConsumerRunner, Event
from chassis.rpc import (
    Call,
    Channels,
    Dispatcher,
    LocalChannel,
    WireChannel,
    acting,
    current_call,
    serve_grpc,
)
from chassis.rpc.registry import contract_methods
from chassis.telemetry import configure_traces, new_trace_parent, trace_id

OUTER = next(m for m in contract_methods() if m.name == "CreateSource")
INNER = next(m for m in contract_methods() if m.name == "ListSources")
CODES = sorted(errors.Error.__subclasses__(), key=lambda kind: kind.__name__)
Handle = Callable[[Any, Call], Awaitable[Any]]


class Bench:
    """A dispatcher of two methods whose handlers the test writes, and a channel to it."""

    def __init__(self, world) -> None:
        self.person = world.person(world.tenant())
        self.handle: Handle = self.answer
        self.inner: Handle = self.nothing
        self.channels = Channels(world.host.keys)
        self.channel: Any = None

    async def answer(self, request: Any, call: Call) -> Any:
        return source_pb2.Source(name=request.source.name)

    async def nothing(self, request: Any, call: Call) -> Any:
        return source_pb2.ListSourcesResponse()

    async def call(
        self,
        request: Any = None,
        timeout: float | None = None,  # noqa: ASYNC109
        **metadata: str,
    ) -> Any:
        given = {**self.person.metadata, **metadata}
        send = self.channel.unary_unary(OUTER.path)
        return await send(
            request or source_pb2.CreateSourceRequest(), timeout=timeout, metadata=given
        )


@pytest_asyncio.fixture(params=["local", "wire"])
async def bench(world, request) -> AsyncGenerator[Bench]:
    made = Bench(world)
    dispatcher = Dispatcher(
        {
            OUTER: lambda asked, call: made.handle(asked, call),
            INNER: lambda asked, call: made.inner(asked, call),
        },
        tokens=TokenReader(world.host.keys),
        directory=world.host.directory,
        channels=made.channels,
    )
    server = None
    if request.param == "local":
        made.channel = LocalChannel(dispatcher)
    else:
        server, port = await serve_grpc(dispatcher, "127.0.0.1:0")
        made.channel = WireChannel(f"127.0.0.1:{port}", "party")
    made.channels.connect("party", made.channel)
    yield made
    await made.channels.close()
    if server is not None:
        await server.stop(None)


async def refusal(bench: Bench, error: BaseException) -> errors.Error:
    async def handle(request: Any, call: Call) -> Any:
        raise error

    bench.handle = handle
    with pytest.raises(errors.Error) as caught:
        await bench.call()
    return caught.value


# --- errors


@pytest.mark.parametrize("kind", CODES, ids=[kind.__name__ for kind in CODES])
async def test_an_error_arrives_as_the_error_it_was(bench, kind):
    sent = kind("A_REASON", retry_after=1.5, resource="party.Source", who="李四", count=3)
    found = await refusal(bench, sent)
    assert type(found) is kind
    assert found.reason == "A_REASON"
    assert found.metadata == {"resource": "party.Source", "who": "李四", "count": "3"}
    assert found.retry_after == 1.5
    assert found.violations == ()


async def test_violations_arrive_with_path_reason_and_values(bench):
    violations = [
        errors.FieldViolation("source.name", "STRING_MIN_LEN", "say something", {"min": "1"}),
        errors.FieldViolation("source.kind", "UNKNOWN_FIELD", "", {"field": "类型"}),
    ]
    found = await refusal(bench, errors.Invalid("INVALID_FIELDS", violations=violations))
    assert [(v.path, v.reason, v.metadata) for v in found.violations] == [
        (v.path, v.reason, v.metadata) for v in violations
    ]
    assert found.violations[0].description == "say something"


async def test_an_error_with_many_violations_is_still_that_error(bench):
    violations = [errors.FieldViolation(f"sources[{n}].name", "STRING_MIN_LEN") for n in range(500)]
    found = await refusal(bench, errors.Invalid("INVALID_FIELDS", violations=violations))
    assert type(found) is errors.Invalid
    assert found.reason == "INVALID_FIELDS"
    assert found.violations, "at least the first of them"
    assert found.violations[0].path == "sources[0].name"


@pytest.mark.parametrize(
    "failure",
    [
        ZeroDivisionError("secret"),
        KeyError("secret"),
        AssertionError("secret"),
        RecursionError("secret"),
        ExceptionGroup("secret", [ValueError("secret")]),
        grpc.RpcError("secret"),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_what_was_not_foreseen_is_internal_with_a_trace_id_and_nothing_else(bench, failure):
    async def handle(request: Any, call: Call) -> Any:
        raise failure

    bench.handle = handle
    parent = new_trace_parent()
    with pytest.raises(errors.Error) as caught:
        await bench.call(traceparent=parent)
    assert type(caught.value) is errors.Internal
    assert caught.value.reason == "INTERNAL"
    assert caught.value.metadata == {"trace": trace_id(parent)}
    assert caught.value.violations == ()
    assert "secret" not in str(caught.value)


async def test_an_answer_of_the_wrong_type_is_internal(bench):
    async def handle(request: Any, call: Call) -> Any:
        return None

    bench.handle = handle
    with pytest.raises(errors.Internal):
        await bench.call()


async def test_a_method_that_is_not_here_is_refused(bench):
    send = bench.channel.unary_unary("/banyan.party.v1.SourceService/GetSource")
    with pytest.raises(errors.Error) as caught:
        await send(source_pb2.GetSourceRequest(), metadata=bench.person.metadata)
    assert not isinstance(caught.value, errors.Internal)


# --- time and cancelling


class Slow:
    """A handler that never ends by itself, and says when it began and was cancelled."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self, request: Any, call: Call) -> Any:
        self.began.set()
        try:
            return await asyncio.Future()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0, -1])
async def test_a_call_ends_when_the_callers_time_is_up(bench, seconds):
    bench.handle = Slow()
    async with asyncio.timeout(5):
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await bench.call(timeout=seconds)
    assert caught.value.reason == "DEADLINE_EXCEEDED"


async def test_a_handler_whose_callers_time_is_up_is_cancelled(bench):
    bench.handle = slow = Slow()
    with pytest.raises(errors.DeadlineExceeded):
        await bench.call(timeout=0.3)
    assert slow.began.is_set()
    await asyncio.wait_for(slow.cancelled.wait(), 5)


async def test_a_handler_whose_caller_went_away_is_cancelled(bench):
    bench.handle = slow = Slow()
    task = asyncio.create_task(bench.call())
    await asyncio.wait_for(slow.began.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(slow.cancelled.wait(), 5)


async def left(bench, timeout: float | None) -> float:  # noqa: ASYNC109
    found: list[float] = []

    async def handle(request: Any, call: Call) -> Any:
        found.append(call.seconds_left)
        return source_pb2.Source()

    bench.handle = handle
    await bench.call(timeout=timeout)
    return found[0]


@pytest.mark.parametrize(("given", "most"), [(None, 30), (20, 20), (1000, 300)])
async def test_the_handler_knows_how_long_its_caller_waits(bench, given, most):
    """30 seconds when the caller does not say, 300 at most."""
    # gRPC rounds the time up a little on its way.
    assert round(await left(bench, given) / 10) * 10 == most


async def test_a_further_call_has_the_time_that_is_left(bench):
    bench.inner = slow = Slow()

    async def handle(request: Any, call: Call) -> Any:
        send = call.channels.to("party").unary_unary(INNER.path)
        return await send(source_pb2.ListSourcesRequest(), timeout=1000)

    bench.handle = handle
    async with asyncio.timeout(10):
        with pytest.raises(errors.DeadlineExceeded):
            await bench.call(timeout=0.5)
    assert slow.began.is_set()
    await asyncio.wait_for(slow.cancelled.wait(), 5)


# --- what passes and what does not

LOOSE: contextvars.ContextVar[str] = contextvars.ContextVar("loose", default="")


async def test_metadata_passes_and_context_variables_do_not(bench):
    found: dict[str, Any] = {}

    async def handle(request: Any, call: Call) -> Any:
        found.update(
            loose=LOOSE.get(),
            language=call.language,
            trace=trace_id(call.trace_parent),
            user=call.caller.user_id,
            tenant=call.tenant_id,
            current=current_call() is call,
            token=call.token,
        )
        LOOSE.set("from the handler")
        return source_pb2.Source()

    bench.handle = handle
    LOOSE.set("from the caller")
    parent = new_trace_parent()
    await bench.call(**{"accept-language": "zh-CN", "traceparent": parent})
    assert found == {
        "loose": "",
        "language": "zh-CN",
        "trace": trace_id(parent),
        "user": bench.person.user_id,
        "tenant": bench.person.tenant_id,
        "current": True,
        "token": bench.person.token,
    }
    assert LOOSE.get() == "from the caller"
    assert current_call() is None


async def test_a_further_call_carries_the_person_the_language_and_the_trace(bench):
    found: list[tuple[str, str, str, str]] = []

    async def inner(request: Any, call: Call) -> Any:
        found.append((call.caller.user_id, call.caller.service, call.language, call.trace_parent))
        return source_pb2.ListSourcesResponse()

    async def handle(request: Any, call: Call) -> Any:
        send = call.channels.to("party").unary_unary(INNER.path)
        await send(source_pb2.ListSourcesRequest())
        with acting("party", call.tenant_id), contextlib.suppress(errors.Forbidden):
            await send(source_pb2.ListSourcesRequest())
            pytest.fail("this method takes no services")
        await send(source_pb2.ListSourcesRequest())
        return source_pb2.Source()

    bench.handle, bench.inner = handle, inner
    parent = new_trace_parent()
    await bench.call(**{"accept-language": "zh-CN", "traceparent": parent})
    assert len(found) == 2
    for user, service, language, trace in found:
        assert (user, service, language) == (bench.person.user_id, "", "zh-CN")
        assert trace_id(trace) == trace_id(parent)


async def test_acting_as_a_service_does_not_leak_into_the_handler(bench):
    """Whoever calls with a person's token acts as that person, however the caller's task acts."""
    users: list[str] = []

    async def inner(request: Any, call: Call) -> Any:
        users.append(call.caller.user_id)
        return source_pb2.ListSourcesResponse()

    async def handle(request: Any, call: Call) -> Any:
        await call.channels.to("party").unary_unary(INNER.path)(source_pb2.ListSourcesRequest())
        return source_pb2.Source()

    bench.handle, bench.inner = handle, inner
    with acting("party"):
        await bench.call()
    assert users == [bench.person.user_id]


async def test_request_and_reply_are_copies(bench):
    kept: dict[str, Any] = {}

    async def handle(request: Any, call: Call) -> Any:
        kept["request"] = request
        request.source.name = "changed by the handler"
        kept["reply"] = source_pb2.Source(name="answered")
        return kept["reply"]

    bench.handle = handle
    mine = source_pb2.CreateSourceRequest(source=source_pb2.Source(name="asked"))
    reply = await bench.call(mine)
    assert mine.source.name == "asked"
    mine.source.name = "changed by the caller"
    assert kept["request"].source.name == "changed by the handler"
    kept["reply"].name = "changed after the answer"
    assert reply.name == "answered"
    reply.name = "changed by the caller"
    assert kept["reply"].name == "changed after the answer"


async def test_a_request_changed_while_it_is_under_way_is_the_one_that_was_sent(bench):
    let, found = asyncio.Event(), []

    async def handle(request: Any, call: Call) -> Any:
        await let.wait()
        found.append(request.source.name)
        return source_pb2.Source()

    bench.handle = handle
    mine = source_pb2.CreateSourceRequest(source=source_pb2.Source(name="asked"))
    task = asyncio.create_task(bench.call(mine))
    for _ in range(5):
        await asyncio.sleep(0)
    mine.source.name = "changed"
    let.set()
    await task
    assert found == ["asked"]


async def test_no_call_leaves_while_a_transaction_is_open(bench, world):
    reached: list[int] = []

    async def handle(request: Any, call: Call) -> Any:
        reached.append(1)
        return source_pb2.Source()

    bench.handle = handle
    async with world.host.databases["party"].transaction(bench.person.tenant_id):
        with pytest.raises(RuntimeError, match="transaction"):
            await bench.call()
        with pytest.raises(RuntimeError, match="transaction"):
            await asyncio.create_task(bench.call())
    assert reached == []
    await bench.call()
    assert reached == [1]


async def test_a_transaction_of_the_handler_is_its_own(bench, world):
    database = world.host.databases["party"]

    async def handle(request: Any, call: Call) -> Any:
        async with database.transaction(call.tenant_id) as transaction:
            rows = await transaction.fetch("SELECT current_setting('app.tenant')")
        await call.channels.to("party").unary_unary(INNER.path)(source_pb2.ListSourcesRequest())
        return source_pb2.Source(name=rows[0][0])

    bench.handle = handle
    assert (await bench.call()).name == bench.person.tenant_id


async def test_many_calls_at_once_do_not_mix(bench):
    async def handle(request: Any, call: Call) -> Any:
        await asyncio.sleep(0)
        assert current_call() is call
        return source_pb2.Source(name=f"{call.language} {request.source.name}")

    bench.handle = handle
    names = [str(uuid.uuid4()) for _ in range(50)]
    replies = await asyncio.gather(
        *(
            bench.call(
                source_pb2.CreateSourceRequest(source=source_pb2.Source(name=name)),
                **{"accept-language": name[:8]},
            )
            for name in names
        )
    )
    assert [reply.name for reply in replies] == [f"{name[:8]} {name}" for name in names]


async def test_a_service_without_an_address_is_unavailable(bench):
    with pytest.raises(errors.Unavailable) as caught:
        bench.channels.to("nobody")
    assert caught.value.reason == "SERVICE_UNKNOWN"


async def test_a_process_that_is_not_there_is_unavailable():
    channel = WireChannel("127.0.0.1:1", "party")
    channel.outgoing = lambda: ({}, None)
    with pytest.raises(errors.Unavailable):
        await channel.unary_unary(OUTER.path)(source_pb2.CreateSourceRequest(), timeout=5)
    await channel.close()


# --- seen from outside


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
        return {s.name: s for s in found if f"{s.context.trace_id:032x}" == trace}

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
    person = world.person(world.tenant())
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

    async def nothing(event: Event, transaction: Any) -> None:
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
