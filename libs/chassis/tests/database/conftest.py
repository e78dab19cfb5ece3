"""Two tenants with rows of their own, and ways to read what a connection shows."""

import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest_asyncio

from chassis.database import Database, Pool, Role
from chassis.testing import until

SEEN = "SELECT tenant_id::text, resource_id::text FROM party.title"
ADD = (
    "INSERT INTO party.title (tenant_id, resource_type, resource_id, title, version)"
    " VALUES ($1, 'test', $2, 'row', 1)"
)


@dataclass
class Walls:
    """Tenants, the rows each of them has, and a connection beside the ones under test."""

    world: Any
    rows: dict[str, set[str]]
    beside: asyncpg.Connection

    @property
    def tenants(self) -> list[str]:
        """List the tenants."""
        return list(self.rows)

    def pool(self, size: int = 1, **options: Any) -> Pool:
        """Open a pool of the app role."""
        dsn = self.world.host.address.dsn("party", Role.APP)
        return Pool(dsn, size=size, name="test", **options)

    def database(self, size: int = 1, **options: Any) -> Database:
        """Open a database as the app role."""
        return Database(self.world.host.address, "party", pool_size=size, **options)

    def assert_own(self, tenant_id: str, rows: Any) -> None:
        """Say that these are exactly the rows of a tenant."""
        assert {(row[0], row[1]) for row in rows} == {(tenant_id, r) for r in self.rows[tenant_id]}

    async def check_pool(self, pool: Pool) -> None:
        """Read as each tenant, and as none, and say that each sees its own."""
        for tenant_id in self.tenants:
            self.assert_own(tenant_id, await pool.fetch(tenant_id, SEEN))
        assert await pool.fetch("", SEEN) == []

    async def check_transactions(self, database: Database) -> None:
        """Read as each tenant in a transaction, and as none."""
        for tenant_id in self.tenants:
            async with database.transaction(tenant_id) as transaction:
                self.assert_own(tenant_id, await transaction.fetch(SEEN))
        async with database.transaction("") as transaction:
            assert await transaction.fetch(SEEN) == []

    async def until_running(self, marker: str) -> int:
        """Wait until a statement with this marker runs; give its backend."""

        async def backend() -> int:
            return await self.beside.fetchval(
                "SELECT pid FROM pg_stat_activity WHERE state = 'active'"
                " AND query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid()",
                marker,
            )

        return await until(backend)


@pytest_asyncio.fixture
async def walls(world) -> AsyncGenerator[Walls]:
    rows = {str(uuid.uuid4()): {str(uuid.uuid4()) for _ in range(3)} for _ in range(6)}
    beside = await asyncpg.connect(world.host.address.dsn("party", Role.APP))
    database = world.host.databases["party"]
    for tenant_id, ids in rows.items():
        for row in ids:
            await database.write(tenant_id, ADD, tenant_id, row)
    yield Walls(world, rows, beside)
    await beside.close()


@pytest_asyncio.fixture
async def pool(walls) -> AsyncGenerator[Pool]:
    opened = walls.pool()
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def database(walls) -> AsyncGenerator[Database]:
    opened = walls.database()
    yield opened
    await opened.close()
