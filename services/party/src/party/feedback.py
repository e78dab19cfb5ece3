"""Feedback: a suggestion or a complaint, and its answer, which is due soon (PTY-34)."""

from banyan.party.v1 import feedback_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun
from party import status
from party.days import date_of, day_of, days_after

_Feedback = feedback_pb2.Feedback
_OPEN = _Feedback.STATUS_OPEN
_ANSWERED = _Feedback.STATUS_ANSWERED
_CLOSED = _Feedback.STATUS_CLOSED
ANSWER_DAYS = 3


def prepare_create(feedback: _Feedback, around: Around) -> None:
    """Say whose it is, when it came and until when it is to be answered, unless told otherwise."""
    if not feedback.HasField("receive_date"):
        feedback.receive_date.CopyFrom(date_of(around.today))
    _complete(feedback, around)
    if feedback.status != _OPEN:
        feedback.answer_time.FromDatetime(around.now)


def prepare_update(old: _Feedback, new: _Feedback, around: Around) -> None:
    """Leave the status to its verbs, and what was answered as it is.

    Raises:
        FailedPrecondition: STATUS_BY_VERB, ANSWER_GIVEN.
    """
    status.keep(old, new, "answer", "close", "reopen")
    if old.status != _OPEN and new.answer != old.answer:
        raise errors.FailedPrecondition("ANSWER_GIVEN")
    if not new.HasField("receive_date"):
        new.receive_date.CopyFrom(old.receive_date)
    _complete(new, around)


def _complete(feedback: _Feedback, around: Around) -> None:
    contact = around.record("contact_id")
    if not feedback.organization_id and contact is not None:
        feedback.organization_id = contact.organization_id
    if not feedback.HasField("answer_due_date"):
        due = days_after(day_of(feedback.receive_date), ANSWER_DAYS)
        feedback.answer_due_date.CopyFrom(date_of(due))


def validate(feedback: _Feedback, _: Around) -> None:
    """Refuse an answer that is due before the question, or that is none.

    Raises:
        Invalid: DUE_BEFORE_RECEIVED, ANSWER_MISSING.
    """
    if day_of(feedback.answer_due_date) < day_of(feedback.receive_date):
        raise errors.invalid_field("feedback.answer_due_date", "DUE_BEFORE_RECEIVED")
    if feedback.status != _OPEN and not feedback.answer:
        raise errors.invalid_field("feedback.answer", "ANSWER_MISSING")


def answer(
    feedback: _Feedback, request: feedback_pb2.AnswerFeedbackRequest, around: Around
) -> None:
    """Say what was answered; an answer may be followed by a better one until it is closed.

    Raises:
        FailedPrecondition: WRONG_STATUS.
    """
    status.require(feedback, _OPEN, _ANSWERED)
    feedback.status = _ANSWERED
    feedback.answer = request.answer or feedback.answer
    feedback.answer_time.FromDatetime(around.now)


def close(feedback: _Feedback, _: feedback_pb2.CloseFeedbackRequest, __: Around) -> None:
    """Say that the answer was enough; what was not answered is not closed.

    Raises:
        FailedPrecondition: WRONG_STATUS.
    """
    status.require(feedback, _ANSWERED)
    feedback.status = _CLOSED


def reopen(feedback: _Feedback, _: feedback_pb2.ReopenFeedbackRequest, __: Around) -> None:
    """Take it up again; the answer becomes a draft.

    Raises:
        FailedPrecondition: WRONG_STATUS.
    """
    status.require(feedback, _ANSWERED, _CLOSED)
    feedback.status = _OPEN
    feedback.ClearField("answer_time")


FEEDBACK = Noun(
    _Feedback,
    defaults={"status": _OPEN},
    reads=("contact_id",),
    hooks=Hooks(prepare_create=prepare_create, prepare_update=prepare_update, validate=validate),
    verbs={"AnswerFeedback": answer, "CloseFeedback": close, "ReopenFeedback": reopen},
)
