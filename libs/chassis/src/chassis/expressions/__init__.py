"""What callers write: AIP-160 filters, AIP-132 orders, and CEL for the rules a tenant defines."""

from chassis.expressions.cel import Rule, compile_rule
from chassis.expressions.filter import (
    STAR,
    And,
    Comparison,
    Expression,
    Function,
    Not,
    Or,
    Text,
    parse_filter,
)
from chassis.expressions.order import OrderTerm, parse_order

__all__ = [
    "STAR",
    "And",
    "Comparison",
    "Expression",
    "Function",
    "Not",
    "Or",
    "OrderTerm",
    "Rule",
    "Text",
    "compile_rule",
    "parse_filter",
    "parse_order",
]
