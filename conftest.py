"""One running Banyan for all tests of a session."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chassis.errors import Error
from chassis.testing import World, attempts, open_world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory) -> AsyncGenerator[World]:
    """Real PostgreSQL, NATS and every installed service."""
    home: Path = tmp_path_factory.mktemp("banyan") / "home"
    async with open_world(home) as running:
        yield running


@pytest.fixture
def until() -> Callable[..., Awaitable[Any]]:
    """Ask again until an answer is true."""
    return attempts.until


@pytest.fixture
def refusal() -> Callable[[Awaitable[Any]], Awaitable[Error]]:
    """Give what a call is refused with."""
    return attempts.refusal


@pytest.fixture
def violations() -> Callable[[Awaitable[Any]], Awaitable[list[tuple[str, str]]]]:
    """Give the fields a call is refused for, each with its reason."""
    return attempts.violations


@pytest.fixture
def refused() -> Callable[[Callable[[], Awaitable[Any]]], Awaitable[Error]]:
    """Try until it is refused: what another service deleted is known when its event has come."""
    return attempts.refused
