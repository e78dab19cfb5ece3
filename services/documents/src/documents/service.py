"""Composition root of documents."""

from chassis.hosting import Service
from chassis.resources.jobs import Job
from documents import parts
from documents.document import DOCUMENT, DOCUMENT_VERSION
from documents.document_link import DOCUMENT_LINK
from documents.export_job import EXPORT, EXPORT_JOB
from documents.exports.running import work as export
from documents.import_job import IMPORT, IMPORT_JOB, UNDO
from documents.import_problem import IMPORT_PROBLEM
from documents.import_step import IMPORT_STEP
from documents.imports.running import undo, work

SERVICE = Service(
    "documents",
    nouns=(
        DOCUMENT,
        DOCUMENT_VERSION,
        DOCUMENT_LINK,
        IMPORT_JOB,
        IMPORT_PROBLEM,
        IMPORT_STEP,
        EXPORT_JOB,
    ),
    timers=lambda here: (parts.timer(here),),
    jobs=(Job(IMPORT, work), Job(UNDO, undo), Job(EXPORT, export)),
)
