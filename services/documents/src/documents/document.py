"""Document: a file with every version it had (PLT-21)."""

from banyan.documents.v1 import document_pb2, document_version_pb2
from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.resources import Noun
from documents.content import read, write

DOCUMENT = Noun(
    document_pb2.Document,
    methods={"WriteDocumentContent": write, "ReadDocumentContent": read},
)
DOCUMENT_VERSION = Noun(
    document_version_pb2.DocumentVersion,
    # Sizes of the parts, the numbers of their objects, and how many of these were ever given out.
    private={
        "parts": ARRAY(BigInteger()),
        "part_objects": ARRAY(BigInteger()),
        "objects_named": BigInteger(),
    },
    without={
        "Create": "a version is written by WriteDocumentContent",
        "Update": "what was written was written; the next version changes it",
        "Delete": "every version a document had is kept",
    },
)
