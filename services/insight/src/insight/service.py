"""Composition root of insight."""

from chassis.hosting import Service
from insight import audit_record, search_entry
from insight.audit_record import AUDIT_RECORD
from insight.search import METHODS

SERVICE = Service(
    "insight",
    nouns=(AUDIT_RECORD,),
    methods=METHODS,
    consumers=lambda here: (audit_record.consumer(here), search_entry.consumer()),
)
search_entry.describe_tables(SERVICE.metadata)
