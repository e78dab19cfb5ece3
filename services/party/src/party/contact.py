"""Contact: a person outside whom one talks to, and their place in their firm (PTY-01, PTY-02)."""

from typing import Any

from banyan.party.v1 import contact_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.ids import is_id
from chassis.resources import Around, Hooks, Noun, Resources
from chassis.rpc import Call
from party import capture, merging
from party.likeness import CONTACTS
from party.planned import planned, seen

_Contact = contact_pb2.Contact
# The trigger that lets nobody stand above themselves, whoever writes and however many at once.
_NO_CIRCLE = "contact_no_circle"
# How many groups some organizations belong to; a group is known by the one at its top.
_GROUPS = """
WITH RECURSIVE above (id, parent_id) AS (
    SELECT id, parent_organization_id FROM party.organization WHERE id = ANY($1::uuid[])
    UNION SELECT o.id, o.parent_organization_id
    FROM party.organization o JOIN above ON o.id = above.parent_id)
SELECT count(*) FROM above WHERE parent_id IS NULL
"""


def prepare(contact: _Contact, _: Around) -> None:
    """Write the e-mail as it is compared."""
    contact.email = contact.email.strip().lower()


def prepare_update(_: _Contact, contact: _Contact, around: Around) -> None:
    """Keep the e-mail as it is compared."""
    prepare(contact, around)


async def complete(here: Resources, call: Call, new: _Contact, _: dict[Any, Any]) -> None:
    """Make sure that whom a new contact reports to works in the same group."""
    await check_superior(here, call, new)


async def update(here: Resources, request: Any, call: Call) -> Message:
    """Change a contact, but keep everybody below somebody else of their own group (PTY-02).

    Raises:
        Invalid: OWN_SUPERIOR, SUPERIOR_ELSEWHERE.
    """
    contacts = here[_Contact]
    contact = await planned(contacts, request, call, "organization_id", "reports_to_contact_id")
    if contact is not None:
        await check_superior(here, call, contact)
    try:
        return await contacts.update(request, call)
    except errors.FailedPrecondition as error:
        if error.metadata.get("rule") != _NO_CIRCLE:
            raise
        raise errors.invalid_field("contact.reports_to_contact_id", "OWN_SUPERIOR") from error


async def check_superior(here: Resources, call: Call, contact: _Contact) -> None:
    """Refuse a superior who works outside the organization's group.

    A superior who is not there for the caller is left to the check of references.

    Raises:
        Invalid: SUPERIOR_ELSEWHERE.
    """
    if not is_id(contact.reports_to_contact_id):
        return
    superior = await seen(here[_Contact], call, contact.reports_to_contact_id)
    if superior is None:
        return
    places = [superior.organization_id, contact.organization_id]
    if all(map(is_id, places)):
        rows = await here.database.read(call.tenant_id, _GROUPS, places)
        if rows[0][0] == 1:
            return
    raise errors.invalid_field("contact.reports_to_contact_id", "SUPERIOR_ELSEWHERE")


CONTACT = Noun(
    _Contact,
    private_keys=CONTACTS.indexes,
    derived=CONTACTS.derived,
    hooks=Hooks(
        complete=complete,
        prepare_create=prepare,
        prepare_update=prepare_update,
        authorize=merging.authorize(CONTACTS),
    ),
    methods={
        "UpdateContact": update,
        **capture.methods_of(CONTACTS),
        **merging.methods_of(CONTACTS),
    },
)
