"""Days where the firm is, and spans of days."""

import datetime

import pytest
from banyan.party.v1 import license_pb2, relationship_pb2
from google.type import date_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis import errors
from party.days import beginning_of, date_of, day_of, end_of, refuse_reversed

DAYS = st.dates()
ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"])


@given(DAYS)
def test_a_day_is_the_same_there_and_back(day):
    assert day_of(date_of(day)) == day


@pytest.mark.parametrize(
    ("zone", "begins", "ends"),
    [
        ("UTC", "2026-03-08T00:00", "2026-03-09T00:00"),
        ("Asia/Shanghai", "2026-03-07T16:00", "2026-03-08T16:00"),
        # On this day clocks are put forward there, so it has 23 hours.
        ("America/New_York", "2026-03-08T05:00", "2026-03-09T04:00"),
    ],
)
def test_a_day_begins_and_ends_where_the_firm_is(zone, begins, ends):
    day = datetime.date(2026, 3, 8)
    assert beginning_of(day, zone) == datetime.datetime.fromisoformat(f"{begins}Z")
    assert end_of(day, zone) == datetime.datetime.fromisoformat(f"{ends}Z")


@given(DAYS, ZONES)
def test_no_day_is_too_early_or_too_late(day, zone):
    """A last day in the year 9999 is how people write that something does not end."""
    begins, ends = beginning_of(day, zone), end_of(day, zone)
    if begins is not None and ends is not None:
        assert begins < ends
    assert end_of(datetime.date.max, zone) is None


@pytest.mark.parametrize(("first", "last"), [(None, None), (1, None), (None, 1), (1, 1), (1, 2)])
def test_days_in_their_order_are_fine(first, last):
    refuse_reversed(relationship(first, last), "start_date", "end_date")


def test_days_the_wrong_way_round_are_named():
    with pytest.raises(errors.Invalid) as caught:
        refuse_reversed(relationship(2, 1), "start_date", "end_date")
    (found,) = caught.value.violations
    assert (found.path, found.reason) == ("relationship.end_date", "ENDS_BEFORE_START")
    license_ = license_pb2.License(valid_from=date(2), valid_until=date(1))
    with pytest.raises(errors.Invalid) as caught:
        refuse_reversed(license_, "valid_from", "valid_until")
    assert caught.value.violations[0].path == "license.valid_until"


def date(day: int | None) -> date_pb2.Date | None:
    return date_pb2.Date(year=2026, month=3, day=day) if day is not None else None


def relationship(first: int | None, last: int | None) -> relationship_pb2.Relationship:
    return relationship_pb2.Relationship(start_date=date(first), end_date=date(last))
