"""A firm that captures what is there already, and what tests do about it by calls."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from banyan.api.v1 import change_pb2

from chassis.access import Grant, Scope
from chassis.rpc.registry import contract_methods
from chassis.testing import Person, World, until


@dataclass
class Firm:
    """A tenant; whatever names nobody is done by somebody who may do everything."""

    world: World
    tenant_id: str
    boss: Person

    async def call(self, name: str, person: Person | None = None, /, **fields: Any) -> Any:
        """Call a method with its request's fields."""
        method = next(m for m in contract_methods() if m.name == name)
        return await self.world.call(name, method.request_type(**fields), person or self.boss)

    async def person(self, *rights: tuple[str, str, Scope], unit: str = "") -> Person:
        """Make somebody with these rights, held at their unit."""
        at = unit or self.boss.org_unit_id
        grants = [
            Grant(resource, action, scope, at if scope in (Scope.UNIT, Scope.SUBTREE) else "")
            for resource, action, scope in rights
        ]
        return await self.world.person(self.tenant_id, grants, unit)

    async def make(self, noun: str, person: Person | None = None, /, **request: Any) -> Any:
        """Make an organization or contact; what is no field of it is the request's."""
        asked = {
            name: request.pop(name) for name in ("allow_duplicate", "request_id") if name in request
        }
        return await self.call(f"Create{noun}", person, **{noun.lower(): request}, **asked)

    async def organization(self, person: Person | None = None, /, **fields: Any) -> Any:
        return await self.make("Organization", person, **{"name": f"企业{uuid.uuid4()}"} | fields)

    async def contact(self, person: Person | None = None, /, **fields: Any) -> Any:
        return await self.make("Contact", person, **{"name": "李娜"} | fields)

    async def get(self, noun: str, record_id: str, person: Person | None = None) -> Any:
        return await self.call(f"Get{noun}", person, id=record_id)

    async def update(self, noun: str, record_id: str, /, **fields: Any) -> Any:
        """Change fields of a record: ``update("Contact", id, note="…")``."""
        request = {noun.lower(): {"id": record_id} | fields, "update_mask": {"paths": list(fields)}}
        return await self.call(f"Update{noun}", **request)

    async def find(self, noun: str, person: Person | None = None, /, **fields: Any) -> Any:
        return await self.call(f"FindDuplicate{noun}s", person, **{noun.lower(): fields})

    async def merge(self, noun: str, kept: Any, gone: Any, *fields: str, **request: Any) -> Any:
        person = request.pop("person", None)
        ids = {"id": kept.id, "other_id": gone.id}
        return await self.call(f"Merge{noun}", person, **ids, fields=fields, **request)

    async def changes(self, record_id: str = "") -> list[change_pb2.Change]:
        """Read this firm's changes in party, of one record or of all, as they were written."""
        rows = await self.rows(
            "SELECT payload FROM party.change WHERE $1 = '' OR resource_id::text = $1"
            " ORDER BY sequence",
            record_id,
        )
        return [change_pb2.Change.FromString(row[0]) for row in rows]

    async def rows(self, sql: str, *arguments: Any) -> list[Any]:
        """Read rows of this firm as they lie in the database."""
        database = self.world.host.databases["party"]
        return list(await database.read(self.tenant_id, sql, *arguments))

    async def heard(self) -> None:
        """Wait until everything that was written has been looked at for duplicates."""
        rows = await self.rows("SELECT payload FROM party.change")
        changes = [change_pb2.Change.FromString(row[0]) for row in rows]
        ids = [c.id for c in changes if c.resource_type.endswith(("/Organization", "/Contact"))]

        async def all_taken_in() -> bool:
            found = await self.rows(
                "SELECT count(*) FROM party.inbox"
                " WHERE consumer = 'duplicates' AND event_id = ANY($1::uuid[])",
                ids,
            )
            return found[0][0] == len(ids)

        await until(all_taken_in)

    async def pairs(self, person: Person | None = None, **fields: Any) -> list[Any]:
        """List the pairs there are once everything has been looked at."""
        await self.heard()
        return list((await self.call("ListDuplicates", person, **fields)).duplicates)


@pytest_asyncio.fixture
async def firm(world) -> Firm:
    tenant_id = await world.tenant()
    return Firm(world, tenant_id, await world.person(tenant_id))
