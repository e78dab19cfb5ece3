"""DocumentLink: a document that belongs to a record (PLT-21, PTY-13)."""

from typing import Any

from banyan.documents.v1 import document_link_pb2

from chassis import errors
from chassis.ids import is_id
from chassis.resources import Around, Hooks, Noun, Resources
from chassis.rpc import Call
from documents.nouns import collections

_Link = document_link_pb2.DocumentLink


async def complete(here: Resources, call: Call, new: Any, known: dict[Any, Any]) -> None:
    """Refuse a target that is not there for whoever makes the link.

    Raises:
        Invalid: REFERENCE_NOT_FOUND.
    """
    collection, _, target = new.target.partition("/")
    kind = collections().get(collection)
    if kind is None or not is_id(target):
        return  # what it is instead is said with everything else that is wrong
    if not await here[_Link].rules.references.is_there(call, kind, target, known):
        raise errors.invalid_field("document_link.target", "REFERENCE_NOT_FOUND")


def validate(link: _Link, _: Around) -> None:
    """Refuse a target of a kind that no record is of.

    Raises:
        Invalid: UNKNOWN_COLLECTION.
    """
    collection = link.target.partition("/")[0]
    if collection not in collections():
        raise errors.invalid_field("document_link.target", "UNKNOWN_COLLECTION", found=collection)


DOCUMENT_LINK = Noun(
    _Link,
    reads=("document_id",),
    hooks=Hooks(complete=complete, validate=validate),
    without={"Update": "a link is there or not; make another and delete this one"},
)
