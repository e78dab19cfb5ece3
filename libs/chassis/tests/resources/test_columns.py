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


async def test_the_first_and_the_last_instant_come_back_from_the_database(world):
    tenant = await world.tenant()
    for instant in (datetime.datetime.min, datetime.datetime.max):
        aware = instant.replace(tzinfo=datetime.UTC)
        rows = await world.host.databases["party"].read(tenant, "SELECT $1::timestamptz", aware)
        message = timestamp_pb2.Timestamp(**instant_parts(rows[0][0]))
        assert instant_of(message) == aware
