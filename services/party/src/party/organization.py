"""Organization: a customer, partner, supplier or competitor; one record for all it is (PTY-01)."""

from banyan.party.v1 import organization_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun


def validate(organization: organization_pb2.Organization, _: Around) -> None:
    """Refuse an organization that belongs to itself.

    Raises:
        Invalid: OWN_PARENT.
    """
    if organization.parent_organization_id == organization.id:
        raise errors.invalid_field("organization.parent_organization_id", "OWN_PARENT")


ORGANIZATION = Noun(organization_pb2.Organization, hooks=Hooks(validate=validate))
