"""What an organization is to the firm, and what documents for it begin with (PTY-17, PTY-25)."""

import pytest
from google.type import date_pb2

DAY = {"year": 2025, "month": 12, "day": 1}


async def test_an_organization_is_active_until_somebody_says_otherwise(firm):
    """PTY-25: set by people, with reason and date, and one change of its own."""
    made = await firm.organization()
    assert (made.active, made.activity_reason) == (True, "")
    assert not made.HasField("activity_date")
    quiet = await firm.call(
        "SetOrganizationActivity", id=made.id, active=False, reason="no orders", date=DAY
    )
    assert (quiet.active, quiet.activity_reason) == (False, "no orders")
    assert quiet.activity_date == date_pb2.Date(**DAY)
    change = (await firm.changes(made.id))[-1]
    assert (change.verb, change.actor_user_id) == ("set_activity", firm.boss.user_id)
    assert {f.path for f in change.fields} == {"active", "activity_reason", "activity_date"}
    for active, wanted in (("true", []), ("false", [made.id])):
        reply = await firm.call("ListOrganizations", filter=f"active = {active}")
        assert [found.id for found in reply.organizations] == wanted


async def test_a_reason_is_needed_to_set_it(firm, violations):
    made = await firm.organization()
    asked = firm.call("SetOrganizationActivity", id=made.id, active=False)
    assert await violations(asked) == [("reason", "STRING_MIN_LEN")]


@pytest.mark.parametrize("fields", [{"active": False}, {"activity_reason": "asked again"}])
async def test_an_update_does_not_set_it(firm, refusal, fields):
    made = await firm.organization()
    error = await refusal(firm.update("Organization", made.id, **fields))
    assert error.reason == "USE_SET_ACTIVITY"


async def test_an_import_brings_it_along(firm):
    """PLT-19, PTY-25: a row that says it is not active needs the reason like everybody."""
    rows = [
        {"organization": {"name": "a", "active": False, "activity_reason": "moved",
                          "activity_date": DAY}},
        {"organization": {"name": "b", "active": False}},
    ]  # fmt: skip
    reply = await firm.call("BatchCreateOrganizations", requests=rows)
    (made,) = reply.organizations
    assert (made.active, made.activity_date) == (False, date_pb2.Date(**DAY))
    (error,) = reply.errors
    assert [(f.path, f.reason) for f in error.fields] == [
        ("organization.activity_reason", "ACTIVITY_REASON_MISSING")
    ]


async def test_what_documents_for_it_begin_with(firm):
    """PTY-17, PTY-18: currency, sales tax and terms; no days to pay is not the same as unsaid."""
    made = await firm.organization(
        default_currency_code="EUR", default_sales_tax="vat_19", payment_terms_days=0
    )
    read = await firm.call("GetOrganization", id=made.id)
    assert (read.default_currency_code, read.default_sales_tax) == ("EUR", "vat_19")
    assert (read.HasField("payment_terms_days"), read.payment_terms_days) == (True, 0)
    assert not (await firm.organization()).HasField("payment_terms_days")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("organization.default_currency_code", {"default_currency_code": "euro"}),
        ("organization.payment_terms_days", {"payment_terms_days": -1}),
    ],
)
async def test_defaults_that_are_none_are_named(firm, violations, path, fields):
    assert [p for p, _ in await violations(firm.organization(**fields))] == [path]


async def test_contacts_are_found_by_what_one_turns_to_them_for(firm):
    """PTY-09, PTY-10, PTY-11: several functions, skills and interests each."""
    made = await firm.contact(
        functions=["bidding", "legal"], skills=["Welding"], interests=["Sailing", "Go"]
    )
    await firm.contact(functions=["sales"])
    for asked in ('functions = "legal"', 'skills = "Welding"', 'interests = "Go"'):
        reply = await firm.call("ListContacts", filter=asked)
        assert [found.id for found in reply.contacts] == [made.id]


async def test_a_function_is_one_of_those_there_are(firm, violations):
    found = await violations(firm.contact(functions=["friend"]))
    assert [path for path, _ in found] == ["contact.functions[0]"]


async def test_who_decides_and_how_much_is_tracked(firm):
    """PTY-30: known on the customer itself, before there is any deal."""
    made = await firm.contact(decision_role="DECISION_ROLE_COACH", decision_degree="DEGREE_HIGH")
    reply = await firm.call(
        "ListContacts", filter='decisionRole = "COACH" AND decisionDegree = "HIGH"'
    )
    assert [found.id for found in reply.contacts] == [made.id]
