"""Composition root of identity."""

from chassis.hosting import Service
from identity import lockout
from identity.access import METHODS
from identity.api_client import API_CLIENT
from identity.api_key import API_KEY
from identity.edition import EDITION
from identity.legal_entity import LEGAL_ENTITY
from identity.org_unit import ORG_UNIT
from identity.position import POSITION
from identity.role import ROLE
from identity.role_assignment import ROLE_ASSIGNMENT
from identity.session import SESSION
from identity.tenant import TENANT
from identity.user import USER

SERVICE = Service(
    "identity",
    nouns=(
        EDITION,
        TENANT,
        LEGAL_ENTITY,
        ORG_UNIT,
        USER,
        POSITION,
        ROLE,
        ROLE_ASSIGNMENT,
        API_CLIENT,
        API_KEY,
        SESSION,
    ),
    methods=METHODS,
    timers=lambda here: (lockout.timer(here),),
)
lockout.describe_tables(SERVICE.metadata)
