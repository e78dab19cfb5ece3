"""Next actions: open until they are done or called off (SAL-51)."""

import pytest
from banyan.party.v1 import follow_up_pb2

from chassis import errors
from party.follow_up import FOLLOW_UP, cancel, complete, prepare_create, prepare_update, reopen

FollowUp = follow_up_pb2.FollowUp
Complete = follow_up_pb2.CompleteFollowUpRequest
Cancel = follow_up_pb2.CancelFollowUpRequest
Reopen = follow_up_pb2.ReopenFollowUpRequest
OPEN, DONE, CANCELLED = FollowUp.STATUS_OPEN, FollowUp.STATUS_DONE, FollowUp.STATUS_CANCELLED


def follow_up(status=OPEN, result="") -> FollowUp:
    return FollowUp(subject="Send the offer", status=status, result=result)


def test_a_new_one_is_open(around):
    assert FOLLOW_UP.defaults == {"status": OPEN}
    made = follow_up()
    prepare_create(made, around)
    assert not made.HasField("outcome_time")


@pytest.mark.parametrize("status", [DONE, CANCELLED])
def test_one_that_comes_in_ended_is_dated(around, status):
    """PLT-19: an import brings what was done before."""
    made = follow_up(status)
    prepare_create(made, around)
    assert made.outcome_time.ToDatetime(around.now.tzinfo) == around.now


@pytest.mark.parametrize(
    ("verb", "request_", "there", "kept"),
    [
        (complete, Complete(result="sent"), "", (DONE, "sent")),
        (complete, Complete(), "half of it", (DONE, "half of it")),
        (complete, Complete(), "", (DONE, "")),
        (cancel, Cancel(reason="they bought elsewhere"), "x", (CANCELLED, "they bought elsewhere")),
    ],
)
def test_it_ends_with_what_came_of_it(around, verb, request_, there, kept):
    made = follow_up(result=there)
    verb(made, request_, around)
    assert (made.status, made.result) == kept
    assert made.outcome_time.ToDatetime(around.now.tzinfo) == around.now


@pytest.mark.parametrize("status", [DONE, CANCELLED])
def test_it_is_taken_up_again(around, status):
    made = follow_up(status, "sent")
    made.outcome_time.FromDatetime(around.now)
    reopen(made, Reopen(), around)
    assert made == follow_up()


@pytest.mark.parametrize(
    ("verb", "request_", "status", "wanted"),
    [
        (complete, Complete(), DONE, "OPEN"),
        (complete, Complete(), CANCELLED, "OPEN"),
        (cancel, Cancel(reason="x"), DONE, "OPEN"),
        (cancel, Cancel(reason="x"), CANCELLED, "OPEN"),
        (reopen, Reopen(), OPEN, "DONE, CANCELLED"),
    ],
)
def test_a_verb_says_which_status_it_needs(around, verb, request_, status, wanted):
    with pytest.raises(errors.FailedPrecondition) as caught:
        verb(follow_up(status), request_, around)
    named = FollowUp.Status.Name(status).removeprefix("STATUS_")
    assert (caught.value.reason, caught.value.metadata) == (
        "WRONG_STATUS",
        {"status": named, "wanted": wanted},
    )


@pytest.mark.parametrize("status", [OPEN, DONE])
def test_the_status_is_not_edited(around, status):
    with pytest.raises(errors.FailedPrecondition) as caught:
        prepare_update(follow_up(status), follow_up(CANCELLED), around)
    assert caught.value.metadata == {"verbs": "complete, cancel, reopen"}
    unsaid = FollowUp(subject="Send the offer")
    prepare_update(follow_up(status), unsaid, around)
    assert unsaid.status == status
