"""What one cell leaves open the others of its column decide, or nobody does (PLT-19)."""

import datetime
from decimal import Decimal

import pytest

from chassis import errors
from documents.tables import CellError
from documents.tables.values import (
    ColumnProfile,
    DateOrder,
    Kind,
    read_date,
    read_decimal,
)


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["03/04/2017", "25/04/2017"], DateOrder.DAY_FIRST),
        (["03/04/2017", "04/25/2017", "01/02/2017"], DateOrder.MONTH_FIRST),
        (["03/04/17", "25/04/17"], None),
        (["03/04/17", "25/04/17", "31/12/99"], DateOrder.DAY_FIRST),
        (["17/03/04", "69/12/31", "17/12/30"], DateOrder.YEAR_FIRST),
        (["03/04/2017", "05/06/2017"], None),
        (["25/04/2017", "04/25/2017"], None),
        (["2017-03-01", "1.3.2017"], None),
        (["03/04/2017", "2017-04-25"], None),
        (["25/04/2017", "n/a", "", "tomorrow"], DateOrder.DAY_FIRST),
        ([], None),
    ],
)
def test_the_order_of_dates(cells, order):
    assert ColumnProfile.of(cells).date_order is order


def test_a_date_is_read_by_the_others_of_its_column():
    profile = ColumnProfile.of(["25/04/2017", "03/04/2017"])
    assert read_date("03/04/2017", profile) == datetime.date(2017, 4, 3)


def test_cells_that_contradict_each_other_decide_nothing_but_for_themselves():
    profile = ColumnProfile.of(["25/04/2017", "04/25/2017", "03/04/2017"])
    assert read_date("25/04/2017", profile) == datetime.date(2017, 4, 25)
    assert read_date("04/25/2017", profile) == datetime.date(2017, 4, 25)
    with pytest.raises(errors.Invalid, match="AMBIGUOUS_DATE"):
        read_date("03/04/2017", profile)


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1,234", "1,5"], ","),
        (["1.234", "0.5"], "."),
        (["1,234", "1,234,567"], "."),
        (["1.234", "1.234,50"], ","),
        (["1,234", "0,123"], ","),
        (["1,234", "12"], None),
        (["1,5", "1.5"], None),
        (["1,234", "n/a", "1.25"], "."),
        (["12", "13"], None),
    ],
)
def test_the_decimal_mark(cells, mark):
    assert ColumnProfile.of(cells).decimal_mark == mark


def test_a_number_is_read_by_the_others_of_its_column():
    assert read_decimal("1,234", ColumnProfile.of(["1,234", "1,5"])) == Decimal("1.234")
    assert read_decimal("1,234", ColumnProfile.of(["1,234", "99.5"])) == Decimal(1234)


def test_what_is_declared_stands_and_the_rest_is_learnt():
    declared = ColumnProfile(date_order=DateOrder.MONTH_FIRST, from_1904=True)
    profile = ColumnProfile.of(["25/04/2017", "24/04/2017"], declared)
    assert profile == ColumnProfile(Kind.DATE, DateOrder.MONTH_FIRST, None, True)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([], Kind.EMPTY),
        (["", " ", CellError("#N/A")], Kind.EMPTY),
        (["2017-03-01", "", "03/04/2017"], Kind.DATE),
        (["20170301", "20171231"], Kind.DATE),
        (["20170301", "20171331"], Kind.DECIMAL),
        (["2017-03-01", "2017-03-01 09:30"], Kind.TIMESTAMP),
        ([datetime.date(2017, 3, 1), "2017/3/2"], Kind.DATE),
        ([datetime.datetime(2017, 3, 1, 9), datetime.date(2017, 3, 1)], Kind.TIMESTAMP),
        (["1", "2,5", "(3)"], Kind.DECIMAL),
        ([Decimal(1), "2"], Kind.DECIMAL),
        (["1", "0"], Kind.DECIMAL),
        (["1", "0", "否"], Kind.BOOLEAN),
        ([True, False, "yes"], Kind.BOOLEAN),
        (["007", "1"], Kind.TEXT),
        (["6222020200112233445"], Kind.TEXT),
        (["张三", "1"], Kind.TEXT),
        ([datetime.time(9)], Kind.TEXT),
    ],
)
def test_the_kind_that_is_proposed(cells, kind):
    assert ColumnProfile.of(cells).kind is kind
