"""Turns: whoever waits for an answer goes first, and what only catches up goes after, for a moment.

One loop serves calls, publishes changes and takes in events. While long work is being done for
somebody, what it leaves to be published and taken in comes in crowds, which nobody waits for as
long as there is more of it: crowds step back. What comes alone is somebody else's and goes on.
"""

import asyncio
import contextlib
from collections.abc import Generator

# Work that comes batch after batch is one long work; this long a pause ends it.
PAUSE_SECONDS = 0.03
# From so many changes or events on they are a crowd, and so long it steps back at most.
CROWD = 100
STEP_BACK_SECONDS = 3.0
# How long a look for more waits for each change or event that the last one found.
GATHER_SECONDS = 0.005


class Turns:
    """Long work that somebody waits for, counted."""

    def __init__(self) -> None:
        self._working = 0
        self._calm: asyncio.Event | None = None

    @contextlib.contextmanager
    def long_work(self) -> Generator[None]:
        """Say that somebody waits for what is done in the block, and that it takes a while."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1
            if not self._working and self._calm is not None:
                asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._end)

    async def after_others(self, count: int) -> None:
        """Wait until no long work is being done, if it is a crowd; not for long.

        Args:
            count: how many changes or events are to be dealt with.
        """
        if not self._working or count < CROWD:
            return
        if self._calm is None:
            self._calm = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STEP_BACK_SECONDS):
                await self._calm.wait()

    def _end(self) -> None:
        """Let those that stepped back go on, unless somebody has come in between."""
        if not self._working and self._calm is not None:
            self._calm.set()
            self._calm = None


async def gather(count: int, longest: float) -> None:
    """Give more time to come, before it is looked for again.

    What comes alone is met at once. The more comes the longer this waits, so that a crowd is dealt
    with together: what one look costs is shared by all it finds.

    Args:
        count: how many changes or events the last look found.
        longest: seconds it takes at most.
    """
    await asyncio.sleep(min(GATHER_SECONDS * max(count, 1), longest))


TURNS = Turns()
