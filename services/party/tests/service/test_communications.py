"""Communications, who took part, and what is to be done next (SAL-47 to SAL-52)."""

import uuid

import pytest
from banyan.party.v1 import communication_pb2, follow_up_pb2
from google.type import date_pb2

from chassis.access import Scope

HELD = communication_pb2.Communication.STATUS_HELD
PLANNED = communication_pb2.Communication.STATUS_PLANNED
DONE = follow_up_pb2.FollowUp.STATUS_DONE
OPEN = follow_up_pb2.FollowUp.STATUS_OPEN
RESULT = ("communication.result", "RESULT_MISSING")


def day(number: int) -> dict[str, int]:
    return {"year": 2026, "month": 3, "day": number}


async def verbs_of(firm, record) -> list[str]:
    return [change.verb for change in await firm.changes(record.id)]


async def test_a_communication_is_planned_held_and_reported(firm, violations, refusal):
    """SAL-47, SAL-50, SAL-54: one record from the plan to the result."""
    made = await firm.communication(kind="visit", purpose="Show the new press")
    assert made.status == PLANNED
    assert await violations(firm.call("HoldCommunication", id=made.id)) == [RESULT]
    held = await firm.call(
        "HoldCommunication", id=made.id, result="They want two.", duration={"seconds": 5400}
    )
    assert (held.status, held.result, held.duration.seconds) == (HELD, "They want two.", 5400)
    error = await refusal(firm.call("CancelCommunication", id=made.id))
    assert (error.reason, error.metadata) == (
        "WRONG_STATUS",
        {"status": "HELD", "wanted": "PLANNED"},
    )
    again = await firm.call("ReopenCommunication", id=made.id)
    assert (again.status, again.result) == (PLANNED, "They want two.")
    off = await firm.call("CancelCommunication", id=made.id, reason="they are ill")
    assert (off.result, off.etag) == ("they are ill", "4")
    assert await verbs_of(firm, made) == ["create", "hold", "reopen", "cancel"]


async def test_one_that_was_not_planned_is_written_down_as_held(firm, violations):
    """SAL-47: also the informal one, after it."""
    made = await firm.communication(status=HELD, result="He likes it.")
    assert (made.status, made.result) == (HELD, "He likes it.")
    assert await violations(firm.communication(status=HELD)) == [RESULT]


async def test_the_status_is_not_edited(firm, refusal):
    made = await firm.communication()
    error = await refusal(firm.update("Communication", made.id, status=HELD, result="x"))
    assert error.reason == "STATUS_BY_VERB"


async def test_a_length_below_zero_is_none(firm, violations):
    made = await firm.communication()
    for attempt, path in (
        (firm.communication(duration={"seconds": -1}), "communication.duration"),
        (firm.call("HoldCommunication", id=made.id, duration={"seconds": -1}), "duration"),
    ):
        assert [found for found, _ in await violations(attempt)] == [path]


async def test_communications_are_found_and_counted_by_type(firm):
    """SAL-48: the types are the firm's own."""
    for kind in ("call", "visit", "call"):
        await firm.communication(kind=kind)
    reply = await firm.call("ListCommunications", filter='kind = "call"')
    assert len(reply.communications) == 2
    summary = await firm.call("SummarizeCommunications", group_by="kind")
    counts = {g.keys["kind"].string_value: g.values["count"].string_value for g in summary.groups}
    assert counts == {"call": "2", "visit": "1"}


async def test_a_log_is_brought_along_many_at_once(firm):
    """PLT-19, SAL-47: a row without its result is named, the others go in."""
    rows = [
        {"communication": {"subject": f"call {n}", "start_time": {"seconds": 1_770_000_000},
                           "status": HELD, "result": result}}
        for n, result in enumerate(("yes", "", "no"))
    ]  # fmt: skip
    reply = await firm.call("BatchCreateCommunications", requests=rows)
    assert [made.subject for made in reply.communications] == ["call 0", "call 2"]
    (error,) = reply.errors
    assert (error.row, [(f.path, f.reason) for f in error.fields]) == (1, [RESULT])


async def test_people_of_both_sides_take_part(firm, until):
    """SAL-49: each by name, ours and theirs."""
    made = await firm.communication()
    guest = await firm.contact(name="Li Na")
    theirs = await firm.make(
        "CommunicationParticipant", communication_id=made.id, contact_id=guest.id, role="chair"
    )
    ours = await firm.make(
        "CommunicationParticipant", communication_id=made.id, user_id=firm.boss.user_id
    )
    assert (theirs.communication_subject, theirs.contact_name) == ("Visit", "Li Na")
    asked = f'communicationId = "{made.id}"'
    reply = await firm.call("ListCommunicationParticipants", filter=asked, order_by="id")
    assert [found.id for found in reply.communication_participants] == [theirs.id, ours.id]

    async def name() -> str:
        read = await firm.call("GetCommunicationParticipant", id=ours.id)
        return read.user_display_name

    assert await until(name) == "Somebody"


async def test_a_participant_is_one_person(firm, violations):
    made = await firm.communication()
    nobody = firm.make("CommunicationParticipant", communication_id=made.id)
    assert [path for path, _ in await violations(nobody)] == ["communication_participant.person"]


# --- what is to be done next


async def test_a_next_action_has_an_owner_and_a_due_date(firm):
    """SAL-51: what is open beyond its day is overdue."""
    visit = await firm.communication()
    late, soon, done = [
        await firm.make(
            "FollowUp",
            subject=f"due {number}",
            communication_id=visit.id,
            due_date=day(number),
            owner_user_id=firm.boss.user_id,
        )
        for number in (1, 20, 2)
    ]
    await firm.call("CompleteFollowUp", id=done.id, result="sent")
    overdue = 'status = "OPEN" AND dueDate < "2026-03-15"'
    reply = await firm.call("ListFollowUps", filter=overdue)
    assert [found.id for found in reply.follow_ups] == [late.id]
    mine = f'communicationId = "{visit.id}" AND ownerUserId = "{firm.boss.user_id}"'
    reply = await firm.call("ListFollowUps", filter=mine, order_by="due_date")
    assert [found.id for found in reply.follow_ups] == [late.id, done.id, soon.id]
    assert (late.communication_subject, late.due_date) == ("Visit", date_pb2.Date(**day(1)))


async def test_a_next_action_is_done_reopened_and_called_off(firm, violations):
    """SAL-51: one change per step, each by its own verb."""
    made = await firm.make(
        "FollowUp", subject="Offer", communication_id=(await firm.communication()).id
    )
    done = await firm.call("CompleteFollowUp", id=made.id, result="sent")
    assert (done.status, done.result, done.HasField("outcome_time")) == (DONE, "sent", True)
    again = await firm.call("ReopenFollowUp", id=made.id)
    assert (again.status, again.result, again.HasField("outcome_time")) == (OPEN, "", False)
    unsaid = firm.call("CancelFollowUp", id=made.id)
    assert await violations(unsaid) == [("reason", "STRING_MIN_LEN")]
    off = await firm.call("CancelFollowUp", id=made.id, reason="they bought elsewhere")
    assert off.result == "they bought elsewhere"
    assert await verbs_of(firm, made) == ["create", "complete", "reopen", "cancel"]


@pytest.mark.parametrize("collection", ["projects", "wbsNodes", "risks", "changeRequests"])
async def test_a_next_action_belongs_to_any_record(firm, collection):
    """SAL-52: a project, work, a risk or a change, by its resource name."""
    record = f"{collection}/{uuid.uuid4()}"
    visit = await firm.communication()
    made = await firm.make("FollowUp", subject="x", communication_id=visit.id, record=record)
    reply = await firm.call("ListFollowUps", filter=f'record = "{record}"')
    assert [found.id for found in reply.follow_ups] == [made.id]


@pytest.mark.parametrize("record", ["projects", "projects/1", f"{uuid.uuid4()}", "Projects/x/y"])
async def test_what_is_no_resource_name_is_refused(firm, violations, record):
    visit = await firm.communication()
    made = firm.make("FollowUp", subject="x", communication_id=visit.id, record=record)
    assert await violations(made) == [("follow_up.record", "STRING_PATTERN")]


async def test_who_may_edit_does_not_hold_by_that(firm, refusal):
    """PLT-16: each verb is a right of its own."""
    made = await firm.communication()
    clerk = await firm.person(
        ("party.Communication", "read", Scope.ALL), ("party.Communication", "update", Scope.ALL)
    )
    error = await refusal(firm.call("HoldCommunication", clerk, id=made.id, result="x"))
    assert error.reason == "PERMISSION_DENIED"
