"""Products, the lists their prices stand in and their discounts, over RPC (CAT-02 to CAT-06)."""

import asyncio
import time

import pytest

from chassis import errors


async def test_a_product_says_where_it_belongs_and_who_answers_for_it(firm, cny):
    """CAT-03: category, series and responsible department, beside where the record is placed."""
    category = await firm.make("ProductCategory", name="显卡")
    series = await firm.make("ProductSeries", name="GTX")
    department = await firm.world.unit(firm.tenant_id)
    unit = await firm.call("GetOrgUnit", id=department)
    made = await firm.make(
        "Product",
        product_category_id=category.id,
        product_series_id=series.id,
        responsible_org_unit_id=department,
        unit_of_measure="piece",
        price=cny("4821"),
        cost=cny("3050.123456"),
    )
    assert (made.product_category_name, made.product_series_name) == ("显卡", "GTX")
    assert (made.price.amount, made.cost.amount) == ("4821", "3050.123456")
    assert made.org_unit_id == firm.boss.org_unit_id != made.responsible_org_unit_id
    deadline = time.monotonic() + 10
    while (await firm.call("GetProduct", id=made.id)).responsible_org_unit_name != unit.name:
        assert time.monotonic() < deadline, "the department's name was never heard of"
        await asyncio.sleep(0.005)
    found = await firm.call("ListProducts", filter=f'subtree(responsibleOrgUnitId, "{department}")')
    assert [product.id for product in found.products] == [made.id]


async def test_a_new_product_lies_where_its_series_does(firm):
    """CAT-02; shown at once, and found by it."""
    category = await firm.make("ProductCategory")
    series = await firm.make("ProductSeries", product_category_id=category.id)
    made = await firm.make("Product", product_series_id=series.id)
    assert made.product_category_id == category.id
    assert made.product_category_name == category.name
    moved = await firm.update("Product", made.id, product_category_id="")
    assert moved.product_category_id == "", "whoever takes it out means it"


async def test_no_two_products_share_an_article_number(firm, refusal):
    """CAT-03: where it is given."""
    first = await firm.make("Product", code="GTX-PRO")
    error = await refusal(firm.make("Product", code="GTX-PRO"))
    assert isinstance(error, errors.AlreadyExists), error
    for _ in range(2):
        assert (await firm.make("Product")).code == ""
    await firm.call("DeleteProduct", id=first.id)
    await firm.make("Product", code="GTX-PRO")
    error = await refusal(firm.call("UndeleteProduct", id=first.id))
    assert isinstance(error, errors.AlreadyExists), error


async def test_a_taken_article_number_is_said_to_be_what_is_taken(firm, refusal):
    """PLT-18: or whoever imports a thousand products searches for what was wrong with one."""
    await firm.make("Product", code="GTX-PRO")
    error = await refusal(firm.make("Product", code="GTX-PRO"))
    assert (error.reason, error.metadata) == ("ALREADY_EXISTS", {"key": "code"})


@pytest.mark.parametrize(
    ("fields", "path", "reason"),
    [
        ({"price": {"amount": "-1", "currency_code": "CNY"}}, "product.price", "NEGATIVE"),
        ({"cost": {"amount": "-1", "currency_code": "CNY"}}, "product.cost", "NEGATIVE"),
        (
            {"price": {"amount": "1", "currency_code": "EUR"}},
            "product.price",
            "CURRENCY_NOT_SUPPORTED",
        ),
        (
            {
                "sold_from": {"year": 2026, "month": 3, "day": 2},
                "sold_until": {"year": 2026, "month": 3, "day": 1},
            },
            "product.sold_until",
            "ENDS_BEFORE_START",
        ),
    ],
)
async def test_what_is_wrong_with_a_product_is_named_by_its_field(
    firm, violations, fields, path, reason
):
    """CAT-04, CAT-05; on a new one and on one there is."""
    assert await violations(firm.make("Product", **fields)) == [(path, reason)]
    made = await firm.make("Product")
    assert await violations(firm.update("Product", made.id, **fields)) == [(path, reason)]


# --- price lists


async def test_a_list_takes_the_firms_currency_and_keeps_it(firm, violations):
    """CAT-04."""
    made = await firm.make("PriceList")
    assert made.currency_code == "CNY"
    path = "price_list.currency_code"
    assert await violations(firm.make("PriceList", currency_code="EUR")) == [
        (path, "CURRENCY_NOT_SUPPORTED")
    ]
    changed = firm.update("PriceList", made.id, currency_code="EUR")
    assert await violations(changed) == [(path, "IMMUTABLE")]


async def test_a_price_has_up_to_six_digits(firm, violations):
    """CAT-04."""
    price_list, product = await firm.make("PriceList"), await firm.make("Product")
    made = await firm.item(price_list, product, "0.123456")
    assert (await firm.call("GetPriceListItem", id=made.id)).unit_price.amount == "0.123456"
    (found,) = await violations(firm.item(price_list, product, "0.1234567", "5"))
    assert found[0] == "price_list_item.unit_price.amount"


async def test_a_product_has_one_price_per_list_and_quantity(firm, refusal):
    """However the quantity is written."""
    lists, product = [await firm.make("PriceList") for _ in range(2)], await firm.make("Product")
    await firm.item(lists[0], product, "90", "1")
    for quantity in ("1", "1.0", "1.000"):
        error = await refusal(firm.item(lists[0], product, "80", quantity))
        assert isinstance(error, errors.AlreadyExists), error
    await firm.item(lists[0], product, "80", "10")
    await firm.item(lists[1], product, "80", "1")
    await firm.item(lists[0], await firm.make("Product"), "80", "1")


async def test_a_list_is_filled_by_a_batch_and_a_bad_row_is_named(firm, cny):
    """CAT-04: thousands of prices come by import."""
    price_list = await firm.make("PriceList")
    products = [await firm.make("Product") for _ in range(3)]
    rows = [
        {
            "price_list_item": {
                "price_list_id": price_list.id,
                "product_id": product.id,
                "minimum_quantity": {"value": "0"},
                "unit_price": cny(amount),
            }
        }
        for product, amount in zip((*products, products[0]), ("1", "-2", "3", "4"), strict=True)
    ]
    reply = await firm.call("BatchCreatePriceListItems", requests=rows)
    assert [item.unit_price.amount for item in reply.price_list_items] == ["1", "3"]
    assert [item.product_name for item in reply.price_list_items] == [
        products[0].name,
        products[2].name,
    ]
    assert [(error.row, error.reason) for error in reply.errors] == [
        (1, "INVALID_FIELDS"),
        (3, "ALREADY_EXISTS"),
    ]
    (field,) = reply.errors[0].fields
    assert (field.path, field.reason) == ("price_list_item.unit_price", "NEGATIVE")


# --- discounts


async def test_a_discount_is_for_one_thing_and_in_one_way(firm, violations, cny):
    """CAT-06."""
    made = await firm.make("Discount", percent={"value": "12.5"})
    assert await violations(firm.make("Discount")) == [("discount.reduction", "REQUIRED")]
    changed = await firm.update("Discount", made.id, amount=cny("5"))
    assert (changed.WhichOneof("reduction"), changed.amount.amount) == ("amount", "5")
    product, series = await firm.make("Product"), await firm.make("ProductSeries")
    aimed = await firm.update("Discount", made.id, product_id=product.id)
    assert (aimed.WhichOneof("target"), aimed.product_name) == ("product_id", product.name)
    aimed = await firm.update("Discount", made.id, product_series_id=series.id)
    assert aimed.WhichOneof("target") == "product_series_id"
    assert (aimed.product_name, aimed.product_series_name) == ("", series.name)


async def test_an_expired_discount_of_a_deleted_product_can_still_be_put_right(firm):
    """A product may go while there are discounts for it; they are not locked by that."""
    product = await firm.make("Product")
    made = await firm.make("Discount", product_id=product.id, percent={"value": "10"})
    await firm.call("DeleteProduct", id=product.id)
    assert (await firm.update("Discount", made.id, note="over")).note == "over"
