"""The one error type that crosses every boundary.

Rules raise these; the rpc layer writes them as ``google.rpc.Status`` with ``ErrorInfo``,
``BadRequest`` and ``PreconditionFailure`` and reads them back into the same class; the gateway
renders them as RFC 9457 problem details. Anything else that is raised becomes an opaque INTERNAL
with its trace id.

``reason`` is stable and UPPER_SNAKE. Its sentence stands in ``protos/labels``, so that it reaches
people in their language; the text is filled from ``metadata``.
"""

from chassis.errors.status import from_status, to_status
from chassis.errors.texts import labels, languages, sentence
from chassis.errors.types import (
    AlreadyExists,
    Conflict,
    DeadlineExceeded,
    Error,
    Exhausted,
    FailedPrecondition,
    FieldViolation,
    Forbidden,
    Internal,
    Invalid,
    NotFound,
    Unauthenticated,
    Unavailable,
    invalid_field,
)

__all__ = [
    "AlreadyExists",
    "Conflict",
    "DeadlineExceeded",
    "Error",
    "Exhausted",
    "FailedPrecondition",
    "FieldViolation",
    "Forbidden",
    "Internal",
    "Invalid",
    "NotFound",
    "Unauthenticated",
    "Unavailable",
    "from_status",
    "invalid_field",
    "labels",
    "languages",
    "sentence",
    "to_status",
]
