import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import errors
from chassis.expressions import (
    And,
    Comparison,
    Function,
    Not,
    Or,
    OrderTerm,
    Text,
    parse_filter,
    parse_order,
)


def shape(node):
    """Write a tree as nested tuples without positions."""
    match node:
        case And(parts) | Or(parts):
            return (type(node).__name__.upper(), *map(shape, parts))
        case Not(part):
            return ("NOT", shape(part))
        case Comparison():
            return (node.field, node.operator, node.value)
        case Function():
            return (node.name, *node.arguments)
        case Text():
            return node.value
        case None:
            return None


CASES = {
    "": None,
    "  ": None,
    'name = "a b"': ("name", "=", "a b"),
    "a = 1 AND b = 2 OR c = 3": ("AND", ("a", "=", "1"), ("OR", ("b", "=", "2"), ("c", "=", "3"))),
    "(a = 1 AND b = 2) OR c = 3": (
        "OR",
        ("AND", ("a", "=", "1"), ("b", "=", "2")),
        ("c", "=", "3"),
    ),
    "a = 1 b = 2": ("AND", ("a", "=", "1"), ("b", "=", "2")),
    "NOT close_date:*": ("NOT", ("close_date", ":", "*")),
    "-stage = won": ("NOT", ("stage", "=", "won")),
    "amount.amount >= -12.5": ("amount.amount", ">=", "-12.5"),
    "acme": "acme",
    '"two words" other': ("AND", "two words", "other"),
    "t > 2026-01-01T10:00:00Z": ("t", ">", "2026-01-01T10:00:00Z"),
    "t>2026-01-01T10:00:00.5+08:00": ("t", ">", "2026-01-01T10:00:00.5+08:00"),
    'subtree(org_unit_id, "x")': ("subtree", "org_unit_id", "x"),
    'a = "say \\"hi\\""': ("a", "=", 'say "hi"'),
    "name = '华星'": ("name", "=", "华星"),
    "a != b": ("a", "!=", "b"),
    "x:(": "refused",
    "a =": "refused",
    "(a = 1": "refused",
    "a = 1)": "refused",
    "AND": "refused",
    "a = = 2": "refused",
    'a = "open': "refused",
    "a, b": "refused",
    "a = 1 OR": "refused",
}


@pytest.mark.parametrize("text", CASES)
def test_parses_as_aip_160_says(text):
    if CASES[text] == "refused":
        with pytest.raises(errors.Invalid) as caught:
            parse_filter(text)
        assert caught.value.violations[0].reason == "INVALID_FILTER"
    else:
        assert shape(parse_filter(text)) == CASES[text]


@given(st.text(alphabet='ab=<>!:()"\\ANDORT -.,1', max_size=40))
def test_any_text_is_parsed_or_refused_with_a_place(text):
    place = 1
    try:
        parse_filter(text)
    except errors.Invalid as error:
        place = int(error.violations[0].metadata["position"])
    assert 1 <= place <= len(text) + 1


def test_size_and_depth_are_bounded():
    for text in ("(" * 30 + "a" + ")" * 30, " ".join(["a"] * 300), "a" * 20_000):
        with pytest.raises(errors.Invalid) as caught:
            parse_filter(text)
        assert caught.value.violations[0].reason == "FILTER_TOO_LARGE"


def test_orders():
    assert parse_order("") == ()
    assert parse_order("close_date desc, name") == (
        OrderTerm("close_date", True),
        OrderTerm("name", False),
    )
    for wrong in ("a b c", "a,", "a down", "a, a", "a,b,c,d,e,f"):
        with pytest.raises(errors.Invalid):
            parse_order(wrong)
