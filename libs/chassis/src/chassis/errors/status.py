"""Errors as ``google.rpc.Status`` and back."""

import re

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from chassis.errors import types
from chassis.errors.texts import sentence

DOMAIN = "banyan"
# gRPC carries at most 8 KiB of trailers by default, the status and its base64 included.
DETAIL_BYTES_MAX = 4_000
PATH_LENGTH_MAX = 200
_OF_VIOLATION = re.compile(r"violations\[(\d+)\]\.(.+)")

_BY_CODE: dict[int, type[types.Error]] = {
    kind.code: kind
    for kind in (
        types.Invalid,
        types.NotFound,
        types.AlreadyExists,
        types.FailedPrecondition,
        types.Conflict,
        types.Forbidden,
        types.Unauthenticated,
        types.Exhausted,
        types.Unavailable,
        types.DeadlineExceeded,
        types.Internal,
    )
}


def to_status(error: types.Error) -> status_pb2.Status:
    """Write an error as a status with standard details; the message is in English."""
    status = status_pb2.Status(code=error.code, message=sentence(error.reason, error.metadata))
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata)
    bad = _bad_request(error, info)
    _pack(status, info)
    if error.violations:
        _pack(status, bad)
    if isinstance(error, types.FailedPrecondition):
        violation = error_details_pb2.PreconditionFailure.Violation(
            type=error.reason,
            subject=error.metadata.get("resource", ""),
            description=status.message,
        )
        _pack(status, error_details_pb2.PreconditionFailure(violations=[violation]))
    if error.retry_after:
        delay = duration_pb2.Duration()
        delay.FromMicroseconds(int(error.retry_after * 1_000_000))
        _pack(status, error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def from_status(status: status_pb2.Status) -> types.Error:
    """Read back the error a status was written from.

    A status from elsewhere (a proxy, a library) gets its code's name as the reason.
    """
    info = error_details_pb2.ErrorInfo()
    bad = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in status.details:
        for target in (info, bad, retry):
            detail.Unpack(target)
    kind = _BY_CODE.get(status.code, types.Internal)
    reason = info.reason or code_pb2.Code.Name(code_pb2.Code.ValueType(status.code))
    error = kind(
        reason,
        violations=[
            types.FieldViolation(v.field, v.reason, v.description) for v in bad.field_violations
        ],
        retry_after=retry.retry_delay.ToMicroseconds() / 1_000_000,
    )
    for key, value in info.metadata.items():
        match = _OF_VIOLATION.fullmatch(key)
        if match is None:
            error.metadata[key] = value
        elif int(match[1]) < len(error.violations):
            error.violations[int(match[1])].metadata[match[2]] = value
    return error


def _bad_request(
    error: types.Error, info: error_details_pb2.ErrorInfo
) -> error_details_pb2.BadRequest:
    """List the violations, as many as fit into a trailer.

    A field violation has no place for the values of its sentence, so they travel in the error's
    metadata as ``violations[<n>].<key>``.
    """
    request = error_details_pb2.BadRequest()
    for index, violation in enumerate(error.violations):
        if request.ByteSize() + info.ByteSize() > DETAIL_BYTES_MAX:
            info.metadata["violations_left_out"] = str(len(error.violations) - index)
            break
        request.field_violations.add(
            field=violation.path[:PATH_LENGTH_MAX],
            reason=violation.reason,
            description=violation.description,
        )
        for key, value in violation.metadata.items():
            info.metadata[f"violations[{index}].{key}"] = value[:PATH_LENGTH_MAX]
    return request


def _pack(status: status_pb2.Status, detail: Message) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    status.details.append(packed)
