"""What a durable consumer has, by a request that stands until something comes.

The library's `fetch` waits on after the first message until a status says that there is no more,
and a request that outlives its call takes the next message with it: an event was late by whole
seconds now and then. Here one request stands at a time, the first message ends the wait, and what
came with it is given together.
"""

import asyncio
import contextlib
import json
import time
from collections import deque
from typing import Any

_NEXT = "$JS.API.CONSUMER.MSG.NEXT"
_EXPIRED = "408"


class Pull:
    """The messages of one durable consumer.

    Args:
        client: the open connection.
        batch: how many messages are asked for, and given, at once.
    """

    def __init__(self, client: Any, stream: str, durable: str, batch: int) -> None:
        self._client = client
        self._subject = f"{_NEXT}.{stream}.{durable}"
        self._batch = batch
        self._inbox = client.new_inbox()
        self._subscription: Any = None
        self._arrived: deque[Any] = deque()
        self._news = asyncio.Event()
        # How many messages the standing request may still bring, and until when it stands.
        self._open = 0
        self._until = 0.0

    async def subscribe(self) -> "Pull":
        """Listen for what requests bring."""
        self._subscription = await self._client.subscribe(self._inbox, cb=self._hear)
        return self

    async def unsubscribe(self) -> None:
        """Let what is on its way go to others at once."""
        await self._subscription.unsubscribe()

    async def batch(self, seconds: float) -> list[Any]:
        """Give the messages that are there; wait for one if there is none, so long at most.

        Raises:
            ConnectionError: the consumer is gone, or the server ended the request.
        """
        deadline = time.monotonic() + seconds
        while True:
            self._news.clear()
            if found := self._at_hand():
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                return []
            if self._open < 1 or time.monotonic() >= self._until:
                await self._ask(left)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._news.wait()

    def ask_again(self) -> None:
        """Forget the standing request: the server has, when the connection was lost."""
        self._open = 0
        self._news.set()

    async def _hear(self, message: Any) -> None:
        self._arrived.append(message)
        self._news.set()

    async def _ask(self, seconds: float) -> None:
        request = {"batch": self._batch, "expires": max(int(seconds * 1e9), 1_000_000)}
        await self._client.publish(self._subject, json.dumps(request).encode(), self._inbox)
        self._open, self._until = self._batch, time.monotonic() + seconds

    def _at_hand(self) -> list[Any]:
        """Take what has come already."""
        found: list[Any] = []
        while self._arrived and len(found) < self._batch:
            message = self._arrived.popleft()
            headers: dict[str, str] = message.headers or {}
            status = headers.get("Status", "")
            if not status:
                self._open -= 1
                found.append(message)
            elif status == _EXPIRED:
                self._open = 0
            elif not found:
                raise ConnectionError(f"{status} {headers.get('Description', '')}")
            else:  # said again when it is asked again
                self._open = 0
        return found
