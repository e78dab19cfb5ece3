"""Coverage: who takes care of a lead, a customer or a deal (SAL-08, SAL-11, SAL-39)."""

import datetime
import decimal
from collections.abc import Iterable
from typing import Any

from banyan.sales.v1 import coverage_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun
from sales.merging import MOVED_BY

WHOLE = decimal.Decimal(100)


def prepare_create(coverage: coverage_pb2.Coverage, around: Around) -> None:
    """Let it begin today unless told otherwise."""
    if not coverage.HasField("start_date"):
        day = around.today
        coverage.start_date.year, coverage.start_date.month = day.year, day.month
        coverage.start_date.day = day.day


def validate(coverage: coverage_pb2.Coverage, _: Around) -> None:
    """Refuse a coverage that ends before it begins, or a share that is none.

    Raises:
        Invalid: ENDS_BEFORE_START, OUT_OF_RANGE.
    """
    if coverage.HasField("end_date") and _day(coverage.end_date) < _day(coverage.start_date):
        raise errors.invalid_field("coverage.end_date", "ENDS_BEFORE_START")
    if coverage.HasField("credit_split") and not 0 <= _split(coverage) <= WHOLE:
        raise errors.invalid_field("coverage.credit_split", "OUT_OF_RANGE", low=0, high=100)


def splits(
    coverages: Iterable[coverage_pb2.Coverage], today: datetime.date, owner_user_id: str
) -> list[tuple[str, decimal.Decimal]]:
    """Give who is credited with how much of a deal; without any share the owner has all."""
    return _shares(coverages, today) or [(owner_user_id, WHOLE)]


def check_splits(coverages: Iterable[coverage_pb2.Coverage], today: datetime.date) -> None:
    """Refuse shares in a deal that do not sum to 100 percent; without any the owner has all.

    Raises:
        FailedPrecondition: SPLITS_NOT_WHOLE with the sum.
    """
    shares = [share for _, share in _shares(coverages, today)]
    if shares and sum(shares) != WHOLE:
        raise errors.FailedPrecondition("SPLITS_NOT_WHOLE", sum=sum(shares))


def _shares(
    coverages: Iterable[coverage_pb2.Coverage], today: datetime.date
) -> list[tuple[str, decimal.Decimal]]:
    return [
        (coverage.user_id, _split(coverage))
        for coverage in coverages
        if coverage.HasField("credit_split") and _counts(coverage, today)
    ]


def _counts(coverage: coverage_pb2.Coverage, today: datetime.date) -> bool:
    return not coverage.HasField("end_date") or today <= _day(coverage.end_date)


def _split(coverage: coverage_pb2.Coverage) -> decimal.Decimal:
    return decimal.Decimal(coverage.credit_split.value)


def _day(date: Any) -> datetime.date:
    return datetime.date(date.year, date.month, date.day)


COVERAGE = Noun(
    coverage_pb2.Coverage,
    private=MOVED_BY,
    hooks=Hooks(prepare_create=prepare_create, validate=validate),
)
