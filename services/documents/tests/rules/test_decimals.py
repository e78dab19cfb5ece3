"""Numbers, yes and no, and texts are read exactly, or it is said why not (PLT-19)."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import errors
from documents.tables import CellError
from documents.tables.values import (
    UNDECIDED,
    ColumnProfile,
    is_blank,
    read_boolean,
    read_decimal,
    read_text,
)
from documents.tables.values.decimals import written_numbers

POINT, COMMA = ColumnProfile(decimal_mark="."), ColumnProfile(decimal_mark=",")
READS = [read_decimal, read_boolean, read_text]


def refusal(read, *arguments):
    with pytest.raises(errors.Invalid) as caught:
        read(*arguments)
    return caught.value.reason, caught.value.metadata


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234", "1234"),
        ("-1234.5", "-1234.5"),
        ("+7", "7"),
        ("007", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1\u202f234\u202f567,8", "1234567.8"),
        ("1'234.56", "1234.56"),
        ("1’234’567", "1234567"),
        ("1 234", "1234"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1,5", "1.5"),
        ("0,123", "0.123"),
        ("0.123", "0.123"),
        ("1234,567", "1234.567"),
        ("12,34", "12.34"),
        ("1.2345", "1.2345"),
        ("(123)", "-123"),
        ("（1,234.50）", "-1234.50"),
        ("(¥5.5)", "-5.5"),
        ("123-", "-123"),
        ("\u2212123", "-123"),
        ("12%", "0.12"),
        ("12.5 ％", "0.125"),
        ("-0.5%", "-0.005"),
        ("１２３．４５", "123.45"),
        ("１，２３４．５６", "1234.56"),
        ("¥1,234.00", "1234.00"),
        ("￥-88.8", "-88.8"),
        ("-$88.8", "-88.8"),
        ("€ 12,50", "12.50"),
        ("12,50 €", "12.50"),
        ("100元", "100"),
        ("1.2万", "12000"),
        ("3,5亿", "350000000"),
        ("1.2 萬元", "12000"),
        ("2万亿", "2000000000000"),
        ("1.5E+3", "1500"),
        ("6.02e-3", "0.00602"),
        ("0.1234567890123456789012345678901234", "0.1234567890123456789012345678901234"),
        ("  12 \u3000", "12"),
    ],
)
def test_texts_that_mean_one_number(text, number):
    value = read_decimal(text)
    assert (value, str(value)) == (Decimal(number), number)


@pytest.mark.parametrize("text", ["1,234", "1.234", "-12,345", "¥123,456", "1,234%", "(1.234)"])
def test_a_number_that_can_be_two_is_not_guessed(text):
    assert refusal(read_decimal, text) == ("AMBIGUOUS_NUMBER", {"given": text})


@pytest.mark.parametrize(
    ("text", "profile", "number"),
    [
        ("1,234", POINT, "1234"),
        ("1,234", COMMA, "1.234"),
        ("1.234", POINT, "1.234"),
        ("1.234", COMMA, "1234"),
        ("123", COMMA, "123"),
        ("1.2万", POINT, "12000"),
    ],
)
def test_a_decimal_mark_that_is_known_decides(text, profile, number):
    assert read_decimal(text, profile) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        *(("1,5", POINT), ("1.5", COMMA), ("1.234,56", POINT), ("1,234.56", COMMA)),
        *((text, UNDECIDED) for text in ("", "-", "abc", "1,23,456", "1,2345.6", "12 34", "1..2")),
        *(
            (text, UNDECIDED)
            for text in ("USD 12", "12 EUR", "--5", "(-5)", "(5", "5)", "-5-", "1e")
        ),
        *(
            (text, UNDECIDED)
            for text in ("NaN", "Infinity", "1_000", "0x10", "5%%", "%", "万", ".")
        ),
        *((text, UNDECIDED) for text in ("1E+99", "9" * 81, "1/2", "٣", "二十", "2017-03-01", "½")),
    ],
)
def test_what_is_no_number_is_refused(text, profile):
    assert refusal(read_decimal, text, profile) == ("NUMBER_UNREADABLE", {"given": text[:60]})


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (Decimal("12.50"), "12.50"),
        (Decimal("1.5E+3"), "1500"),
        (Decimal("-0.001"), "-0.001"),
        (Decimal(1234), "1234"),
    ],
)
def test_numbers_of_a_workbook_are_what_they_are(cell, number):
    assert str(read_decimal(cell)) == number


@pytest.mark.parametrize("cell", [True, datetime.date(2017, 3, 1), datetime.time(12)])
def test_cells_that_are_no_number(cell):
    assert refusal(read_decimal, cell) == ("NUMBER_UNREADABLE", {"given": str(cell)})


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_every_decimal_is_read_exactly_once_its_mark_is_known(number):
    plain = format(number, "f")
    if len(plain) > 80:
        return
    assert read_decimal(plain, POINT) == number
    assert read_decimal(plain.replace(".", ","), COMMA) == number


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2))
def test_every_amount_is_read_with_thousands_parted_in_any_way(amount):
    if abs(amount) >= 10**25:
        return
    english = f"{amount:,}"
    assert read_decimal(english) == amount
    assert read_decimal(english.translate({44: ".", 46: ","})) == amount
    assert read_decimal(english.translate({44: " ", 46: ","})) == amount
    assert read_decimal(english.replace(",", "'")) == amount


@given(st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,4})?", fullmatch=True))
def test_what_is_taken_as_it_stands_is_what_would_be_read(text):
    """A space in front is the long way round."""
    direct, around = written_numbers(text), written_numbers(f" {text}")
    assert direct == around
    assert {mark: str(number) for mark, number in direct.items()} == {
        mark: str(number) for mark, number in around.items()
    }


@given(st.text(max_size=100))
def test_no_text_does_anything_but_be_read_or_refused(text):
    for read in READS:
        try:
            read(text)
        except errors.Invalid:
            continue


@pytest.mark.parametrize(
    "cell",
    ["true", "TRUE", "Yes", "y", "1", "１", " 是 ", "√", "✓", "对", "有", "on", True, Decimal(1)],
)
def test_yes(cell):
    assert read_boolean(cell) is True


@pytest.mark.parametrize(
    "cell", ["false", "No", "n", "0", "否", "×", "✗", "错", "无", "off", False, Decimal(0)]
)
def test_no(cell):
    assert read_boolean(cell) is False


@pytest.mark.parametrize("cell", ["", "x", "maybe", "2", "不一定", Decimal(2), Decimal("0.5")])
def test_neither_yes_nor_no(cell):
    assert refusal(read_boolean, cell) == ("BOOLEAN_UNREADABLE", {"given": str(cell)})


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" as it is\n", " as it is\n"),
        ("", ""),
        (Decimal(13800138000), "13800138000"),
        (Decimal("12.50"), "12.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.10"), "-0.1"),
        (Decimal(999_999_999_999_999), "999999999999999"),
        (True, "true"),
        (datetime.date(2017, 3, 1), "2017-03-01"),
        (datetime.datetime(2017, 3, 1, 9, 30), "2017-03-01 09:30:00"),
        (datetime.time(9, 30), "09:30:00"),
        (datetime.timedelta(hours=30), "1 day, 6:00:00"),
    ],
)
def test_texts(cell, text):
    assert read_text(cell) == text


@pytest.mark.parametrize("number", [110101199003070000, 10**15, -(10**18)])
def test_a_number_of_which_the_workbook_lost_digits_is_no_text(number):
    assert refusal(read_text, Decimal(number)) == ("DIGITS_LOST", {"given": str(number)})


@pytest.mark.parametrize("read", READS)
def test_a_cell_with_an_error_says_which(read):
    assert refusal(read, CellError("#REF!")) == ("CELL_ERROR", {"error": "#REF!"})
    assert refusal(read, CellError("=")) == ("FORMULA_NOT_CALCULATED", {})


def test_blank_cells():
    assert all(is_blank(cell) for cell in ("", " ", "\u3000\t\n"))
    assert not any(is_blank(cell) for cell in ("0", Decimal(0), False, CellError("#N/A")))
