"""Tasks: how they are ended, whatever holds a cancellation back."""

import asyncio
from collections.abc import Iterable
from typing import Any

_AGAIN_SECONDS = 1.0


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks until each has ended; whoever is cancelled meanwhile waits for that first.

    Once may not be enough: `wait_for` of Python 3.11, by which the NATS client waits, can swallow
    a cancellation. `TaskGroup` and `gather` cancel once, and then wait.
    """
    cancelled = False
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        try:
            _, running = await asyncio.wait(running, timeout=_AGAIN_SECONDS)
        except asyncio.CancelledError:
            cancelled = True
            running = {task for task in running if not task.done()}
    if cancelled:
        raise asyncio.CancelledError
