"""A service's database: single statements on the pool, transactions on SQLAlchemy."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, cast

import asyncpg
from sqlalchemy import Executable, text
from sqlalchemy.engine import Result
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from chassis.database.address import Address, Role
from chassis.database.failures import translated, unwrapped
from chassis.database.pool import Pool, Record
from chassis.errors import Error

_open: ContextVar[bool] = ContextVar("transaction_open", default=False)


def transaction_is_open() -> bool:
    """Tell whether the running task is inside a transaction, where no RPC may be made."""
    return _open.get()


class Transaction:
    """An open transaction of one tenant. The edge commits; application code never does."""

    def __init__(
        self, tenant_id: str, connection: AsyncConnection, raw: asyncpg.Connection
    ) -> None:
        self.tenant_id = tenant_id
        self._connection = connection
        self._raw = raw

    async def execute(self, statement: Executable) -> Result[Any]:
        """Run a SQLAlchemy statement."""
        return await self._connection.execute(statement)

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Record]:
        """Run prepared SQL with positional arguments and give its rows."""
        return await self._raw.fetch(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> Record | None:
        """Run prepared SQL with positional arguments and give its first row."""
        return await self._raw.fetchrow(sql, *arguments)

    async def executemany(self, sql: str, arguments: Sequence[Sequence[Any]]) -> None:
        """Run prepared SQL once per row of arguments, sent together."""
        await self._raw.executemany(sql, arguments)

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        """Undo what is done in the block, and nothing else, when it fails."""
        async with self._raw.transaction():
            with translated():
                yield

    async def lock(self, *key: str, shared: bool = False) -> None:
        """Hold an advisory lock on a key of this tenant until the transaction ends."""
        name = "/".join((self.tenant_id, *key))
        how = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        await self._raw.execute(f"SELECT {how}(hashtextextended($1, 0))", name)


class Database:
    """Everything a service does with its own schema.

    `pool` runs single statements, `transaction` runs several; the two never share a connection.
    `on_commit` is called after every write that reached the disk (the relay listens).
    """

    def __init__(
        self, address: Address, service: str, *, pool_size: int = 8, statement_timeout: float = 30
    ) -> None:
        self.schema = service
        self.on_commit: list[Callable[[], None]] = []
        self.pool = Pool(
            address.dsn(service, Role.APP),
            size=pool_size,
            name=f"banyan {service}",
            statement_timeout_seconds=statement_timeout,
        )
        self._engine = create_async_engine(
            address.dsn(service, Role.APP, "postgresql+asyncpg"),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_use_lifo=True,
            pool_pre_ping=False,
            connect_args={
                "server_settings": {
                    "application_name": f"banyan {service} transactions",
                    "statement_timeout": str(int(statement_timeout * 1000)),
                    "jit": "off",
                }
            },
        )

    async def read(self, tenant_id: str, sql: str, *arguments: Any) -> Sequence[Record]:
        """Run one reading statement on a read-only connection."""
        with translated():
            return await self.pool.fetch(tenant_id, sql, *arguments)

    async def write(self, tenant_id: str, sql: str, *arguments: Any) -> Sequence[Record]:
        """Run one writing statement as its own transaction."""
        with translated():
            rows = await self.pool.fetch(tenant_id, sql, *arguments, write=True)
        self.committed()
        return rows

    @asynccontextmanager
    async def transaction(self, tenant_id: str) -> AsyncGenerator[Transaction]:
        """Open a transaction; it commits when the block ends well and rolls back otherwise."""
        mark = _open.set(True)
        try:
            with translated():
                async with self._engine.begin() as connection:
                    await connection.execute(_SET_TENANT, {"tenant": tenant_id})
                    fairy = await connection.get_raw_connection()
                    yield Transaction(
                        tenant_id, connection, cast("asyncpg.Connection", fairy.driver_connection)
                    )
        except DBAPIError as error:
            with translated():
                raise unwrapped(error) from error
        finally:
            _open.reset(mark)
        self.committed()

    def committed(self) -> None:
        """Tell whoever waits for changes that there may be some."""
        for listener in self.on_commit:
            listener()

    async def ready(self) -> bool:
        """Tell whether the database answers."""
        try:
            await self.pool.fetch("", "SELECT 1")
        except (OSError, asyncpg.PostgresError, Error):
            return False
        return True

    async def close(self) -> None:
        """Close all connections."""
        await self.pool.close()
        await self._engine.dispose()


_SET_TENANT = text("SELECT set_config('app.tenant', :tenant, true)")
