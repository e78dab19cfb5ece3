"""The connection pool of the hot path: last in, first out, and aware of tenants.

A connection carries a mark: the tenant and whether it is read only. The mark is set on the raw
connection outside any transaction, only when it differs, and is written down only after that
succeeded; whatever goes wrong on a connection clears it. So no statement ever runs under a tenant
that somebody else set.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import asyncpg

from chassis import errors

Record = asyncpg.Record
_SET_MARK = (
    "SELECT set_config('app.tenant', $1, false),"
    " set_config('default_transaction_read_only', $2, false)"
)
ACQUIRE_SECONDS_MAX = 10.0

Mark = tuple[str, bool]


class _Slot:
    """One connection and what it is set to."""

    __slots__ = ("connection", "mark")

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.mark: Mark | None = None


class Pool:
    """Connections of one role to one database."""

    def __init__(
        self, dsn: str, *, size: int, name: str, statement_timeout_seconds: float = 30
    ) -> None:
        self._dsn = dsn
        self._size = size
        self._name = name
        self._timeout_ms = str(int(statement_timeout_seconds * 1000))
        # By mark, in the order in which they came back: the warmest last.
        self._idle: dict[Mark | None, list[_Slot]] = {}
        self._idle_count = 0
        self._open = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False

    @property
    def in_use(self) -> int:
        """Count the connections taken right now."""
        return self._open - self._idle_count

    @property
    def size(self) -> int:
        """Count the connections there may be at most."""
        return self._size

    async def fetch(
        self, tenant_id: str, sql: str, *arguments: Any, write: bool = False
    ) -> Sequence[Record]:
        """Run one statement by itself and give its rows."""
        async with self.connection(tenant_id, write=write) as connection:
            return await connection.fetch(sql, *arguments)

    async def fetchrow(
        self, tenant_id: str, sql: str, *arguments: Any, write: bool = False
    ) -> Record | None:
        """Run one statement by itself and give its first row."""
        async with self.connection(tenant_id, write=write) as connection:
            return await connection.fetchrow(sql, *arguments)

    def connection(self, tenant_id: str, *, write: bool = False) -> "_Lease":
        """Lend a connection set to a tenant, read only unless `write`."""
        return _Lease(self, (tenant_id, not write))

    async def close(self) -> None:
        """Close all idle connections; those on loan close when they come back."""
        self._closed = True
        while self._idle:
            await self._discard(self._pop(next(iter(self._idle))))

    async def take(self, mark: Mark) -> _Slot:
        """Take a connection for a mark; prefers one already set to it, then the warmest."""
        while True:
            slot = self._pick(mark)
            if slot is None and self._open < self._size:
                slot = await self._connect()
            if slot is not None:
                break
            await self._wait()
        if slot.mark != mark:
            await self._set(slot, mark)
        return slot

    def give_back(self, slot: _Slot, error: BaseException | None = None) -> None:
        """Return a connection; after any failure its mark is not trusted again.

        One that has lost its place in the protocol, or was left in a transaction, is ended.
        """
        if error is not None:
            slot.mark = None
        broken = isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError)
        gone = slot.connection.is_closed() or slot.connection.is_in_transaction()
        if self._closed or broken or gone:
            self._open -= 1
            if not slot.connection.is_closed():
                slot.connection.terminate()
        else:
            warm = self._idle.pop(slot.mark, [])
            warm.append(slot)
            self._idle[slot.mark] = warm
            self._idle_count += 1
        self._wake_one()

    def _pick(self, mark: Mark) -> _Slot | None:
        while self._idle:
            slot = self._pop(mark if mark in self._idle else next(reversed(self._idle)))
            if not slot.connection.is_closed():
                return slot
            self._open -= 1
        return None

    def _pop(self, mark: Mark | None) -> _Slot:
        slots = self._idle[mark]
        slot = slots.pop()
        if not slots:
            del self._idle[mark]
        self._idle_count -= 1
        return slot

    async def _connect(self) -> _Slot:
        self._open += 1
        try:
            connection = await asyncpg.connect(
                self._dsn,
                statement_cache_size=512,
                server_settings={
                    "application_name": self._name,
                    "statement_timeout": self._timeout_ms,
                    "jit": "off",
                },
            )
        except BaseException as error:
            self._open -= 1
            self._wake_one()
            if isinstance(error, OSError | asyncpg.PostgresError):
                raise errors.Unavailable("DATABASE_UNAVAILABLE") from error
            raise
        return _Slot(connection)

    async def _set(self, slot: _Slot, mark: Mark) -> None:
        tenant_id, readonly = mark
        slot.mark = None
        try:
            await slot.connection.execute(_SET_MARK, tenant_id, "on" if readonly else "off")
        except BaseException as error:
            self.give_back(slot, error)
            raise
        slot.mark = mark

    async def _wait(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS_MAX):
                await future
        except (TimeoutError, asyncio.CancelledError) as error:
            if future.done() and not future.cancelled():
                self._wake_one()  # the turn was ours and goes to the next
            if isinstance(error, TimeoutError):
                raise errors.Unavailable("DATABASE_BUSY", retry_after=1) from None
            raise
        finally:
            if future in self._waiting:
                self._waiting.remove(future)

    def _wake_one(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return

    async def _discard(self, slot: _Slot) -> None:
        self._open -= 1
        try:
            await slot.connection.close(timeout=2)
        except (TimeoutError, OSError, asyncpg.PostgresError):
            slot.connection.terminate()


class _Lease:
    """A connection for the time of a with-block."""

    __slots__ = ("_mark", "_pool", "_slot")

    def __init__(self, pool: Pool, mark: Mark) -> None:
        self._pool = pool
        self._mark = mark

    async def __aenter__(self) -> asyncpg.Connection:
        self._slot = await self._pool.take(self._mark)
        return self._slot.connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.give_back(self._slot, error)
