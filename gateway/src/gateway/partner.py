"""The partners' door: gRPC with reflection, the same contract and the same rights as REST.

It forwards each call to the service that owns its package; what services alone may ask is not
offered. Tokens come from client credentials or an API key. Plaintext stays on the loopback.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
from banyan.api.v1 import options_pb2
from google.protobuf.message import Message

from chassis.rpc import Channels, Method, serve_grpc
from chassis.rpc.registry import contract_methods

# What a partner's call may carry to the services; everything else stays at the door.
_CARRIED = ("authorization", "traceparent", "accept-language", "x-peer")
_LOOPBACK = ("127.0.0.1:", "localhost:", "[::1]:")


class Forwarder:
    """Runs a call by sending it on."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self.methods: list[Method] = [
            method
            for method in contract_methods()
            if method.access != options_pb2.ACCESS_SERVICE and method.service in channels.services
        ]
        self._services = {method.path: method.service for method in self.methods}

    async def call(
        self,
        path: str,
        request: Message,
        metadata: Mapping[str, str],
        timeout: float | None = None,  # noqa: ASYNC109 (the caller's, carried between processes)
    ) -> Message:
        """Send a call to the service that owns it."""
        channel: Any = self._channels.to(self._services[path])
        carried = {name: metadata[name] for name in _CARRIED if name in metadata}
        return await channel.unary_unary(path)(request, timeout=timeout, metadata=carried)

    @property
    def grpc_services(self) -> list[str]:
        """Name the gRPC services a partner may call, for reflection."""
        return sorted({method.descriptor.containing_service.full_name for method in self.methods})


async def open_partner_door(
    channels: Channels, address: str, tls: Path | None
) -> tuple[grpc.aio.Server, int]:
    """Start the listener; give it and its port.

    Args:
        tls: folder with ``tls.crt`` and ``tls.key``.

    Raises:
        ValueError: plaintext was asked for on an address others can reach.
    """
    credentials = None
    if tls is not None:
        pair = ((tls / "tls.key").read_bytes(), (tls / "tls.crt").read_bytes())
        credentials = grpc.ssl_server_credentials([pair])
    elif not address.startswith(_LOOPBACK):
        raise ValueError(
            f"BANYAN_PARTNER_LISTEN={address} needs BANYAN_PARTNER_TLS; without it only the"
            " loopback is served"
        )
    forwarder = Forwarder(channels)
    return await serve_grpc(
        forwarder,
        address,
        credentials=credentials,
        reflect=forwarder.grpc_services,
    )
