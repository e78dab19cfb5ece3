"""Which price counts, which discount, and what is left, exactly (CAT-04, CAT-06)."""

import datetime
import decimal
import fractions
import math
from typing import Any

import pytest
from banyan.catalog.v1 import discount_pb2, price_list_item_pb2, price_list_pb2, product_pb2
from banyan.type.v1 import money_pb2
from google.type import date_pb2, decimal_pb2
from hypothesis import given
from hypothesis import strategies as st

from catalog.product_price import Question, distance_to, price_of
from chassis import errors

D, F = decimal.Decimal, fractions.Fraction
DAY = datetime.date(2026, 3, 15)
YESTERDAY, TOMORROW = DAY - datetime.timedelta(days=1), DAY + datetime.timedelta(days=1)
CATEGORIES = ("graphics cards", "hardware")


def cny(amount: str) -> money_pb2.Money:
    return money_pb2.Money(amount=amount, currency_code="CNY")


def number(value: str) -> decimal_pb2.Decimal:
    return decimal_pb2.Decimal(value=value)


def date(day: datetime.date) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def product(price: str = "100", **fields: Any) -> product_pb2.Product:
    made = product_pb2.Product(id="gtx", name="GTX Pro", product_series_id="GTX", **fields)
    if price:
        made.price.CopyFrom(cny(price))
    return made


def price_list(name: str, first: Any = None, last: Any = None) -> price_list_pb2.PriceList:
    return price_list_pb2.PriceList(
        id=name, valid_from=first and date(first), valid_until=last and date(last)
    )


def item(of: str, price: str, quantity: str = "0") -> price_list_item_pb2.PriceListItem:
    return price_list_item_pb2.PriceListItem(
        id=f"{of}/{quantity}",
        price_list_id=of,
        unit_price=cny(price),
        minimum_quantity=number(quantity),
    )


def discount(
    name: str, percent: str = "", amount: str = "", **fields: Any
) -> discount_pb2.Discount:
    made = discount_pb2.Discount(id=name, **fields)
    if percent:
        made.percent.value = percent
    if amount:
        made.amount.CopyFrom(cny(amount))
    return made


def asked(made: Any = None, quantity: str = "1", **fields: Any) -> Question:
    return Question(made or product(), DAY, D(quantity), CATEGORIES, **fields)


def priced(question: Question, *given: Any) -> product_pb2.QuoteProductPriceResponse:
    """Price a question with lists, items and discounts in any order."""
    of = {kind: [g for g in given if isinstance(g, kind)] for kind in map(type, given)}
    lists = of.get(price_list_pb2.PriceList, [])
    return price_of(
        question,
        {made.id: made for made in lists},
        of.get(price_list_item_pb2.PriceListItem, []),
        of.get(discount_pb2.Discount, []),
    )


# --- the list price


def test_without_lists_a_product_costs_its_own_price():
    answer = priced(asked(quantity="2.5"))
    assert answer == product_pb2.QuoteProductPriceResponse(
        date=date(DAY),
        quantity=number("2.5"),
        list_price=cny("100"),
        net_unit_price=cny("100.00"),
    )


def test_a_list_says_otherwise_and_is_named():
    answer = priced(asked(), price_list("retail"), item("retail", "90.123456"))
    assert (answer.list_price, answer.net_unit_price) == (cny("90.123456"), cny("90.123456"))
    assert (answer.price_list_id, answer.price_list_item_id) == ("retail", "retail/0")


@pytest.mark.parametrize(
    ("quantity", "price"),
    [("0.5", "100"), ("1", "90"), ("9.999999", "90"), ("10", "80"), ("99", "80"), ("100", "70")],
)
def test_the_price_of_the_largest_quantity_reached_counts(quantity, price):
    answer = priced(
        asked(quantity=quantity),
        price_list("retail"),
        *(item("retail", "70", "100"), item("retail", "90", "1"), item("retail", "80", "10.0")),
    )
    assert answer.list_price.amount == price


@pytest.mark.parametrize(
    ("first", "last", "price"),
    [
        (None, None, "90"),
        (DAY, DAY, "90"),
        (YESTERDAY, TOMORROW, "90"),
        (TOMORROW, None, "100"),
        (None, YESTERDAY, "100"),
    ],
)
def test_a_list_counts_on_its_days(first, last, price):
    answer = priced(asked(), price_list("retail", first, last), item("retail", "90"))
    assert answer.list_price.amount == price
    assert bool(answer.price_list_id) == (price == "90")


def test_of_several_lists_the_one_that_began_last_counts():
    """A spring list over the yearly one: for what it has, and from its first day on."""
    lists = (price_list("always"), price_list("spring", YESTERDAY), price_list("next", TOMORROW))
    items = (item("always", "90"), item("spring", "95"), item("next", "1"))
    assert priced(asked(), *lists, *items).price_list_id == "spring"
    assert priced(asked(), *lists, items[0], items[2]).price_list_id == "always"


def test_a_list_that_has_only_larger_quantities_is_passed_over():
    lists = (price_list("always"), price_list("spring", YESTERDAY))
    items = (item("always", "90"), item("spring", "50", "10"))
    assert priced(asked(quantity="9"), *lists, *items).list_price.amount == "90"
    assert priced(asked(quantity="10"), *lists, *items).list_price.amount == "50"


def test_a_larger_quantity_of_an_older_list_does_not_count():
    lists = (price_list("always"), price_list("spring", YESTERDAY))
    items = (item("always", "50", "10"), item("spring", "95"))
    assert priced(asked(quantity="10"), *lists, *items).list_price.amount == "95"


def test_a_price_in_a_list_that_is_not_looked_into_does_not_count():
    assert priced(asked(), item("partners", "1")).list_price.amount == "100"


def test_a_product_without_any_price_is_refused():
    with pytest.raises(errors.FailedPrecondition) as caught:
        priced(asked(product("")), price_list("retail", TOMORROW), item("retail", "90"))
    assert (caught.value.reason, caught.value.metadata) == ("NO_PRICE", {"name": "GTX Pro"})
    answer = priced(asked(product("")), price_list("retail"), item("retail", "90"))
    assert answer.net_unit_price == cny("90.00")


@pytest.mark.parametrize("days", [{"sold_from": date(TOMORROW)}, {"sold_until": date(YESTERDAY)}])
def test_a_product_has_a_price_on_the_days_it_is_sold(days):
    with pytest.raises(errors.FailedPrecondition) as caught:
        priced(asked(product(**days)))
    assert caught.value.reason == "PRODUCT_NOT_SOLD"
    assert caught.value.metadata == {"name": "GTX Pro", "date": "2026-03-15"}
    priced(asked(product(sold_from=date(DAY), sold_until=date(DAY))))


# --- the discount


@pytest.mark.parametrize(
    ("price", "percent", "net", "off"),
    [
        ("100", "12.5", "87.50", "12.50"),
        ("33.335", "10", "30.0015", "3.3335"),
        ("1", "66.666666666", "0.333333", "0.666667"),
        ("0.000001", "50", "0.000001", "0.00"),
        ("0.000003", "50", "0.000002", "0.000001"),
        ("100", "0", "100.00", "0.00"),
        ("100", "100", "0.00", "100.00"),
        ("0", "10", "0.00", "0.00"),
        ("999999999999999999.999999", "0.000001", "999999989999999999.999999", "10000000000.00"),
        (  # a hair below the half: rounding twice would round it up
            "999999999999999999.999999",
            "49.999999999999999999",
            "500000000000000000.009999",
            "499999999999999999.99",
        ),
    ],
)
def test_percents_are_taken_off_exactly_and_rounded_half_up_once(price, percent, net, off):
    answer = priced(asked(product(price)), discount("spring", percent))
    assert (answer.net_unit_price, answer.discount_amount) == (cny(net), cny(off))
    assert answer.discount_percent.value == percent
    assert answer.discount_id == "spring"
    assert D(net) + D(off) == D(price)


@pytest.mark.parametrize(
    ("amount", "net", "off"),
    [("30.5", "69.50", "30.50"), ("100", "0.00", "100.00"), ("100.01", "0.00", "100.00")],
)
def test_an_amount_is_taken_off_but_never_more_than_the_price(amount, net, off):
    answer = priced(asked(), discount("voucher", amount=amount))
    assert (answer.net_unit_price, answer.discount_amount) == (cny(net), cny(off))
    assert not answer.HasField("discount_percent")


def test_a_discount_is_taken_off_the_price_of_the_list():
    answer = priced(asked(), price_list("retail"), item("retail", "80"), discount("spring", "10"))
    assert (answer.list_price, answer.net_unit_price) == (cny("80"), cny("72.00"))


def test_the_nearest_target_counts_however_small_its_discount():
    """Product before series before category before the one above it before everything."""
    nearest_first = [
        discount("own", "1", product_id="gtx"),
        discount("series", "2", product_series_id="GTX"),
        discount("cards", "3", product_category_id="graphics cards"),
        discount("hardware", "4", product_category_id="hardware"),
        discount("all", "5"),
    ]
    assert [distance_to(d, asked()) for d in nearest_first] == [0, 1, 2, 3, 4]
    while nearest_first:
        answer = priced(asked(), *reversed(nearest_first))
        assert answer.discount_id == nearest_first.pop(0).id


@pytest.mark.parametrize(
    "target",
    [{"product_id": "mg"}, {"product_series_id": "MG"}, {"product_category_id": "software"}],
)
def test_a_discount_for_something_else_is_none(target):
    answer = priced(asked(), discount("other", "50", **target))
    assert (answer.discount_id, answer.net_unit_price) == ("", cny("100.00"))
    assert not answer.HasField("discount_amount")


def test_a_product_without_series_and_category_gets_what_is_for_everything():
    question = Question(product_pb2.Product(id="gtx", price=cny("100")), DAY)
    others = discount("series", "9", product_series_id="GTX")
    assert priced(question, others, discount("all", "5")).discount_id == "all"


def test_of_equally_near_ones_the_larger_reduction_counts():
    discounts = (discount("a", "10"), discount("b", amount="10.01"), discount("c", "9.99"))
    assert priced(asked(), *discounts).discount_id == "b"
    assert priced(asked(product("200")), *discounts).discount_id == "a"


def test_of_equal_ones_the_oldest_counts():
    ids = ("b", "a", "c")
    assert priced(asked(), *(discount(name, "10") for name in ids)).discount_id == "a"


def test_reductions_are_compared_to_the_last_digit():
    """Beyond the 28 digits that decimals have unasked: these two differ in the 44th."""
    a = discount("a", amount="999999999999999999.989999")
    b = discount("b", "99.999999999999999999")
    assert priced(asked(product("999999999999999999.999999")), a, b).discount_id == "b"


def test_a_discount_of_nothing_keeps_a_product_out_of_wider_ones():
    answer = priced(asked(), discount("all", "20"), discount("none", "0", product_id="gtx"))
    assert (answer.discount_id, answer.net_unit_price) == ("none", cny("100.00"))


@pytest.mark.parametrize(("quantity", "counts"), [("9.99", False), ("10", True), ("11", True)])
def test_a_discount_counts_from_its_quantity_on(quantity, counts):
    made = discount("bulk", "10", minimum_quantity=number("10"))
    assert bool(priced(asked(quantity=quantity), made).discount_id) is counts


@pytest.mark.parametrize(
    ("days", "counts"),
    [
        ({"valid_from": date(DAY), "valid_until": date(DAY)}, True),
        ({"valid_from": date(TOMORROW)}, False),
        ({"valid_until": date(YESTERDAY)}, False),
    ],
)
def test_a_discount_counts_on_its_days(days, counts):
    assert bool(priced(asked(), discount("spring", "10", **days)).discount_id) is counts


@pytest.mark.parametrize(("customer", "counts"), [("", False), ("huawei", True), ("zte", False)])
def test_a_customers_discount_is_for_that_customer(customer, counts):
    made = discount("theirs", "10", organization_id="huawei")
    question = asked(organization_id=customer)
    assert bool(priced(question, made).discount_id) is counts
    assert priced(question, made, discount("all", "5")).discount_id == (
        "theirs" if counts else "all"
    )


# --- any price, any discounts, against arithmetic that loses nothing

# Targets with their distance; None: for something else.
TARGETS: list[tuple[dict[str, str], int | None]] = [
    ({"product_id": "gtx"}, 0),
    ({"product_series_id": "GTX"}, 1),
    ({"product_category_id": "graphics cards"}, 2),
    ({"product_category_id": "hardware"}, 3),
    ({}, 4),
    ({"product_id": "mg"}, None),
]
amounts = st.decimals(0, D(10) ** 17, places=6).map("{:f}".format)
percents = st.decimals(0, 100, places=9).map("{:f}".format)
reductions = st.one_of(percents.map(lambda p: (p, "")), amounts.map(lambda a: ("", a)))


@given(amounts, st.lists(st.tuples(st.sampled_from(TARGETS), reductions), max_size=8))
def test_the_net_price_is_what_exact_arithmetic_says(price, drawn):
    discounts = [
        discount(str(place), *reduction, **target)
        for place, ((target, _), reduction) in enumerate(drawn)
    ]
    answer = priced(asked(product(price)), *discounts)
    best = max(
        (
            (-distance, F(price) * F(percent) / 100 if percent else min(F(amount), F(price)))
            for (_, distance), (percent, amount) in drawn
            if distance is not None
        ),
        default=(0, F(0)),
    )
    millionths = math.floor((F(price) - best[1]) * 10**6 + F(1, 2))
    assert F(answer.net_unit_price.amount) * 10**6 == millionths
    if answer.discount_id:
        assert F(answer.net_unit_price.amount) + F(answer.discount_amount.amount) == F(price)
