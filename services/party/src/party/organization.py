"""Organization: a customer, partner, supplier or competitor; one record for all it is (PTY-01)."""

from typing import Any

from banyan.party.v1 import organization_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.resources import Around, Hooks, Noun, Resources
from chassis.resources.references import is_id
from chassis.rpc import Call
from party import capture, merging
from party.likeness import ORGANIZATIONS

# Whoever stands above an organization, however far.
_ABOVE = """
WITH RECURSIVE above (id, parent_id) AS (
    SELECT id, parent_organization_id FROM party.organization WHERE id = $1
    UNION SELECT o.id, o.parent_organization_id
    FROM party.organization o JOIN above ON o.id = above.parent_id)
SELECT true FROM above WHERE id = $2
"""


def validate(organization: organization_pb2.Organization, _: Around) -> None:
    """Refuse an organization that belongs to itself.

    Raises:
        Invalid: OWN_PARENT.
    """
    if organization.parent_organization_id == organization.id:
        raise errors.invalid_field("organization.parent_organization_id", "OWN_PARENT")


async def update(here: Resources, request: Any, call: Call) -> Message:
    """Change an organization, but never let it stand above itself.

    Raises:
        Invalid: OWN_PARENT.
    """
    organizations, patch = here[organization_pb2.Organization], request.organization
    if "parent_organization_id" in organizations.rules.update_mask(request):
        ids = (patch.parent_organization_id, patch.id)
        if all(map(is_id, ids)) and await here.database.read(call.tenant_id, _ABOVE, *ids):
            raise errors.invalid_field("organization.parent_organization_id", "OWN_PARENT")
    return await organizations.update(request, call)


ORGANIZATION = Noun(
    organization_pb2.Organization,
    keys=ORGANIZATIONS.indexes,
    private=ORGANIZATIONS.columns,
    hooks=Hooks(validate=validate, authorize=merging.authorize(ORGANIZATIONS)),
    methods={
        "UpdateOrganization": update,
        **capture.methods_of(ORGANIZATIONS),
        **merging.methods_of(ORGANIZATIONS),
    },
)
