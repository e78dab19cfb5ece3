"""Periods of the calendar and of the fiscal year, to group dates by."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Period:
    """A length of time on the calendar, known by the first day of each piece.

    Attributes:
        months: its length in months; 0 for a week or a day.
        days: its length in days where that is fixed.
        shift: months by which a fiscal year begins after January.
        name: writes a piece by its first day: "2017-03", "2017-Q1", "FY2017-Q1".
    """

    unit: str
    months: int
    days: int
    shift: int
    name: Callable[[datetime.date], str]

    def sql(self, day: str) -> str:
        """Give the first day of the piece a day lies in, as SQL."""
        if self.shift:
            back = f"{day} - interval '{self.shift} months'"
            return f"(date_trunc('{self.unit}', {back}) + interval '{self.shift} months')::date"
        return f"date_trunc('{self.unit}', {day})::date"

    def end(self, first: datetime.date) -> datetime.date | None:
        """Give the first day after a piece; None where the calendar ends with it."""
        try:
            if self.days:
                return first + datetime.timedelta(days=self.days)
            months = first.year * 12 + first.month - 1 + self.months
            return datetime.date(months // 12, months % 12 + 1, 1)
        except (OverflowError, ValueError):
            return None


def period_of(name: str, fiscal_year_start_month: int) -> Period | None:
    """Give a period by its name in the contract (``fiscalQuarter``), None for an unknown one.

    A fiscal year is named after the calendar year in which it ends; where it begins in January the
    two are the same.
    """
    shift = fiscal_year_start_month - 1

    def fiscal_year(first: datetime.date) -> int:
        return first.year + (1 if shift and first.month > shift else 0)

    def fiscal_quarter(first: datetime.date) -> str:
        return f"FY{fiscal_year(first)}-Q{(first.month - 1 - shift) % 12 // 3 + 1}"

    def week(first: datetime.date) -> str:
        year, number, _ = first.isocalendar()
        return f"{year}-W{number:02}"

    periods = {
        "year": Period("year", 12, 0, 0, lambda first: f"{first.year:04}"),
        "quarter": Period(
            "quarter", 3, 0, 0, lambda first: f"{first.year:04}-Q{(first.month + 2) // 3}"
        ),
        "month": Period("month", 1, 0, 0, lambda first: f"{first.year:04}-{first.month:02}"),
        "week": Period("week", 0, 7, 0, week),
        "day": Period("day", 0, 1, 0, lambda first: first.isoformat()),
        "fiscal_year": Period("year", 12, 0, shift, lambda first: f"FY{fiscal_year(first)}"),
        "fiscal_quarter": Period("quarter", 3, 0, shift, fiscal_quarter),
    }
    aliases = {"fiscalYear": "fiscal_year", "fiscalQuarter": "fiscal_quarter"}
    return periods.get(aliases.get(name, name))
