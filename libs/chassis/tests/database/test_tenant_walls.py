"""Attempts to see or touch what another tenant has, by every way a connection can go wrong."""

import asyncio
import uuid

import asyncpg
import pytest
from sqlalchemy import text

from chassis import errors
from chassis.database import Role
from chassis.database.database import transaction_is_open

SEEN = "SELECT tenant_id::text, resource_id::text FROM party.title"
ADD = (
    "INSERT INTO party.title (tenant_id, resource_type, resource_id, title, version)"
    " VALUES ($1, 'test', $2, 'row', 1)"
)


def new_id() -> str:
    return str(uuid.uuid4())


class Planned(Exception):
    """Breaks a block off."""


# --- the pool of single statements


async def test_each_tenant_sees_its_own_rows_on_the_same_connection(walls, pool):
    backends = {(await pool.fetchrow(t, "SELECT pg_backend_pid()"))[0] for t in walls.tenants}
    assert len(backends) == 1
    await walls.check_pool(pool)


async def test_a_query_without_a_tenant_sees_nothing(walls, pool):
    await pool.fetch(walls.tenants[0], SEEN)
    assert await pool.fetch("", SEEN) == []
    assert await walls.beside.fetch(SEEN) == [], "never set at all"


async def test_a_rollback_leaves_no_tenant_behind(walls, pool):
    first, second, *_ = walls.tenants
    await pool.fetch(second, SEEN)
    with pytest.raises(Planned):
        async with pool.connection(first, write=True) as connection, connection.transaction():
            await connection.execute(ADD, first, new_id())
            raise Planned
    await walls.check_pool(pool)


async def test_a_transaction_a_failed_block_left_open_is_not_lent_to_the_next(walls, pool):
    """Else the next one's write would stand in it and never be committed."""
    first, second, *_ = walls.tenants
    with pytest.raises(Planned):
        async with pool.connection(first, write=True) as connection:
            await connection.transaction().start()
            await connection.execute(ADD, first, new_id())
            raise Planned
    walls.assert_own(second, await pool.fetch(second, SEEN))
    await walls.check_pool(pool)


@pytest.mark.parametrize("before", ["read", "write", "failed write", "other tenant's write"])
async def test_a_write_on_a_reading_connection_is_refused_by_postgresql(walls, pool, before):
    first, second, *_ = walls.tenants
    if before == "read":
        await pool.fetch(first, SEEN)
    elif before == "failed write":
        with pytest.raises(asyncpg.DivisionByZeroError):
            await pool.fetch(first, "SELECT 1/0", write=True)
    else:
        await pool.fetch(first if before == "write" else second, SEEN, write=True)
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await pool.fetch(first, ADD, first, new_id())
    await walls.check_pool(pool)


async def test_a_read_after_a_write_is_read_only_again_and_a_write_after_a_read_works(walls, pool):
    first = walls.tenants[0]
    for _ in range(2):
        added = new_id()
        await pool.fetch(first, SEEN)
        await pool.fetch(first, ADD, first, added, write=True)
        walls.rows[first].add(added)
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await pool.fetch(first, "DELETE FROM party.title")
    await walls.check_pool(pool)


async def test_a_cancel_in_mid_query_leaves_no_tenant_behind(walls, pool):
    for tenant_id in walls.tenants:
        marker = f"cancel {new_id()}"
        task = asyncio.create_task(pool.fetch(tenant_id, f"SELECT pg_sleep(60) /* {marker} */"))
        await walls.until_running(marker)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await walls.check_pool(pool)


async def test_a_cancel_at_any_step_leaves_no_tenant_behind(walls, pool):
    """Taking, setting the mark, running, giving back: cut after each turn of the loop."""
    cancelled = 0
    for turns in range(12):
        for tenant_id in walls.tenants[:3]:
            task = asyncio.create_task(pool.fetch(tenant_id, SEEN))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            cancelled += isinstance(
                (await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError
            )
            other = walls.tenants[-1]
            walls.assert_own(other, await pool.fetch(other, SEEN))
        await walls.check_pool(pool)
    assert cancelled > 12
    assert pool.in_use == 0


async def test_a_statement_timeout_leaves_no_tenant_behind(walls):
    pool = walls.pool(statement_timeout_seconds=0.05)
    for tenant_id in walls.tenants:
        with pytest.raises(asyncpg.QueryCanceledError):
            await pool.fetch(tenant_id, "SELECT pg_sleep(60)")
        await walls.check_pool(pool)
    await pool.close()


async def test_a_failed_statement_leaves_no_tenant_behind(walls, pool):
    for tenant_id in walls.tenants:
        for write in (False, True):
            with pytest.raises(asyncpg.DivisionByZeroError):
                await pool.fetch(tenant_id, "SELECT 1/0", write=write)
            await walls.check_pool(pool)


async def test_a_connection_ended_by_the_server_is_replaced_and_leaks_nothing(walls, pool):
    for tenant_id in walls.tenants[:2]:
        marker = f"end {new_id()}"
        task = asyncio.create_task(pool.fetch(tenant_id, f"SELECT pg_sleep(60) /* {marker} */"))
        backend = await walls.until_running(marker)
        await walls.beside.execute("SELECT pg_terminate_backend($1)", backend)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await task
        await walls.check_pool(pool)


async def test_concurrent_tenants_on_few_connections_see_only_their_own(walls):
    pool = walls.pool(2)

    async def hammer(tenant_id: str) -> None:
        for turn in range(25):
            if turn % 5 == 0:
                with pytest.raises(asyncpg.DivisionByZeroError):
                    await pool.fetch(tenant_id, "SELECT 1/0", write=turn % 2 == 0)
            added = new_id()
            walls.rows[tenant_id].add(added)
            await pool.fetch(tenant_id, ADD, tenant_id, added, write=True)
            walls.assert_own(tenant_id, await pool.fetch(tenant_id, SEEN))

    async with asyncio.TaskGroup() as group:
        for tenant_id in walls.tenants:
            group.create_task(hammer(tenant_id))
    await walls.check_pool(pool)
    await pool.close()


async def test_concurrent_tenants_that_are_cancelled_at_random_see_only_their_own(walls):
    pool = walls.pool(2)

    async def hammer(number: int, tenant_id: str) -> None:
        for turn in range(30):
            task = asyncio.create_task(pool.fetch(tenant_id, SEEN))
            for _ in range((turn * 7 + number) % 11):
                await asyncio.sleep(0)
            if turn % 2:
                task.cancel()
            found = (await asyncio.gather(task, return_exceptions=True))[0]
            if not isinstance(found, asyncio.CancelledError):
                walls.assert_own(tenant_id, found)

    async with asyncio.TaskGroup() as group:
        for number, tenant_id in enumerate(walls.tenants):
            group.create_task(hammer(number, tenant_id))
    await walls.check_pool(pool)
    await pool.close()


# --- transactions


async def test_each_transaction_sees_its_own_rows_on_the_same_connection(walls, database):
    await walls.check_transactions(database)
    await walls.check_transactions(database)


async def test_a_transaction_that_rolls_back_keeps_nothing_and_leaks_nothing(walls, database):
    for tenant_id in walls.tenants:
        with pytest.raises(Planned):
            async with database.transaction(tenant_id) as transaction:
                await transaction.fetch(ADD, tenant_id, new_id())
                raise Planned
        await walls.check_transactions(database)


async def test_a_failed_statement_in_a_transaction_keeps_nothing_and_leaks_nothing(walls, database):
    for tenant_id in walls.tenants[:2]:
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with database.transaction(tenant_id) as transaction:
                await transaction.fetch(ADD, tenant_id, new_id())
                await transaction.fetch("SELECT 1/0")
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with database.transaction(tenant_id) as transaction:
                await transaction.fetch(ADD, tenant_id, new_id())
                await transaction.execute(text("SELECT 1/0"))
        await walls.check_transactions(database)


async def test_a_transaction_cancelled_in_mid_query_keeps_nothing_and_leaks_nothing(
    walls, database
):
    async def work(tenant_id: str, marker: str) -> None:
        async with database.transaction(tenant_id) as transaction:
            await transaction.fetch(ADD, tenant_id, new_id())
            await transaction.fetch(f"SELECT pg_sleep(60) /* {marker} */")

    for tenant_id in walls.tenants[:3]:
        marker = f"cancel {new_id()}"
        task = asyncio.create_task(work(tenant_id, marker))
        await walls.until_running(marker)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await walls.check_transactions(database)


async def test_a_statement_timeout_in_a_transaction_keeps_nothing_and_leaks_nothing(walls):
    database = walls.database(statement_timeout=0.05)
    for tenant_id in walls.tenants[:2]:
        with pytest.raises(errors.DeadlineExceeded):
            async with database.transaction(tenant_id) as transaction:
                await transaction.fetch(ADD, tenant_id, new_id())
                await transaction.fetch("SELECT pg_sleep(60)")
        await walls.check_transactions(database)
    await database.close()


async def test_a_transaction_ended_by_the_server_is_unavailable_and_leaks_nothing(walls, database):
    async def work(tenant_id: str, marker: str) -> None:
        async with database.transaction(tenant_id) as transaction:
            await transaction.fetch(ADD, tenant_id, new_id())
            await transaction.fetch(f"SELECT pg_sleep(60) /* {marker} */")

    for tenant_id in walls.tenants[:2]:
        marker = f"end {new_id()}"
        task = asyncio.create_task(work(tenant_id, marker))
        backend = await walls.until_running(marker)
        await walls.beside.execute("SELECT pg_terminate_backend($1)", backend)
        with pytest.raises(errors.Unavailable):
            await task
        await walls.check_transactions(database)


async def test_the_pool_and_the_transactions_never_share_a_connection(walls, database):
    first, second, *_ = walls.tenants
    async with database.transaction(first) as transaction:
        walls.assert_own(second, await database.read(second, SEEN))
        walls.assert_own(first, await transaction.fetch(SEEN))
        mine = (await transaction.fetch("SELECT pg_backend_pid()"))[0][0]
        assert (await database.read(first, "SELECT pg_backend_pid()"))[0][0] != mine


async def test_a_task_knows_of_its_own_transaction_only(walls, database):
    assert not transaction_is_open()
    with pytest.raises(Planned):
        async with database.transaction(walls.tenants[0]):
            assert transaction_is_open()
            raise Planned
    assert not transaction_is_open()


# --- what the database itself refuses


@pytest.mark.parametrize("statement", ["insert", "update", "insert without a tenant"])
async def test_a_row_cannot_be_written_into_another_tenant(walls, pool, statement):
    first, second, *_ = walls.tenants
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        if statement == "insert":
            await pool.fetch(first, ADD, second, new_id(), write=True)
        elif statement == "update":
            await pool.fetch(first, "UPDATE party.title SET tenant_id = $1", second, write=True)
        else:
            await pool.fetch("", ADD, first, new_id(), write=True)
    await walls.check_pool(pool)


async def test_another_tenants_rows_are_neither_changed_nor_deleted(walls, pool):
    first, second, *_ = walls.tenants
    for sql in (
        "UPDATE party.title SET title = 'mine' WHERE tenant_id = $1 RETURNING 1",
        "DELETE FROM party.title WHERE tenant_id = $1 RETURNING 1",
    ):
        assert await pool.fetch(first, sql, second, write=True) == []
    await walls.check_pool(pool)


async def admin_of(world) -> asyncpg.Connection:
    return await asyncpg.connect(world.host.address.dsn_of(world.settings.database_admin))


async def test_every_table_of_every_service_stands_behind_the_wall(world):
    """Every table the service may touch, from the catalogue: a new one is covered at its birth."""
    admin = await admin_of(world)
    rows = await admin.fetch(
        "SELECT n.nspname, c.relname, c.relrowsecurity, (SELECT count(*) FROM pg_policy p"
        "  JOIN pg_roles r ON r.oid = ANY(p.polroles) WHERE p.polrelid = c.oid"
        "  AND r.rolname = n.nspname || '_app' AND p.polwithcheck IS NOT NULL) AS policies"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND c.relname <> 'migration' AND n.nspname = ANY($1)"
        " AND has_table_privilege(n.nspname || '_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE')",
        list(world.host.databases),
    )
    await admin.close()
    found = {f"{row[0]}.{row[1]}": (row[2], row[3]) for row in rows}
    assert {"party.source", "party.change", "party.title"} <= found.keys()
    assert found == dict.fromkeys(found, (True, 1))


async def test_no_serving_role_can_step_over_the_wall(world):
    admin = await admin_of(world)
    rows = await admin.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname ~ '_(app|relay)$'"
        " AND (rolsuper OR rolbypassrls OR rolcreaterole OR EXISTS"
        "  (SELECT 1 FROM pg_auth_members m WHERE m.member = pg_roles.oid))"
    )
    await admin.close()
    assert rows == []


async def test_the_app_role_cannot_switch_the_wall_off(walls):
    await walls.beside.execute("SET row_security = off")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await walls.beside.fetch(SEEN)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await walls.beside.execute("ALTER TABLE party.title DISABLE ROW LEVEL SECURITY")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await walls.beside.execute("SET ROLE party_owner")


async def test_the_schema_of_another_service_is_closed(world, walls, pool):
    admin = await admin_of(world)
    schema = f"stranger_{uuid.uuid4().hex[:8]}"
    await admin.execute(f"CREATE SCHEMA {schema} CREATE TABLE thing (id int)")
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.fetch(walls.tenants[0], f"SELECT * FROM {schema}.thing")
    finally:
        await admin.execute(f"DROP SCHEMA {schema} CASCADE")
        await admin.close()


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM party.change",
        "UPDATE party.change SET verb = 'nothing'",
        "UPDATE party.relay SET position = 0",
        "TRUNCATE party.change",
        "DROP TABLE party.change",
    ],
)
async def test_the_app_role_can_only_add_to_the_change_log(walls, pool, sql):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.fetch(walls.tenants[0], sql, write=True)


async def test_the_relay_role_reads_no_noun(world):
    relay = await asyncpg.connect(world.host.address.dsn("party", Role.RELAY))
    nouns = [r.noun for r in world.host.here["party"].values()]
    assert nouns
    tables = ["title", *(noun.table_name for noun in nouns)]
    for table in tables:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await relay.fetch(f"SELECT 1 FROM party.{table}")
    await relay.close()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE party.change SET payload = ''",
        "INSERT INTO party.relay VALUES (0)",
        "DELETE FROM party.relay",
        "UPDATE party.change SET tenant_id = gen_random_uuid()",
        "DELETE FROM party.change",
        "INSERT INTO party.title VALUES (gen_random_uuid(), 'x', gen_random_uuid(), '', 1)",
        "DELETE FROM party.timer",
        "UPDATE party.timer SET payload = ''",
    ],
)
async def test_the_relay_role_may_note_how_far_it_is_and_nothing_else(world, sql):
    relay = await asyncpg.connect(world.host.address.dsn("party", Role.RELAY))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await relay.execute(sql)
    await relay.close()
