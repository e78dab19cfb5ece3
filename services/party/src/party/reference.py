"""Reference: a recommendation, given, received or checked with a third party (PTY-07, PTY-08)."""

from banyan.party.v1 import reference_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun
from party.days import date_of

_Reference = reference_pb2.Reference


def prepare_create(reference: _Reference, around: Around) -> None:
    """Date it today, unless told otherwise."""
    if not reference.HasField("reference_date"):
        reference.reference_date.CopyFrom(date_of(around.today))


def validate(reference: _Reference, _: Around) -> None:
    """Refuse an organization as third party about itself.

    Raises:
        Invalid: SAME_ORGANIZATION.
    """
    if reference.third_party_organization_id == reference.organization_id:
        raise errors.invalid_field("reference.third_party_organization_id", "SAME_ORGANIZATION")


REFERENCE = Noun(_Reference, hooks=Hooks(prepare_create=prepare_create, validate=validate))
