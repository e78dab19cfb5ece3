"""Two kinds of channel under the same generated stubs: in this process, and over the wire.

The address table decides which one a service gets; nothing else knows. Both carry the caller's
token, trace, language and deadline, refuse to call while a transaction is open (calling back into
one's own pool deadlocks), and raise `chassis.errors`.
"""

import abc
import asyncio
import contextvars
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, cast

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from google.rpc import status_pb2

from chassis import errors
from chassis.access import Caller, Claims, KeyRing
from chassis.database import transaction_is_open
from chassis.rpc.call import acting_caller, current_call

DETAILS = "grpc-status-details-bin"
MESSAGE_BYTES_MAX = 8 * 1024 * 1024
# Where a page ends, and what a batch may be: an answer is about as long as its request.
PAGE_BYTES_MAX = MESSAGE_BYTES_MAX // 2
_TOKEN_KEPT_SECONDS = 300


class _Runner(Protocol):
    async def call(
        self,
        path: str,
        request: Message,
        metadata: Mapping[str, str],
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Message: ...


class Channels:
    """The address table: from a service's name to the channel its stubs use."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._channels: dict[str, _Channel] = {}
        self._tokens: dict[Caller, tuple[float, str]] = {}

    def connect(self, service: str, channel: "_Channel") -> None:
        """Say how a service is reached."""
        channel.outgoing = self.outgoing
        self._channels[service] = channel

    def to(self, service: str) -> grpc.aio.Channel:
        """Give the channel to a service, for its generated stub.

        Raises:
            Unavailable: SERVICE_UNKNOWN when no address is configured.
        """
        if service not in self._channels:
            raise errors.Unavailable("SERVICE_UNKNOWN", service=service)
        return cast("grpc.aio.Channel", self._channels[service])

    @property
    def services(self) -> list[str]:
        """List the services that can be reached."""
        return sorted(self._channels)

    def outgoing(self) -> tuple[dict[str, str], float | None]:
        """Give metadata and remaining seconds for a call made by the running task."""
        call = current_call()
        metadata: dict[str, str] = {}
        if call is not None:
            metadata["traceparent"] = call.trace_parent
            metadata["accept-language"] = call.language
        caller = acting_caller()
        if caller is not None:
            metadata["authorization"] = f"Bearer {self._service_token(caller)}"
        elif call is not None and call.token:
            metadata["authorization"] = f"Bearer {call.token}"
        return metadata, call.seconds_left if call is not None else None

    def _service_token(self, caller: Caller) -> str:
        kept = self._tokens.get(caller)
        if kept is None or kept[0] < time.monotonic():
            claims = Claims(
                tenant_id=caller.tenant_id,
                service=caller.service,
                on_behalf_of=caller.on_behalf_of,
            )
            if len(self._tokens) > 10_000:
                self._tokens.clear()
            kept = (
                time.monotonic() + _TOKEN_KEPT_SECONDS,
                self._keys.sign(caller.service, claims),
            )
            self._tokens[caller] = kept
        return kept[1]

    async def close(self) -> None:
        """Close what is open to other processes."""
        for channel in self._channels.values():
            await channel.close()


class _Channel(abc.ABC):
    """What generated stubs ask of a channel: unary calls by path."""

    outgoing: Callable[[], tuple[dict[str, str], float | None]]

    def unary_unary(
        self,
        method: str,
        request_serializer: Any = None,
        response_deserializer: Any = None,
        _registered_method: bool = False,
    ) -> Callable[..., Awaitable[Message]]:
        """Give the callable of one method; it takes `timeout` and `metadata` like gRPC's own."""

        async def call(
            request: Message,
            *,
            timeout: float | None = None,  # noqa: ASYNC109
            metadata: Mapping[str, str] | None = None,
        ) -> Message:
            if transaction_is_open():
                raise RuntimeError(f"{method} called while a transaction is open")
            carried, left = self.outgoing()
            carried.update(metadata or {})
            seconds = min((s for s in (timeout, left) if s is not None), default=None)
            return await self.send(method, request, carried, seconds)

        return call

    @abc.abstractmethod
    async def send(
        self,
        path: str,
        request: Message,
        metadata: Mapping[str, str],
        timeout: float | None,  # noqa: ASYNC109
    ) -> Message:
        """Make the call."""

    async def close(self) -> None:  # noqa: B027 (a local channel has nothing open)
        """Close what is open."""


class LocalChannel(_Channel):
    """Calls a dispatcher in this process: nothing is serialised, everything else is the same."""

    def __init__(self, runner: _Runner) -> None:
        self._runner = runner

    async def send(
        self,
        path: str,
        request: Message,
        metadata: Mapping[str, str],
        timeout: float | None,  # noqa: ASYNC109
    ) -> Message:
        """Run the method in a task of its own, on copies, so that the two sides share nothing."""
        copied = type(request)()
        copied.CopyFrom(request)
        task = asyncio.create_task(
            self._runner.call(path, copied, metadata, timeout), context=contextvars.Context()
        )
        reply = await task
        answer = type(reply)()
        answer.CopyFrom(reply)
        return answer


class WireChannel(_Channel):
    """Calls another process over gRPC, with retries for what may be repeated."""

    def __init__(
        self, address: str, service: str, credentials: grpc.ChannelCredentials | None = None
    ) -> None:
        options = [
            ("grpc.service_config", json.dumps(_service_config(service))),
            ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
            ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
            ("grpc.keepalive_time_ms", 30_000),
            # A port that another server had before must not be met with that server's backoff.
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1_000),
        ]
        self._channel = (
            grpc.aio.secure_channel(address, credentials, options)
            if credentials is not None
            else grpc.aio.insecure_channel(address, options)
        )
        self._callables: dict[str, Any] = {}

    async def send(
        self,
        path: str,
        request: Message,
        metadata: Mapping[str, str],
        timeout: float | None,  # noqa: ASYNC109
    ) -> Message:
        """Send the call and turn a status back into the error it was."""
        callable_ = self._callables.get(path)
        if callable_ is None:
            callable_ = self._callables[path] = self._callable(path)
        try:
            return await callable_(request, timeout=timeout, metadata=tuple(metadata.items()))
        except grpc.aio.AioRpcError as error:
            raise error_of(error) from None

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close(1)

    def _callable(self, path: str) -> Any:
        service, name = path.strip("/").split("/")
        method = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name]
        asked = message_factory.GetMessageClass(method.input_type)
        reply = message_factory.GetMessageClass(method.output_type)
        channel: Any = self._channel
        return channel.unary_unary(
            path,
            request_serializer=asked.SerializeToString,
            response_deserializer=reply.FromString,
        )


def error_of(error: grpc.aio.AioRpcError) -> errors.Error:
    """Rebuild the error that a status carries in its trailers."""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS and isinstance(value, bytes):
            return errors.from_status(status_pb2.Status.FromString(value))
    code: tuple[int, str] = error.code().value
    if error.code() == grpc.StatusCode.UNIMPLEMENTED:
        return errors.NotFound("METHOD_NOT_FOUND", method="")
    if error.code() == grpc.StatusCode.UNAVAILABLE:
        return errors.Unavailable("SERVICE_UNAVAILABLE", retry_after=1)
    return errors.from_status(status_pb2.Status(code=code[0], message=error.details() or ""))


def _service_config(service: str) -> dict[str, Any]:
    """Retry what the contract calls repeatable, on UNAVAILABLE, with growing pauses."""
    from chassis.rpc.registry import repeatable_methods

    return {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [
            {
                "name": [
                    {"service": full_name, "method": name}
                    for full_name, name in repeatable_methods(service)
                ],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.05s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ],
    }
