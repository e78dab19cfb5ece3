"""What a field is in the database and back again."""

import datetime

from google.protobuf import duration_pb2, timestamp_pb2
from hypothesis import example, given
from hypothesis import strategies as st

from chassis.resources.columns import HELPERS, instant_of, instant_parts

LONGEST = 315_576_000_000


@given(st.integers(-LONGEST * 10**6, LONGEST * 10**6))
@example(LONGEST * 10**6 - 1)
@example(-1)
@example(-1_500_000)
def test_a_duration_comes_back_to_the_microsecond(micros):
    parts = HELPERS["duration_parts"](micros)
    message = duration_pb2.Duration(**parts)
    assert HELPERS["duration_of"](message) == micros
    assert abs(message.nanos) < 10**9
    assert message.seconds * message.nanos >= 0, "both parts have the same sign"


@given(st.datetimes(timezones=st.just(datetime.UTC)))
def test_an_instant_comes_back_to_the_microsecond(instant):
    message = timestamp_pb2.Timestamp(**instant_parts(instant))
    assert instant_of(message) == instant
