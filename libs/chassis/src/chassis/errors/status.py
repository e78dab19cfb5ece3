"""Errors as ``google.rpc.Status`` and back."""

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from chassis.errors import types
from chassis.errors.texts import sentence

DOMAIN = "banyan"

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
    _pack(status, info)
    if error.violations:
        _pack(status, _bad_request(error))
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
    error.metadata.update(info.metadata)
    return error


def _bad_request(error: types.Error) -> error_details_pb2.BadRequest:
    request = error_details_pb2.BadRequest()
    for violation in error.violations:
        description = violation.description or sentence(violation.reason, violation.metadata)
        request.field_violations.add(
            field=violation.path, reason=violation.reason, description=description
        )
    return request


def _pack(status: status_pb2.Status, detail: Message) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    status.details.append(packed)
