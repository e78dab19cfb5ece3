"""Days as the contract has them, and as they are reckoned with."""

import datetime
import zoneinfo
from typing import Any

from google.type import date_pb2

from chassis import errors
from chassis.resources.noun import snake


def day_of(date: date_pb2.Date) -> datetime.date:
    """Give the day a date of the contract stands for."""
    return datetime.date(date.year, date.month, date.day)


def date_of(day: datetime.date) -> date_pb2.Date:
    """Give a day as the contract has it."""
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def days_after(day: datetime.date, count: int) -> datetime.date:
    """Give the day so many days later, or the last day of the calendar."""
    return day + min(datetime.timedelta(days=count), datetime.date.max - day)


def beginning_of(day: datetime.date, time_zone: str) -> datetime.datetime | None:
    """Give the instant a day begins where the firm is; None at the edge of the calendar.

    Args:
        time_zone: IANA name.
    """
    return _midnight(day, 0, time_zone)


def end_of(day: datetime.date, time_zone: str) -> datetime.datetime | None:
    """Give the instant a day is over where the firm is; None at the edge of the calendar."""
    return _midnight(day, 1, time_zone)


def _midnight(day: datetime.date, later: int, time_zone: str) -> datetime.datetime | None:
    try:
        date = day + datetime.timedelta(days=later)
        begins = datetime.datetime.combine(date, datetime.time(), zoneinfo.ZoneInfo(time_zone))
        return begins.astimezone(datetime.UTC)
    except OverflowError:
        return None


def refuse_reversed(record: Any, first: str, last: str) -> None:
    """Refuse a record whose last day lies before its first; either may be unknown.

    Args:
        first: the field with the first day.
        last: the field with the last day.

    Raises:
        Invalid: ENDS_BEFORE_START.
    """
    if not (record.HasField(first) and record.HasField(last)):
        return
    if day_of(getattr(record, last)) < day_of(getattr(record, first)):
        path = f"{snake(record.DESCRIPTOR.name)}.{last}"
        raise errors.invalid_field(path, "ENDS_BEFORE_START")
