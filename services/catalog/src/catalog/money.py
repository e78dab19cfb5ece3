"""Amounts and quantities as catalog works with them: exact decimals, unit prices to six digits."""

import decimal
from contextlib import AbstractContextManager

from banyan.type.v1 import money_pb2

from chassis import errors

_SMALLEST = decimal.Decimal("0.000001")
_DIGITS_SHOWN = 2


def exactly() -> AbstractContextManager[decimal.Context]:
    """Reckon with enough digits for any price times any percentage."""
    return decimal.localcontext(prec=100)


def amount_of(money: money_pb2.Money) -> decimal.Decimal:
    """Give the number in an amount of money."""
    return decimal.Decimal(money.amount)


def unit_price(number: decimal.Decimal, currency_code: str) -> money_pb2.Money:
    """Give a unit price: rounded half up to six digits, zeros after the second left out."""
    with exactly():
        rounded = number.quantize(_SMALLEST, decimal.ROUND_HALF_UP)
    whole, _, digits = f"{rounded:f}".partition(".")
    shown = digits.rstrip("0").ljust(_DIGITS_SHOWN, "0")
    return money_pb2.Money(currency_code=currency_code, amount=f"{whole}.{shown}")


def refuse_negative(noun: str, **numbers: str) -> None:
    """Refuse numbers below zero, by the field each stands in; an unset one is "".

    Raises:
        Invalid: NEGATIVE at every such field.
    """
    violations = [
        errors.FieldViolation(f"{noun}.{name}", "NEGATIVE")
        for name, text in numbers.items()
        if text.startswith("-")
    ]
    if violations:
        raise errors.Invalid("INVALID_FIELDS", violations=violations)
