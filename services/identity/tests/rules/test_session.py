"""When a session is open (PLT-16)."""

import datetime

import pytest
from banyan.identity.v1 import session_pb2

from chassis.access import Caller
from chassis.resources import Around
from identity.session import is_open, revoke

NOW = datetime.datetime(2026, 3, 15, 12, tzinfo=datetime.UTC)
SECOND = datetime.timedelta(seconds=1)


def session(expires: datetime.datetime, revoked: datetime.datetime | None = None):
    made = session_pb2.Session(id="s")
    made.expire_time.FromDatetime(expires)
    if revoked is not None:
        made.revoke_time.FromDatetime(revoked)
    return made


@pytest.mark.parametrize(
    ("expires", "expected"), [(NOW + SECOND, True), (NOW, False), (NOW - SECOND, False)]
)
def test_a_session_is_open_until_it_expires(expires, expected):
    assert is_open(session(expires), NOW) == expected


def test_an_ended_session_is_not_open_however_long_it_would_last():
    assert not is_open(session(NOW + SECOND, revoked=NOW - SECOND), NOW)


def test_ending_a_session_again_does_not_change_when_it_ended():
    around = Around(Caller("t", "u"), NOW)
    made = session(NOW + SECOND)
    revoke(made, None, around)
    assert made.revoke_time.ToDatetime(datetime.UTC) == NOW
    revoke(made, None, Around(Caller("t", "u"), NOW + SECOND))
    assert made.revoke_time.ToDatetime(datetime.UTC) == NOW
