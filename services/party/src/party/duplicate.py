"""Duplicate: two records that may be of the same, for people to decide about (PLT-17).

After each change of an organization or contact its pairs are found anew. A pair is there once; what
people have decided about it stands, until the two become more alike than they were then.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from banyan.party.v1 import duplicate_pb2
from google.type import decimal_pb2

from chassis import errors
from chassis.database import Transaction
from chassis.events import Consumer, Event
from chassis.resources import Around, Noun, Resources, unique
from party.capture import evidence_of
from party.likeness import BY_TYPE, Likeness
from party.matching import WORTH_A_LOOK, Match
from party.pointing import copy_of, read

PAIRS_MAX = 20
_Duplicate = duplicate_pb2.Duplicate
OPEN, LAPSED = _Duplicate.STATUS_OPEN, _Duplicate.STATUS_LAPSED
MERGED, DISMISSED = _Duplicate.STATUS_MERGED, _Duplicate.STATUS_DISMISSED
_DISMISS = "/banyan.party.v1.DuplicateService/DismissDuplicate"
_CLOSING = ("closed_by_user_id", "close_time", "close_reason", "merge_id")


def dismiss(pair: _Duplicate, request: Any, around: Around) -> None:
    """Say that the two are different.

    Raises:
        FailedPrecondition: DUPLICATE_CLOSED.
    """
    if pair.status != OPEN:
        name = _Duplicate.Status.Name(pair.status).removeprefix("STATUS_")
        raise errors.FailedPrecondition("DUPLICATE_CLOSED", status=name)
    close(pair, DISMISSED, around)
    pair.close_reason = request.reason


def close(pair: _Duplicate, status: _Duplicate.Status.ValueType, around: Around) -> None:
    """Write down that somebody has decided."""
    pair.status = status
    pair.closed_by_user_id = around.caller.person_id
    pair.close_time.FromDatetime(around.now)


def reopen(pair: _Duplicate) -> None:
    """Put a pair before people again."""
    pair.status = OPEN
    for name in _CLOSING:
        pair.ClearField(name)


def renew(pair: _Duplicate, match: Match | None) -> None:
    """Let a pair say how alike the two are now; None is not enough to look at.

    What was dismissed comes back when the two are more alike than they were then, what lapsed when
    they are alike again.
    """
    if pair.status == MERGED or (match is None and pair.status != OPEN):
        return
    if match is None:
        pair.status = LAPSED
        return
    if pair.status == DISMISSED and match.score <= float(pair.score.value):
        return
    if pair.status != OPEN:
        reopen(pair)
    weigh(pair, match)


def weigh(pair: _Duplicate, match: Match) -> None:
    """Write down how alike the two are, and why."""
    pair.score.CopyFrom(decimal_pb2.Decimal(value=f"{match.score:.2f}"))
    pair.ClearField("evidence")
    pair.evidence.extend(evidence_of(match))
    pair.reason = pair.evidence[0].reason


def place(pair: _Duplicate, a: Any, b: Any) -> None:
    """Let only those see a pair who see both: it lies where both lie, or else nowhere."""
    pair.owner_user_id = a.owner_user_id if a.owner_user_id == b.owner_user_id else ""
    pair.org_unit_id = a.org_unit_id if a.org_unit_id == b.org_unit_id else ""


def names_of_pair(likeness: Likeness) -> tuple[str, str]:
    """Name the two reference fields of a pair of this noun; the lower id stands in the first."""
    field = f"{likeness.name.lower()}_id"
    return field, f"other_{field}"


async def pairs_of(
    here: Resources, likeness: Likeness, record_id: str, transaction: Transaction
) -> dict[str, _Duplicate]:
    """Give the pairs a record is in, by the id of the other one."""
    first, second = names_of_pair(likeness)
    condition = f"t.{first} = $1::uuid OR t.{second} = $1::uuid"
    found = await read(here[_Duplicate], transaction, condition, record_id)
    ids = {pair.id: (getattr(pair, first), getattr(pair, second)) for pair in found}
    return {next(i for i in ids[pair.id] if i != record_id): pair for pair in found}


async def hold_pairs(transaction: Transaction) -> None:
    """Let nobody else find, close or merge pairs of this tenant until the transaction ends."""
    await transaction.lock("duplicates")


async def follow(here: Resources, events: Sequence[Event], transaction: Transaction) -> None:
    """Find the pairs of changed records; they are read as they are, so no order matters."""
    changed = {(event.change.resource_type, event.change.resource_id) for event in events}
    await hold_pairs(transaction)
    for kind, likeness in BY_TYPE.items():
        ids = [record_id for of, record_id in changed if of == kind]
        records = here[likeness.message]
        found = await read(records, transaction, "t.id = ANY($1::uuid[])", ids)
        await likeness.write_keys(found, transaction)
        for record in found:
            await _pairs_of_one(here, likeness, record, transaction)


async def _pairs_of_one(
    here: Resources, likeness: Likeness, record: Any, transaction: Transaction
) -> None:
    records = here[likeness.message]
    alike: dict[str, tuple[Any, Match]] = {}
    if not record.HasField("delete_time"):
        matches = await likeness.alike(here, transaction.tenant_id, record, transaction)
        worth = [one for one in matches if one[1].score >= WORTH_A_LOOK]
        alike = {other.id: (other, match) for other, match in worth[:PAIRS_MAX]}
    known = await pairs_of(here, likeness, record.id, transaction)
    if known:
        for other in await read(records, transaction, "t.id = ANY($1::uuid[])", list(known)):
            await _renew(here, likeness, known[other.id], (record, other), transaction)
    for other, match in (alike[key] for key in alike.keys() - known.keys()):
        await _pair(here, likeness, (record, other), match, transaction)


async def _renew(
    here: Resources,
    likeness: Likeness,
    pair: _Duplicate,
    two: tuple[Any, Any],
    transaction: Transaction,
) -> None:
    match = None
    if not any(record.HasField("delete_time") for record in two):
        found = likeness.match(*two)
        match = found if found.score >= WORTH_A_LOOK else None
    new = copy_of(pair)
    renew(new, match)
    place(new, *two)
    call = here.call_of(_DISMISS, transaction.tenant_id)
    await here[_Duplicate].put(call, "update", pair, new, transaction)


async def _pair(
    here: Resources,
    likeness: Likeness,
    two: tuple[Any, Any],
    match: Match,
    transaction: Transaction,
) -> None:
    pair = _Duplicate(status=OPEN)
    first, second = sorted(record.id for record in two)
    for name, record_id in zip(names_of_pair(likeness), (first, second), strict=True):
        setattr(pair, name, record_id)
    weigh(pair, match)
    place(pair, *two)
    call = here.call_of(_DISMISS, transaction.tenant_id)
    around = await here[_Duplicate].prepare_new(call, pair, trusted=True)
    await here[_Duplicate].add(call, pair, around, transaction)


def consumer(here: Resources) -> Consumer:
    """Give what finds pairs after records were captured or changed."""
    subjects = ("party.organization.*", "party.contact.*")
    return Consumer("duplicates", subjects, functools.partial(follow, here))


_MISSING: Mapping[str, str] = {
    "Create": "pairs are found by the service",
    "Update": "a pair is dismissed, or its records are merged",
    "Delete": "kept, so that nobody is asked twice",
}

DUPLICATE = Noun(
    _Duplicate,
    keys=(
        unique("organization_id", "other_organization_id"),
        unique("contact_id", "other_contact_id"),
    ),
    verbs={"DismissDuplicate": dismiss},
    without=_MISSING,
)
