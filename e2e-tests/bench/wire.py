"""What the wire between gateway and service costs, with the service in a process of its own."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator

from records import rest
from rows import Row, ratio, settled
from running import BIN, process
from scene import Firm

from chassis import errors
from chassis.hosting.local import free_ports
from chassis.rpc import Channels, WireChannel
from gateway.app import build_app


async def measure(firm: Firm) -> list[Row]:
    """Compare List through a door whose sales is another process with sales in this process.

    The gateway's side runs here both times. The other process is `banyan serve --target sales` on
    the same database; what it asks identity, once, it asks the host here.
    """
    query = ("/v1/opportunities", "pageSize=50")
    here = build_app(firm.host.channels, ready=firm.host.ready)
    async with served(firm) as channels:
        there = build_app(channels, ready=firm.host.ready)
        value, note = await ratio(
            functools.partial(rest, there, firm, *query),
            functools.partial(rest, here, firm, *query),
            60,
        )
    return [Row("REST List, wire ÷ in process", value, 1.4, at_most=1.8, note=note)]


@contextlib.asynccontextmanager
async def served(firm: Firm) -> AsyncGenerator[Channels]:
    """Run sales in a process of its own and give the way to it."""
    settings, others = firm.world.settings, f"127.0.0.1:{firm.host.grpc_port}"
    address = f"127.0.0.1:{next(free_ports())}"
    own = {
        "BANYAN_HOME": str(settings.home),
        "BANYAN_DATABASE_URL": settings.database_url,
        "BANYAN_DATABASE_PASSWORDS": str(settings.database_passwords),
        "BANYAN_NATS_URL": settings.nats_url,
        "BANYAN_NATS_PASSWORDS": str(settings.nats_passwords),
        "BANYAN_KEYS": str(settings.keys),
        "BANYAN_PAGE_TOKEN_KEY": str(settings.page_token_key),
        "BANYAN_ADDRESSES": f"identity={others},party={others}",
        "BANYAN_GRPC_LISTEN": address,
    }
    command = (str(BIN / "banyan"), "serve", "--target", "sales")
    # Starting and ending it waits, and this loop must not.
    stack = contextlib.ExitStack()
    running = await asyncio.to_thread(stack.enter_context, process(*command, **own))
    try:
        channels = Channels(firm.host.keys)
        channels.connect("sales", WireChannel(address, "sales"))
        door = build_app(channels, ready=firm.host.ready)

        async def answers() -> bool:
            assert running.poll() is None, running.communicate()[0]
            try:
                await rest(door, firm, "/v1/opportunities", "pageSize=1")
            except (AssertionError, errors.Error):
                return False
            return True

        try:
            await settled(answers)
            yield channels
        finally:
            await channels.close()
    finally:
        await asyncio.to_thread(stack.close)
