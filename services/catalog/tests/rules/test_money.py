"""Unit prices have up to six digits, rounded half up once (CAT-04)."""

import decimal
import fractions
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.money import amount_of, refuse_negative, unit_price

D = decimal.Decimal


@pytest.mark.parametrize(
    ("number", "amount"),
    [
        ("0", "0.00"),
        ("100", "100.00"),
        ("87.5", "87.50"),
        ("87.500000", "87.50"),
        ("30.0015", "30.0015"),
        ("0.333333333", "0.333333"),
        ("0.0000005", "0.000001"),
        ("0.00000049999", "0.00"),
        ("1.9999995", "2.00"),
        ("999999999999999999.999999", "999999999999999999.999999"),
    ],
)
def test_a_unit_price_has_two_to_six_digits(number, amount):
    made = unit_price(D(number), "CNY")
    assert (made.amount, made.currency_code) == (amount, "CNY")


@given(st.decimals(0, D(10) ** 18 - 1, places=9))
@example(D("100000000000000000.000000500"))
def test_a_unit_price_is_what_exact_arithmetic_says(number):
    """The contract lets 18 digits before the point and 6 after it; none may go on the way."""
    millionths = math.floor(fractions.Fraction(number) * 10**6 + fractions.Fraction(1, 2))
    assert fractions.Fraction(amount_of(unit_price(number, "CNY"))) * 10**6 == millionths


def test_all_numbers_below_nothing_are_named_at_once(refused):
    found = refused(lambda: refuse_negative("product", price="-0.000001", cost="-1", weight="1"))
    assert found == [("product.price", "NEGATIVE"), ("product.cost", "NEGATIVE")]


def test_nothing_and_unset_are_not_below_nothing():
    refuse_negative("product", price="0", cost="")
