"""Position: who sits where in the OBS, and from it where a person is at home (NTF-08)."""

import datetime
import decimal
from collections.abc import Iterable
from typing import Any

from banyan.identity.v1 import position_pb2
from google.type import date_pb2

from chassis import errors
from chassis.resources import Around, Hooks, Noun


def home_unit(positions: Iterable[position_pb2.Position], day: datetime.date) -> str:
    """Give the unit a person is at home in on a day: that of the primary position begun last.

    Without a primary position it is the one begun last; "" without any.
    """
    held = [p for p in positions if not p.HasField("delete_time") and _covers(p, day)]
    last = max(held, key=lambda p: (p.primary, _date(p.start_date), p.id), default=None)
    return last.org_unit_id if last is not None else ""


def units_held(positions: Iterable[position_pb2.Position], day: datetime.date) -> list[str]:
    """List the units in which a person sits on a day."""
    held = (p for p in positions if not p.HasField("delete_time") and _covers(p, day))
    return sorted({position.org_unit_id for position in held})


def validate(position: position_pb2.Position, _: Around) -> None:
    """Refuse a position that ends before it begins, or takes more than all of a person.

    Raises:
        Invalid: ENDS_BEFORE_START, OUT_OF_RANGE.
    """
    if position.HasField("end_date") and _date(position.end_date) < _date(position.start_date):
        raise errors.invalid_field("position.end_date", "ENDS_BEFORE_START")
    if position.HasField("share") and not 0 < decimal.Decimal(position.share.value) <= 1:
        raise errors.invalid_field("position.share", "OUT_OF_RANGE", low=0, high=1)


def _covers(position: position_pb2.Position, day: datetime.date) -> bool:
    ended = position.HasField("end_date") and _date(position.end_date) < day
    return _date(position.start_date) <= day and not ended


def _date(date: date_pb2.Date | Any) -> datetime.date:
    return datetime.date(date.year, date.month, date.day)


POSITION = Noun(
    position_pb2.Position,
    hooks=Hooks(validate=validate),
    without={"Share": "everybody in the firm may see it"},
)
