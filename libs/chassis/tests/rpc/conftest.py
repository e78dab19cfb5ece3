"""A dispatcher whose handlers a test writes, reached both ways."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from banyan.party.v1 import source_pb2

from chassis import errors
from chassis.access import TokenReader
from chassis.rpc import (
    Call,
    Channels,
    Dispatcher,
    LocalChannel,
    WireChannel,
    serve_grpc,
)
from chassis.rpc.registry import contract_methods
from chassis.testing import Person

OUTER = next(m for m in contract_methods() if m.name == "CreateSource")
INNER = next(m for m in contract_methods() if m.name == "ListSources")
CODES = sorted(errors.Error.__subclasses__(), key=lambda kind: kind.__name__)
Handle = Callable[[Any, Call], Awaitable[Any]]


class Bench:
    """A dispatcher of two methods whose handlers the test writes, and a channel to it."""

    def __init__(self, world, person: Person) -> None:
        self.person = person
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
    made = Bench(world, await world.person(await world.tenant()))
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
