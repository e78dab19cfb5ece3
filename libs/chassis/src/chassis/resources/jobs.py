"""Jobs: long work that goes on after the call that began it, and after the process that died.

A job is begun in the transaction that writes its record. Whoever runs it holds a lease and renews
it; when the process dies, another one goes on once the lease has run out. What a job has done it
notes in its own records, so that it can go on from there.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import asyncpg

from chassis.database import TENANT_ID, Address, Database, Role, Transaction
from chassis.resources.here import Resources
from chassis.tasks import end
from chassis.telemetry import log

SWEEP_SECONDS = 1.0
LEASE_SECONDS = 20
_RENEW_SECONDS = 5.0
_RETRY_SECONDS_MAX = 60
# Jobs a process runs at once, of one service.
_RUNNING_MAX = 4


@dataclass(frozen=True)
class Job:
    """A kind of long work of a service.

    Attributes:
        kind: unique in the service.
        work: gets tenant and id of the record; begins where an earlier try of it stopped, and
            returns when there is nothing left to do. What it raises is tried again later.
    """

    kind: str
    work: Callable[[Resources, str, str], Awaitable[None]]


async def begin_job(database: Database, kind: str, job_id: str, transaction: Transaction) -> None:
    """Begin a job with what else a transaction writes; one that is on its way stays as it is."""
    await transaction.fetch(
        f"INSERT INTO {database.schema}.job ({TENANT_ID}, kind, id) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING",
        *(transaction.tenant_id, kind, job_id),
    )


class JobRunner:
    """Runs the jobs of one service: those just begun, and those a dead process left behind."""

    def __init__(self, here: Resources, jobs: Sequence[Job]) -> None:
        self._here = here
        self._jobs = {job.kind: job for job in jobs}
        self._table = f"{here.database.schema}.job"
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        here.database.on_commit.append(self._wake.set)

    async def run(self, address: Address) -> None:
        """Run what is due until cancelled; what runs then ends with it."""
        dsn = address.dsn(self._here.database.schema, Role.RELAY)
        try:
            while True:
                with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    connection = await asyncpg.connect(dsn)
                    try:
                        await self._sweep(connection)
                    finally:
                        connection.terminate()
                await asyncio.sleep(SWEEP_SECONDS)
        finally:
            await end(self._running)

    async def _sweep(self, connection: asyncpg.Connection) -> None:
        places = asyncio.Semaphore(_RUNNING_MAX)
        while True:
            self._wake.clear()
            rows = await connection.fetch(
                f"SELECT {TENANT_ID}::text, id::text, kind FROM {self._table}"
                " WHERE due_time <= now() AND kind = ANY($1) ORDER BY due_time LIMIT $2",
                *(list(self._jobs), _RUNNING_MAX),
            )
            for tenant_id, job_id, kind in rows:
                await places.acquire()
                if await self._lease(tenant_id, kind, job_id, due=True):
                    task = asyncio.create_task(self._do(tenant_id, job_id, self._jobs[kind]))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
                    task.add_done_callback(lambda _: places.release())
                else:
                    places.release()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._wake.wait()

    async def _do(self, tenant_id: str, job_id: str, job: Job) -> None:
        renewing = asyncio.create_task(self._renew(tenant_id, job.kind, job_id))
        try:
            await job.work(self._here, tenant_id, job_id)
        except Exception as error:  # a fault in one job must not stop the others
            log.exception("job failed", kind=job.kind, id=job_id, error=repr(error))
            await self._postpone(tenant_id, job.kind, job_id, error)
        else:
            await self._here.database.write(
                tenant_id,
                f"DELETE FROM {self._table} WHERE kind = $1 AND id = $2",
                *(job.kind, job_id),
            )
        finally:
            renewing.cancel()

    async def _renew(self, tenant_id: str, kind: str, job_id: str) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            with contextlib.suppress(Exception):
                await self._lease(tenant_id, kind, job_id, due=False)

    async def _lease(self, tenant_id: str, kind: str, job_id: str, *, due: bool) -> bool:
        """Hold a job for a while; False when it is gone, or asked for as `due` and is not."""
        rows = await self._here.database.write(
            tenant_id,
            f"UPDATE {self._table} SET due_time = now() + {LEASE_SECONDS} * interval '1 second'"
            " WHERE kind = $1 AND id = $2 AND (due_time <= now() OR NOT $3) RETURNING id",
            *(kind, job_id, due),
        )
        return bool(rows)

    async def _postpone(self, tenant_id: str, kind: str, job_id: str, error: Exception) -> None:
        with contextlib.suppress(Exception):
            await self._here.database.write(
                tenant_id,
                f"UPDATE {self._table} SET attempts = attempts + 1, error = $3,"
                " due_time = now() + least(power(2, attempts), $4) * interval '1 second'"
                " WHERE kind = $1 AND id = $2",
                *(kind, job_id, repr(error)[:2000], _RETRY_SECONDS_MAX),
            )
