"""Attempts of tests: one that is refused, and what comes in a while, as with an event."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from chassis import errors


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 10) -> Any:
    """Ask again until the answer is true, and give it.

    Raises:
        AssertionError: it did not become true in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := await condition():
            return found
        await asyncio.sleep(0.005)
    raise AssertionError(f"never became true in {seconds} s")


async def refusal(attempt: Awaitable[Any]) -> errors.Error:
    """Give what a call is refused with.

    Raises:
        AssertionError: it was not.
    """
    try:
        await attempt
    except errors.Error as error:
        return error
    raise AssertionError("it was not refused")


async def refused(attempt: Callable[[], Awaitable[Any]]) -> errors.Error:
    """Try until it is refused, and give what with."""

    async def condition() -> errors.Error | None:
        try:
            await attempt()
        except errors.Error as error:
            return error
        return None

    return await until(condition)


async def violations(attempt: Awaitable[Any]) -> list[tuple[str, str]]:
    """Give the fields a call is refused for, each with its reason.

    Raises:
        AssertionError: it was not, or for something else.
    """
    error = await refusal(attempt)
    assert isinstance(error, errors.Invalid), error
    return [(violation.path, violation.reason) for violation in error.violations]
