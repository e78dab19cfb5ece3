"""Composition root of insight."""

from chassis.hosting import Service
from insight.audit_record import AUDIT_RECORD, consumer

SERVICE = Service("insight", nouns=(AUDIT_RECORD,), consumers=lambda here: (consumer(here),))
