"""The gRPC server: bytes in, the dispatcher, bytes out; health and reflection beside it."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from chassis import errors
from chassis.rpc.channel import DETAILS, MESSAGE_BYTES_MAX
from chassis.rpc.method import Method

# The health package has no type hints.
_aio: Any = cast("Any", health).aio
_registrar: Any = health_pb2_grpc
_CODES = {code.value[0]: code for code in grpc.StatusCode}


class Answering(Protocol):
    """What answers a server's calls: a dispatcher, or a door that sends them on."""

    @property
    def methods(self) -> list[Method]:
        """List what can be called."""
        ...

    async def call(
        self,
        path: str,
        request: Message,
        metadata: Mapping[str, str],
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Message:
        """Run a method."""
        ...


class _Methods(grpc.GenericRpcHandler):
    """Finds the handler of a path."""

    def __init__(self, answering: Answering, *, trust_peer: bool) -> None:
        self._handlers = {
            method.path: _handler(answering, method, trust_peer) for method in answering.methods
        }

    def service(self, handler_call_details: Any) -> Any:
        """Give the handler for a call, None when it is not ours."""
        return self._handlers.get(handler_call_details.method)


def _handler(answering: Answering, method: Method, trust_peer: bool) -> Any:
    async def run(request: Any, context: Any) -> Any:
        metadata = {
            key: value
            for key, value in context.invocation_metadata() or ()
            if isinstance(value, str)
        }
        if not (trust_peer and "x-peer" in metadata):
            metadata["x-peer"] = context.peer().rpartition(":")[0]
        try:
            return await answering.call(method.path, request, metadata, context.time_remaining())
        except errors.Error as error:
            await abort(context, error)

    wrap: Any = grpc.unary_unary_rpc_method_handler
    return wrap(
        run,
        request_deserializer=method.request_type.FromString,
        response_serializer=method.response_type.SerializeToString,
    )


async def abort(context: Any, error: errors.Error) -> None:
    """End a call with an error's status and details."""
    status = errors.to_status(error)
    context.set_trailing_metadata(((DETAILS, status.SerializeToString()),))
    await context.abort(_CODES[error.code], status.message)


async def serve_grpc(
    answering: Answering,
    address: str,
    *,
    credentials: grpc.ServerCredentials | None = None,
    reflect: Iterable[str] = (),
    trust_peer: bool = False,
) -> tuple[grpc.aio.Server, int]:
    """Start a server on an address (``127.0.0.1:0`` takes a free port); give it and its port.

    Args:
        reflect: gRPC services that reflection tells about.
        trust_peer: callers may say whom they call for (the gateway does); never for strangers.
    """
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
            ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
            ("grpc.so_reuseport", 0),
        ]
    )
    server.add_generic_rpc_handlers((_Methods(answering, trust_peer=trust_peer),))
    checks = _aio.HealthServicer()
    register = _registrar.add_HealthServicer_to_server
    register(checks, server)
    await checks.set("", health_pb2.HealthCheckResponse.SERVING)
    if names := tuple(reflect):
        reflection.enable_server_reflection((*names, reflection.SERVICE_NAME), server)
    port = (
        server.add_secure_port(address, credentials)
        if credentials is not None
        else server.add_insecure_port(address)
    )
    await server.start()
    return server, port
