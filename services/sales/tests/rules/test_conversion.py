"""What a conversion begins with, and the deal it ends in (SAL-07, SAL-14)."""

import pytest
from banyan.sales.v1 import conversion_pb2, lead_pb2, opportunity_pb2
from banyan.type.v1 import money_pb2
from google.type import date_pb2

from chassis import errors
from sales.conversion import CONVERSION, begin, deal_of

Lead = lead_pb2.Lead


def test_an_open_lead_is_on_its_way_and_its_last_refusal_forgotten():
    made = Lead(status=Lead.STATUS_OPEN, outcome_reason="STAGE_REFUSED", name="x")
    begin(made)
    assert made == Lead(status=Lead.STATUS_CONVERTING, name="x")


@pytest.mark.parametrize("name", ["CONVERTING", "CONVERTED", "DISQUALIFIED"])
def test_a_lead_that_is_not_open_is_refused_with_what_it_is(name):
    made = Lead(status=Lead.Status.Value(f"STATUS_{name}"))
    with pytest.raises(errors.FailedPrecondition) as caught:
        begin(made)
    assert (caught.value.reason, caught.value.metadata) == ("LEAD_NOT_OPEN", {"status": name})
    assert made.status == Lead.Status.Value(f"STATUS_{name}")


def state(**fields) -> conversion_pb2.LeadConversion:
    return conversion_pb2.LeadConversion(
        tenant_id="t",
        lead_id="l",
        organization_id="o",
        contact_id="c",
        opportunity_id="d",
        pipeline_id="p",
        opportunity_name="20 licences",
        source_id="s",
        owner_user_id="u",
        org_unit_id="b",
        open_date=date_pb2.Date(year=2026, month=3, day=15),
        **fields,
    )


def test_the_deal_has_what_the_lead_had():
    amount = money_pb2.Money(currency_code="CNY", amount="99.50")
    assert deal_of(state(amount=amount)) == opportunity_pb2.Opportunity(
        id="d",
        name="20 licences",
        organization_id="o",
        contact_id="c",
        pipeline_id="p",
        amount=amount,
        open_date=date_pb2.Date(year=2026, month=3, day=15),
        source_id="s",
        lead_id="l",
        owner_user_id="u",
        org_unit_id="b",
    )


def test_a_lead_without_an_amount_becomes_a_deal_without_one():
    assert not deal_of(state()).HasField("amount")


def test_the_same_state_gives_the_same_deal_however_often():
    """Whoever goes on after a death makes the very deal the first would have made."""
    first = state()
    again = conversion_pb2.LeadConversion.FromString(first.SerializeToString())
    assert deal_of(first) == deal_of(again)


def test_a_conversion_undoes_as_many_steps_as_it_takes():
    assert [(step.run.__name__, step.undo.__name__) for step in CONVERSION.steps] == [
        ("make_organization", "drop_organization"),
        ("make_contact", "drop_contact"),
    ]
