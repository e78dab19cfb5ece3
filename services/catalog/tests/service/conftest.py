"""A firm that sells products: its people, and what tests make in it by calls."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from chassis.access import Grant, Scope
from chassis.resources.noun import snake
from chassis.rpc.registry import contract_methods
from chassis.testing import Person, World


def cny(amount: str) -> dict[str, str]:
    """Give an amount in the firm's currency."""
    return {"currency_code": "CNY", "amount": amount}


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

    async def person(self, *rights: tuple[str, str, Scope]) -> Person:
        """Make somebody with these rights."""
        grants = [Grant(resource, action, scope) for resource, action, scope in rights]
        return await self.world.person(self.tenant_id, grants)

    async def make(self, noun: str, person: Person | None = None, /, **fields: Any) -> Any:
        """Make a record, with a name of its own where it has one and none is given."""
        record = fields if noun == "PriceListItem" else {"name": f"{noun} {uuid.uuid4()}"} | fields
        return await self.call(f"Create{noun}", person, **{snake(noun): record})

    async def update(self, noun: str, record_id: str, /, **fields: Any) -> Any:
        """Change fields of a record."""
        mask = {"paths": list(fields)}
        request = {snake(noun): {"id": record_id} | fields, "update_mask": mask}
        return await self.call(f"Update{noun}", **request)

    async def item(self, price_list: Any, product: Any, price: str, quantity: str = "0") -> Any:
        """Put a product into a price list."""
        return await self.make(
            "PriceListItem",
            price_list_id=price_list.id,
            product_id=product.id,
            unit_price=cny(price),
            minimum_quantity={"value": quantity},
        )


@pytest_asyncio.fixture
async def firm(world) -> Firm:
    tenant_id = await world.tenant()
    return Firm(world, tenant_id, await world.person(tenant_id))


@pytest.fixture(name="cny")
def _cny() -> Callable[[str], dict[str, str]]:
    return cny
