"""FollowUp: what is to be done after a communication, by whom and by when (SAL-51, SAL-52)."""

from banyan.party.v1 import follow_up_pb2

from chassis.resources import Around, Hooks, Noun
from party import status

_FollowUp = follow_up_pb2.FollowUp
_OPEN, _DONE, _CANCELLED = _FollowUp.STATUS_OPEN, _FollowUp.STATUS_DONE, _FollowUp.STATUS_CANCELLED


def prepare_create(follow_up: _FollowUp, around: Around) -> None:
    """Date the end of one that comes in ended."""
    if follow_up.status != _OPEN:
        follow_up.outcome_time.FromDatetime(around.now)


def prepare_update(old: _FollowUp, new: _FollowUp, _: Around) -> None:
    """Leave the status to its verbs.

    Raises:
        FailedPrecondition: STATUS_BY_VERB.
    """
    status.keep(old, new, "complete", "cancel", "reopen")


def complete(
    follow_up: _FollowUp, request: follow_up_pb2.CompleteFollowUpRequest, around: Around
) -> None:
    """Say that it is done, and what came of it.

    Raises:
        FailedPrecondition: WRONG_STATUS.
    """
    _end(follow_up, _DONE, request.result, around)


def cancel(
    follow_up: _FollowUp, request: follow_up_pb2.CancelFollowUpRequest, around: Around
) -> None:
    """Call it off, and say why.

    Raises:
        FailedPrecondition: WRONG_STATUS.
    """
    _end(follow_up, _CANCELLED, request.reason, around)


def reopen(follow_up: _FollowUp, _: follow_up_pb2.ReopenFollowUpRequest, __: Around) -> None:
    """Take up again what was done or called off; what came of it no longer holds.

    Raises:
        FailedPrecondition: WRONG_STATUS.
    """
    status.require(follow_up, _DONE, _CANCELLED)
    follow_up.status = _OPEN
    follow_up.ClearField("result")
    follow_up.ClearField("outcome_time")


def _end(
    follow_up: _FollowUp, ended: _FollowUp.Status.ValueType, result: str, around: Around
) -> None:
    status.require(follow_up, _OPEN)
    follow_up.status = ended
    follow_up.result = result or follow_up.result
    follow_up.outcome_time.FromDatetime(around.now)


FOLLOW_UP = Noun(
    _FollowUp,
    defaults={"status": _OPEN},
    hooks=Hooks(prepare_create=prepare_create, prepare_update=prepare_update),
    verbs={"CompleteFollowUp": complete, "CancelFollowUp": cancel, "ReopenFollowUp": reopen},
)
