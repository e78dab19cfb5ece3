"""A firm that sells: its people, its pipeline, and what tests make in it by calls."""

import asyncio
import functools
import time
import uuid
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from banyan.api.v1 import change_pb2
from banyan.sales.v1 import outcome_pb2

from chassis.access import Grant, Scope
from chassis.database import Role
from chassis.resources.saga import SagaRunner
from chassis.rpc.registry import contract_methods
from chassis.testing import Person, World
from sales.conversion import CONVERSION

STAGES = (
    ("new", "OUTCOME_OPEN", 10),
    ("proposed", "OUTCOME_OPEN", 50),
    ("won", "OUTCOME_WON", 100),
    ("lost", "OUTCOME_LOST", 0),
)


@dataclass
class Firm:
    """A tenant; whatever names nobody is done by somebody who may do everything."""

    world: World
    tenant_id: str
    boss: Person
    pipeline: Any = None

    async def call(
        self, name: str, person: Person | None = None, /, *, wire: bool = False, **fields: Any
    ) -> Any:
        """Call a method with its request's fields."""
        method = next(m for m in contract_methods() if m.name == name)
        request = method.request_type(**fields)
        return await self.world.call(name, request, person or self.boss, wire=wire)

    async def person(self, *rights: tuple[str, str, Scope], unit: str = "") -> Person:
        """Make somebody with these rights, held at their unit."""
        at = unit or self.boss.org_unit_id
        grants = [
            Grant(resource, action, scope, at if scope in (Scope.UNIT, Scope.SUBTREE) else "")
            for resource, action, scope in rights
        ]
        return await self.world.person(self.tenant_id, grants, unit)

    async def make_pipeline(self, *stages: dict[str, Any], **fields: Any) -> Any:
        made = [
            {"key": key, "name": key.title(), "outcome": outcome, "probability": odds}
            for key, outcome, odds in STAGES
        ]
        record = {"name": f"pipeline {uuid.uuid4()}", "stages": stages or made} | fields
        return await self.call("CreatePipeline", pipeline=record)

    async def organization(self, person: Person | None = None, **fields: Any) -> Any:
        record = {"name": f"organization {uuid.uuid4()}"} | fields
        return await self.call("CreateOrganization", person, organization=record)

    async def contact(self, **fields: Any) -> Any:
        return await self.call("CreateContact", contact={"name": "Li Na"} | fields)

    async def deal(self, person: Person | None = None, **fields: Any) -> Any:
        record = {"name": f"deal {uuid.uuid4()}"} | fields
        return await self.call("CreateOpportunity", person, opportunity=record)

    async def lead(self, person: Person | None = None, **fields: Any) -> Any:
        record = {"name": f"lead {uuid.uuid4()}"} | fields
        return await self.call("CreateLead", person, lead=record)

    async def product(self, **fields: Any) -> Any:
        return await self.call("CreateProduct", product={"name": "GTX Pro"} | fields)

    async def update(self, noun: str, record_id: str, person: Any = None, **fields: Any) -> Any:
        """Change fields of a record: ``update("Lead", id, note="…")``."""
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in noun).lstrip("_")
        request = {name: {"id": record_id} | fields, "update_mask": {"paths": list(fields)}}
        return await self.call(f"Update{noun}", person, **request)

    async def listed(self, method: str, person: Person | None = None, **fields: Any) -> list[Any]:
        """List all pages."""
        found: list[Any] = []
        token = ""
        while True:
            reply = await self.call(method, person, page_size=1000, page_token=token, **fields)
            found += next(value for _, value in reply.ListFields()) if reply.ListFields() else []
            token = reply.next_page_token
            if not token:
                return found

    async def changes(self, service: str, record_id: str = "") -> list[Any]:
        """Read this firm's changes of a service, of one record or of all, as they were written."""
        rows = await self.rows(
            f"SELECT payload FROM {service}.change WHERE $1 = '' OR resource_id::text = $1"
            " ORDER BY sequence",
            record_id,
            service=service,
        )
        return [change_pb2.Change.FromString(row[0]) for row in rows]

    async def rows(self, sql: str, *arguments: Any, service: str = "sales") -> list[Any]:
        """Read rows of this firm as they lie in the database."""
        database = self.world.host.databases[service]
        return list(await database.read(self.tenant_id, sql, *arguments))

    async def set_rows(self, sql: str, *arguments: Any) -> None:
        """Change rows behind the service's back: for what only time would bring about."""
        await self.world.host.databases["sales"].write(self.tenant_id, sql, *arguments)


class Killed(BaseException):
    """The process died here; nothing that catches errors catches it."""


@dataclass
class Conversions:
    """What conversions of a firm left behind, and fresh processes that go on with them."""

    firm: Firm

    async def convert(self, lead_id: str, person: Person | None = None, **fields: Any) -> Any:
        return await self.firm.call("ConvertLead", person, id=lead_id, **fields)

    async def lead(self, lead_id: str) -> Any:
        return await self.firm.call("GetLead", id=lead_id)

    async def under_way(self) -> list[Any]:
        """Give the sagas that have not ended."""
        return await self.firm.rows("SELECT id::text, step, undoing, attempts FROM sales.saga")

    def runner(self) -> SagaRunner:
        """Give the runner of another process."""
        return SagaRunner(self.firm.world.host.here["sales"], (CONVERSION,))

    async def finish(self) -> None:
        """Let fresh processes sweep until nothing is under way."""
        dsn = self.firm.world.host.address.dsn("sales", Role.RELAY)
        connection = await asyncpg.connect(dsn)
        try:
            deadline = time.monotonic() + 10
            while await self.under_way():
                assert time.monotonic() < deadline, "the conversion does not end"
                await self.firm.set_rows("UPDATE sales.saga SET due_time = now()")
                await self.runner().sweep(connection)
                await asyncio.sleep(0.005)
        finally:
            await connection.close()

    async def made(self, *, with_deleted: bool = False) -> dict[str, int]:
        """Count the organizations, contacts and deals of the firm."""
        tables = {"organization": "party", "contact": "party", "opportunity": "sales"}
        living = "" if with_deleted else " WHERE delete_time IS NULL"
        return {
            table: (
                await self.firm.rows(
                    f"SELECT count(*) FROM {service}.{table}{living}", service=service
                )
            )[0][0]
            for table, service in tables.items()
        }


@pytest.fixture
def conversions(firm) -> Conversions:
    return Conversions(firm)


@pytest.fixture(name="Killed")
def _killed() -> type[BaseException]:
    return Killed


@pytest.fixture
def spoil() -> Generator[Callable[..., Callable[[], None]]]:
    """Make an async function raise, before or after it has done its work, until `undo` is called.

    `matches` says which calls it is about, by their positional arguments; all by default.
    """

    def spoiled(
        owner: Any, name: str, error: BaseException, *, after: bool = False, matches: Any = None
    ) -> Callable[[], None]:
        patch = pytest.MonkeyPatch()
        original = getattr(owner, name)

        async def failing(*arguments: Any, **fields: Any) -> Any:
            if matches is not None and not matches(*arguments):
                return await original(*arguments, **fields)
            if after:
                await original(*arguments, **fields)
            raise error

        patch.setattr(owner, name, failing)
        undone.append(patch)
        return patch.undo

    undone: list[pytest.MonkeyPatch] = []
    yield spoiled
    for patch in reversed(undone):
        patch.undo()


async def found_firm(world: World) -> Firm:
    tenant_id = await world.tenant()
    made = Firm(world, tenant_id, await world.person(tenant_id))
    made.pipeline = await made.make_pipeline(preferred=True)
    return made


@pytest_asyncio.fixture
async def firm(world) -> Firm:
    """A firm with one pipeline that deals go through unless they name another."""
    return await found_firm(world)


@pytest.fixture(scope="session")
def found(world) -> Callable[[], Awaitable[Firm]]:
    """Found further firms."""
    return functools.partial(found_firm, world)


@pytest.fixture
def outcomes() -> Any:
    """The outcomes by their short names."""
    names = outcome_pb2.Outcome.keys()
    return {n.removeprefix("OUTCOME_"): outcome_pb2.Outcome.Value(n) for n in names}
