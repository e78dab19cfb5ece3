"""A firm with people outside, and what tests make in it by calls."""

import uuid
from typing import Any

import pytest_asyncio
from banyan.api.v1 import change_pb2

from chassis.access import Grant, Scope
from chassis.rpc.registry import contract_methods
from chassis.testing import Person, World


class Firm:
    """A tenant; whatever names nobody is done by somebody who may do everything."""

    def __init__(self, world: World, boss: Person) -> None:
        self.world, self.boss = world, boss

    async def call(self, name: str, person: Person | None = None, /, **fields: Any) -> Any:
        """Call a method with its request's fields."""
        method = next(m for m in contract_methods() if m.name == name)
        return await self.world.call(name, method.request_type(**fields), person or self.boss)

    async def person(self, *rights: tuple[str, str, Scope]) -> Person:
        """Make somebody with these rights."""
        grants = [Grant(resource, action, scope) for resource, action, scope in rights]
        return await self.world.person(self.boss.tenant_id, grants)

    async def make(self, noun: str, person: Person | None = None, /, **fields: Any) -> Any:
        """Make a record: ``make("Relationship", kind="owner")``."""
        return await self.call(f"Create{noun}", person, **{_snake(noun): fields})

    async def update(self, noun: str, record_id: str, /, **fields: Any) -> Any:
        """Change fields of a record: ``update("Contact", id, note="…")``."""
        request = {_snake(noun): {"id": record_id} | fields, "update_mask": {"paths": list(fields)}}
        return await self.call(f"Update{noun}", **request)

    async def organization(self, person: Person | None = None, /, **fields: Any) -> Any:
        return await self.make(
            "Organization", person, **{"name": f"organization {uuid.uuid4()}"} | fields
        )

    async def contact(self, person: Person | None = None, /, **fields: Any) -> Any:
        return await self.make("Contact", person, **{"name": "Li Na"} | fields)

    async def communication(self, **fields: Any) -> Any:
        record = {"subject": "Visit", "start_time": {"seconds": 1_770_000_000}} | fields
        return await self.make("Communication", **record)

    async def changes(self, record_id: str) -> list[Any]:
        """Read the changes of a record, as they were written."""
        rows = await self.world.host.databases["party"].read(
            self.boss.tenant_id,
            "SELECT payload FROM party.change WHERE resource_id::text = $1 ORDER BY sequence",
            record_id,
        )
        return [change_pb2.Change.FromString(row[0]) for row in rows]

    async def set_rows(self, sql: str, *arguments: Any) -> None:
        """Change rows behind the service's back: for what only time would bring about."""
        await self.world.host.databases["party"].write(self.boss.tenant_id, sql, *arguments)


def _snake(noun: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in noun).lstrip("_")


@pytest_asyncio.fixture
async def firm(world) -> Firm:
    return Firm(world, await world.person(await world.tenant()))
