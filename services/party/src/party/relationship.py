"""Relationship: how two organizations outside stand to each other (PTY-03)."""

from banyan.party.v1 import relationship_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun
from party.days import refuse_reversed

_Relationship = relationship_pb2.Relationship


def validate(relationship: _Relationship, _: Around) -> None:
    """Refuse one of an organization with itself, or one that ends before it begins.

    Raises:
        Invalid: SAME_ORGANIZATION, ENDS_BEFORE_START.
    """
    if relationship.organization_id == relationship.related_organization_id:
        raise errors.invalid_field("relationship.related_organization_id", "SAME_ORGANIZATION")
    refuse_reversed(relationship, "start_date", "end_date")


RELATIONSHIP = Noun(_Relationship, hooks=Hooks(validate=validate))
