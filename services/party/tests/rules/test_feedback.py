"""Suggestions and complaints: open, answered in time, closed (PTY-34)."""

import dataclasses

import pytest
from banyan.party.v1 import contact_pb2, feedback_pb2
from google.type import date_pb2

from chassis import errors
from party.feedback import answer, close, prepare_create, prepare_update, reopen, validate

Feedback = feedback_pb2.Feedback
Answer = feedback_pb2.AnswerFeedbackRequest
OPEN, ANSWERED, CLOSED = Feedback.STATUS_OPEN, Feedback.STATUS_ANSWERED, Feedback.STATUS_CLOSED


def day(year: int, month: int, number: int) -> date_pb2.Date:
    return date_pb2.Date(year=year, month=month, day=number)


RECEIVED, DUE = day(2026, 2, 27), day(2026, 3, 2)


def feedback(status=OPEN, answer_="", **fields) -> Feedback:
    usual = {"organization_id": "o", "receive_date": RECEIVED, "answer_due_date": DUE}
    return Feedback(subject="Loud", status=status, answer=answer_, **usual | fields)


def refusal(kind, check, *arguments) -> errors.Error:
    with pytest.raises(kind) as caught:
        check(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, (day(2026, 3, 15), day(2026, 3, 18))),
        ({"receive_date": RECEIVED}, (RECEIVED, DUE)),
        ({"receive_date": RECEIVED, "answer_due_date": RECEIVED}, (RECEIVED, RECEIVED)),
        ({"receive_date": day(9999, 12, 30)}, (day(9999, 12, 30), day(9999, 12, 31))),
    ],
)
def test_an_answer_is_due_three_days_after_unless_told_otherwise(around, given, kept):
    """PTY-34: it is today where the firm is."""
    made = Feedback(status=OPEN, **given)
    prepare_create(made, around)
    assert (made.receive_date, made.answer_due_date) == kept
    assert not made.HasField("answer_time")


@pytest.mark.parametrize(("given", "kept"), [("", "theirs"), ("o", "o")])
def test_it_is_of_the_contacts_organization_unless_told_otherwise(around, given, kept):
    contact = contact_pb2.Contact(organization_id="theirs")
    around = dataclasses.replace(around, referred={"contact_id": contact})
    made = feedback(organization_id=given)
    prepare_create(made, around)
    assert made.organization_id == kept
    changed = feedback(organization_id=given)
    prepare_update(feedback(), changed, around)
    assert changed.organization_id == kept


def test_an_answer_is_not_due_before_the_question(around):
    validate(feedback(answer_due_date=RECEIVED), around)
    early = feedback(answer_due_date=day(2026, 2, 26))
    (found,) = refusal(errors.Invalid, validate, early, around).violations
    assert (found.path, found.reason) == ("feedback.answer_due_date", "DUE_BEFORE_RECEIVED")


@pytest.mark.parametrize("status", [ANSWERED, CLOSED])
def test_what_came_in_answered_has_an_answer_and_is_dated(around, status):
    """PLT-19: an import brings what was answered before."""
    made = feedback(status, "We oil it.")
    prepare_create(made, around)
    assert made.answer_time.ToDatetime(around.now.tzinfo) == around.now
    validate(made, around)
    (found,) = refusal(errors.Invalid, validate, feedback(status), around).violations
    assert (found.path, found.reason) == ("feedback.answer", "ANSWER_MISSING")


@pytest.mark.parametrize("before", [OPEN, ANSWERED])
@pytest.mark.parametrize(
    ("there", "asked", "kept"),
    [("", "We oil it.", "We oil it."), ("draft", "", "draft"), ("draft", "better", "better")],
)
def test_it_is_answered(around, before, there, asked, kept):
    made = feedback(before, there)
    answer(made, Answer(answer=asked), around)
    assert (made.status, made.answer) == (ANSWERED, kept)
    assert made.answer_time.ToDatetime(around.now.tzinfo) == around.now


def test_what_was_answered_is_closed_and_taken_up_again(around):
    made = feedback(ANSWERED, "We oil it.")
    made.answer_time.FromDatetime(around.now)
    close(made, feedback_pb2.CloseFeedbackRequest(), around)
    assert made.status == CLOSED
    reopen(made, feedback_pb2.ReopenFeedbackRequest(), around)
    assert made == feedback(OPEN, "We oil it.")


@pytest.mark.parametrize(
    ("verb", "status", "told"),
    [
        (answer, CLOSED, ("CLOSED", "OPEN, ANSWERED")),
        (close, OPEN, ("OPEN", "ANSWERED")),
        (close, CLOSED, ("CLOSED", "ANSWERED")),
        (reopen, OPEN, ("OPEN", "ANSWERED, CLOSED")),
    ],
)
def test_a_verb_says_which_status_it_needs(around, verb, status, told):
    """PTY-34: what was not answered is not closed."""
    request = Answer(answer="x")
    error = refusal(errors.FailedPrecondition, verb, feedback(status, "x"), request, around)
    assert (error.reason, error.metadata) == (
        "WRONG_STATUS",
        {"status": told[0], "wanted": told[1]},
    )


def test_a_draft_is_edited_and_an_answer_is_not(around):
    prepare_update(feedback(OPEN, "draft"), feedback(OPEN, "better"), around)
    for status in (ANSWERED, CLOSED):
        old, new = feedback(status, "We oil it."), feedback(status, "We did.")
        error = refusal(errors.FailedPrecondition, prepare_update, old, new, around)
        assert error.reason == "ANSWER_GIVEN"


def test_the_status_is_not_edited(around):
    changed = feedback(ANSWERED, "x")
    error = refusal(errors.FailedPrecondition, prepare_update, feedback(), changed, around)
    assert (error.reason, error.metadata) == (
        "STATUS_BY_VERB",
        {"verbs": "answer, close, reopen"},
    )


def test_a_replacement_that_says_no_dates_keeps_when_it_came(around):
    new = Feedback(subject="Loud", organization_id="o")
    prepare_update(feedback(), new, around)
    assert new == feedback()
