"""Whatever happens to a connection, the pool keeps all its places, and being full has a name."""

import asyncio
import time
import uuid

import asyncpg
import pytest

from chassis import errors
from chassis.database import pool as pool_module

TENANT = str(uuid.uuid4())
GONE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def full_use(pool) -> None:
    """Take all places at once, which hangs when one has been lost."""
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        barrier = asyncio.Barrier(pool.size)

        async def hold() -> None:
            async with pool.connection(TENANT) as connection:
                await barrier.wait()
                await connection.fetch("SELECT 1")

        for _ in range(pool.size):
            group.create_task(hold())
    assert pool.in_use == 0


async def test_a_connection_ended_while_idle_is_replaced(walls, until):
    pool = walls.pool(2)
    await full_use(pool)
    for _ in range(3):
        backend = (await pool.fetch(TENANT, "SELECT pg_backend_pid()"))[0][0]
        await walls.beside.execute("SELECT pg_terminate_backend($1, 5000)", backend)

        async def usable() -> bool:
            """Until the end of the connection has been heard, a statement may still meet it."""
            try:
                await full_use(pool)
            except ExceptionGroup as failed:
                if failed.split(GONE)[1] is not None:
                    raise
                return False
            return True

        await until(usable)
        pids = {(await pool.fetch(TENANT, "SELECT pg_backend_pid()"))[0][0] for _ in range(3)}
        assert backend not in pids
    await full_use(pool)
    await pool.close()


async def test_waiting_for_a_place_ends_as_unavailable(walls, monkeypatch):
    monkeypatch.setattr(pool_module, "ACQUIRE_SECONDS_MAX", 0.05)
    pool = walls.pool(1)
    async with pool.connection(TENANT):
        with pytest.raises(errors.Unavailable) as caught:
            await pool.fetch(TENANT, "SELECT 1")
        assert caught.value.reason == "DATABASE_BUSY"
    await full_use(pool)
    await pool.close()


async def test_whoever_waits_gets_the_place_though_another_gave_up_waiting(walls):
    pool = walls.pool(1)
    async with pool.connection(TENANT):
        waiting = [asyncio.create_task(pool.fetch(TENANT, "SELECT 1")) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
    async with asyncio.timeout(5):
        done = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(done[0], asyncio.CancelledError)
    assert [rows[0][0] for rows in done[1:]] == [1, 1]
    await pool.close()


async def test_a_place_offered_to_one_whose_time_is_just_up_goes_to_the_next(walls, monkeypatch):
    """The place and the end of waiting come in the same turn of the loop; the next in line must
    not be left waiting beside an idle connection.
    """
    pool = walls.pool(1)
    lease = pool.connection(TENANT)
    await lease.__aenter__()
    monkeypatch.setattr(pool_module, "ACQUIRE_SECONDS_MAX", 0.05)
    first = asyncio.create_task(pool.fetch(TENANT, "SELECT 1"))
    await asyncio.sleep(0)
    monkeypatch.setattr(pool_module, "ACQUIRE_SECONDS_MAX", 2)
    second = asyncio.create_task(pool.fetch(TENANT, "SELECT 1"))
    await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251 (the loop stands still, so that the first one's time is up)
    await asyncio.sleep(0)
    await lease.__aexit__(None, None, None)
    done = await asyncio.gather(first, second, return_exceptions=True)
    assert isinstance(done[0], errors.Unavailable) or done[0][0][0] == 1
    assert not isinstance(done[1], BaseException), f"left waiting: {done[1]!r}"
    await pool.close()


async def test_a_full_set_of_transactions_is_unavailable_too(walls, database, monkeypatch):
    monkeypatch.setattr(database._engine.sync_engine.pool, "_timeout", 0.05)
    async with database.transaction(TENANT):
        with pytest.raises(errors.Unavailable):
            async with database.transaction(TENANT):
                pytest.fail("there is one connection only")


async def test_a_transaction_on_a_connection_ended_while_idle_is_unavailable_at_worst(
    walls, database
):
    """Not an unforeseen error: consumers bury what fails with those and retry what is away."""
    for _ in range(2):
        async with database.transaction(TENANT) as transaction:
            backend = (await transaction.fetch("SELECT pg_backend_pid()"))[0][0]
        await walls.beside.execute("SELECT pg_terminate_backend($1, 5000)", backend)
        for _ in range(3):
            await asyncio.sleep(0)
        try:
            async with database.transaction(TENANT) as transaction:
                await transaction.fetch("SELECT 1")
        except errors.Unavailable:
            pass
        async with database.transaction(TENANT) as transaction:
            assert (await transaction.fetch("SELECT 1"))[0][0] == 1


async def test_a_database_that_is_not_there_is_unavailable(world, tmp_path):
    from chassis.database import Address, Database

    (tmp_path / "party_app").write_text("x")
    away = Database(Address("postgresql://127.0.0.1:1/banyan", tmp_path), "party", pool_size=1)
    with pytest.raises(errors.Unavailable):
        await away.read(TENANT, "SELECT 1")
    with pytest.raises(errors.Unavailable):
        async with away.transaction(TENANT):
            pytest.fail("opened")
    assert not await away.ready()
    await away.close()
