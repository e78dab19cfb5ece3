"""Composition root of party."""

from chassis.hosting import Service
from party.communication import COMMUNICATION
from party.contact import CONTACT
from party.duplicate import DUPLICATE, consumer
from party.merge import MERGE
from party.organization import ORGANIZATION
from party.source import SOURCE

SERVICE = Service(
    "party",
    nouns=(SOURCE, ORGANIZATION, CONTACT, COMMUNICATION, MERGE, DUPLICATE),
    consumers=lambda here: (consumer(here),),
)
