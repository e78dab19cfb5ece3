"""Numbers of a workbook are what the sheet shows: numbers, days or times (PLT-19)."""

import datetime
from decimal import Decimal

import pytest

from documents.tables.serials import NumberFormat, built_in_format, day_of, format_of, shown_as
from documents.tables.sheet import exact_number

NUMBER, DATE, TIMESTAMP, TIME, DURATION = NumberFormat


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0.1", "0.1"),
        ("0.89999999999999991", "0.9"),
        ("0.30000000000000004", "0.3"),
        ("647.1799999999999", "647.18"),
        ("1.0000000000000001E-5", "0.00001"),
        ("5", "5"),
        ("-0.5", "-0.5"),
        ("123456789012345", "123456789012345"),
        ("1234567890123456", "1234567890123456"),
        ("1.5E+3", "1500"),
        ("12345.678901234567", "12345.6789012346"),
    ],
)
def test_a_number_has_the_digits_that_the_sheet_shows(written, number):
    found = exact_number(written)
    assert found == Decimal(number)
    assert f"{found:f}" == number


@pytest.mark.parametrize("written", ["x", "NaN", "Infinity", "1E+999999", "sNaN1", "1,5"])
def test_what_no_sheet_can_hold_is_no_number(written):
    with pytest.raises(ValueError, match="is no number"):
        exact_number(written)


@pytest.mark.parametrize(
    ("serial", "shown", "value"),
    [
        ("59", DATE, datetime.date(1900, 2, 28)),
        ("60", DATE, Decimal(60)),
        ("61", DATE, datetime.date(1900, 3, 1)),
        ("42795", DATE, datetime.date(2017, 3, 1)),
        ("42795.75", DATE, datetime.datetime(2017, 3, 1, 18)),
        ("42795", TIMESTAMP, datetime.datetime(2017, 3, 1)),
        ("42795.999999999", TIMESTAMP, datetime.datetime(2017, 3, 2)),
        ("42795.52085069445", TIMESTAMP, datetime.datetime(2017, 3, 1, 12, 30, 1, 500_000)),
        ("0.5", TIME, datetime.time(12)),
        ("42795.5", TIME, datetime.datetime(2017, 3, 1, 12)),
        ("2.25", DURATION, datetime.timedelta(days=2, hours=6)),
        ("-1", DATE, Decimal(-1)),
        ("2958465", DATE, datetime.date(9999, 12, 31)),
        ("2958466", DATE, Decimal(2958466)),
        ("1E+300", DATE, Decimal("1E+300")),
        ("-1E+300", DURATION, Decimal("-1E+300")),
    ],
)
def test_a_number_shown_as_a_day_or_time_is_one_if_it_can_be(serial, shown, value):
    assert shown_as(Decimal(serial), shown, from_1904=False) == value


def test_days_that_count_from_1904():
    assert day_of(0, from_1904=True) == datetime.date(1904, 1, 1)
    assert day_of(60, from_1904=True) == datetime.date(1904, 3, 1)
    assert day_of(-1, from_1904=True) is None
    assert day_of(2_958_465, from_1904=True) is None


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("yyyy/m/d", DATE),
        ('[$-804]yyyy"年"m"月"', DATE),
        ("d-mmm-yy;@", DATE),
        ("mmmm", DATE),
        ("m/d/yy h:mm", TIMESTAMP),
        ("h:mm AM/PM", TIME),
        ('上午/下午h"时"mm"分"', TIME),
        ("mm:ss.0", TIME),
        ("[h]:mm", DURATION),
        ("0.00E+00", NUMBER),
        ('#,##0 "days"', NUMBER),
        ("[Red]0.00", NUMBER),
        ("General", NUMBER),
        ("G/通用格式", NUMBER),
        (r"0\d", NUMBER),
        ("0_d", NUMBER),
    ],
)
def test_formats_that_show_days_and_formats_that_do_not(code, shown):
    assert format_of(code) is shown


def test_formats_that_every_workbook_has():
    assert [built_in_format(number) for number in (0, 14, 21, 22, 31, 46, 49, 57)] == [
        *(NUMBER, DATE, TIME, TIMESTAMP, DATE, DURATION, NUMBER, DATE),
    ]
