"""Sixteen clients that cost little: HTTP/1.1 on kept connections, the bytes made beforehand.

The clients share two cores with what they measure. So they are one process without a client
library: an answer is looked at for its status and its length, and what a request costs here is
told beside what it costs the server.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

CLIENTS = 16
WARM_SECONDS = 0.5
_SHOWN = 500


@dataclass
class Load:
    """What clients got done.

    Attributes:
        waits: seconds from a request to the end of its answer, of those that ended in time.
        sent: requests sent altogether, the warming included; each was answered well.
        client_seconds: processor time of the clients, for `sent`.
    """

    seconds: float
    waits: list[float] = field(default_factory=list)
    sent: int = 0
    client_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Give requests per second."""
        return len(self.waits) / self.seconds

    def wait_ms(self, part: float) -> float:
        """Give a percentile of the waits, in milliseconds."""
        return sorted(self.waits)[int(len(self.waits) * part)] * 1000


class Door:
    """The public address, and the token of whoever calls."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self._head = f"Host: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"

    def request(self, verb: str, path: str, body: object = None, headers: str = "") -> bytes:
        """Write a request; `headers` are whole lines."""
        text = b"" if body is None else orjson.dumps(body)
        if text:
            headers += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n"
        return f"{verb} {path} HTTP/1.1\r\n{self._head}{headers}\r\n".encode() + text

    async def press(
        self, requests: Iterator[bytes], seconds: float, clients: int = CLIENTS
    ) -> Load:
        """Send requests, each client the next one as soon as it has its answer.

        Raises:
            AssertionError: an answer that is a refusal.
        """
        tally = _Tally(requests, Load(seconds))
        loop = asyncio.get_running_loop()
        spent = time.process_time()
        for _ in range(clients):
            await loop.create_connection(lambda: _Client(tally), self.host, self.port)
        await asyncio.sleep(WARM_SECONDS)
        tally.begin = time.perf_counter()
        tally.end = tally.begin + seconds
        await asyncio.wait_for(tally.over, seconds + 60)
        tally.load.client_seconds = time.process_time() - spent
        return tally.load

    async def ask(self, request: bytes) -> bytes:
        """Send one request and give the body of its answer."""
        loop = asyncio.get_running_loop()
        tally = _Tally(iter([request]), Load(0.0))
        _, client = await loop.create_connection(lambda: _Client(tally), self.host, self.port)
        await asyncio.wait_for(tally.over, 60)
        return client.body


class _Tally:
    """What the clients of one load share."""

    def __init__(self, requests: Iterator[bytes], load: Load) -> None:
        self.requests, self.load = requests, load
        self.begin = self.end = float("inf")
        self.running = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(self, text: str) -> None:
        if not self.over.done():
            self.over.set_exception(AssertionError(text))

    def leave(self) -> None:
        self.running -= 1
        if not self.running and not self.over.done():
            self.over.set_result(None)


class _Client(asyncio.Protocol):
    """One client: a connection, and one request at a time."""

    def __init__(self, tally: _Tally) -> None:
        self._tally = tally
        self._read = bytearray()
        self._whole = 0  # bytes of the answer, once its head is read
        self._head = 0
        self._asked = 0.0
        self._left = False
        self.body = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._tally.running += 1
        self._send()

    def data_received(self, data: bytes) -> None:
        self._read += data
        if not self._whole and not self._begin():
            return
        if len(self._read) < self._whole:
            return
        tally, now = self._tally, time.perf_counter()
        if tally.begin <= self._asked and now <= tally.end:
            tally.load.waits.append(now - self._asked)
        if tally.load.seconds == 0.0:
            self.body = bytes(self._read[self._head :])
        self._read.clear()
        self._whole = 0
        if now < tally.end:
            self._send()
        else:
            self._leave()

    def _begin(self) -> bool:
        """Read the head of an answer; tells whether it is whole and well."""
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not self._read.startswith(b"HTTP/1.1 2"):
            self._tally.fail(self._read[:_SHOWN].decode(errors="replace"))
            self._leave()
            return False
        at = self._read.find(b"content-length: ", 0, end + 2) + len(b"content-length: ")
        self._head = end + 4
        self._whole = self._head + int(self._read[at : self._read.find(b"\r", at)])
        return True

    def _send(self) -> None:
        request = next(self._tally.requests, None)
        if request is None:
            self._leave()
            return
        self._tally.load.sent += 1
        self._asked = time.perf_counter()
        self._transport.write(request)

    def _leave(self) -> None:
        if not self._left:
            self._left = True
            self._transport.close()
            self._tally.leave()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._left:
            self._left = True
            self._tally.fail(f"the server closed the connection: {exc}")
