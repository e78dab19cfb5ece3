"""Duplicate: two records that may be of the same, for people to decide about (PLT-17).

After each change of an organization or contact its pairs are found anew. A pair is there once; what
people have decided about it stands, until the two become more alike than they were then.
"""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.party.v1 import duplicate_pb2
from google.type import decimal_pb2

from chassis import errors
from chassis.database import Transaction
from chassis.events import Consumer, Event
from chassis.resources import Around, Noun, Resources
from chassis.rpc import Call
from party.capture import evidence_of
from party.likeness import BY_TYPE, Likeness
from party.matching import WORTH_A_LOOK, Match
from party.pointing import copy_of, read

PAIRS_MAX = 20
_Duplicate = duplicate_pb2.Duplicate
OPEN, LAPSED = _Duplicate.STATUS_OPEN, _Duplicate.STATUS_LAPSED
MERGED, DISMISSED = _Duplicate.STATUS_MERGED, _Duplicate.STATUS_DISMISSED
_DISMISS = "/banyan.party.v1.DuplicateService/DismissDuplicate"
# Two records, and how alike they are.
_Found = tuple[Any, Any, Match]
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
    here: Resources, likeness: Likeness, ids: Collection[str], transaction: Transaction
) -> dict[frozenset[str], _Duplicate]:
    """Give the pairs some records are in, by the ids of the two."""
    first, second = names_of_pair(likeness)
    condition = f"t.{first} = ANY($1::uuid[]) OR t.{second} = ANY($1::uuid[])"
    found = await read(here[_Duplicate], transaction, condition, list(ids))
    return {frozenset((getattr(pair, first), getattr(pair, second))): pair for pair in found}


async def hold_pairs(transaction: Transaction) -> None:
    """Let nobody else find, close or merge pairs of this tenant until the transaction ends."""
    await transaction.lock("duplicates")


async def follow(here: Resources, events: Sequence[Event], transaction: Transaction) -> None:
    """Find the pairs of changed records; they are read as they are, so no order matters."""
    changed = {(event.change.resource_type, event.change.resource_id) for event in events}
    await hold_pairs(transaction)
    for kind, likeness in BY_TYPE.items():
        if ids := {record_id for of, record_id in changed if of == kind}:
            await _Look(here, likeness, transaction).at(ids)


@dataclass(frozen=True)
class _Look:
    """What finds the pairs of some records of a noun, all at once."""

    here: Resources
    likeness: Likeness
    transaction: Transaction

    async def at(self, ids: Collection[str]) -> None:
        """Find the pairs these records are in now; each pair is looked at once."""
        records = await self.likeness.known(ids, self.transaction.fetch)
        known = await pairs_of(self.here, self.likeness, records.keys(), self.transaction)
        found = await self._found(records)
        call = self.here.call_of(_DISMISS, self.transaction.tenant_id)
        await self._renew(call, known, records)
        await self._add(call, [found[two] for two in found.keys() - known.keys()])

    async def _found(self, records: Mapping[str, Any]) -> dict[frozenset[str], _Found]:
        """Give by their ids the records worth a look; of each that was changed the most alike."""
        living = [one for one in records.values() if not one.HasField("delete_time")]
        matches = await self.likeness.alike(living, self.transaction.fetch, WORTH_A_LOOK)
        return {
            frozenset((record.id, other.id)): (record, other, match)
            for record, alike in zip(living, matches, strict=True)
            for other, match in alike[:PAIRS_MAX]
        }

    async def _renew(
        self,
        call: Call,
        known: Mapping[frozenset[str], _Duplicate],
        records: Mapping[str, Any],
    ) -> None:
        elsewhere = frozenset[str]().union(*known) - records.keys()
        there = await self.likeness.known(elsewhere, self.transaction.fetch)
        for two, pair in known.items():
            a, b = (records.get(i) or there[i] for i in two)
            new = copy_of(pair)
            renew(new, self._match(a, b))
            place(new, a, b)
            await self.here[_Duplicate].put(call, "update", pair, new, self.transaction)

    def _match(self, a: Any, b: Any) -> Match | None:
        """Tell how alike two are, None when that is not enough or one of them is gone."""
        if a.HasField("delete_time") or b.HasField("delete_time"):
            return None
        match = self.likeness.match(a, b)
        return match if match.score >= WORTH_A_LOOK else None

    async def _add(self, call: Call, found: Sequence[_Found]) -> None:
        resource = self.here[_Duplicate]
        rows: list[tuple[Any, Mapping[str, Any]]] = []
        for a, b, match in found:
            pair = _Duplicate(status=OPEN)
            for name, record_id in zip(
                names_of_pair(self.likeness), sorted((a.id, b.id)), strict=True
            ):
                setattr(pair, name, record_id)
            weigh(pair, match)
            place(pair, a, b)
            around = await resource.prepare_new(call, pair, trusted=True)
            rows.append((pair, around.referred))
        if rows:
            await resource.store.insert_many(call, rows, self.transaction, resource.facts_of_new)


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
    verbs={"DismissDuplicate": dismiss},
    without=_MISSING,
)
