"""Amounts as sales works with them: exact decimals, rounded half up to the cent."""

import decimal
from contextlib import AbstractContextManager

from banyan.type.v1 import money_pb2

from chassis import errors

CENT = decimal.Decimal("0.01")
LIMIT = decimal.Decimal(10) ** 18


def exactly() -> AbstractContextManager[decimal.Context]:
    """Reckon with enough digits for any amount times any quantity."""
    return decimal.localcontext(prec=100)


def amount_of(money: money_pb2.Money) -> decimal.Decimal:
    """Give the number in an amount of money."""
    return decimal.Decimal(money.amount)


def money(number: decimal.Decimal, currency_code: str) -> money_pb2.Money:
    """Give an amount of money, rounded half up to the cent.

    Raises:
        Invalid: VALUE_OUT_OF_RANGE beyond eighteen digits before the point.
    """
    if abs(number) >= LIMIT:
        raise errors.Invalid("VALUE_OUT_OF_RANGE")
    with exactly():
        rounded = number.quantize(CENT, decimal.ROUND_HALF_UP)
    return money_pb2.Money(currency_code=currency_code, amount=f"{rounded:f}")
