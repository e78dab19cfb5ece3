"""Periods cut the calendar into pieces without gaps, under names people know."""

import datetime

import pytest

from chassis.resources.periods import period_of

NAMES = ("year", "quarter", "month", "week", "day", "fiscal_year", "fiscal_quarter")
STARTS = (1, 2, 4, 7, 12)


def date(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "start", "first", "called", "end"),
    [
        ("year", 4, "2026-01-01", "2026", "2027-01-01"),
        ("quarter", 4, "2026-10-01", "2026-Q4", "2027-01-01"),
        ("month", 4, "2026-12-01", "2026-12", "2027-01-01"),
        ("month", 1, "2024-02-01", "2024-02", "2024-03-01"),
        ("day", 1, "2024-02-29", "2024-02-29", "2024-03-01"),
        ("week", 1, "2025-12-29", "2026-W01", "2026-01-05"),
        ("week", 1, "2026-12-28", "2026-W53", "2027-01-04"),
        ("fiscal_year", 1, "2026-01-01", "FY2026", "2027-01-01"),
        ("fiscal_year", 4, "2026-04-01", "FY2027", "2027-04-01"),
        ("fiscal_year", 12, "2026-12-01", "FY2027", "2027-12-01"),
        ("fiscal_quarter", 1, "2026-10-01", "FY2026-Q4", "2027-01-01"),
        ("fiscal_quarter", 4, "2026-04-01", "FY2027-Q1", "2026-07-01"),
        ("fiscal_quarter", 4, "2027-01-01", "FY2027-Q4", "2027-04-01"),
        ("fiscal_quarter", 12, "2026-12-01", "FY2027-Q1", "2027-03-01"),
        ("fiscal_quarter", 2, "2026-11-01", "FY2027-Q4", "2027-02-01"),
    ],
)
def test_a_piece_has_a_name_and_an_end(name, start, first, called, end):
    period = period_of(name, start)
    assert period.name(date(first)) == called
    assert period.end(date(first)) == date(end)


def test_the_contract_writes_fiscal_periods_in_two_ways():
    for one, other in (("fiscalYear", "fiscal_year"), ("fiscalQuarter", "fiscal_quarter")):
        first = date("2026-04-01")
        assert period_of(one, 4).name(first) == period_of(other, 4).name(first)
        assert period_of(one, 4).sql("d") == period_of(other, 4).sql("d")


def test_an_unknown_period_is_none():
    assert [period_of(name, 1) for name in ("", "decade", "Year", "fiscal")] == [None] * 4


@pytest.mark.parametrize("name", ["year", "day", "week"])
def test_the_last_piece_of_the_calendar_has_no_end(name):
    firsts = {"year": "9999-01-01", "day": "9999-12-31", "week": "9999-12-27"}
    assert period_of(name, 1).end(date(firsts[name])) is None


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", NAMES)
async def test_every_day_lies_in_the_piece_that_postgresql_puts_it_in(world, name, start):
    """The first day comes from SQL, end and name from Python: together they leave no gap."""
    period = period_of(name, start)
    days = [date("2023-12-20") + datetime.timedelta(days=n) for n in range(1200)]
    rows = await world.host.databases["party"].read(
        await world.tenant(),
        f"SELECT d, {period.sql('d')} FROM unnest($1::date[]) AS d ORDER BY d",
        days,
    )
    assert [row[0] for row in rows] == days
    pieces: dict[str, datetime.date] = {}
    for found, first in rows:
        assert first <= found < period.end(first)
        assert pieces.setdefault(period.name(first), first) == first, "one name, one piece"
    firsts = list(pieces.values())
    assert [period.end(first) for first in firsts[:-1]] == firsts[1:]
    if period.months == 12:
        months = {first.month for first in firsts}
        assert months == {start if name == "fiscal_year" else 1}
