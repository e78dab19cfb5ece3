"""A firm that shapes its system, by calls."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from chassis.access import Grant, Scope
from chassis.rpc.registry import contract_methods
from chassis.testing import Person, World

DEALS = "sales.banyan/Opportunity"


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
        """Make somebody with these rights, at home in a unit."""
        grants = [Grant(resource, action, scope) for resource, action, scope in rights]
        return await self.world.person(self.tenant_id, grants, unit)

    async def field(self, person: Person | None = None, **fields: Any) -> Any:
        """Define a custom field of deals."""
        record = {"resource_type": DEALS, "key": "deliveryTerms", "type": "TYPE_TEXT"} | fields
        return await self.call("CreateCustomField", person, custom_field=record)

    async def picklist(self, *keys: str, **fields: Any) -> Any:
        """Define a list with these entries."""
        record = {"name": "industry", "entries": [{"key": key} for key in keys]} | fields
        return await self.call("CreatePicklist", picklist=record)

    async def view(self, person: Person | None = None, **fields: Any) -> Any:
        """Make a view of deals."""
        record = {"name": "a view", "resource_type": DEALS} | fields
        return await self.call("CreateView", person, view=record)

    async def update(
        self, noun: str, record_id: str, person: Person | None = None, **fields: Any
    ) -> Any:
        """Change fields of a record: ``update("CustomField", id, help_en="…")``."""
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in noun).lstrip("_")
        request = {name: {"id": record_id} | fields, "update_mask": {"paths": list(fields)}}
        return await self.call(f"Update{noun}", person, **request)


@pytest_asyncio.fixture
async def firm(founded) -> Firm:
    return await founded()


@pytest.fixture(scope="session")
def founded(world) -> Callable[[], Awaitable[Firm]]:
    """Found further firms."""

    async def found() -> Firm:
        tenant_id = await world.tenant()
        return Firm(world, tenant_id, await world.person(tenant_id))

    return found


@pytest_asyncio.fixture
async def other(founded) -> Firm:
    """Another firm, whose definitions are its own."""
    return await founded()
