"""FinancialProfile: how far an organization is trusted with money; one for each (PTY-12)."""

import decimal

from banyan.party.v1 import financial_profile_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun

_FinancialProfile = financial_profile_pb2.FinancialProfile


def validate(profile: _FinancialProfile, _: Around) -> None:
    """Refuse a credit limit below zero.

    Raises:
        Invalid: NEGATIVE_CREDIT_LIMIT.
    """
    if profile.HasField("credit_limit") and decimal.Decimal(profile.credit_limit.amount) < 0:
        raise errors.invalid_field("financial_profile.credit_limit", "NEGATIVE_CREDIT_LIMIT")


FINANCIAL_PROFILE = Noun(_FinancialProfile, hooks=Hooks(validate=validate))
