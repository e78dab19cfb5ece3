"""Communication: a call, a visit or a message with people outside (SAL-47, SAL-49, SAL-50)."""

from banyan.party.v1 import communication_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun
from party import status

_Communication = communication_pb2.Communication
_PLANNED = _Communication.STATUS_PLANNED
_HELD = _Communication.STATUS_HELD
_CANCELLED = _Communication.STATUS_CANCELLED


def prepare_update(old: _Communication, new: _Communication, _: Around) -> None:
    """Leave the status to its verbs.

    Raises:
        FailedPrecondition: STATUS_BY_VERB.
    """
    status.keep(old, new, "hold", "cancel", "reopen")


def validate(communication: _Communication, _: Around) -> None:
    """Refuse one that was held and came to nothing anybody wrote down (SAL-50).

    Raises:
        Invalid: RESULT_MISSING.
    """
    if communication.status == _HELD and not communication.result:
        raise errors.invalid_field("communication.result", "RESULT_MISSING")


def hold(
    communication: _Communication, request: communication_pb2.HoldCommunicationRequest, _: Around
) -> None:
    """Say that what was planned took place, how long, and what came of it.

    Raises:
        FailedPrecondition: WRONG_STATUS.
    """
    status.require(communication, _PLANNED)
    communication.status = _HELD
    communication.result = request.result or communication.result
    if request.HasField("duration"):
        communication.duration.CopyFrom(request.duration)


def cancel(
    communication: _Communication, request: communication_pb2.CancelCommunicationRequest, _: Around
) -> None:
    """Call off what was planned.

    Raises:
        FailedPrecondition: WRONG_STATUS.
    """
    status.require(communication, _PLANNED)
    communication.status = _CANCELLED
    communication.result = request.reason or communication.result


def reopen(
    communication: _Communication, _: communication_pb2.ReopenCommunicationRequest, __: Around
) -> None:
    """Plan again what was held or called off; what is written down of it stays.

    Raises:
        FailedPrecondition: WRONG_STATUS.
    """
    status.require(communication, _HELD, _CANCELLED)
    communication.status = _PLANNED


COMMUNICATION = Noun(
    _Communication,
    defaults={"status": _PLANNED},
    hooks=Hooks(prepare_update=prepare_update, validate=validate),
    verbs={
        "HoldCommunication": hold,
        "CancelCommunication": cancel,
        "ReopenCommunication": reopen,
    },
)
