"""Days on which prices, discounts and sales hold (CAT-04, CAT-06)."""

import datetime

import pytest
from banyan.catalog.v1 import discount_pb2, price_list_pb2, product_pb2
from google.type import date_pb2

from catalog.validity import Validity, selling_days, validity_of

DAY = datetime.date(2026, 3, 15)
BEFORE, AFTER = DAY - datetime.timedelta(days=1), DAY + datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "last", "covered"),
    [
        (None, None, True),
        (DAY, None, True),
        (None, DAY, True),
        (DAY, DAY, True),
        (BEFORE, AFTER, True),
        (AFTER, None, False),
        (None, BEFORE, False),
        (AFTER, BEFORE, False),
    ],
)
def test_the_first_and_the_last_day_count(first, last, covered):
    assert Validity(first, last).covers(DAY) is covered


def test_what_ends_before_it_begins_is_refused_at_its_end(refused):
    assert refused(Validity(DAY, BEFORE).check, "discount.valid_until") == [
        ("discount.valid_until", "ENDS_BEFORE_START")
    ]


@pytest.mark.parametrize(("first", "last"), [(DAY, DAY), (None, DAY), (DAY, None), (None, None)])
def test_what_holds_for_a_day_or_without_an_end_is_fine(first, last):
    Validity(first, last).check("discount.valid_until")


@pytest.mark.parametrize("message", [price_list_pb2.PriceList, discount_pb2.Discount])
def test_lists_and_discounts_say_when_they_count(message):
    assert validity_of(message()) == Validity()
    from_, until = (
        date_pb2.Date(year=2026, month=3, day=14),
        date_pb2.Date(year=2026, month=4, day=1),
    )
    made = message(valid_from=from_, valid_until=until)
    assert validity_of(made) == Validity(BEFORE, datetime.date(2026, 4, 1))


def test_products_say_when_they_are_sold():
    assert selling_days(product_pb2.Product()) == Validity()
    made = product_pb2.Product(sold_until=date_pb2.Date(year=2026, month=3, day=16))
    assert selling_days(made) == Validity(None, AFTER)
