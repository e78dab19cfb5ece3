"""Organization: a customer, partner, supplier or competitor; one record for all it is (PTY-01)."""

from typing import Any

from banyan.party.v1 import organization_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.resources import Around, Hooks, Noun, Resources
from chassis.rpc import Call
from party import capture, merging
from party.days import date_of
from party.likeness import ORGANIZATIONS

_Organization = organization_pb2.Organization
# The trigger that lets no organization stand above itself, whoever writes and however many at once.
_NO_CIRCLE = "organization_no_circle"
_ACTIVITY = ("active", "activity_reason", "activity_date")


def prepare_create(organization: _Organization, around: Around) -> None:
    """Date what is said about its activity today, unless told otherwise (PTY-25)."""
    if organization.activity_reason and not organization.HasField("activity_date"):
        organization.activity_date.CopyFrom(date_of(around.today))


def prepare_update(old: _Organization, new: _Organization, _: Around) -> None:
    """Keep whether it is active; that is set with the reason and the date, by its own verb.

    Raises:
        FailedPrecondition: USE_SET_ACTIVITY.
    """
    if not new.HasField("active"):
        # A replacement that does not speak of it.
        _keep_activity(old, new)
    if any(getattr(old, name) != getattr(new, name) for name in _ACTIVITY):
        raise errors.FailedPrecondition("USE_SET_ACTIVITY")


def _keep_activity(old: _Organization, new: _Organization) -> None:
    new.active, new.activity_reason = old.active, old.activity_reason
    new.ClearField("activity_date")
    if old.HasField("activity_date"):
        new.activity_date.CopyFrom(old.activity_date)


def validate(organization: _Organization, _: Around) -> None:
    """Refuse an organization that belongs to itself, or is not active for no reason.

    Raises:
        Invalid: OWN_PARENT, ACTIVITY_REASON_MISSING.
    """
    if organization.parent_organization_id == organization.id:
        raise errors.invalid_field("organization.parent_organization_id", "OWN_PARENT")
    inactive = organization.HasField("active") and not organization.active
    if inactive and not organization.activity_reason:
        raise errors.invalid_field("organization.activity_reason", "ACTIVITY_REASON_MISSING")


def set_activity(
    organization: _Organization,
    request: organization_pb2.SetOrganizationActivityRequest,
    around: Around,
) -> None:
    """Say whether it is active, why, and since when: today unless told otherwise (PTY-25)."""
    organization.active, organization.activity_reason = request.active, request.reason
    given = request.date if request.HasField("date") else date_of(around.today)
    organization.activity_date.CopyFrom(given)


async def update(here: Resources, request: Any, call: Call) -> Message:
    """Change an organization, but never let it stand above itself (PTY-03).

    Raises:
        Invalid: OWN_PARENT.
    """
    try:
        return await here[_Organization].update(request, call)
    except errors.FailedPrecondition as error:
        if error.metadata.get("rule") != _NO_CIRCLE:
            raise
        raise errors.invalid_field("organization.parent_organization_id", "OWN_PARENT") from error


ORGANIZATION = Noun(
    _Organization,
    private_keys=ORGANIZATIONS.indexes,
    derived=ORGANIZATIONS.derived,
    defaults={"active": True},
    hooks=Hooks(
        prepare_create=prepare_create,
        prepare_update=prepare_update,
        validate=validate,
        authorize=merging.authorize(ORGANIZATIONS),
    ),
    verbs={"SetOrganizationActivity": set_activity},
    methods={
        "UpdateOrganization": update,
        **capture.methods_of(ORGANIZATIONS),
        **merging.methods_of(ORGANIZATIONS),
    },
)
