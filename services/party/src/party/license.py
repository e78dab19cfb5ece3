"""License: rights of use, granted to a customer or received from one (PTY-20, PTY-21).

Its status follows the calendar. When the first or the last day comes, a timer says so on the record
itself, so that lists, counts and events know it as they know everything else.
"""

import datetime
import functools
from collections.abc import Sequence

from banyan.party.v1 import license_pb2

from chassis.database import Transaction
from chassis.events import Consumer, Event, Timer, set_timer
from chassis.resources import Around, Hooks, Noun, Resources
from party.days import beginning_of, day_of, end_of, refuse_reversed

_License = license_pb2.License
_Status = _License.Status.ValueType
_UPDATE = "/banyan.party.v1.LicenseService/UpdateLicense"
_KIND = "license_status"


def prepare_create(license_: _License, around: Around) -> None:
    """Say from which instant to which it is valid where the firm is, and how far that is now."""
    zone = around.tenant.time_zone if around.tenant is not None else "UTC"
    license_.ClearField("start_time")
    license_.ClearField("end_time")
    begins = license_.HasField("valid_from") and beginning_of(day_of(license_.valid_from), zone)
    ends = license_.HasField("valid_until") and end_of(day_of(license_.valid_until), zone)
    if begins:
        license_.start_time.FromDatetime(begins)
    if ends:
        license_.end_time.FromDatetime(ends)
    license_.status = status_at(license_, around.now)


def prepare_update(_: _License, license_: _License, around: Around) -> None:
    """Say it anew."""
    prepare_create(license_, around)


def validate(license_: _License, _: Around) -> None:
    """Refuse one that ends before it begins.

    Raises:
        Invalid: ENDS_BEFORE_START.
    """
    refuse_reversed(license_, "valid_from", "valid_until")


def status_at(license_: _License, now: datetime.datetime) -> _Status:
    """Give how far a license is at an instant."""
    if license_.HasField("start_time") and now < license_.start_time.ToDatetime(datetime.UTC):
        return _License.STATUS_UPCOMING
    if license_.HasField("end_time") and now >= license_.end_time.ToDatetime(datetime.UTC):
        return _License.STATUS_EXPIRED
    return _License.STATUS_VALID


def next_turn(license_: _License) -> datetime.datetime | None:
    """Give the instant at which the status changes next, None when it no longer does."""
    if license_.status == _License.STATUS_UPCOMING:
        return license_.start_time.ToDatetime(datetime.UTC)
    if license_.status == _License.STATUS_VALID and license_.HasField("end_time"):
        return license_.end_time.ToDatetime(datetime.UTC)
    return None


async def follow(here: Resources, events: Sequence[Event], transaction: Transaction) -> None:
    """Set the timers of the next turns of licenses that were written.

    Licenses are read as they are, so it does not matter in which order their changes are heard.
    """
    ids = list({event.record.id for event in events})
    for found in await _living(here, ids, transaction):
        due = next_turn(found)
        if due is not None:
            await set_timer(transaction, here.database.schema, _KIND, found.id, due)


async def turn(here: Resources, key: str, _: bytes, transaction: Transaction) -> None:
    """Write down how far a license is now; a timer that is no longer right changes nothing."""
    licenses = here[_License]
    # The clock by which the timer was due; another one might say that it is not yet.
    row = await transaction.fetchrow("SELECT now()")
    assert row is not None
    call = here.call_of(_UPDATE, transaction.tenant_id)
    for old in await _living(here, [key], transaction):
        new = _License()
        new.CopyFrom(old)
        new.status = status_at(new, row[0])
        await licenses.put(call, "update", old, new, transaction)


async def _living(here: Resources, ids: list[str], transaction: Transaction) -> list[_License]:
    return await here[_License].store.where(
        transaction.tenant_id,
        "t.id = ANY($1::uuid[]) AND t.delete_time IS NULL",
        ids,
        connection=transaction,
    )


def consumer(here: Resources) -> Consumer:
    """Give what sets the timers of licenses."""
    subjects = tuple(f"party.license.{verb}" for verb in ("create", "update", "undelete"))
    return Consumer("licenses", subjects, functools.partial(follow, here))


def timer(here: Resources) -> Timer:
    """Give what happens when the first or the last day of a license comes."""
    return Timer(_KIND, functools.partial(turn, here))


LICENSE = Noun(
    _License,
    hooks=Hooks(prepare_create=prepare_create, prepare_update=prepare_update, validate=validate),
)
