"""How a user is written down, disabled and deleted (PLT-16)."""

import datetime

import pytest
from banyan.identity.v1 import user_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis import errors
from chassis.access import Caller
from chassis.resources import Around
from identity.user import (
    before_delete,
    check_time_zone,
    enable,
    prepare_create,
    prepare_update,
    validate,
)

NOW = datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC)
AROUND = Around(Caller("t", "me"), NOW)


@given(st.text(max_size=30))
def test_an_email_is_kept_as_it_is_compared(text):
    created, updated = user_pb2.User(email=text), user_pb2.User(email=text)
    prepare_create(created, AROUND)
    prepare_update(user_pb2.User(), updated, AROUND)
    assert created.email == updated.email == text.strip().lower()


@pytest.mark.parametrize("name", ["", "Asia/Shanghai", "Europe/Berlin", "UTC"])
def test_a_time_zone_of_the_iana_database_is_one(name):
    validate(user_pb2.User(time_zone=name), AROUND)


@pytest.mark.parametrize(
    "name",
    ["Asia/Atlantis", "Asia", "../etc/passwd", "/etc/passwd", "a\0b", "Ä", "+08:00"],
)
def test_any_other_time_zone_is_refused(name):
    with pytest.raises(errors.Invalid) as caught:
        check_time_zone(name, "user.time_zone")
    (violation,) = caught.value.violations
    assert (violation.path, violation.reason) == ("user.time_zone", "UNKNOWN_TIME_ZONE")


def test_whoever_is_enabled_is_let_in_again():
    user = user_pb2.User(id="them")
    user.disable_time.FromDatetime(NOW)
    enable(user, None, AROUND)
    assert not user.HasField("disable_time")
    enable(user, None, AROUND)


def test_nobody_deletes_themselves():
    with pytest.raises(errors.FailedPrecondition) as caught:
        before_delete(user_pb2.User(id="me"), AROUND)
    assert caught.value.reason == "NOT_ONESELF"
    before_delete(user_pb2.User(id="them"), AROUND)
