"""Organizations and contacts (PTY-01, PTY-03)."""

import datetime

import pytest
from banyan.party.v1 import contact_pb2, organization_pb2

from chassis import errors
from chassis.access import Caller
from chassis.resources import Around
from party.contact import prepare, prepare_update
from party.organization import validate

AROUND = Around(Caller(), datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC))


def test_an_organization_does_not_belong_to_itself():
    """PTY-03: a customer's units hang below it, and none below itself."""
    with pytest.raises(errors.Invalid) as caught:
        validate(organization_pb2.Organization(id="a", parent_organization_id="a"), AROUND)
    (found,) = caught.value.violations
    assert (found.path, found.reason) == ("organization.parent_organization_id", "OWN_PARENT")


@pytest.mark.parametrize("parent", ["", "b"])
def test_an_organization_belongs_to_another_or_to_none(parent):
    validate(organization_pb2.Organization(id="a", parent_organization_id=parent), AROUND)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("", ""), (" Li.Na@Example.COM\t", "li.na@example.com"), ("a@b.cn", "a@b.cn")],
)
def test_an_email_is_kept_as_it_is_compared(written, kept):
    """PLT-17: the same address is the same text, however it was typed."""
    made = contact_pb2.Contact(email=written)
    prepare(made, AROUND)
    assert made.email == kept
    changed = contact_pb2.Contact(email=written)
    prepare_update(contact_pb2.Contact(email="old@b.cn"), changed, AROUND)
    assert changed.email == kept
