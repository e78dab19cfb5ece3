"""What a deal is about: amounts to the cent, and as far as its deal is (SAL-19, PLT-18)."""

import datetime
import fractions
import math

import pytest
from banyan.sales.v1 import opportunity_line_pb2, opportunity_pb2, outcome_pb2
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chassis import errors
from chassis.access import Caller
from chassis.resources import Around
from sales.opportunity_line import prepare_create, prepare_update, validate

NOW = datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC)
DEAL = opportunity_pb2.Opportunity(stage="proposed", outcome=outcome_pb2.OUTCOME_OPEN)


def around(deal: opportunity_pb2.Opportunity | None = DEAL) -> Around:
    return Around(Caller(), NOW, referred={"opportunity_id": deal} if deal is not None else {})


def line(quantity: str, price: str, discount: str = "") -> opportunity_line_pb2.OpportunityLine:
    made = opportunity_line_pb2.OpportunityLine(description="Seat", opportunity_id="o")
    made.quantity.value = quantity
    made.unit_price.currency_code, made.unit_price.amount = "CNY", price
    if discount:
        made.discount_percent.value = discount
    return made


def exact(quantity: str, price: str, discount: str) -> str:
    """Reckon with fractions, which lose nothing, and round half away from zero once."""
    f = fractions.Fraction
    cents = f(quantity) * f(price) * (100 - f(discount or 0))
    rounded = math.floor(abs(cents) + f(1, 2)) * (-1 if cents < 0 else 1)
    sign = "-" if rounded < 0 else ""
    return f"{sign}{abs(rounded) // 100}.{abs(rounded) % 100:02}"


def reckoned(quantity: str, price: str, discount: str) -> str:
    made = line(quantity, price, discount)
    prepare_create(made, around())
    assert made.amount.currency_code == "CNY"
    return made.amount.amount


def decimals(whole: int, places: int, *, low: int = 0) -> st.SearchStrategy[str]:
    """Decimal texts as the contract has them."""
    return st.builds(
        lambda n, p: f"{n}" + (f".{p}" if p else ""),
        st.integers(low, 10**whole),
        st.text("0123456789", max_size=places),
    )


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "amount"),
    [
        ("1", "100", "", "100.00"),
        ("3", "33.335", "", "100.01"),
        ("1", "0.005", "", "0.01"),
        ("1", "0.004999", "", "0.00"),
        ("1", "-0.005", "", "-0.01"),
        ("20", "4999.50", "12.5", "87491.25"),
        ("1", "100", "100", "0.00"),
        ("0", "100", "", "0.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_cent(quantity, price, discount, amount):
    assert reckoned(quantity, price, discount) == amount
    assert exact(quantity, price, discount).removeprefix("-") == amount.removeprefix("-")


@given(decimals(6, 3), decimals(9, 6), st.integers(0, 10_000).map(lambda n: f"{n / 100:.2f}"))
@example("1", "0.005", "0")
def test_an_amount_is_what_exact_arithmetic_says(quantity, price, discount):
    assert reckoned(quantity, price, discount) == exact(quantity, price, discount)


@given(decimals(9, 6), decimals(17, 6), st.integers(0, 100).map(str))
@example("1.000001", "100000000000000000.004999", "1")
def test_the_largest_amounts_lose_nothing(quantity, price, discount):
    """The contract lets 18 digits before the point and 6 after it; none may go on the way."""
    assume(len(exact(quantity, price, discount)) <= len("-.00") + 18 - 1)
    assert reckoned(quantity, price, discount) == exact(quantity, price, discount)


@pytest.mark.parametrize("discount", ["-0.01", "100.01", "250"])
def test_a_discount_is_between_nothing_and_all(discount):
    with pytest.raises(errors.Invalid) as caught:
        validate(line("1", "1", discount), around())
    (found,) = caught.value.violations
    assert found.path == "opportunity_line.discount_percent"
    assert (found.reason, found.metadata) == ("OUT_OF_RANGE", {"low": "0", "high": "100"})


def test_a_line_takes_over_how_far_its_deal_is():
    made = line("1", "1")
    prepare_create(made, around())
    assert (made.stage, made.outcome) == ("proposed", outcome_pb2.OUTCOME_OPEN)


def test_a_changed_line_is_reckoned_anew():
    old = line("1", "100")
    prepare_create(old, around())
    new = opportunity_line_pb2.OpportunityLine()
    new.CopyFrom(old)
    new.quantity.value = "2"
    prepare_update(old, new, around())
    assert new.amount.amount == "200.00"


def test_a_line_without_price_has_no_amount():
    made = line("1", "1")
    made.ClearField("unit_price")
    made.amount.amount = "5"
    prepare_create(made, around())
    assert not made.HasField("amount")
