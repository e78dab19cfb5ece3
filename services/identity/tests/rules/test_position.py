"""Where a person is at home, and which positions there can be (PLT-33: the OBS down to persons)."""

import datetime

import pytest
from banyan.identity.v1 import position_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, decimal_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis import errors
from chassis.access import Caller
from chassis.resources import Around
from identity.position import home_unit, validate

DAY = datetime.date(2026, 3, 15)
AROUND = Around(Caller(), datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC))


def date(day: datetime.date) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def position(unit="u", start=DAY, end=None, *, primary=False, deleted=False, name="p"):
    made = position_pb2.Position(id=name, org_unit_id=unit, start_date=date(start), primary=primary)
    if end is not None:
        made.end_date.CopyFrom(date(end))
    if deleted:
        made.delete_time.CopyFrom(Timestamp(seconds=1))
    return made


def days(count: int) -> datetime.timedelta:
    return datetime.timedelta(days=count)


def test_without_a_position_nobody_is_at_home():
    assert home_unit([], DAY) == ""


@pytest.mark.parametrize(
    ("start", "end", "counts"),
    [
        (DAY, None, True),
        (DAY, DAY, True),
        (DAY - days(9), DAY, True),
        (DAY - days(9), DAY + days(1), True),
        (DAY + days(1), None, False),
        (DAY - days(9), DAY - days(1), False),
    ],
)
def test_a_position_counts_from_its_first_to_its_last_day(start, end, counts):
    assert home_unit([position("u", start, end)], DAY) == ("u" if counts else "")


def test_a_primary_position_comes_before_one_begun_later():
    primary = position("primary", DAY - days(100), primary=True)
    assert home_unit([primary, position("later", DAY)], DAY) == "primary"
    assert home_unit([position("later", DAY), primary], DAY) == "primary"


def test_of_two_primary_positions_the_one_begun_last_is_home():
    older = position("older", DAY - days(2), primary=True)
    newer = position("newer", DAY - days(1), primary=True)
    assert home_unit([newer, older], DAY) == "newer"


def test_when_the_primary_position_has_ended_another_is_home():
    ended = position("ended", DAY - days(9), DAY - days(1), primary=True)
    assert home_unit([ended, position("other", DAY - days(9))], DAY) == "other"


def test_a_deleted_position_is_nobodys_home():
    assert home_unit([position(primary=True, deleted=True)], DAY) == ""


@given(st.data())
def test_home_does_not_depend_on_the_order_of_positions(data):
    made = [
        position(f"u{n}", DAY + days(start), primary=primary, name=f"p{n}")
        for n, (start, primary) in enumerate(
            data.draw(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), max_size=5))
        )
    ]
    shuffled = data.draw(st.permutations(made))
    assert home_unit(made, DAY) == home_unit(shuffled, DAY)


def reason(made: position_pb2.Position) -> tuple[str, str]:
    with pytest.raises(errors.Invalid) as caught:
        validate(made, AROUND)
    return caught.value.violations[0].path, caught.value.violations[0].reason


def test_a_position_cannot_end_before_it_begins():
    validate(position(end=DAY), AROUND)
    assert reason(position(end=DAY - days(1))) == ("position.end_date", "ENDS_BEFORE_START")


@pytest.mark.parametrize("share", ["0.01", "0.5", "1", "1.00"])
def test_a_share_is_some_of_a_person(share):
    made = position()
    made.share.CopyFrom(decimal_pb2.Decimal(value=share))
    validate(made, AROUND)


@pytest.mark.parametrize("share", ["0", "-0.5", "1.01", "2"])
def test_a_share_is_neither_nothing_nor_more_than_all(share):
    made = position()
    made.share.CopyFrom(decimal_pb2.Decimal(value=share))
    assert reason(made) == ("position.share", "OUT_OF_RANGE")
