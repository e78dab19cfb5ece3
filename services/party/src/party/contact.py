"""Contact: a person outside whom one talks to (PTY-01)."""

from banyan.party.v1 import contact_pb2

from chassis.resources import Around, Hooks, Noun
from party import capture, merging
from party.likeness import CONTACTS


def prepare(contact: contact_pb2.Contact, _: Around) -> None:
    """Write the e-mail as it is compared."""
    contact.email = contact.email.strip().lower()


def prepare_update(_: contact_pb2.Contact, contact: contact_pb2.Contact, around: Around) -> None:
    """Keep the e-mail as it is compared."""
    prepare(contact, around)


CONTACT = Noun(
    contact_pb2.Contact,
    keys=CONTACTS.indexes,
    private=CONTACTS.columns,
    hooks=Hooks(
        prepare_create=prepare,
        prepare_update=prepare_update,
        authorize=merging.authorize(CONTACTS),
    ),
    methods={**capture.methods_of(CONTACTS), **merging.methods_of(CONTACTS)},
)
