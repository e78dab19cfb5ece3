"""The error classes, one per gRPC code that Banyan uses."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from google.rpc import code_pb2


@dataclass(frozen=True)
class FieldViolation:
    """What is wrong with one field of a request.

    Attributes:
        path: proto path from the request, such as ``source.name``.
        reason: UPPER_SNAKE; its sentence stands in the labels.
        description: the sentence in English, for messages whose text comes from a rule.
        metadata: values the sentence is filled with.
    """

    path: str
    reason: str
    description: str = ""
    metadata: dict[str, str] = field(default_factory=dict[str, str])


class Error(Exception):
    """A refusal with a stable reason.

    Attributes:
        code: the ``google.rpc.Code`` number.
        reason: UPPER_SNAKE, stable, unique in the product.
        metadata: what the sentence is filled with; never holds what the caller may not see.
        violations: per field, for `Invalid`.
        retry_after: seconds to wait before trying again, 0 when unknown.
    """

    code: ClassVar[int] = code_pb2.UNKNOWN

    def __init__(
        self,
        reason: str,
        /,
        *,
        violations: Iterable[FieldViolation] = (),
        retry_after: float = 0,
        **metadata: object,
    ) -> None:
        self.reason = reason
        self.metadata = {key: str(value) for key, value in metadata.items()}
        self.violations = tuple(violations)
        self.retry_after = retry_after
        super().__init__(reason, self.metadata or None, self.violations or None)

    @property
    def cause(self) -> "Error | FieldViolation":
        """Give what says best what is wrong where one sentence has to: the first field's."""
        return self.violations[0] if self.violations else self


class Invalid(Error):
    """The request is malformed whatever the state: wrong type, unknown field, broken rule."""

    code = code_pb2.INVALID_ARGUMENT


class NotFound(Error):
    """Not there, or not there for this caller."""

    code = code_pb2.NOT_FOUND


class AlreadyExists(Error):
    """A unique key is taken."""

    code = code_pb2.ALREADY_EXISTS


class FailedPrecondition(Error):
    """A rule of state refuses; repeating without changing the state does not help."""

    code = code_pb2.FAILED_PRECONDITION


class Conflict(Error):
    """Somebody else was faster (stale etag, same request id with another body)."""

    code = code_pb2.ABORTED


class Forbidden(Error):
    """The caller may not do this, and may know that it exists."""

    code = code_pb2.PERMISSION_DENIED


class Unauthenticated(Error):
    """No valid proof of who is calling."""

    code = code_pb2.UNAUTHENTICATED


class Exhausted(Error):
    """A limit is reached."""

    code = code_pb2.RESOURCE_EXHAUSTED


class Unavailable(Error):
    """A part of the system cannot be reached; trying again later helps."""

    code = code_pb2.UNAVAILABLE


class DeadlineExceeded(Error):
    """The caller's time was up."""

    code = code_pb2.DEADLINE_EXCEEDED


class Internal(Error):
    """Something unforeseen; only its trace id leaves the process."""

    code = code_pb2.INTERNAL


def invalid_field(path: str, reason: str, **metadata: object) -> Invalid:
    """Give the error for one wrong field."""
    values = {key: str(value) for key, value in metadata.items()}
    return Invalid("INVALID_FIELDS", violations=[FieldViolation(path, reason, metadata=values)])
