"""Composition root of party."""

from chassis.hosting import Service
from party.address import ADDRESS
from party.annual_report import ANNUAL_REPORT
from party.communication import COMMUNICATION
from party.communication_participant import COMMUNICATION_PARTICIPANT
from party.contact import CONTACT
from party.duplicate import DUPLICATE
from party.duplicate import consumer as duplicates
from party.feedback import FEEDBACK
from party.financial_profile import FINANCIAL_PROFILE
from party.follow_up import FOLLOW_UP
from party.interest import INTEREST
from party.license import LICENSE, timer
from party.license import consumer as licenses
from party.merge import MERGE
from party.organization import ORGANIZATION
from party.reference import REFERENCE
from party.relationship import RELATIONSHIP
from party.source import SOURCE

SERVICE = Service(
    "party",
    nouns=(
        SOURCE,
        ORGANIZATION,
        CONTACT,
        ADDRESS,
        COMMUNICATION,
        COMMUNICATION_PARTICIPANT,
        FOLLOW_UP,
        RELATIONSHIP,
        INTEREST,
        REFERENCE,
        LICENSE,
        FINANCIAL_PROFILE,
        ANNUAL_REPORT,
        FEEDBACK,
        MERGE,
        DUPLICATE,
    ),
    consumers=lambda here: (licenses(here), duplicates(here)),
    timers=lambda here: (timer(here),),
)
