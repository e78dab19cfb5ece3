"""Dates and times of day as people write them.

A text gives all the dates it can mean, by the order in which it would name day, month and year.
Most texts mean the same in every order: 2017-03-01, 2017/3/1, 20170301, 2017年3月1日, 1 Mar 2017,
and 1.3.2017, which with points names the day first. 03/04/2017 does not, and a year of two digits
may even stand first; 69 to 99 are of the last century then, 00 to 68 of this.
"""

import datetime
import enum
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass


class DateOrder(enum.StrEnum):
    """In which order a date of three numbers names day, month and year."""

    DAY_FIRST = "DAY_FIRST"
    MONTH_FIRST = "MONTH_FIRST"
    YEAR_FIRST = "YEAR_FIRST"


Days = dict[DateOrder, datetime.date]


@dataclass(frozen=True)
class Written:
    """What a text says.

    Attributes:
        days: the day it names, in each order in which it names one.
        time: the time of day, if it says one.
        zone: what time that is, if it says so.
    """

    days: Days
    time: datetime.time | None = None
    zone: datetime.tzinfo | None = None


_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?=$|T|\d{6}$)")
_CHINESE = re.compile(r"(\d{4}|\d{2}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?[日号號]")
_THREE_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{1,2})(?!\d)")
_DAY_NAMED = re.compile(r"(\d{1,2})[ -]?([A-Za-z]{3,9})\.?[ ,-]{0,2}(\d{4}|\d{2})(?!\d)")
_MONTH_NAMED = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?!\d)")
_TIME = re.compile(
    r"(?:T|\s*)(?P<before>上午|下午|[AaPp][Mm])?\s*"
    r"(?P<hour>\d{1,2})[:时時点點](?P<minute>\d{1,2})[分]?"
    r"(?:[:]?(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?秒?)?\s*"
    r"(?P<after>上午|下午|[AaPp][Mm])?\s*"
    r"(?P<zone>Z|UTC|GMT|[+-](?:[01]\d|2[0-3]):?[0-5]\d(?::?[0-5]\d)?)?"
)
_COMPACT_TIME = re.compile(r"T?(\d{2})(\d{2})(\d{2})(Z?)")
_AFTERNOON = ("下午", "pm")
_MORNING = ("上午", "am")
_NAMES = "january february march april may june july august september october november december"
_MONTHS = {
    name[:length]: number
    for number, name in enumerate(_NAMES.split(), 1)
    for length in (3, 4 if name == "september" else 3, len(name))
}
# The first two-digit year of the last century.
_CENTURY_ENDS = 69


def written_date(text: str) -> Written | None:
    """Read a date with or without a time of day; None when the text is something else."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    for days, rest in _dates(plain):
        if not rest:
            return Written(days)
        time = _time(rest)
        if time is not None:
            return Written(days, *time)
    return None


def _dates(text: str) -> Iterator[tuple[Days, str]]:
    """Give the dates a text may begin with, and what follows them."""
    for pattern, places in ((_YEAR_FIRST, (1, 3, 4)), (_COMPACT, (1, 2, 3)), (_CHINESE, (1, 2, 3))):
        if match := pattern.match(text):
            year, month, day = (match[place] for place in places)
            yield _in_any_order(_year(year), int(month), int(day)), text[match.end() :]
    if match := _THREE_NUMBERS.match(text):
        yield _three_numbers(match[1], match[3], match[4], match[2] == "."), text[match.end() :]
    if match := _DAY_NAMED.match(text):
        month = _MONTHS.get(match[2].lower(), 0)
        yield _in_any_order(_year(match[3]), month, int(match[1])), text[match.end() :]
    if match := _MONTH_NAMED.match(text):
        month = _MONTHS.get(match[1].lower(), 0)
        yield _in_any_order(int(match[3]), month, int(match[2])), text[match.end() :]


def _three_numbers(first: str, second: str, third: str, points: bool) -> Days:
    """Read a date that does not begin with a whole year; a year has two digits or four."""
    if points and len(third) == 4:
        return _in_any_order(int(third), int(second), int(first))
    days: dict[DateOrder, datetime.date | None] = {}
    if len(third) > 1:
        days[DateOrder.DAY_FIRST] = _day(_year(third), int(second), int(first))
        days[DateOrder.MONTH_FIRST] = _day(_year(third), int(first), int(second))
    if len(first) == 2 and len(third) <= 2:
        days[DateOrder.YEAR_FIRST] = _day(_year(first), int(second), int(third))
    return {order: day for order, day in days.items() if day is not None}


def _in_any_order(year: int, month: int, day: int) -> Days:
    found = _day(year, month, day)
    return dict.fromkeys(DateOrder, found) if found is not None else {}


def _year(digits: str) -> int:
    if len(digits) > 2:
        return int(digits)
    return int(digits) + (1900 if int(digits) >= _CENTURY_ENDS else 2000)


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _time(text: str) -> tuple[datetime.time, datetime.tzinfo | None] | None:
    """Read all of a text as a time of day."""
    if match := _COMPACT_TIME.fullmatch(text):
        time = _clock(int(match[1]), int(match[2]), int(match[3]), 0)
        return (time, datetime.UTC if match[4] else None) if time else None
    match = _TIME.fullmatch(text)
    if match is None or (match["before"] and match["after"]):
        return None
    hour = _hour(int(match["hour"]), (match["before"] or match["after"] or "").lower())
    microsecond = int((match["fraction"] or "0").ljust(6, "0")[:6])
    time = _clock(hour, int(match["minute"]), int(match["second"] or 0), microsecond)
    return (time, _zone(match["zone"])) if time is not None else None


def _hour(hour: int, half: str) -> int:
    """Give the hour of 24; -1 when there is no such hour in a half of the day."""
    if half and not 1 <= hour <= 12:
        return hour if half in _AFTERNOON and 12 < hour < 24 else -1
    if half in _AFTERNOON:
        return hour % 12 + 12
    return hour % 12 if half in _MORNING else hour


def _clock(hour: int, minute: int, second: int, microsecond: int) -> datetime.time | None:
    try:
        return datetime.time(hour, minute, second, microsecond)
    except ValueError:
        return None


def _zone(text: str | None) -> datetime.tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return datetime.UTC
    digits = text[1:].replace(":", "")
    # Seconds are of clocks that went by their town's own noon, long ago.
    hours, minutes, seconds = int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0)
    away = datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return datetime.timezone(-away if text[0] == "-" else away)
