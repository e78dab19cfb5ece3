"""Suggestions and complaints, and annual reports, over RPC (PTY-13, PTY-34)."""

from banyan.party.v1 import feedback_pb2

Feedback = feedback_pb2.Feedback
YEAR = ("annual_report.fiscal_year", "INT32_GTE_LTE")


def day(number: int) -> dict[str, int]:
    return {"year": 2026, "month": 3, "day": number}


async def complaint(firm, **fields):
    place = (await firm.organization()).id
    record = {"subject": "Loud", "kind": Feedback.KIND_COMPLAINT, "organization_id": place}
    return await firm.make("Feedback", **record | fields)


async def test_a_complaint_is_answered_closed_and_taken_up_again(firm, refusal, violations):
    """PTY-34: one change per step, each by its own verb."""
    made = await complaint(firm)
    assert await violations(firm.call("AnswerFeedback", id=made.id)) == [
        ("feedback.answer", "ANSWER_MISSING")
    ]
    error = await refusal(firm.call("CloseFeedback", id=made.id))
    assert (error.reason, error.metadata) == (
        "WRONG_STATUS",
        {"status": "OPEN", "wanted": "ANSWERED"},
    )
    answered = await firm.call("AnswerFeedback", id=made.id, answer="We oil it.")
    assert (answered.status, answered.answer) == (Feedback.STATUS_ANSWERED, "We oil it.")
    assert (await firm.call("CloseFeedback", id=made.id)).status == Feedback.STATUS_CLOSED
    again = await firm.call("ReopenFeedback", id=made.id)
    assert (again.status, again.HasField("answer_time")) == (Feedback.STATUS_OPEN, False)
    verbs = [change.verb for change in await firm.changes(made.id)]
    assert verbs == ["create", "answer", "close", "reopen"]


async def test_what_is_late_is_found(firm):
    """PTY-34: answered quickly, or known not to be."""
    late = await complaint(firm, receive_date=day(1))
    await complaint(firm, receive_date=day(20))
    answered = await complaint(firm, receive_date=day(1))
    await firm.call("AnswerFeedback", id=answered.id, answer="Done.")
    asked = 'status = "OPEN" AND answerDueDate < "2026-03-15"'
    reply = await firm.call("ListFeedbacks", filter=asked)
    assert [found.id for found in reply.feedbacks] == [late.id]


async def test_it_is_of_the_organization_of_who_spoke(firm, violations):
    """PTY-34: the customer's page has what its people said."""
    place = await firm.organization(name="Huawei")
    contact = await firm.contact(organization_id=place.id)
    made = await complaint(firm, organization_id="", contact_id=contact.id)
    assert (made.organization_id, made.organization_name) == (place.id, "Huawei")
    nobody = complaint(firm, organization_id="", contact_id=(await firm.contact()).id)
    assert await violations(nobody) == [("feedback.organization_id", "REQUIRED")]


async def test_an_organization_reports_once_a_year(firm, refusal, violations):
    """PTY-13: each figure by itself, a loss among them, and a sum over the years."""
    place = (await firm.organization()).id
    for year, profit in ((2024, "-50.00"), (2025, "120.00")):
        made = await firm.make(
            "AnnualReport",
            organization_id=place,
            fiscal_year=year,
            net_profit={"currency_code": "CNY", "amount": profit},
        )
    twice = firm.make("AnnualReport", organization_id=place, fiscal_year=2025)
    assert (await refusal(twice)).reason == "ALREADY_EXISTS"
    await firm.make(
        "AnnualReport", organization_id=(await firm.organization()).id, fiscal_year=2025
    )
    await firm.call("DeleteAnnualReport", id=made.id)
    await firm.make("AnnualReport", organization_id=place, fiscal_year=2025)
    summary = await firm.call(
        "SummarizeAnnualReports",
        filter=f'organizationId = "{place}"',
        group_by="fiscalYear",
        measures="sum:netProfit",
    )
    loss, unsaid = summary.groups
    assert loss.keys["fiscalYear"].string_value == "2024"
    assert loss.values["sum:netProfit"].struct_value["amount"] == "-50.00"
    assert unsaid.keys["fiscalYear"].string_value == "2025"
    asked = firm.make("AnnualReport", organization_id=place, fiscal_year=24)
    assert await violations(asked) == [YEAR]
