"""Amounts as sales works with them: exact decimals, rounded half up to the cent."""

import decimal

from banyan.type.v1 import money_pb2

CENT = decimal.Decimal("0.01")


def amount_of(money: money_pb2.Money) -> decimal.Decimal:
    """Give the number in an amount of money."""
    return decimal.Decimal(money.amount)


def money(number: decimal.Decimal, currency_code: str) -> money_pb2.Money:
    """Give an amount of money, rounded half up to the cent."""
    rounded = number.quantize(CENT, decimal.ROUND_HALF_UP)
    return money_pb2.Money(currency_code=currency_code, amount=f"{rounded:f}")
