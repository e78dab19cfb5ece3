"""DocumentLink: a document that belongs to a record (PLT-21, PTY-13)."""

from banyan.documents.v1 import document_link_pb2

from chassis.resources import Noun

DOCUMENT_LINK = Noun(
    document_link_pb2.DocumentLink,
    without={"Update": "a link is there or not; make another and delete this one"},
)
