"""Categories are a tree, and neither they nor series go while they are used (CAT-01, CAT-02)."""

import pytest

from chassis import errors
from chassis.access import Scope

GROUPS = pytest.mark.parametrize("group", ["ProductCategory", "ProductSeries"])
USERS = {"Product": "HAS_PRODUCTS", "ProductSeries": "HAS_SERIES", "Discount": "HAS_DISCOUNTS"}


async def listed(firm, top) -> set[str]:
    """Give the categories at or below one."""
    reply = await firm.call("ListProductCategories", filter=f'subtree(id, "{top.id}")')
    return {category.id for category in reply.product_categories}


async def below(firm, parent, **fields):
    return await firm.make("ProductCategory", parent_product_category_id=parent.id, **fields)


async def move(firm, category, parent_id=""):
    return await firm.call(
        "MoveProductCategory", id=category.id, parent_product_category_id=parent_id
    )


async def test_a_category_lies_in_another_and_moves_with_all_below_it(firm):
    hardware, software = [await firm.make("ProductCategory") for _ in range(2)]
    cards = await below(firm, hardware)
    gaming = await below(firm, cards)
    assert cards.parent_product_category_name == hardware.name
    assert await listed(firm, hardware) == {hardware.id, cards.id, gaming.id}
    moved = await move(firm, cards, software.id)
    assert moved.parent_product_category_name == software.name
    assert await listed(firm, hardware) == {hardware.id}
    assert await listed(firm, software) == {software.id, cards.id, gaming.id}


async def test_a_category_moves_to_the_top(firm):
    hardware = await firm.make("ProductCategory")
    cards = await below(firm, hardware)
    assert (await move(firm, cards)).parent_product_category_id == ""
    assert await listed(firm, hardware) == {hardware.id}


async def test_a_category_does_not_move_into_itself(firm, refusal):
    hardware = await firm.make("ProductCategory")
    cards = await below(firm, hardware)
    assert (await refusal(move(firm, hardware, cards.id))).reason == "MOVE_INTO_ITSELF"


async def test_categories_of_one_parent_have_names_of_their_own(firm, refusal):
    hardware, software = [await firm.make("ProductCategory") for _ in range(2)]
    await below(firm, hardware, name="Accessories")
    other = await below(firm, software, name="Accessories")
    error = await refusal(below(firm, hardware, name="Accessories"))
    assert isinstance(error, errors.AlreadyExists), error
    error = await refusal(move(firm, other, hardware.id))
    assert isinstance(error, errors.AlreadyExists), error
    assert await listed(firm, software) == {software.id, other.id}


async def test_no_two_categories_share_a_code(firm, refusal):
    first = await firm.make("ProductCategory", code="HW")
    error = await refusal(firm.make("ProductCategory", code="HW"))
    assert isinstance(error, errors.AlreadyExists), error
    for _ in range(2):
        await firm.make("ProductCategory")
    await firm.call("DeleteProductCategory", id=first.id)
    await firm.make("ProductCategory", code="HW")


async def test_no_two_series_share_a_name(firm, refusal):
    """CAT-02."""
    await firm.make("ProductSeries", name="GTX")
    error = await refusal(firm.make("ProductSeries", name="GTX"))
    assert isinstance(error, errors.AlreadyExists), error


async def test_a_category_with_others_below_it_does_not_go(firm, refusal):
    hardware = await firm.make("ProductCategory")
    cards = await below(firm, hardware)
    error = await refusal(firm.call("DeleteProductCategory", id=hardware.id))
    assert error.reason == "HAS_CHILDREN"
    await firm.call("DeleteProductCategory", id=cards.id)
    await firm.call("DeleteProductCategory", id=hardware.id)


@pytest.mark.parametrize(
    ("group", "field", "user"),
    [
        ("ProductCategory", "product_category_id", "Product"),
        ("ProductCategory", "product_category_id", "ProductSeries"),
        ("ProductCategory", "product_category_id", "Discount"),
        ("ProductSeries", "product_series_id", "Product"),
        ("ProductSeries", "product_series_id", "Discount"),
    ],
)
async def test_what_is_used_does_not_go_until_it_is_not(firm, refusal, group, field, user):
    """Of two users one goes and one is put elsewhere."""
    used, other = [await firm.make(group) for _ in range(2)]
    more = {"percent": {"value": "10"}} if user == "Discount" else {}
    users = [await firm.make(user, **{field: used.id}, **more) for _ in range(2)]
    error = await refusal(firm.call(f"Delete{group}", id=used.id))
    assert isinstance(error, errors.FailedPrecondition)
    assert (error.reason, error.metadata) == (USERS[user], {"count": "2"})
    await firm.call(f"Delete{user}", id=users[0].id)
    error = await refusal(firm.call(f"Delete{group}", id=used.id))
    assert (error.reason, error.metadata) == (USERS[user], {"count": "1"})
    await firm.update(user, users[1].id, **{field: other.id})
    gone = await firm.call(f"Delete{group}", id=used.id, request_id="r")
    assert gone.HasField("delete_time")
    assert await firm.call(f"Delete{group}", id=used.id, request_id="r") == gone


@GROUPS
async def test_nothing_comes_back_into_what_is_deleted(firm, refusal, group):
    field = {"ProductCategory": "product_category_id", "ProductSeries": "product_series_id"}[group]
    used = await firm.make(group)
    product = await firm.make("Product", **{field: used.id})
    await firm.call("DeleteProduct", id=product.id)
    await firm.call(f"Delete{group}", id=used.id)
    error = await refusal(firm.call("UndeleteProduct", id=product.id))
    assert (error.reason, error.metadata) == ("PARENT_DELETED", {"id": used.id})
    await firm.call(f"Undelete{group}", id=used.id)
    await firm.call("UndeleteProduct", id=product.id)


@GROUPS
async def test_who_may_not_delete_learns_nothing_of_what_is_in_it(firm, refusal, group):
    """PLT-16."""
    field = {"ProductCategory": "product_category_id", "ProductSeries": "product_series_id"}[group]
    used = await firm.make(group)
    await firm.make("Product", **{field: used.id})
    name = f"catalog.{group}"
    clerk = await firm.person((name, "read", Scope.ALL), (name, "delete", Scope.OWN))
    error = await refusal(firm.call(f"Delete{group}", clerk, id=used.id))
    assert (type(error), error.reason) == (errors.Forbidden, "OUTSIDE_REACH")
    stranger = await firm.person((name, "*", Scope.OWN))
    error = await refusal(firm.call(f"Delete{group}", stranger, id=used.id))
    assert isinstance(error, errors.NotFound)
