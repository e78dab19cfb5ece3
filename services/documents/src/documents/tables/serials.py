"""Day numbers of spreadsheets, and the formats that make a number a day."""

import datetime
import enum
import re
from decimal import Decimal

_MIDNIGHT = datetime.time()
_LAST_DAY = 2_958_465
# Lotus 1-2-3 took 1900 for a leap year, and Excel kept its day 60, the 29th of February.
_NO_SUCH_DAY = 60
_MILLISECONDS = 86_400_000


class NumberFormat(enum.Enum):
    """What a cell's number is shown as."""

    NUMBER = "NUMBER"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMP"
    TIME = "TIME"
    DURATION = "DURATION"


def day_of(serial: int, from_1904: bool) -> datetime.date | None:
    """Give the day that a number stands for; None where it stands for none."""
    if from_1904:
        return _after(datetime.date(1904, 1, 1), serial) if serial >= 0 else None
    if not 1 <= serial <= _LAST_DAY or serial == _NO_SUCH_DAY:
        return None
    before_bug = serial < _NO_SUCH_DAY
    return _after(datetime.date(1899, 12, 31 if before_bug else 30), serial)


def _after(first: datetime.date, days: int) -> datetime.date | None:
    try:
        return first + datetime.timedelta(days=days)
    except OverflowError:
        return None


def moment_of(serial: Decimal, from_1904: bool) -> datetime.datetime | None:
    """Give the moment that a number stands for, to the millisecond that spreadsheets keep."""
    milliseconds = round(serial * _MILLISECONDS)
    days, rest = divmod(milliseconds, _MILLISECONDS)
    day = day_of(days, from_1904)
    if day is None:
        return None
    return datetime.datetime.combine(day, _MIDNIGHT) + datetime.timedelta(milliseconds=rest)


def shown_as(
    serial: Decimal, shown: NumberFormat, from_1904: bool
) -> Decimal | datetime.date | datetime.datetime | datetime.time | datetime.timedelta:
    """Give what a number means in a cell; a number that is no day or time stays one."""
    if abs(serial) > _LAST_DAY:
        return serial
    if shown is NumberFormat.DURATION:
        return datetime.timedelta(milliseconds=round(serial * _MILLISECONDS))
    if shown is NumberFormat.TIME and 0 <= serial < 1:
        milliseconds = round(serial * _MILLISECONDS) % _MILLISECONDS
        return (datetime.datetime.min + datetime.timedelta(milliseconds=milliseconds)).time()
    moment = moment_of(serial, from_1904)
    if moment is None:
        return serial
    if shown is NumberFormat.DATE and moment.time() == _MIDNIGHT:
        return moment.date()
    return moment


# ECMA-376, 18.8.30; from 27 on as Excel has them in Chinese, Japanese and Korean.
_BUILT_IN = {
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 59)), NumberFormat.DATE),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47), NumberFormat.TIME),
    22: NumberFormat.TIMESTAMP,
    46: NumberFormat.DURATION,
}
_literal = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_elapsed = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
# What holds letters of dates and is none: the general format, also localized, and 0.00E+00.
_no_date = re.compile(r"general|g/\w+|e[+-]", re.IGNORECASE)
_halves = re.compile("am/pm|a/p|上午/下午", re.IGNORECASE)


def built_in_format(number: int) -> NumberFormat:
    """Tell what a format means that every workbook has."""
    return _BUILT_IN.get(number, NumberFormat.NUMBER)


def format_of(code: str) -> NumberFormat:
    """Tell what a format code such as `yyyy"年"m"月"d"日"` means; its first section decides."""
    plain = _no_date.sub("", _literal.sub("", code)).split(";")[0].lower()
    if _elapsed.search(plain):
        return NumberFormat.DURATION
    has_time = _halves.search(plain) is not None or any(letter in plain for letter in "hs")
    plain = _halves.sub("", plain)
    # A lone m is a month; beside hours or seconds it is minutes.
    has_date = any(letter in plain for letter in "ydeg") or ("m" in plain and not has_time)
    if has_date and has_time:
        return NumberFormat.TIMESTAMP
    if has_date:
        return NumberFormat.DATE
    return NumberFormat.TIME if has_time else NumberFormat.NUMBER
