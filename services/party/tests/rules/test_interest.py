"""What somebody outside is interested in, and since when (PTY-04 to PTY-06)."""

import pytest
from banyan.party.v1 import interest_pb2
from google.type import date_pb2

from chassis import errors
from party.interest import prepare_create, validate

Interest = interest_pb2.Interest
EARLY, LATE = date_pb2.Date(year=2025, month=12, day=1), date_pb2.Date(year=2025, month=12, day=2)
TODAY = date_pb2.Date(year=2026, month=3, day=15)


@pytest.mark.parametrize(
    ("given", "since"),
    [({}, TODAY), ({"start_date": EARLY}, EARLY), ({"end_date": EARLY}, None)],
)
def test_it_begins_today_unless_one_knows_when_it_began_or_ended(around, given, since):
    made = Interest(topic="cloud", **given)
    prepare_create(made, around)
    assert (made.start_date if made.HasField("start_date") else None) == since


def test_it_does_not_end_before_it_begins(around):
    validate(Interest(start_date=EARLY, end_date=LATE), around)
    with pytest.raises(errors.Invalid) as caught:
        validate(Interest(start_date=LATE, end_date=EARLY), around)
    (found,) = caught.value.violations
    assert (found.path, found.reason) == ("interest.end_date", "ENDS_BEFORE_START")
