"""The connection to NATS: one stream per service, CloudEvents in binary mode."""

import asyncio
import contextlib
import functools
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats.errors
import nats.js.errors
from banyan.api.v1 import change_pb2
from google.protobuf import symbol_database
from nats.aio.client import Client
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

from chassis.events.pull import Pull
from chassis.telemetry import log

STREAM_SECONDS = 7 * 24 * 3600
_DUPLICATE_WINDOW_SECONDS = 120
_PENDING_MAX = 4000


@dataclass(frozen=True)
class Event:
    """One event as a consumer sees it.

    Attributes:
        id: the same at every delivery.
        tenant_id: from the envelope.
        subject: ``banyan.<tenant>.<service>.<noun>.<verb>``.
        payload: a serialised `Change`, or the fact itself below ``...fact.<name>``.
    """

    id: str
    tenant_id: str
    subject: str
    payload: bytes
    trace_parent: str = ""

    @functools.cached_property
    def change(self) -> change_pb2.Change:
        """Give the payload as a Change."""
        return change_pb2.Change.FromString(self.payload)

    @functools.cached_property
    def record(self) -> Any:
        """Give the record a Change carries, as it was after it."""
        packed = self.change.record
        message = symbol_database.Default().GetSymbol(packed.type_url.rpartition("/")[2])()
        packed.Unpack(message)
        return message


class _Client(Client):
    """The library's client, with headers read in a sixth of its time: each consumer reads them."""

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in raw.decode("utf-8", "replace").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                found[name] = value.strip()
        return found


class Broker:
    """A service's connection to NATS, kept open and opened again by the library."""

    def __init__(self, url: str, service: str, passwords: Path) -> None:
        self._url = url
        self.service = service
        self._passwords = passwords
        # The library's own hints leave most of what is used here unknown.
        self._client: Any = _Client()
        self._stream: Any = None
        self._opened = asyncio.Event()
        self._pulls = weakref.WeakSet[Pull]()
        self.on_reconnect: list[Callable[[], None]] = []

    async def connect(self) -> None:
        """Connect; returns when connected, tries until then."""
        file = self._passwords / self.service
        await self._client.connect(
            self._url,
            name=f"banyan {self.service}",
            user=self.service,
            password=file.read_text().strip(),
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.1,
            ping_interval=5,
            max_outstanding_pings=2,
            error_cb=self._on_error,
            reconnected_cb=self._on_reconnected,
        )
        self._stream = self._client.jetstream(publish_async_max_pending=_PENDING_MAX)
        self._opened.set()

    async def connected(self) -> None:
        """Wait until it was connected for the first time; from then on the library reconnects."""
        await self._opened.wait()

    @property
    def is_connected(self) -> bool:
        """Tell whether events can be heard right now."""
        return self._client.is_connected

    @property
    def stream(self) -> Any:
        """Give the JetStream context of the open connection."""
        assert self._stream is not None, "connect() comes first"
        return self._stream

    async def ensure_stream(self, service: str) -> str:
        """Create a service's stream when it is missing; give its name."""
        name = f"banyan-{service}"
        config = StreamConfig(
            name=name,
            subjects=[f"banyan.*.{service}.>"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=STREAM_SECONDS,
            duplicate_window=_DUPLICATE_WINDOW_SECONDS,
            discard=DiscardPolicy.OLD,
        )
        try:
            await self.stream.stream_info(name)
        except nats.js.errors.NotFoundError:
            # Another process may have been faster with the same configuration.
            with contextlib.suppress(nats.js.errors.BadRequestError):
                await self.stream.add_stream(config)
        return name

    async def publish(
        self, subject: str, payload: bytes, headers: dict[str, str]
    ) -> asyncio.Future[Any]:
        """Send an event to JetStream; the future is done when it is stored."""
        return await self.stream.publish_async(subject, payload, headers=headers)

    async def pull(self, stream: str, durable: str, batch: int) -> Pull:
        """Listen to what a durable consumer has."""
        pull = Pull(self._client, stream, durable, batch)
        self._pulls.add(pull)
        return await pull.subscribe()

    async def listen(self, subject: str, handle: Callable[[Event], Awaitable[None]]) -> None:
        """Hear events as they pass, without memory: for what can be fetched again."""

        async def on_message(message: Any) -> None:
            await handle(event_of(message))

        await self._client.subscribe(subject, cb=on_message)

    async def close(self) -> None:
        """Close the connection after what is on its way has been sent."""
        if self._client.is_connected:
            with contextlib.suppress(nats.errors.Error, asyncio.TimeoutError):
                await self._client.flush(2)
        await self._client.close()

    async def _on_error(self, error: Exception) -> None:
        log.warning("nats", service=self.service, error=repr(error))

    async def _on_reconnected(self) -> None:
        for pull in self._pulls:
            pull.ask_again()
        for listener in self.on_reconnect:
            listener()


def event_of(message: Any) -> Event:
    """Read an event from a NATS message."""
    headers: dict[str, str] = message.headers or {}
    return Event(
        id=headers.get("ce-id", ""),
        tenant_id=message.subject.split(".")[1],
        subject=message.subject,
        payload=message.data,
        trace_parent=headers.get("traceparent", ""),
    )
