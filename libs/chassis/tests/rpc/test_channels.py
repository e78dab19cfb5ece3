"""A local call and a call over the wire are alike in everything but speed."""

import asyncio
import contextlib
import contextvars
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from banyan.party.v1 import source_pb2

from chassis import errors
from chassis.rpc import (
    Call,
    WireChannel,
    acting,
    current_call,
)
from chassis.rpc.registry import contract_methods
from chassis.telemetry import new_trace_parent, trace_id

OUTER = next(m for m in contract_methods() if m.name == "CreateSource")
INNER = next(m for m in contract_methods() if m.name == "ListSources")
CODES = sorted(errors.Error.__subclasses__(), key=lambda kind: kind.__name__)
Handle = Callable[[Any, Call], Awaitable[Any]]


async def refusal(bench, error: BaseException) -> errors.Error:
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
