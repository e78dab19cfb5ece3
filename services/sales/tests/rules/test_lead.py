"""A lead until it is converted or given up (SAL-04, SAL-07)."""

import datetime

import pytest
from banyan.sales.v1 import lead_pb2

from chassis import errors
from chassis.access import Caller
from chassis.resources import Around
from sales.lead import before_delete, disqualify, prepare_create, prepare_update

Lead = lead_pb2.Lead
NOW = datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC)
AROUND = Around(Caller(), NOW)


def lead(status: int = Lead.STATUS_OPEN, email: str = "") -> lead_pb2.Lead:
    made = Lead(name="Factory in Kunshan", email=email)
    made.status = Lead.Status.ValueType(status)
    return made


def test_a_lead_begins_open():
    made = lead(Lead.STATUS_UNSPECIFIED)
    prepare_create(made, AROUND)
    assert made.status == Lead.STATUS_OPEN


def test_an_email_is_kept_as_it_is_compared():
    made = lead(email="  Li.Na@Example.COM ")
    prepare_create(made, AROUND)
    assert made.email == "li.na@example.com"
    changed = lead(email="WANG@example.com ")
    prepare_update(made, changed, AROUND)
    assert changed.email == "wang@example.com"


def test_what_is_being_converted_cannot_be_changed_or_deleted():
    converting = lead(Lead.STATUS_CONVERTING)
    for attempt in (
        lambda: prepare_update(converting, lead(Lead.STATUS_CONVERTING), AROUND),
        lambda: before_delete(converting, AROUND),
    ):
        with pytest.raises(errors.FailedPrecondition) as caught:
            attempt()
        assert caught.value.reason == "LEAD_NOT_OPEN"
        assert caught.value.metadata == {"status": "CONVERTING"}


@pytest.mark.parametrize("status", [Lead.STATUS_OPEN, Lead.STATUS_CONVERTED])
def test_other_leads_can_be_deleted(status):
    before_delete(lead(status), AROUND)


def test_a_lead_is_given_up_with_the_reason():
    made = lead()
    disqualify(made, lead_pb2.DisqualifyLeadRequest(reason="no budget"), AROUND)
    assert (made.status, made.outcome_reason) == (Lead.STATUS_DISQUALIFIED, "no budget")
    assert made.outcome_time.ToDatetime(datetime.UTC) == NOW


@pytest.mark.parametrize("name", ["CONVERTING", "CONVERTED", "DISQUALIFIED"])
def test_only_an_open_lead_is_given_up(name):
    with pytest.raises(errors.FailedPrecondition) as caught:
        disqualify(
            lead(Lead.Status.Value(f"STATUS_{name}")),
            lead_pb2.DisqualifyLeadRequest(reason="no budget"),
            AROUND,
        )
    assert (caught.value.reason, caught.value.metadata) == ("LEAD_NOT_OPEN", {"status": name})
