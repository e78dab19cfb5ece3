"""One running Banyan for all tests of a session."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from chassis.testing import World, open_world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory) -> AsyncGenerator[World]:
    """Real PostgreSQL, NATS and every installed service."""
    home: Path = tmp_path_factory.mktemp("banyan") / "home"
    async with open_world(home) as running:
        yield running
