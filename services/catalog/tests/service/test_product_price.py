"""Asking for a price: of what the firm has written down, by who may ask (CAT-04, CAT-06)."""

import datetime
import uuid
import zoneinfo
from typing import Any

import pytest
import pytest_asyncio

from chassis import errors
from chassis.access import Scope

READS = ("catalog.Product", "read", Scope.ALL)
ASKS = ("catalog.Product", "quote_price", Scope.ALL)


class Shop:
    """A product in a series and a category, on sale at 100."""

    def __init__(self, firm: Any) -> None:
        self.firm = firm

    async def open(self) -> None:
        make = self.firm.make
        self.hardware = await make("ProductCategory")
        self.cards = await make("ProductCategory", parent_product_category_id=self.hardware.id)
        self.series = await make("ProductSeries", product_category_id=self.cards.id)
        self.product = await make(
            "Product",
            product_series_id=self.series.id,
            price={"amount": "100", "currency_code": "CNY"},
        )

    async def ask(self, person: Any = None, **fields: Any) -> Any:
        fields = {"id": self.product.id} | fields
        return await self.firm.call("QuoteProductPrice", person, **fields)

    async def net(self, **fields: Any) -> str:
        return (await self.ask(**fields)).net_unit_price.amount

    async def discount(self, percent: str, **fields: Any) -> Any:
        return await self.firm.make("Discount", percent={"value": percent}, **fields)


@pytest_asyncio.fixture
async def shop(firm) -> Shop:
    made = Shop(firm)
    await made.open()
    return made


def day(text: str) -> dict[str, int]:
    year, month, day = map(int, text.split("-"))
    return {"year": year, "month": month, "day": day}


async def test_asked_for_nothing_else_it_is_todays_price_of_one(shop):
    answer = await shop.ask()
    today = datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai")).date()
    assert (answer.date.year, answer.date.month, answer.date.day) == today.timetuple()[:3]
    assert (answer.quantity.value, answer.list_price.amount) == ("1", "100")
    assert (answer.net_unit_price.amount, answer.net_unit_price.currency_code) == ("100.00", "CNY")
    assert (answer.price_list_item_id, answer.discount_id) == ("", "")


async def test_a_price_comes_from_a_preferred_list_of_the_day(firm, shop):
    year = {"valid_from": day("2026-01-01"), "valid_until": day("2026-12-31")}
    retail = await firm.make("PriceList", name="Retail", preferred=True, **year)
    spring = await firm.make(
        "PriceList", preferred=True, valid_from=day("2026-03-01"), valid_until=day("2026-03-31")
    )
    await firm.item(await firm.make("PriceList"), shop.product, "1")
    one, ten = [
        await firm.item(retail, shop.product, price, quantity)
        for price, quantity in (("90", "1"), ("80.5", "10"))
    ]
    await firm.item(spring, shop.product, "75", "5")
    answer = await shop.ask(date="2026-02-28", quantity="9.5")
    assert (answer.list_price.amount, answer.price_list_item_id) == ("90", one.id)
    assert (answer.price_list_id, answer.price_list_name) == (retail.id, "Retail")
    answer = await shop.ask(date="2026-02-28", quantity="10")
    assert (answer.net_unit_price.amount, answer.price_list_item_id) == ("80.50", ten.id)
    assert await shop.net(date="2026-03-01", quantity="10") == "75.00"
    assert await shop.net(date="2026-03-31", quantity="4") == "90.00"
    assert await shop.net(date="2027-01-01", quantity="10") == "100.00"


async def test_a_price_comes_from_the_list_that_is_named(firm, shop):
    retail, partners = [await firm.make("PriceList", preferred=p) for p in (True, False)]
    await firm.item(retail, shop.product, "90")
    await firm.item(partners, shop.product, "60")
    assert await shop.net() == "90.00"
    answer = await shop.ask(price_list_id=partners.id)
    assert (answer.net_unit_price.amount, answer.price_list_id) == ("60.00", partners.id)


async def test_what_is_deleted_does_not_count(firm, shop):
    price_list = await firm.make("PriceList", preferred=True)
    item = await firm.item(price_list, shop.product, "90")
    discount = await shop.discount("10")
    assert await shop.net() == "81.00"
    await firm.call("DeleteDiscount", id=discount.id)
    assert await shop.net() == "90.00"
    await firm.call("DeletePriceListItem", id=item.id)
    assert await shop.net() == "100.00"
    await firm.call("UndeletePriceListItem", id=item.id)
    await firm.call("DeletePriceList", id=price_list.id)
    assert await shop.net() == "100.00"


async def test_the_nearest_discount_counts_up_the_tree_as_it_is_now(firm, shop):
    """CAT-06, CAT-01: product, series, category, the one above it, everything."""
    answer = await shop.ask()
    for percent, target in (
        ("50", {}),
        ("40", {"product_category_id": shop.hardware.id}),
        ("30", {"product_category_id": shop.cards.id}),
        ("20", {"product_series_id": shop.series.id}),
        ("12.5", {"product_id": shop.product.id}),
    ):
        made = await shop.discount(percent, name=f"{percent} off", **target)
        answer = await shop.ask()
        assert (answer.discount_id, answer.discount_name) == (made.id, f"{percent} off")
        assert answer.discount_percent.value == percent
    assert answer.discount_amount.amount == "12.50"
    assert answer.net_unit_price.amount == "87.50"


async def test_a_category_that_moves_takes_its_discounts_along(firm, shop):
    sale = await firm.make("ProductCategory")
    await shop.discount("25", product_category_id=sale.id)
    assert await shop.net() == "100.00"
    await firm.call("MoveProductCategory", id=shop.hardware.id, parent_product_category_id=sale.id)
    assert await shop.net() == "75.00"


async def test_discounts_for_something_else_do_not_count(firm, shop):
    other = await firm.make("Product")
    below = await firm.make("ProductCategory", parent_product_category_id=shop.cards.id)
    await shop.discount("90", product_id=other.id)
    await shop.discount("90", product_series_id=(await firm.make("ProductSeries")).id)
    await shop.discount("90", product_category_id=below.id)
    assert await shop.net() == "100.00"


async def test_a_customer_gets_what_is_agreed_with_that_customer(firm, shop):
    customers = [
        await firm.call("CreateOrganization", organization={"name": f"customer {n}"})
        for n in range(2)
    ]
    await shop.discount("10")
    await shop.discount("15", organization_id=customers[0].id)
    assert await shop.net() == "90.00"
    assert await shop.net(organization_id=customers[0].id) == "85.00"
    assert await shop.net(organization_id=customers[1].id) == "90.00"


async def test_a_discount_counts_from_its_quantity_and_on_its_days(shop):
    await shop.discount(
        "33.3333",
        minimum_quantity={"value": "12"},
        valid_from=day("2026-03-01"),
        valid_until=day("2026-03-31"),
    )
    assert await shop.net(date="2026-03-31", quantity="12") == "66.6667"
    assert await shop.net(date="2026-03-31", quantity="11.999999") == "100.00"
    assert await shop.net(date="2026-04-01", quantity="12") == "100.00"


# --- what cannot be answered


async def test_what_is_not_sold_or_has_no_price_is_said_so(firm, shop, refusal):
    await firm.update("Product", shop.product.id, sold_until=day("2026-06-30"))
    error = await refusal(shop.ask(date="2026-07-01"))
    assert (error.reason, error.metadata["date"]) == ("PRODUCT_NOT_SOLD", "2026-07-01")
    free = await firm.make("Product", name="Sticker")
    error = await refusal(shop.ask(id=free.id))
    assert (error.reason, error.metadata) == ("NO_PRICE", {"name": "Sticker"})
    await firm.call("DeleteProduct", id=free.id)
    assert (await refusal(shop.ask(id=free.id))).reason == "RECORD_DELETED"


@pytest.mark.parametrize(
    ("fields", "path", "reason"),
    [
        ({"date": "2026-02-30"}, "date", "INVALID_DATE"),
        ({"date": "20260301"}, "date", "STRING_PATTERN"),
        ({"date": "tomorrow"}, "date", "STRING_PATTERN"),
        ({"quantity": "-1"}, "quantity", "STRING_PATTERN"),
        ({"quantity": "1e3"}, "quantity", "STRING_PATTERN"),
        ({"quantity": "0.0000001"}, "quantity", "STRING_PATTERN"),
        ({"organization_id": "huawei"}, "organization_id", "STRING_UUID"),
        ({"organization_id": str(uuid.uuid4())}, "organization_id", "REFERENCE_NOT_FOUND"),
        ({"price_list_id": str(uuid.uuid4())}, "price_list_id", "REFERENCE_NOT_FOUND"),
    ],
)
async def test_what_is_wrong_with_a_question_is_named_by_its_field(
    shop, violations, fields, path, reason
):
    assert await violations(shop.ask(**fields)) == [(path, reason)]


async def test_a_deleted_list_or_customer_is_not_quoted_for(firm, shop, violations, refused):
    price_list = await firm.make("PriceList")
    customer = await firm.call("CreateOrganization", organization={"name": "Gone"})
    await firm.call("DeletePriceList", id=price_list.id)
    await firm.call("DeleteOrganization", id=customer.id)
    assert await violations(shop.ask(price_list_id=price_list.id)) == [
        ("price_list_id", "REFERENCE_NOT_FOUND")
    ]
    error = await refused(lambda: shop.ask(organization_id=customer.id))
    assert [(found.path, found.reason) for found in error.violations] == [
        ("organization_id", "REFERENCE_NOT_FOUND")
    ]


# --- who may ask


async def test_whoever_may_ask_gets_the_customers_price_and_no_names_beyond_their_reach(firm, shop):
    """PLT-16: the price is the same whoever asks; what it is made of is not told to everybody."""
    price_list = await firm.make("PriceList", preferred=True)
    await firm.item(price_list, shop.product, "90")
    discount = await shop.discount("10")
    rep = await firm.person(READS, ASKS)
    answer = await shop.ask(rep)
    assert answer.net_unit_price.amount == "81.00"
    assert (answer.price_list_id, answer.discount_id) == (price_list.id, discount.id)
    assert (answer.price_list_name, answer.discount_name) == ("", "")
    buyer = await firm.person(READS, ASKS, ("catalog.PriceList", "read", Scope.ALL))
    answer = await shop.ask(buyer)
    assert (answer.price_list_name, answer.discount_name) == (price_list.name, "")


async def test_nobody_asks_from_a_list_or_for_a_customer_they_do_not_see(firm, shop, violations):
    """PLT-16."""
    price_list = await firm.make("PriceList")
    customer = await firm.call("CreateOrganization", organization={"name": "Hidden"})
    own = (("catalog.PriceList", "read", Scope.OWN), ("party.Organization", "read", Scope.OWN))
    rep = await firm.person(READS, ASKS, *own)
    for field, target in (("price_list_id", price_list.id), ("organization_id", customer.id)):
        assert await violations(shop.ask(rep, **{field: target})) == [
            (field, "REFERENCE_NOT_FOUND")
        ]


async def test_reading_a_product_is_not_asking_for_its_price(firm, shop, refusal):
    error = await refusal(shop.ask(await firm.person(READS)))
    assert (type(error), error.reason) == (errors.Forbidden, "PERMISSION_DENIED")
    stranger = await firm.person(("catalog.Product", "*", Scope.OWN))
    assert isinstance(await refusal(shop.ask(stranger)), errors.NotFound)
