"""How organizations stand to each other and speak of each other (PTY-03, PTY-07, PTY-08)."""

import pytest
from banyan.party.v1 import reference_pb2, relationship_pb2
from google.type import date_pb2

from chassis import errors
from party import reference, relationship

Relationship, Reference = relationship_pb2.Relationship, reference_pb2.Reference
DAY = date_pb2.Date(year=2025, month=12, day=1)


def refused(check, record, around) -> tuple[str, str]:
    with pytest.raises(errors.Invalid) as caught:
        check(record, around)
    (found,) = caught.value.violations
    return found.path, found.reason


def test_nobody_is_related_to_themselves(around):
    relationship.validate(Relationship(organization_id="a", related_organization_id="b"), around)
    same = Relationship(organization_id="a", related_organization_id="a")
    assert refused(relationship.validate, same, around) == (
        "relationship.related_organization_id",
        "SAME_ORGANIZATION",
    )


def test_a_relationship_does_not_end_before_it_begins(around):
    made = Relationship(organization_id="a", related_organization_id="b", start_date=DAY)
    made.end_date.CopyFrom(date_pb2.Date(year=2025, month=11, day=30))
    assert refused(relationship.validate, made, around) == (
        "relationship.end_date",
        "ENDS_BEFORE_START",
    )


@pytest.mark.parametrize("third", ["", "b"])
def test_somebody_else_is_asked_or_nobody_is_named(around, third):
    reference.validate(Reference(organization_id="a", third_party_organization_id=third), around)


def test_nobody_is_a_third_party_about_themselves(around):
    same = Reference(organization_id="a", third_party_organization_id="a")
    assert refused(reference.validate, same, around) == (
        "reference.third_party_organization_id",
        "SAME_ORGANIZATION",
    )


def test_a_reference_is_dated_today_unless_told_otherwise(around):
    """PTY-07: when it was asked for."""
    undated, dated = Reference(), Reference(reference_date=DAY)
    for made in (undated, dated):
        reference.prepare_create(made, around)
    assert undated.reference_date == date_pb2.Date(year=2026, month=3, day=15)
    assert dated.reference_date == DAY
