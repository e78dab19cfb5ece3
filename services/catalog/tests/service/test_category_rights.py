"""Rights that reach by category, as identity gives them (CAT-10, PLT-16)."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from banyan.identity.v1 import access_pb2

from chassis import errors
from chassis.testing import Person

CATALOG = ("Product", "ProductSeries", "ProductCategory")
SECONDS_MAX = 10


async def until(ask: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    """Ask again until the answer is the one wanted."""
    deadline = time.monotonic() + SECONDS_MAX
    while (found := await ask()) != wanted:
        assert time.monotonic() < deadline, (found, wanted)
        await asyncio.sleep(0.01)


@dataclass
class Shelves:
    """Cards lie in hardware; of the GTX series one card lies elsewhere; books lie beside."""

    firm: Any
    hardware: Any
    cards: Any
    books: Any
    gtx: Any
    products: dict[str, Any]

    async def person(self, *permissions: dict[str, Any], categories: tuple[Any, ...] = ()) -> Any:
        """Make somebody with a role that identity keeps; its assignment names the categories."""
        name = str(uuid.uuid4())
        user = {"display_name": name, "email": f"{name}@example.com"}
        user_id = (await self.firm.call("CreateUser", user=user)).id
        role = {"name": name, "permissions": permissions}
        assignment = {
            "user_id": user_id, "role_id": (await self.firm.call("CreateRole", role=role)).id,
            "org_unit_id": self.firm.boss.org_unit_id, "category_ids": [c.id for c in categories],
        }  # fmt: skip
        await self.firm.call("CreateRoleAssignment", role_assignment=assignment)
        return self.firm.world.signed_in(self.firm.tenant_id, user_id)

    async def reader(self, *categories: Any) -> Person:
        return await self.person(*(by_category(noun, "read") for noun in CATALOG),
                                 categories=categories)  # fmt: skip

    async def seen(self, person: Person) -> list[set[str]]:
        """Give the products somebody sees: by their ids, in a list, in groups, searched for."""
        by_id: set[str] = set()
        for name, product in self.products.items():
            try:
                await self.firm.call("GetProduct", person, id=product.id)
                by_id.add(name)
            except errors.NotFound:
                pass
        listed = await self.firm.call("ListProducts", person)
        groups = await self.firm.call("SummarizeProducts", person, group_by="name")
        kinds = ["catalog.banyan/Product"]
        hits = await self.firm.call("Search", person, query="product", resource_types=kinds)
        return [
            by_id,
            *(
                {name.removeprefix("Product ") for name in names}
                for names in (
                    [product.name for product in listed.products],
                    [group.keys["name"].string_value for group in groups.groups],
                    [hit.title for hit in hits.hits],
                )
            ),
        ]


def by_category(noun: str, action: str, *categories: Any) -> dict[str, Any]:
    """Give a permission that reaches by category."""
    ids = [category.id for category in categories]
    resource = f"catalog.{noun}"
    return {"resource": resource, "action": action, "scope": "SCOPE_CATEGORY", "category_ids": ids}


def everywhere(resource: str, action: str = "read") -> dict[str, str]:
    return {"resource": resource, "action": action, "scope": "SCOPE_ALL"}


@pytest_asyncio.fixture
async def shelves(firm) -> Shelves:
    hardware, books = [await firm.make("ProductCategory") for _ in range(2)]
    cards = await firm.make("ProductCategory", parent_product_category_id=hardware.id)
    gtx = await firm.make("ProductSeries", product_category_id=cards.id)
    places = {
        "board": {"product_category_id": hardware.id},
        "card": {"product_category_id": cards.id},
        "gtx": {"product_series_id": gtx.id, "product_category_id": books.id},
        "book": {"product_category_id": books.id},
        "loose": {},
    }
    products = {
        name: await firm.make("Product", name=f"Product {name}", **place)
        for name, place in places.items()
    }
    return Shelves(firm, hardware, cards, books, gtx, products)


async def test_a_category_reaches_all_below_it_and_a_series_its_products(shelves):
    """CAT-10: named by the role or by who holds it; these add up."""
    by_role = await shelves.person(by_category("Product", "read", shelves.hardware))
    hardware, gtx = [await shelves.reader(group) for group in (shelves.hardware, shelves.gtx)]
    both = await shelves.person(
        by_category("Product", "read", shelves.cards), categories=(shelves.gtx,)
    )
    nothing = await shelves.reader()
    for person, wanted in (
        (by_role, {"board", "card"}),
        (hardware, {"board", "card"}),
        (gtx, {"gtx"}),
        (both, {"card", "gtx"}),
        (nothing, set()),
    ):
        await until(lambda person=person: shelves.seen(person), [wanted] * 4)
    for person, wanted in ((hardware, [shelves.hardware.id, shelves.cards.id]), (gtx, [])):
        found = await shelves.firm.call("ListProductCategories", person)
        assert [category.id for category in found.product_categories] == wanted
        found = await shelves.firm.call("ListProductSeries", person)
        assert [series.id for series in found.product_series] == [shelves.gtx.id]


async def test_what_is_moved_out_is_gone_and_what_is_moved_in_is_there(shelves):
    firm, products = shelves.firm, shelves.products
    person = await shelves.reader(shelves.hardware)
    await until(lambda: shelves.seen(person), [{"board", "card"}] * 4)
    await firm.update("Product", products["card"].id, product_category_id=shelves.books.id)
    await firm.update("Product", products["loose"].id, product_series_id=shelves.gtx.id)
    await firm.update("Product", products["book"].id, product_category_id=shelves.cards.id)
    await until(lambda: shelves.seen(person), [{"board", "book"}] * 4)
    move = {"id": shelves.books.id, "parent_product_category_id": shelves.cards.id}
    await firm.call("MoveProductCategory", **move)
    await until(lambda: shelves.seen(person), [{"board", "book", "card", "gtx"}] * 4)
    await firm.call("MoveProductCategory", id=shelves.cards.id)
    await until(lambda: shelves.seen(person), [{"board"}] * 4)


async def test_a_category_that_is_deleted_reaches_nothing_until_it_is_back(shelves):
    firm = shelves.firm
    person = await shelves.reader(shelves.cards, shelves.books)
    await firm.call("DeleteProduct", id=shelves.products["card"].id)
    await until(lambda: shelves.seen(person), [{"card", "gtx", "book"}] + [{"gtx", "book"}] * 3)
    await firm.update("ProductSeries", shelves.gtx.id, product_category_id="")
    await firm.call("DeleteProductCategory", id=shelves.cards.id)

    async def categories() -> list[str]:
        found = await firm.call("ListProductCategories", person)
        return [category.id for category in found.product_categories]

    await until(categories, [shelves.books.id])
    below = await firm.make("ProductCategory", parent_product_category_id=shelves.books.id)
    await until(categories, [shelves.books.id, below.id])
    await firm.call("DeleteProductCategory", id=below.id)
    await until(categories, [shelves.books.id])
    await firm.call("UndeleteProductCategory", id=shelves.cards.id)
    await until(categories, [shelves.books.id, shelves.cards.id])


async def test_titles_of_what_one_may_not_read_are_empty(shelves):
    """PLT-16: of a product's category, a category's parent, the product of a price or discount."""
    firm = shelves.firm
    product = await firm.call("GetProduct", await shelves.reader(shelves.gtx),
                              id=shelves.products["gtx"].id)  # fmt: skip
    assert product.product_category_id == shelves.books.id
    assert (product.product_series_name, product.product_category_name) == (shelves.gtx.name, "")
    cards = await shelves.person(
        *(by_category(noun, "read") for noun in CATALOG),
        everywhere("catalog.PriceListItem"), everywhere("catalog.PriceList"),
        categories=(shelves.cards,),
    )  # fmt: skip
    category = await firm.call("GetProductCategory", cards, id=shelves.cards.id)
    assert category.parent_product_category_id == shelves.hardware.id
    assert category.parent_product_category_name == ""
    price_list = await firm.make("PriceList")
    for name in ("card", "book"):
        await firm.item(price_list, shelves.products[name], "5")
    items = (await firm.call("ListPriceListItems", cards, order_by="createTime")).price_list_items
    assert [(item.product_id, item.product_name) for item in items] == [
        (shelves.products["card"].id, "Product card"), (shelves.products["book"].id, ""),
    ]  # fmt: skip


async def test_one_changes_what_lies_in_a_category_and_does_not_move_it_out(shelves, refusal):
    """CAT-10: nor takes in what lies elsewhere, nor makes anything there."""
    firm = shelves.firm
    cards = await shelves.person(
        by_category("Product", "*"), everywhere("catalog.ProductCategory"),
        categories=(shelves.hardware,),
    )  # fmt: skip

    async def change(name: str, **fields: Any) -> Any:
        request = {"id": shelves.products[name].id} | fields
        mask = {"paths": list(fields)}
        return await firm.call("UpdateProduct", cards, product=request, update_mask=mask)

    assert (await change("card", description="new")).description == "new"
    moved = await change("card", product_category_id=shelves.hardware.id)
    assert moved.product_category_name == shelves.hardware.name
    error = await refusal(change("card", product_category_id=shelves.books.id))
    assert (type(error), error.reason) == (errors.Forbidden, "OUTSIDE_REACH")
    assert type(await refusal(change("book", description="mine"))) is errors.NotFound
    for category in (shelves.books.id, ""):
        error = await refusal(firm.make("Product", cards, product_category_id=category))
        assert (type(error), error.reason) == (errors.Forbidden, "OUTSIDE_REACH")
    made = await firm.make("Product", cards, product_category_id=shelves.cards.id)
    await firm.call("DeleteProduct", cards, id=made.id)
    error = await refusal(firm.call("DeleteProduct", cards, id=shelves.products["gtx"].id))
    assert type(error) is errors.NotFound


async def test_a_share_is_explained_apart_from_a_category(shelves):
    """PLT-16: what is shared is not reached by a permission that reaches by category."""
    firm = shelves.firm
    person = await shelves.reader(shelves.hardware)
    book = shelves.products["book"]
    share = {"user_id": person.user_id, "access": "ACCESS_READ"}
    await firm.call("ShareProduct", id=book.id, **share)
    await until(lambda: shelves.seen(person), [{"board", "card"}] * 4)
    asked = {"user_id": person.user_id, "resource": "catalog.Product", "action": "read"}
    findings = access_pb2.ExplainAccessResponse
    for name, finding in (
        ("card", findings.FINDING_ALLOWS),
        ("book", findings.FINDING_OUTSIDE_CATEGORIES),
    ):
        record_id = shelves.products[name].id
        answer = await firm.call("ExplainAccess", record_id=record_id, **asked)
        assert answer.rules[0].finding == finding
        assert answer.allowed == (finding == findings.FINDING_ALLOWS)


async def test_whoever_keeps_a_category_makes_others_below_it_and_nowhere_else(shelves):
    """CAT-10: and reaches them at once where they are made, before anybody has heard of them."""
    person = await shelves.person(by_category("ProductCategory", "*"), categories=(shelves.cards,))

    async def make(parent: Any) -> Any:
        new = {"name": str(uuid.uuid4()), "parent_product_category_id": parent.id}
        return await shelves.firm.call("CreateProductCategory", person, product_category=new)

    made = await make(shelves.cards)
    assert (await shelves.firm.call("GetProductCategory", person, id=made.id)).id == made.id
    for parent in (shelves.hardware, shelves.books):
        with pytest.raises((errors.Invalid, errors.Forbidden)):
            await make(parent)
