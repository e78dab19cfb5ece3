"""Licenses: upcoming, valid, expired, by the days of the firm's own calendar (PTY-20, PTY-21)."""

import datetime

import pytest
from banyan.party.v1 import license_pb2
from google.type import date_pb2

from chassis import errors
from party.license import next_turn, prepare_create, prepare_update, status_at, validate

License = license_pb2.License
UPCOMING, VALID, EXPIRED = License.STATUS_UPCOMING, License.STATUS_VALID, License.STATUS_EXPIRED


def license_(first: str = "", last: str = "") -> License:
    return License(number="L-1", valid_from=date(first), valid_until=date(last))


def date(text: str) -> date_pb2.Date | None:
    if not text:
        return None
    day = datetime.date.fromisoformat(text)
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("first", "last", "status"),
    [
        ("", "", VALID),
        # It is the 15th in Shanghai.
        ("2026-03-15", "", VALID),
        ("2026-03-16", "", UPCOMING),
        ("", "2026-03-15", VALID),
        ("", "2026-03-14", EXPIRED),
        ("2026-03-15", "2026-03-15", VALID),
        ("2020-01-01", "2020-12-31", EXPIRED),
        ("2030-01-01", "2030-12-31", UPCOMING),
        ("0001-01-01", "9999-12-31", VALID),
    ],
)
def test_the_days_tell_how_far_it_is(around, first, last, status):
    made = license_(first, last)
    prepare_create(made, around)
    assert made.status == status


def test_it_is_valid_from_the_first_midnight_to_the_last(around):
    made = license_("2026-04-01", "2026-04-30")
    prepare_create(made, around)
    begins, ends = at("2026-03-31T16:00Z"), at("2026-04-30T16:00Z")
    assert made.start_time.ToDatetime(datetime.UTC) == begins
    assert made.end_time.ToDatetime(datetime.UTC) == ends
    moment = datetime.timedelta(microseconds=1)
    assert status_at(made, begins - moment) == UPCOMING
    assert status_at(made, begins) == status_at(made, ends - moment) == VALID
    assert status_at(made, ends) == EXPIRED


def test_other_days_are_reckoned_anew(around):
    made = license_("2026-04-01", "2026-04-30")
    prepare_create(made, around)
    changed = License()
    changed.CopyFrom(made)
    changed.ClearField("valid_from")
    changed.valid_until.CopyFrom(date("2026-03-01"))
    prepare_update(made, changed, around)
    assert (changed.status, changed.HasField("start_time")) == (EXPIRED, False)
    assert changed.end_time.ToDatetime(datetime.UTC) == at("2026-03-01T16:00Z")


@pytest.mark.parametrize(
    ("first", "last", "turn"),
    [
        ("", "", None),
        ("2026-04-01", "", "2026-03-31T16:00Z"),
        ("2026-04-01", "2026-04-30", "2026-03-31T16:00Z"),
        ("2026-03-01", "2026-04-30", "2026-04-30T16:00Z"),
        ("2026-03-01", "", None),
        ("", "2026-03-01", None),
        ("", "9999-12-31", None),
    ],
)
def test_it_turns_next_when_a_day_comes(around, first, last, turn):
    made = license_(first, last)
    prepare_create(made, around)
    assert next_turn(made) == (at(turn) if turn else None)


def test_it_does_not_end_before_it_begins(around):
    validate(license_("2026-04-01", "2026-04-01"), around)
    with pytest.raises(errors.Invalid) as caught:
        validate(license_("2026-04-02", "2026-04-01"), around)
    (found,) = caught.value.violations
    assert (found.path, found.reason) == ("license.valid_until", "ENDS_BEFORE_START")
