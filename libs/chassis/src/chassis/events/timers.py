"""What is due: rows with a time, swept each second, each handled in its own transaction."""

import asyncio
import contextlib
import datetime
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from chassis.database import Address, Database, Role, Transaction
from chassis.telemetry import METRICS, log

SWEEP_SECONDS = 1.0
_BATCH = 200
_RETRY_SECONDS_MAX = 3600
_REQUESTS_KEPT = "24 hours"
_INBOX_KEPT = "14 days"


@dataclass(frozen=True)
class Timer:
    """What to do when a row of a kind is due.

    Attributes:
        kind: unique in the service.
        handle: gets the key and payload it was set with, in a transaction of its tenant.
    """

    kind: str
    handle: Callable[[str, bytes, Transaction], Awaitable[None]]


async def set_timer(
    transaction: Transaction,
    schema: str,
    kind: str,
    key: str,
    due: datetime.datetime,
    payload: bytes = b"",
) -> None:
    """Set a timer, or move the one with this kind and key; it stands with the transaction."""
    await transaction.fetch(
        f"INSERT INTO {schema}.timer (tenant_id, kind, key, due_time, payload, error)"
        " VALUES ($1, $2, $3, $4, $5, '') ON CONFLICT (tenant_id, kind, key) DO UPDATE"
        " SET due_time = excluded.due_time, payload = excluded.payload, attempts = 0, error = ''",
        *(transaction.tenant_id, kind, key, due, payload),
    )


class Sweeper:
    """Runs the timers of a service, and clears what is kept for a limited time only."""

    def __init__(self, database: Database, address: Address, timers: tuple[Timer, ...]) -> None:
        self._database = database
        self._schema = database.schema
        self._dsn = address.dsn(database.schema, Role.RELAY)
        self._timers = {timer.kind: timer for timer in timers}

    async def run(self) -> None:
        """Sweep each second until cancelled."""
        while True:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await asyncpg.connect(self._dsn)
                try:
                    await self._loop(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(SWEEP_SECONDS)

    async def _loop(self, connection: asyncpg.Connection) -> None:
        rounds = 0
        while True:
            while await self.sweep(connection) == _BATCH:
                pass
            if rounds % 60 == 0:
                await self._clear(connection)
            await self._measure(connection)
            rounds += 1
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self, connection: asyncpg.Connection) -> int:
        """Handle what is due now; give how many rows were looked at."""
        rows = await connection.fetch(
            f"SELECT tenant_id::text, kind, key FROM {self._schema}.timer"
            " WHERE due_time <= now() AND kind = ANY($1) ORDER BY due_time LIMIT $2",
            list(self._timers),
            _BATCH,
        )
        for tenant_id, kind, key in rows:
            await self._fire(connection, tenant_id, self._timers[kind], key)
        return len(rows)

    async def _fire(
        self, connection: asyncpg.Connection, tenant_id: str, timer: Timer, key: str
    ) -> None:
        try:
            async with self._database.transaction(tenant_id) as transaction:
                row = await transaction.fetchrow(
                    f"DELETE FROM {self._schema}.timer WHERE (tenant_id, kind, key) ="
                    f" (SELECT tenant_id, kind, key FROM {self._schema}.timer WHERE kind = $1"
                    " AND key = $2 AND due_time <= now() FOR UPDATE SKIP LOCKED) RETURNING payload",
                    timer.kind,
                    key,
                )
                if row is not None:
                    await timer.handle(key, row[0], transaction)
        except Exception as error:
            log.warning("timer failed", kind=timer.kind, key=key, error=repr(error))
            await connection.execute(
                f"UPDATE {self._schema}.timer SET attempts = attempts + 1, error = $4,"
                " due_time = now() + least(power(2, attempts), $5) * interval '1 second'"
                " WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND due_time <= now()",
                *(tenant_id, timer.kind, key, repr(error)[:2000], _RETRY_SECONDS_MAX),
            )

    async def _clear(self, connection: asyncpg.Connection) -> None:
        for table, kept in (("request", _REQUESTS_KEPT), ("inbox", _INBOX_KEPT)):
            await connection.execute(
                f"DELETE FROM {self._schema}.{table} WHERE create_time < now() - interval '{kept}'"
            )

    async def _measure(self, connection: asyncpg.Connection) -> None:
        waiting = await connection.fetchval(
            f"SELECT count(*) FROM {self._schema}.change"
            f" WHERE sequence > (SELECT position FROM {self._schema}.relay)"
        )
        METRICS.unpublished.labels(self._schema).set(waiting)
        buried = await connection.fetchval(
            f"SELECT count(*) FROM {self._schema}.dead_letter WHERE replay_time IS NULL"
        )
        METRICS.dead_letters.labels(self._schema).set(buried)
        METRICS.pool.labels(self._schema).set(self._database.pool.in_use)
