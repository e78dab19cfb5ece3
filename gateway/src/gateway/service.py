"""Composition root of the gateway."""

import contextlib
from collections.abc import Generator

import uvicorn

from chassis.hosting import Front, Service


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals to the host."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take no signals: the host stops this by cancelling it."""
        yield


async def run(front: Front) -> None:
    """Serve HTTP, and partners over gRPC, until cancelled; what is in flight is answered first."""
    # Only who serves HTTP loads the web framework; `banyan migrate` does without.
    from gateway.app import build_app

    config = uvicorn.Config(
        build_app(front.channels, ready=front.ready),
        host=front.settings.host,
        port=front.port,
        log_config=None,
        access_log=False,
        lifespan="off",
        http="httptools",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config)
    partners = None
    if front.settings.partner_listen:
        from gateway.partner import open_partner_door

        partners, _ = await open_partner_door(
            front.channels, front.settings.partner_listen, front.settings.partner_tls
        )
    try:
        await server.serve()
    finally:
        server.should_exit = True
        await server.shutdown()
        if partners is not None:
            await partners.stop(5)


SERVICE = Service("gateway", front=run)
