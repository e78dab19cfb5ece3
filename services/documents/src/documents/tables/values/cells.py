"""A cell read as what the field it goes to wants."""

import datetime
import re
from decimal import Decimal

from chassis import errors
from documents.tables.serials import day_of, moment_of
from documents.tables.table import Cell, CellError
from documents.tables.values.booleans import written_boolean
from documents.tables.values.dates import written_date
from documents.tables.values.decimals import plain_number, written_numbers
from documents.tables.values.profile import UNDECIDED, ColumnProfile
from documents.tables.values.settling import settled

_SHOWN_MAX = 60
# Spreadsheets keep 15 digits and put zeros for the rest.
_TRUSTED = 10**15
# A number between these is a year that somebody typed, or a day of 1905.
_FIRST_YEAR, _LAST_YEAR = 1900, 2099
# As text only days from 1927 to 2173 count as day numbers: a 5 alone is no date.
_DAY_NUMBER = re.compile(r"\s*[1-9][0-9]{4}(?:\.[0-9]{1,20})?\s*")


def read_text(cell: Cell) -> str:
    """Read a text; numbers and dates of a workbook as people would type them.

    Raises:
        Invalid: DIGITS_LOST for a whole number of more than 15 digits, of which a workbook keeps
            only the first (identity cards, bank accounts); CELL_ERROR, FORMULA_NOT_CALCULATED.
    """
    _refuse_error(cell)
    match cell:
        case bool():
            return "true" if cell else "false"
        case Decimal():
            if abs(cell) >= _TRUSTED:
                raise errors.Invalid("DIGITS_LOST", given=_given(cell))
            return _plain(cell)
        case datetime.datetime():
            return cell.isoformat(" ")
        case datetime.date() | datetime.time():
            return cell.isoformat()
        case _:
            return str(cell)


def read_date(cell: Cell, profile: ColumnProfile = UNDECIDED) -> datetime.date:
    """Read a calendar day; a time of day beside it is left out.

    A number is a day number of a spreadsheet, or 20170301. A time that says its zone is refused:
    which day it is depends on where one asks.

    Raises:
        Invalid: DATE_UNREADABLE, AMBIGUOUS_DATE, CELL_ERROR, FORMULA_NOT_CALCULATED.
    """
    unreadable = errors.Invalid("DATE_UNREADABLE", given=_given(cell))
    moment = _moment(cell, profile, unreadable)
    if moment.tzinfo is not None:
        raise unreadable
    return moment.date()


def read_timestamp(
    cell: Cell, zone: datetime.tzinfo, profile: ColumnProfile = UNDECIDED
) -> datetime.datetime:
    """Read an instant, in UTC; a date alone is its first moment.

    Args:
        cell: what to read.
        zone: where a time was told that does not say it. Of a time that came twice, when clocks
            were put back, it is the first.
        profile: what is known of the column.

    Raises:
        Invalid: TIMESTAMP_UNREADABLE, also for a time that clocks left out; AMBIGUOUS_DATE,
            CELL_ERROR, FORMULA_NOT_CALCULATED.
    """
    unreadable = errors.Invalid("TIMESTAMP_UNREADABLE", given=_given(cell))
    moment = _moment(cell, profile, unreadable)
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(datetime.UTC)
        instant = moment.replace(tzinfo=zone).astimezone(datetime.UTC)
        told = instant.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        raise unreadable from None
    if told != moment:
        raise unreadable
    return instant


def read_decimal(cell: Cell, profile: ColumnProfile = UNDECIDED) -> Decimal:
    """Read a number exactly; see `decimals` for what counts as one.

    Raises:
        Invalid: NUMBER_UNREADABLE, AMBIGUOUS_NUMBER, CELL_ERROR, FORMULA_NOT_CALCULATED.
    """
    unreadable = errors.Invalid("NUMBER_UNREADABLE", given=_given(cell))
    if isinstance(cell, Decimal):
        return plain_number(cell)
    numbers = written_numbers(cell) if isinstance(cell, str) else {}
    ambiguous = errors.Invalid("AMBIGUOUS_NUMBER", given=_given(cell))
    return settled(numbers, profile.decimal_mark, unreadable, ambiguous)


def read_boolean(cell: Cell) -> bool:
    """Read yes or no.

    Raises:
        Invalid: BOOLEAN_UNREADABLE, CELL_ERROR, FORMULA_NOT_CALCULATED.
    """
    given = _given(cell)
    if isinstance(cell, bool):
        return cell
    text = _plain(cell) if isinstance(cell, Decimal) else cell
    meaning = written_boolean(text) if isinstance(text, str) else None
    if meaning is None:
        raise errors.Invalid("BOOLEAN_UNREADABLE", given=given)
    return meaning


def _moment(cell: Cell, profile: ColumnProfile, unreadable: errors.Invalid) -> datetime.datetime:
    """Read a date, with its time of day or midnight."""
    match cell:
        case datetime.datetime():
            return cell
        case datetime.date():
            return datetime.datetime.combine(cell, datetime.time())
        case Decimal():
            return _numbered(cell, profile, unreadable)
        case str():
            return _written(cell, profile, unreadable)
        case _:
            raise unreadable


def _written(text: str, profile: ColumnProfile, unreadable: errors.Invalid) -> datetime.datetime:
    written = written_date(text)
    if written is None:
        if not _DAY_NUMBER.fullmatch(text):
            raise unreadable
        return _numbered(Decimal(text), profile, unreadable)
    ambiguous = errors.Invalid("AMBIGUOUS_DATE", given=_given(text))
    day = settled(written.days, profile.date_order, unreadable, ambiguous)
    return datetime.datetime.combine(day, written.time or datetime.time(), tzinfo=written.zone)


def _numbered(
    number: Decimal, profile: ColumnProfile, unreadable: errors.Invalid
) -> datetime.datetime:
    if _FIRST_YEAR <= number <= _LAST_YEAR:
        raise errors.Invalid("AMBIGUOUS_DATE", given=_given(number))
    written = written_date(_plain(number))
    if written is not None and written.days:
        return datetime.datetime.combine(next(iter(written.days.values())), datetime.time())
    if number == number.to_integral_value():
        day = day_of(int(number), profile.from_1904)
        moment = datetime.datetime.combine(day, datetime.time()) if day else None
    else:
        moment = moment_of(number, profile.from_1904)
    if moment is None:
        raise unreadable
    return moment


def _plain(number: Decimal) -> str:
    """Write a number without an exponent and without zeros that say nothing."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _given(cell: Cell) -> str:
    """Say what stands in a cell, for a message.

    Raises:
        Invalid: CELL_ERROR, FORMULA_NOT_CALCULATED.
    """
    _refuse_error(cell)
    return str(cell)[:_SHOWN_MAX]


def _refuse_error(cell: Cell) -> None:
    if isinstance(cell, CellError):
        if cell.code == "=":
            raise errors.Invalid("FORMULA_NOT_CALCULATED")
        raise errors.Invalid("CELL_ERROR", error=cell.code)
