"""DocumentLink: a document that belongs to a record (PLT-21, PTY-13)."""

from banyan.documents.v1 import document_link_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun
from documents.nouns import collections


def validate(link: document_link_pb2.DocumentLink, _: Around) -> None:
    """Refuse a target of a kind that no record is of.

    Raises:
        Invalid: UNKNOWN_COLLECTION.
    """
    collection = link.target.partition("/")[0]
    if collection not in collections():
        raise errors.invalid_field("document_link.target", "UNKNOWN_COLLECTION", found=collection)


DOCUMENT_LINK = Noun(
    document_link_pb2.DocumentLink,
    reads=("document_id",),
    hooks=Hooks(validate=validate),
    without={"Update": "a link is there or not; make another and delete this one"},
)
