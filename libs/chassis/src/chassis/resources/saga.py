"""Sagas: what must happen in several services happens whole or not at all.

A saga begins in a transaction of its own service, which allocates every id it will need. Each step
is a call that may be repeated: it names its record and its request id. What was done is written
down after each step; whoever dies in between is followed by a sweep that goes on from there. A
refusal that repeating cannot change undoes the steps done, last first, and says why.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from google.protobuf.message import Message

from chassis import errors
from chassis.database import TENANT_ID, Address, Record, Role, Transaction
from chassis.resources.here import Resources
from chassis.rpc import Call, acting
from chassis.telemetry import log

SWEEP_SECONDS = 1.0
LEASE_SECONDS = 30
_RETRY_SECONDS_MAX = 300
_BATCH = 50
_PERMANENT = (
    errors.Invalid,
    errors.NotFound,
    errors.AlreadyExists,
    errors.FailedPrecondition,
    errors.Forbidden,
)


@dataclass(frozen=True)
class Step:
    """One call to another service, and what takes it back.

    Attributes:
        run: gets the state; repeating it has no further effect.
        undo: takes back what `run` did; repeatable too, and content when there is nothing.
    """

    run: Callable[[Resources, Any], Awaitable[None]]
    undo: Callable[[Resources, Any], Awaitable[None]]


@dataclass(frozen=True)
class Saga:
    """A saga of a service.

    Attributes:
        kind: unique in the service.
        method: the path of the method that begins it; its local effects are done under its name.
        state: what it knows, with the fields `tenant_id` and `on_behalf_of_user_id`.
        finish: the last local effect, in the transaction that ends the saga.
        refused: what is left to say after everything was undone, in the transaction that ends it;
            it gets the reason of the refusal.
    """

    kind: str
    method: str
    state: type[Message]
    steps: tuple[Step, ...]
    finish: Callable[[Resources, Any, Call, Transaction], Awaitable[None]]
    refused: Callable[[Resources, Any, str, Call, Transaction], Awaitable[None]]

    async def begin(
        self, here: Resources, saga_id: str, state: Message, transaction: Transaction
    ) -> None:
        """Write the saga down with what begins it; `SagaRunner.go_on` then runs it."""
        await transaction.fetch(
            f"INSERT INTO {here.database.schema}.saga ({TENANT_ID}, id, kind, state, due_time)"
            " VALUES ($1, $2, $3, $4, now() + $5 * interval '1 second')",
            *(transaction.tenant_id, saga_id, self.kind, state.SerializeToString(), LEASE_SECONDS),
        )


class SagaRunner:
    """Runs the sagas of one service: those begun here at once, those left behind by a sweep."""

    def __init__(self, here: Resources, sagas: Sequence[Saga]) -> None:
        self._here = here
        self._sagas = {saga.kind: saga for saga in sagas}
        self._table = f"{here.database.schema}.saga"

    async def go_on(self, tenant_id: str, saga_id: str) -> None:
        """Run a saga from where it stands until it ends, or until it has to wait.

        What fails for the moment is left for the sweep; it is not an error of the caller's.
        """
        row = await self._row(tenant_id, saga_id)
        if row is None:
            return
        saga = self._sagas[row["kind"]]
        state: Any = saga.state.FromString(row["state"])
        try:
            with acting(self._here.database.schema, tenant_id, state.on_behalf_of_user_id):
                if not row["undoing"]:
                    await self._forward(saga, state, tenant_id, saga_id, row["step"])
                else:
                    await self._back(saga, state, tenant_id, saga_id)
        except errors.Error as error:
            log.warning("saga waits", kind=saga.kind, id=saga_id, error=repr(error))
            await self._postpone(tenant_id, saga_id, error)

    async def run(self, address: Address) -> None:
        """Go on with what is due, each second, until cancelled."""
        dsn = address.dsn(self._here.database.schema, Role.RELAY)
        while True:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await asyncpg.connect(dsn)
                try:
                    while True:
                        await self.sweep(connection)
                        await asyncio.sleep(SWEEP_SECONDS)
                finally:
                    connection.terminate()
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self, connection: asyncpg.Connection) -> int:
        """Go on with every saga that is due now; give how many there were."""
        rows = await connection.fetch(
            f"SELECT {TENANT_ID}::text, id::text FROM {self._table} WHERE due_time <= now()"
            " ORDER BY due_time LIMIT $1",
            _BATCH,
        )
        for tenant_id, saga_id in rows:
            if await self._claim(tenant_id, saga_id):
                try:
                    await self.go_on(tenant_id, saga_id)
                except Exception as error:  # a fault in one saga must not stop the others
                    log.exception("saga failed", id=saga_id, error=repr(error))
        return len(rows)

    # --- forwards and back

    async def _forward(
        self, saga: Saga, state: Any, tenant_id: str, saga_id: str, done: int
    ) -> None:
        place = done
        try:
            for place in range(done, len(saga.steps)):
                await saga.steps[place].run(self._here, state)
                await self._note(tenant_id, saga_id, place + 1)
            async with self._here.database.transaction(tenant_id) as transaction:
                if await self._end(transaction, saga_id, undoing=False):
                    await saga.finish(self._here, state, self._call(saga, state), transaction)
        except _PERMANENT as error:
            await self._turn_back(tenant_id, saga_id, min(place + 1, len(saga.steps)), error)
            await self._back(saga, state, tenant_id, saga_id)

    async def _back(self, saga: Saga, state: Any, tenant_id: str, saga_id: str) -> None:
        row = await self._row(tenant_id, saga_id)
        if row is None:
            return
        # The refused step is undone too: an earlier try of it may have worked and lost its answer.
        for place in range(row["step"] - 1, -1, -1):
            await saga.steps[place].undo(self._here, state)
            await self._note(tenant_id, saga_id, place)
        async with self._here.database.transaction(tenant_id) as transaction:
            if await self._end(transaction, saga_id, undoing=True):
                call = self._call(saga, state)
                await saga.refused(self._here, state, row["error"], call, transaction)

    def _call(self, saga: Saga, state: Any) -> Call:
        return self._here.call_of(saga.method, state.tenant_id, state.on_behalf_of_user_id)

    # --- the row

    async def _row(self, tenant_id: str, saga_id: str) -> Record | None:
        rows = await self._here.database.read(
            tenant_id,
            f"SELECT kind, state, step, undoing, error FROM {self._table} WHERE id = $1",
            saga_id,
        )
        return rows[0] if rows else None

    async def _claim(self, tenant_id: str, saga_id: str) -> bool:
        """Take a saga for a while, so that no other process runs it too."""
        rows = await self._here.database.write(
            tenant_id,
            f"UPDATE {self._table} SET due_time = now() + {LEASE_SECONDS} * interval '1 second'"
            " WHERE id = $1 AND due_time <= now() RETURNING id",
            saga_id,
        )
        return bool(rows)

    async def _note(self, tenant_id: str, saga_id: str, step: int) -> None:
        await self._here.database.write(
            tenant_id,
            f"UPDATE {self._table} SET step = $2,"
            f" due_time = now() + {LEASE_SECONDS} * interval '1 second' WHERE id = $1",
            *(saga_id, step),
        )

    async def _turn_back(
        self, tenant_id: str, saga_id: str, step: int, error: errors.Error
    ) -> None:
        await self._here.database.write(
            tenant_id,
            f"UPDATE {self._table} SET undoing = true, step = $2, error = $3 WHERE id = $1",
            *(saga_id, step, error.reason),
        )

    async def _postpone(self, tenant_id: str, saga_id: str, error: errors.Error) -> None:
        await self._here.database.write(
            tenant_id,
            f"UPDATE {self._table} SET attempts = attempts + 1,"
            " error = CASE WHEN undoing THEN error ELSE $2 END,"
            " due_time = now() + least(power(2, attempts), $3) * interval '1 second'"
            " WHERE id = $1",
            *(saga_id, error.reason, _RETRY_SECONDS_MAX),
        )

    async def _end(self, transaction: Transaction, saga_id: str, *, undoing: bool) -> bool:
        """Remove the row; False when another process was faster or turned back meanwhile."""
        rows = await transaction.fetch(
            f"DELETE FROM {self._table} WHERE id = $1 AND undoing = $2 RETURNING id",
            *(saga_id, undoing),
        )
        return bool(rows)
