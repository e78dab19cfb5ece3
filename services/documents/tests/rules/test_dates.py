"""Dates and instants are read as meant, or it is said why not; nothing is guessed (PLT-19)."""

import datetime
import zoneinfo
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import errors
from documents.tables import CellError
from documents.tables.values import (
    UNDECIDED,
    ColumnProfile,
    DateOrder,
    read_date,
    read_timestamp,
)

FIRST_OF_MARCH = datetime.date(2017, 3, 1)
DAY, MONTH, YEAR = (ColumnProfile(date_order=order) for order in DateOrder)
SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def refusal(read, *arguments):
    with pytest.raises(errors.Invalid) as caught:
        read(*arguments)
    return caught.value.reason, caught.value.metadata


def at(*numbers: int) -> datetime.datetime:
    return datetime.datetime(*numbers, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2017-03-01",
        "2017-3-1",
        "2017/3/1",
        "2017/03/01",
        "2017.3.1",
        "1.3.2017",
        "01.03.2017",
        "20170301",
        "2017年3月1日",
        "2017年03月01号",
        "2017 年 3 月 1 日",
        "２０１７年３月１日",
        "２０１７／３／１",
        "17年3月1日",
        "1 Mar 2017",
        "1-Mar-17",
        "01-MAR-2017",
        "1 March 2017",
        "Mar 1, 2017",
        "March 1st, 2017",
        "  2017-03-01\u3000",
        "2017-03-01 00:00:00",
        "2017-03-01T12:30:00",
        "2017/3/1 下午3:05",
        "42795",
        "42795.5",
        "1.3.2017 9:30",
    ],
)
def test_texts_that_mean_the_first_of_march_to_everybody(text):
    for profile in (UNDECIDED, DAY, MONTH, YEAR):
        assert read_date(text, profile) == FIRST_OF_MARCH


@pytest.mark.parametrize(
    ("text", "profile", "day"),
    [
        ("03/04/2017", DAY, datetime.date(2017, 4, 3)),
        ("03/04/2017", MONTH, datetime.date(2017, 3, 4)),
        ("3-4-2017", DAY, datetime.date(2017, 4, 3)),
        ("03/04/17", DAY, datetime.date(2017, 4, 3)),
        ("03/04/17", MONTH, datetime.date(2017, 3, 4)),
        ("17/03/04", YEAR, datetime.date(2017, 3, 4)),
        ("17.3.4", YEAR, datetime.date(2017, 3, 4)),
        ("01/02/68", DAY, datetime.date(2068, 2, 1)),
        ("01/02/69", DAY, datetime.date(1969, 2, 1)),
        ("29/02/2016", DAY, datetime.date(2016, 2, 29)),
    ],
)
def test_an_order_that_is_known_decides(text, profile, day):
    assert read_date(text, profile) == day


@pytest.mark.parametrize("text", ["03/04/2017", "3-4-2017", "03/04/17", "01.02.03", "25/04/17"])
def test_a_date_that_can_be_two_days_is_not_guessed(text):
    assert refusal(read_date, text) == ("AMBIGUOUS_DATE", {"given": text})
    assert refusal(read_timestamp, text, SHANGHAI) == ("AMBIGUOUS_DATE", {"given": text})


def test_a_date_that_can_only_be_one_day_needs_no_order():
    assert read_date("25/04/2017") == datetime.date(2017, 4, 25)
    assert read_date("04/25/2017") == datetime.date(2017, 4, 25)
    assert read_date("04/04/2017") == datetime.date(2017, 4, 4)
    assert read_date("31/12/99") == datetime.date(1999, 12, 31)


@pytest.mark.parametrize(
    "text",
    [
        *("2017-02-29", "2017-13-01", "31/04/2017", "2017年2月30日", "30.2.2017", "1 Foo 2017"),
        *(
            "42,795",
            "4.2795E4",
            "yesterday",
            "2017-03",
            "2017年3月",
            "Q1 2017",
            "5",
            "123456",
            "-42795",
            "2017-03-01x",
        ),
        *(
            "2017-03-01 25:00",
            "2017-03-01 13:00 am",
            "20171301",
            "2017-03-01T23:30:00Z",
            "1/2-2017",
        ),
        *("2017-03-01 23:30:00+08:00", "12:30", "", "是"),
    ],
)
def test_what_is_no_day_is_refused(text):
    assert refusal(read_date, text) == ("DATE_UNREADABLE", {"given": text})


def test_a_day_that_is_none_in_the_columns_order_is_refused():
    assert refusal(read_date, "04/25/2017", DAY)[0] == "DATE_UNREADABLE"
    assert refusal(read_date, "03/04/2017", YEAR)[0] == "DATE_UNREADABLE"


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (FIRST_OF_MARCH, FIRST_OF_MARCH),
        (datetime.datetime(2017, 3, 1, 18, 30), FIRST_OF_MARCH),
        (Decimal(42795), FIRST_OF_MARCH),
        (Decimal("42795.99"), FIRST_OF_MARCH),
        (Decimal(20170301), FIRST_OF_MARCH),
        (Decimal("20170301.0"), FIRST_OF_MARCH),
        (Decimal(1), datetime.date(1900, 1, 1)),
        (Decimal(59), datetime.date(1900, 2, 28)),
        (Decimal(61), datetime.date(1900, 3, 1)),
        (Decimal(2958465), datetime.date(9999, 12, 31)),
    ],
)
def test_cells_of_a_workbook(cell, day):
    assert read_date(cell) == day


def test_day_numbers_that_count_from_1904():
    profile = ColumnProfile(from_1904=True)
    assert read_date(Decimal(0), profile) == datetime.date(1904, 1, 1)
    assert read_date(Decimal(60), profile) == datetime.date(1904, 3, 1)
    assert read_date(Decimal(41333), profile) == FIRST_OF_MARCH
    assert read_date("41333", profile) == FIRST_OF_MARCH


def test_the_29th_of_february_1900_that_only_excel_knows_is_refused():
    assert refusal(read_date, Decimal(60)) == ("DATE_UNREADABLE", {"given": "60"})


def test_a_number_that_is_rather_a_year_is_not_a_day_of_1905():
    assert refusal(read_date, Decimal(2017)) == ("AMBIGUOUS_DATE", {"given": "2017"})


@pytest.mark.parametrize(
    "cell",
    [
        *(Decimal(0), Decimal(-1), Decimal(2958466), Decimal("1E+30"), Decimal(99999999)),
        *(True, datetime.time(12), datetime.timedelta(days=3)),
    ],
)
def test_cells_that_are_no_day(cell):
    assert refusal(read_date, cell) == ("DATE_UNREADABLE", {"given": str(cell)})


def test_a_cell_with_an_error_says_which():
    assert refusal(read_date, CellError("#N/A")) == ("CELL_ERROR", {"error": "#N/A"})
    assert refusal(read_timestamp, CellError("="), SHANGHAI) == ("FORMULA_NOT_CALCULATED", {})


@given(st.dates(), st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y年%m月%d日"]))
def test_every_day_is_read_from_what_names_it_plainly(day, form):
    text = day.strftime(form)
    year = f"{day.year:04}"
    text = text.replace(day.strftime("%Y"), year, 1) if form != "%d.%m.%Y" else text
    if form == "%d.%m.%Y":
        text = f"{day.day:02}.{day.month:02}.{year}"
    assert read_date(text) == day


@given(st.dates(min_value=datetime.date(1900, 3, 1)))
def test_every_day_number_of_excel_is_its_day(day):
    serial = (day - datetime.date(1899, 12, 30)).days
    if serial not in range(1900, 2100):
        assert read_date(Decimal(serial)) == day


@given(st.dates(), st.booleans())
def test_a_date_is_read_as_written_or_called_ambiguous(day, day_first):
    numbers = (day.day, day.month) if day_first else (day.month, day.day)
    text = f"{numbers[0]}/{numbers[1]}/{day.year:04}"
    profile = DAY if day_first else MONTH
    assert read_date(text, profile) == day
    if day.day > 12 or day.day == day.month:
        assert read_date(text) == day
    else:
        assert refusal(read_date, text)[0] == "AMBIGUOUS_DATE"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2017-03-01 09:30:00", at(2017, 3, 1, 1, 30)),
        ("2017-03-01T09:30", at(2017, 3, 1, 1, 30)),
        ("2017/3/1 9:30:05.25", at(2017, 3, 1, 1, 30, 5, 250_000)),
        ("2017-03-01T09:30:00Z", at(2017, 3, 1, 9, 30)),
        ("2017-03-01 09:30:00+02:00", at(2017, 3, 1, 7, 30)),
        ("1888-02-19 08:05:43+08:05:43", at(1888, 2, 19)),
        ("2017-03-01 09:30:00 -0530", at(2017, 3, 1, 15, 0)),
        ("2017-03-01 9:30 PM", at(2017, 3, 1, 13, 30)),
        ("2017-03-01 12:15 am", at(2017, 2, 28, 16, 15)),
        ("2017年3月1日 下午3时05分", at(2017, 3, 1, 7, 5)),
        ("2017年3月1日 15点05分30秒", at(2017, 3, 1, 7, 5, 30)),
        ("2017/3/1 上午 9:05", at(2017, 3, 1, 1, 5)),
        ("２０１７-０３-０１　０９：３０", at(2017, 3, 1, 1, 30)),
        ("20170301093000", at(2017, 3, 1, 1, 30)),
        ("20170301T093000Z", at(2017, 3, 1, 9, 30)),
        ("2017-03-01", at(2017, 2, 28, 16)),
        ("42795.5", at(2017, 3, 1, 4)),
    ],
)
def test_instants(text, instant):
    assert read_timestamp(text, SHANGHAI) == instant


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        (datetime.datetime(2017, 3, 1, 9, 30), at(2017, 3, 1, 1, 30)),
        (datetime.datetime(2017, 3, 1, 9, 30, tzinfo=datetime.UTC), at(2017, 3, 1, 9, 30)),
        (FIRST_OF_MARCH, at(2017, 2, 28, 16)),
        (Decimal("42795.25"), at(2017, 2, 28, 22)),
    ],
)
def test_instants_of_a_workbook(cell, instant):
    assert read_timestamp(cell, SHANGHAI) == instant


def test_a_time_that_came_twice_is_its_first_and_one_that_never_came_is_refused():
    assert read_timestamp("2017-10-29 02:30", BERLIN) == at(2017, 10, 29, 0, 30)
    text = "2017-03-26 02:30"
    assert refusal(read_timestamp, text, BERLIN) == ("TIMESTAMP_UNREADABLE", {"given": text})


@pytest.mark.parametrize(
    "text", ["0001-01-01", "2017-03-01 24:00", "9:30", "2017-03-01 9", "2017-03-01 +08:00", "x"]
)
def test_what_is_no_instant_is_refused(text):
    assert refusal(read_timestamp, text, SHANGHAI) == ("TIMESTAMP_UNREADABLE", {"given": text})


def test_an_order_decides_instants_too():
    assert read_timestamp("03/04/2017 08:00", SHANGHAI, DAY) == at(2017, 4, 3)


@given(
    st.datetimes(min_value=datetime.datetime(1, 1, 2), max_value=datetime.datetime(9999, 12, 30)),
    st.sampled_from([SHANGHAI, BERLIN]),
)
def test_every_instant_is_read_from_its_iso_form(moment, zone):
    """Before there were zones, clocks were away from UTC by seconds too."""
    instant = moment.replace(tzinfo=datetime.UTC)
    assert read_timestamp(instant.isoformat(), SHANGHAI) == instant
    assert read_timestamp(instant.astimezone(zone).isoformat(" "), SHANGHAI) == instant
    assert read_timestamp(moment.isoformat(" "), datetime.UTC) == instant


@given(st.text())
def test_no_text_does_anything_but_be_read_or_refused(text):
    for read, arguments in ((read_date, (text,)), (read_timestamp, (text, BERLIN))):
        try:
            read(*arguments)
        except errors.Invalid:
            continue
