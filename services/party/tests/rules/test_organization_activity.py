"""Whether a customer is active: set by people, with reason and date (PTY-25)."""

import pytest
from banyan.party.v1 import organization_pb2
from google.type import date_pb2

from chassis import errors
from party.organization import (
    ORGANIZATION,
    prepare_create,
    prepare_update,
    set_activity,
    validate,
)

DAY = date_pb2.Date(year=2025, month=12, day=1)
TODAY = date_pb2.Date(year=2026, month=3, day=15)
Organization = organization_pb2.Organization
Request = organization_pb2.SetOrganizationActivityRequest


def organization(active: bool = True, reason: str = "", **fields) -> Organization:
    return Organization(id="a", name="Huawei", active=active, activity_reason=reason, **fields)


def test_a_new_organization_is_active():
    assert ORGANIZATION.defaults == {"active": True}


def test_one_that_comes_in_with_a_reason_has_it_dated(around):
    """An import brings its own date; without one it counts from today where the firm is."""
    undated, dated = organization(False, "moved"), organization(False, "moved", activity_date=DAY)
    plain = organization()
    for made in (undated, dated, plain):
        prepare_create(made, around)
    assert (undated.activity_date, dated.activity_date) == (TODAY, DAY)
    assert not plain.HasField("activity_date")


def test_one_that_is_not_active_says_why(around):
    validate(organization(), around)
    validate(organization(False, "no orders"), around)
    with pytest.raises(errors.Invalid) as caught:
        validate(organization(False), around)
    (found,) = caught.value.violations
    assert (found.path, found.reason) == (
        "organization.activity_reason",
        "ACTIVITY_REASON_MISSING",
    )


@pytest.mark.parametrize(("given", "kept"), [(None, TODAY), (DAY, DAY)])
def test_setting_it_records_reason_and_date(around, given, kept):
    made = organization(True, "new frame contract", activity_date=DAY)
    set_activity(made, Request(active=False, reason="no orders", date=given), around)
    assert (made.active, made.activity_reason, made.activity_date) == (False, "no orders", kept)
    set_activity(made, Request(active=True, reason="asked again", date=given), around)
    assert (made.active, made.activity_reason, made.activity_date) == (True, "asked again", kept)


@pytest.mark.parametrize(
    "changed",
    [
        organization(False, "no orders", activity_date=DAY),
        organization(True, "another reason", activity_date=DAY),
        organization(True, "asked again", activity_date=TODAY),
        organization(True, "asked again"),
    ],
)
def test_an_update_does_not_change_it(around, changed):
    old = organization(True, "asked again", activity_date=DAY)
    with pytest.raises(errors.FailedPrecondition) as caught:
        prepare_update(old, changed, around)
    assert caught.value.reason == "USE_SET_ACTIVITY"


@pytest.mark.parametrize("date", [None, DAY])
def test_a_replacement_that_does_not_speak_of_it_keeps_it(around, date):
    old = organization(False, "no orders", activity_date=date)
    new = Organization(id="a", name="Huawei Technologies")
    prepare_update(old, new, around)
    kept = organization(False, "no orders", activity_date=date)
    kept.name = new.name
    assert new == kept
