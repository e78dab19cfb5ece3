"""Who takes care of what, and with which share (SAL-08, SAL-11, SAL-39)."""

import datetime
import itertools
import zoneinfo

import pytest
from banyan.sales.v1 import coverage_pb2
from google.type import date_pb2, decimal_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis import errors
from chassis.access import Caller, TenantProfile, Tree
from chassis.resources import Around
from sales.coverage import check_splits, prepare_create, validate

DAY = datetime.date(2026, 3, 15)
AROUND = Around(Caller(), datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC))


def date(day: datetime.date) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def days(count: int) -> datetime.timedelta:
    return datetime.timedelta(days=count)


def coverage(split=None, end=None, start=DAY) -> coverage_pb2.Coverage:
    made = coverage_pb2.Coverage(opportunity_id="o", user_id="u", start_date=date(start))
    if split is not None:
        made.credit_split.CopyFrom(decimal_pb2.Decimal(value=str(split)))
    if end is not None:
        made.end_date.CopyFrom(date(end))
    return made


def test_a_coverage_begins_today_where_the_firm_is_unless_told_otherwise():
    """Late in the evening of the 14th in UTC it is the 15th in Shanghai."""
    evening = datetime.datetime(2026, 3, 14, 20, tzinfo=datetime.UTC)
    tenant = TenantProfile("t", "CNY", "Asia/Shanghai", 1, Tree({}))
    assert evening.astimezone(zoneinfo.ZoneInfo("Asia/Shanghai")).date() == DAY
    made = coverage_pb2.Coverage()
    prepare_create(made, Around(Caller(), evening, tenant))
    assert made.start_date == date(DAY)
    given_day = coverage(start=DAY - days(9))
    prepare_create(given_day, Around(Caller(), evening, tenant))
    assert given_day.start_date == date(DAY - days(9))


def test_a_coverage_cannot_end_before_it_begins():
    validate(coverage(end=DAY), AROUND)
    with pytest.raises(errors.Invalid) as caught:
        validate(coverage(end=DAY - days(1)), AROUND)
    (found,) = caught.value.violations
    assert (found.path, found.reason) == ("coverage.end_date", "ENDS_BEFORE_START")


@pytest.mark.parametrize("split", ["0", "0.01", "33.333", "100", "100.00"])
def test_a_share_is_between_nothing_and_all(split):
    validate(coverage(split), AROUND)


@pytest.mark.parametrize("split", ["-0.01", "100.01", "1000"])
def test_a_share_below_nothing_or_above_all_is_refused(split):
    with pytest.raises(errors.Invalid) as caught:
        validate(coverage(split), AROUND)
    (found,) = caught.value.violations
    assert (found.path, found.reason) == ("coverage.credit_split", "OUT_OF_RANGE")
    assert found.metadata == {"low": "0", "high": "100"}


@pytest.mark.parametrize(
    "shares", [[], ["100"], ["60", "40"], ["33.33", "33.33", "33.34"], ["0", "100.0"]]
)
def test_shares_that_are_whole_or_not_given_are_fine(shares):
    check_splits([coverage(), *(coverage(share) for share in shares)], DAY)


@pytest.mark.parametrize(
    ("shares", "total"), [(["60"], "60"), (["60", "50"], "110"), (["33.33"] * 3, "99.99")]
)
def test_shares_that_are_not_whole_are_refused_with_their_sum(shares, total):
    with pytest.raises(errors.FailedPrecondition) as caught:
        check_splits([coverage(share) for share in shares], DAY)
    assert (caught.value.reason, caught.value.metadata) == ("SPLITS_NOT_WHOLE", {"sum": total})


def test_a_share_counts_to_its_last_day():
    check_splits([coverage("100"), coverage("50", end=DAY - days(1))], DAY)
    with pytest.raises(errors.FailedPrecondition):
        check_splits([coverage("100"), coverage("50", end=DAY)], DAY)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=8))
def test_cutting_the_whole_anywhere_is_whole(cuts):
    edges = [0, *sorted(cuts), 10_000]
    pieces = [high - low for low, high in itertools.pairwise(edges)]
    check_splits([coverage(f"{piece // 100}.{piece % 100:02}") for piece in pieces], DAY)
