"""Categories, series, products, lists and discounts by themselves (CAT-01 to CAT-06)."""

import uuid

import pytest
from banyan.catalog.v1 import (
    discount_pb2,
    price_list_item_pb2,
    price_list_pb2,
    product_category_pb2,
    product_pb2,
    product_series_pb2,
)
from banyan.type.v1 import money_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, decimal_pb2

from catalog import discount, price_list, price_list_item, product
from catalog.grouping import check_group, check_unused
from catalog.product_category import upwards
from chassis import errors

LATER, EARLIER = date_pb2.Date(year=2026, month=3, day=2), date_pb2.Date(year=2026, month=3, day=1)
GONE = Timestamp(seconds=1)


def cny(amount: str, currency_code: str = "CNY") -> money_pb2.Money:
    return money_pb2.Money(amount=amount, currency_code=currency_code)


# --- categories and series


def test_a_path_of_the_tree_is_climbed_from_below():
    """CAT-01: the nearest category comes first."""
    top, middle, leaf = (str(uuid.uuid4()) for _ in range(3))
    path = "".join(f"{node.replace('-', '')}." for node in (top, middle, leaf))
    assert upwards(path) == [leaf, middle, top]
    assert upwards(path[:33]) == [top]


@pytest.mark.parametrize(
    ("counts", "reason", "count"),
    [
        ((2, 1, 1), "HAS_PRODUCTS", "2"),
        ((0, 3, 1), "HAS_SERIES", "3"),
        ((0, 0, 4), "HAS_DISCOUNTS", "4"),
    ],
)
def test_what_is_in_use_does_not_go_and_says_by_what(counts, reason, count):
    """CAT-01, CAT-02."""
    with pytest.raises(errors.FailedPrecondition) as caught:
        check_unused(*counts)
    assert (caught.value.reason, caught.value.metadata) == (reason, {"count": count})


def test_what_is_not_in_use_may_go():
    check_unused(0, 0, 0)


@pytest.mark.parametrize("name", ["product_category_id", "product_series_id"])
@pytest.mark.parametrize("message", [product_pb2.Product, discount_pb2.Discount])
def test_nothing_living_belongs_to_what_is_deleted(around, message, name):
    """CAT-01, CAT-02: whatever was undeleted in which order."""
    group = product_category_pb2.ProductCategory(id="c", delete_time=GONE)
    with pytest.raises(errors.FailedPrecondition) as caught:
        check_group(message(), around(**{name: group}))
    assert (caught.value.reason, caught.value.metadata) == ("PARENT_DELETED", {"id": "c"})
    check_group(message(delete_time=GONE), around(**{name: group}))
    group.ClearField("delete_time")
    check_group(message(), around(**{name: group}))


# --- products


def test_a_product_lies_where_its_series_does(around):
    """CAT-02, CAT-03."""
    series = product_series_pb2.ProductSeries(product_category_id="c")
    made = product_pb2.Product(product_series_id="s")
    product.prepare_create(made, around(product_series_id=series))
    assert made.product_category_id == "c"


def test_a_product_that_says_where_it_lies_lies_there(around):
    series = product_series_pb2.ProductSeries(product_category_id="c")
    made = product_pb2.Product(product_series_id="s", product_category_id="own")
    product.prepare_create(made, around(product_series_id=series))
    assert made.product_category_id == "own"


def test_a_product_without_series_lies_nowhere_unasked(around):
    made = product_pb2.Product(name="Seat")
    product.prepare_create(made, around())
    assert made == product_pb2.Product(name="Seat")


@pytest.mark.parametrize("field", ["price", "cost"])
def test_neither_price_nor_cost_is_below_nothing(around, refused, field):
    """CAT-04, CAT-05."""
    made = product_pb2.Product(**{field: cny("-0.01")})
    assert refused(product.validate, made, around()) == [(f"product.{field}", "NEGATIVE")]
    product.validate(product_pb2.Product(**{field: cny("0")}), around())


def test_a_product_is_not_sold_backwards(around, refused):
    made = product_pb2.Product(sold_from=LATER, sold_until=EARLIER)
    assert refused(product.validate, made, around()) == [
        ("product.sold_until", "ENDS_BEFORE_START")
    ]


# --- price lists


@pytest.mark.parametrize("given", ["", "CNY"])
def test_a_list_is_in_the_firms_currency(around, given):
    """CAT-04."""
    made = price_list_pb2.PriceList(currency_code=given)
    price_list.prepare_create(made, around())
    assert made.currency_code == "CNY"


def test_a_list_is_in_no_other_currency_yet(around):
    made = price_list_pb2.PriceList(currency_code="EUR")
    with pytest.raises(errors.Invalid) as caught:
        price_list.prepare_create(made, around())
    (found,) = caught.value.violations
    assert (found.path, found.reason) == ("price_list.currency_code", "CURRENCY_NOT_SUPPORTED")
    assert found.metadata == {"given": "EUR", "wanted": "CNY"}


def test_a_list_does_not_end_before_it_begins(around, refused):
    made = price_list_pb2.PriceList(valid_from=LATER, valid_until=EARLIER)
    assert refused(price_list.validate, made, around()) == [
        ("price_list.valid_until", "ENDS_BEFORE_START")
    ]


def item(price: money_pb2.Money, quantity: str = "1") -> price_list_item_pb2.PriceListItem:
    return price_list_item_pb2.PriceListItem(
        unit_price=price, minimum_quantity=decimal_pb2.Decimal(value=quantity)
    )


def test_a_price_is_in_the_currency_of_its_list(around):
    """CAT-04: what stands in one list can be compared and added up."""
    surroundings = around(price_list_id=price_list_pb2.PriceList(currency_code="EUR"))
    price_list_item.validate(item(cny("1", "EUR")), surroundings)
    with pytest.raises(errors.Invalid) as caught:
        price_list_item.validate(item(cny("1")), surroundings)
    (found,) = caught.value.violations
    assert (found.path, found.reason) == ("price_list_item.unit_price", "CURRENCY_NOT_OF_LIST")
    assert found.metadata == {"given": "CNY", "wanted": "EUR"}


def test_neither_price_nor_quantity_of_an_item_is_below_nothing(around, refused):
    surroundings = around(price_list_id=price_list_pb2.PriceList(currency_code="CNY"))
    assert refused(price_list_item.validate, item(cny("-1"), "-2"), surroundings) == [
        ("price_list_item.minimum_quantity", "NEGATIVE"),
        ("price_list_item.unit_price", "NEGATIVE"),
    ]


# --- discounts


@pytest.mark.parametrize("percent", ["0", "12.5", "100"])
def test_a_discount_is_between_nothing_and_all(around, percent):
    """CAT-06."""
    discount.validate(discount_pb2.Discount(percent=decimal_pb2.Decimal(value=percent)), around())


def test_no_discount_is_more_than_all(around):
    made = discount_pb2.Discount(percent=decimal_pb2.Decimal(value="100.01"))
    with pytest.raises(errors.Invalid) as caught:
        discount.validate(made, around())
    (found,) = caught.value.violations
    assert (found.path, found.reason) == ("discount.percent", "OUT_OF_RANGE")
    assert found.metadata == {"low": "0", "high": "100"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("percent", decimal_pb2.Decimal(value="-1")),
        ("amount", cny("-1")),
        ("minimum_quantity", decimal_pb2.Decimal(value="-1")),
    ],
)
def test_no_discount_makes_anything_dearer(around, refused, field, value):
    made = discount_pb2.Discount(**{field: value})
    assert refused(discount.validate, made, around()) == [(f"discount.{field}", "NEGATIVE")]


def test_a_discount_does_not_end_before_it_begins(around, refused):
    made = discount_pb2.Discount(amount=cny("1"), valid_from=LATER, valid_until=EARLIER)
    assert refused(discount.validate, made, around()) == [
        ("discount.valid_until", "ENDS_BEFORE_START")
    ]
