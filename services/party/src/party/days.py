"""Days as the contract has them, and as they are reckoned with."""

import datetime

from google.type import date_pb2


def day_of(date: date_pb2.Date) -> datetime.date:
    """Give the day a date of the contract stands for."""
    return datetime.date(date.year, date.month, date.day)


def date_of(day: datetime.date) -> date_pb2.Date:
    """Give a day as the contract has it."""
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)
