"""Errors as RFC 9457 problem details, in the reader's language."""

import math
from typing import Any

import orjson
from google.rpc import code_pb2

from chassis import errors
from chassis.telemetry import trace_id

MEDIA_TYPE = b"application/problem+json"
_STATUS: dict[int, int] = {
    code_pb2.INVALID_ARGUMENT: 400,
    code_pb2.UNAUTHENTICATED: 401,
    code_pb2.PERMISSION_DENIED: 403,
    code_pb2.NOT_FOUND: 404,
    code_pb2.ALREADY_EXISTS: 409,
    code_pb2.ABORTED: 409,
    code_pb2.FAILED_PRECONDITION: 422,
    code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.INTERNAL: 500,
    code_pb2.UNAVAILABLE: 503,
    code_pb2.DEADLINE_EXCEEDED: 504,
}
# Where HTTP has a closer word than the code's own.
_BY_REASON = {
    "STALE_ETAG": 412,
    "METHOD_NOT_ALLOWED": 405,
    "BODY_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RANGE_NOT_SATISFIABLE": 416,
}
# What any route may answer; 416 is for those only that give parts of something.
STATUSES = tuple(sorted({*_STATUS.values(), *_BY_REASON.values()} - {416}))


def status_of(error: errors.Error) -> int:
    """Give the HTTP status of an error."""
    return _BY_REASON.get(error.reason) or _STATUS.get(error.code, 500)


def problem(
    error: errors.Error, language: str, trace_parent: str
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Render an error: status, headers, body."""
    status = status_of(error)
    body: dict[str, Any] = {
        "type": f"urn:banyan:error:{error.reason}",
        "title": errors.sentence(error.reason, error.metadata, language),
        "status": status,
        "reason": error.reason,
        "trace": trace_id(trace_parent),
    }
    if error.metadata:
        body["metadata"] = error.metadata
    if error.violations:
        body["violations"] = [
            {
                "path": camel(violation.path),
                "reason": violation.reason,
                "description": _description(violation, language),
            }
            for violation in error.violations
        ]
    headers = [(b"content-type", MEDIA_TYPE)]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if error.retry_after:
        headers.append((b"retry-after", str(math.ceil(error.retry_after)).encode()))
    if status == 416:
        headers.append((b"content-range", f"bytes */{error.metadata['size']}".encode()))
    if "allow" in error.metadata:
        headers.append((b"allow", error.metadata["allow"].encode()))
    return status, headers, orjson.dumps(body)


def camel(path: str) -> str:
    """Write a proto path as JSON has it."""
    head, *rest = path.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def _description(violation: errors.FieldViolation, language: str) -> str:
    """Say what is wrong; a rule of the contract that has no sentence speaks for itself."""
    text = errors.sentence(violation.reason, violation.metadata, language)
    return violation.description or text if text == violation.reason else text
