"""Communications: planned, then held with a result, or called off (SAL-47, SAL-50)."""

import pytest
from banyan.party.v1 import communication_pb2
from google.protobuf import duration_pb2

from chassis import errors
from party.communication import COMMUNICATION, cancel, hold, prepare_update, reopen, validate

Communication = communication_pb2.Communication
Hold = communication_pb2.HoldCommunicationRequest
Cancel = communication_pb2.CancelCommunicationRequest
Reopen = communication_pb2.ReopenCommunicationRequest
PLANNED, HELD, CANCELLED = (
    Communication.STATUS_PLANNED,
    Communication.STATUS_HELD,
    Communication.STATUS_CANCELLED,
)
HOUR, PLANNED_HALF = duration_pb2.Duration(seconds=3600), duration_pb2.Duration(seconds=1800)


def communication(status=PLANNED, **fields) -> Communication:
    return Communication(subject="Visit", status=status, **fields)


def test_a_new_one_is_planned():
    assert COMMUNICATION.defaults == {"status": PLANNED}


@pytest.mark.parametrize(
    ("there", "asked", "kept"),
    [
        ({}, {"result": "They buy."}, ("They buy.", 0)),
        ({"result": "noted"}, {}, ("noted", 0)),
        ({"result": "noted"}, {"result": "They buy."}, ("They buy.", 0)),
        ({"duration": PLANNED_HALF}, {"result": "x"}, ("x", 1800)),
        ({"duration": PLANNED_HALF}, {"result": "x", "duration": HOUR}, ("x", 3600)),
    ],
)
def test_what_was_planned_is_held_with_its_result(around, there, asked, kept):
    """SAL-50: what is asked goes over what is written down already."""
    made = communication(**there)
    hold(made, Hold(**asked), around)
    validate(made, around)
    assert (made.status, made.result, made.duration.seconds) == (HELD, *kept)


@pytest.mark.parametrize("status", [PLANNED, CANCELLED])
def test_a_result_is_needed_only_of_what_was_held(around, status):
    """SAL-50."""
    validate(communication(status), around)
    with pytest.raises(errors.Invalid) as caught:
        validate(communication(HELD), around)
    (found,) = caught.value.violations
    assert (found.path, found.reason) == ("communication.result", "RESULT_MISSING")


@pytest.mark.parametrize(
    ("reason", "kept"), [("they are ill", "they are ill"), ("", "to ask for 20 licences")]
)
def test_what_was_planned_is_called_off(around, reason, kept):
    made = communication(result="to ask for 20 licences")
    cancel(made, Cancel(reason=reason), around)
    assert (made.status, made.result) == (CANCELLED, kept)


@pytest.mark.parametrize("status", [HELD, CANCELLED])
def test_what_has_ended_is_planned_again(around, status):
    made = communication(status, result="x")
    reopen(made, Reopen(), around)
    assert (made.status, made.result) == (PLANNED, "x")


@pytest.mark.parametrize(
    ("verb", "request_", "status", "told"),
    [
        (hold, Hold(result="x"), HELD, ("HELD", "PLANNED")),
        (hold, Hold(result="x"), CANCELLED, ("CANCELLED", "PLANNED")),
        (cancel, Cancel(), HELD, ("HELD", "PLANNED")),
        (cancel, Cancel(), CANCELLED, ("CANCELLED", "PLANNED")),
        (reopen, Reopen(), PLANNED, ("PLANNED", "HELD, CANCELLED")),
    ],
)
def test_a_verb_says_which_status_it_needs(around, verb, request_, status, told):
    made = communication(status, result="kept")
    with pytest.raises(errors.FailedPrecondition) as caught:
        verb(made, request_, around)
    assert caught.value.reason == "WRONG_STATUS"
    assert caught.value.metadata == {"status": told[0], "wanted": told[1]}
    assert made == communication(status, result="kept")


def test_the_status_is_not_edited(around):
    for old in (PLANNED, HELD, CANCELLED):
        for new in (PLANNED, HELD, CANCELLED):
            if new == old:
                prepare_update(communication(old), communication(new), around)
                continue
            with pytest.raises(errors.FailedPrecondition) as caught:
                prepare_update(communication(old), communication(new), around)
            assert caught.value.reason == "STATUS_BY_VERB"
            assert caught.value.metadata == {"verbs": "hold, cancel, reopen"}


def test_a_replacement_that_says_no_status_keeps_it(around):
    new = Communication(subject="Visit")
    prepare_update(communication(HELD), new, around)
    assert new.status == HELD
