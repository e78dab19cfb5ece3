"""The gateway alone: its HTTP application over channels that only remember."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
from google.protobuf.message import Message

from chassis.rpc.registry import contract_methods
from gateway.app import build_app

SOURCE_ID = "0195d3a0-0000-7000-8000-000000000001"


@dataclass
class Call:
    """One call as the service behind would get it."""

    service: str
    path: str
    request: Any
    timeout: float | None
    metadata: Mapping[str, str]


@dataclass
class FakeChannels:
    """Stands for `chassis.rpc.Channels`: records calls, answers `reply` or raises it.

    Without a reply it answers an empty message of the type the contract names.
    """

    reply: Message | Exception | None = None
    calls: list[Call] = field(default_factory=list)

    def to(self, service: str) -> "FakeChannel":
        return FakeChannel(self, service)

    @property
    def request(self) -> Any:
        """Give the request of the only call."""
        assert len(self.calls) == 1, self.calls
        return self.calls[0].request


@dataclass
class FakeChannel:
    channels: FakeChannels
    service: str

    def unary_unary(self, path: str) -> Any:
        async def call(request: Message, *, timeout=None, metadata=None) -> Message:  # noqa: ASYNC109
            self.channels.calls.append(Call(self.service, path, request, timeout, metadata))
            if isinstance(self.channels.reply, Exception):
                raise self.channels.reply
            return self.channels.reply or empty_reply(path)

        return call


def empty_reply(path: str) -> Message:
    return next(m for m in contract_methods() if m.path == path).response_type()


@dataclass
class Health:
    """What the process says of its parts."""

    parts: dict[str, bool] = field(default_factory=lambda: {"database": True})

    async def __call__(self) -> dict[str, bool]:
        return self.parts


@pytest.fixture
def behind() -> FakeChannels:
    return FakeChannels()


@pytest.fixture
def health() -> Health:
    return Health()


@pytest_asyncio.fixture
async def http(behind: FakeChannels, health: Health) -> AsyncGenerator[httpx.AsyncClient]:
    app = build_app(behind, ready=health)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 4711))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://banyan") as client:
        yield client


@pytest.fixture
def source_id() -> str:
    return SOURCE_ID


@pytest.fixture
def source_path() -> str:
    return f"/v1/sources/{SOURCE_ID}"
