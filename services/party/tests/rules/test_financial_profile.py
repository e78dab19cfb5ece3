"""How far an organization is trusted with money (PTY-12)."""

import pytest
from banyan.party.v1 import financial_profile_pb2

from chassis import errors
from party.financial_profile import validate


def profile(amount: str = "") -> financial_profile_pb2.FinancialProfile:
    made = financial_profile_pb2.FinancialProfile(organization_id="o")
    if amount:
        made.credit_limit.currency_code, made.credit_limit.amount = "CNY", amount
    return made


@pytest.mark.parametrize("amount", ["", "0", "0.00", "1000000.50"])
def test_a_credit_limit_is_nothing_or_more(around, amount):
    validate(profile(amount), around)


def test_a_credit_limit_below_zero_is_refused(around):
    with pytest.raises(errors.Invalid) as caught:
        validate(profile("-0.01"), around)
    (found,) = caught.value.violations
    assert (found.path, found.reason) == (
        "financial_profile.credit_limit",
        "NEGATIVE_CREDIT_LIMIT",
    )
