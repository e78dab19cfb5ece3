"""Writing what was planned: through the nouns' own methods, many records at once."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from banyan.documents.v1 import import_job_pb2
from google.protobuf import field_mask_pb2

from chassis import errors
from chassis.custom.definitions import NONE
from chassis.custom.fields import key_of
from chassis.json.fields import is_set
from chassis.rpc import PAGE_BYTES_MAX, violations_of
from documents.imports.custom import Custom, misfits
from documents.imports.rows import Planned, Problem
from documents.imports.trying import Trial, is_checked
from documents.imports.under_way import intended

Mode = import_job_pb2.ImportJob.Mode
_UPSERT, _CREATE, _UPDATE = (
    import_job_pb2.ImportJob.MODE_UPSERT,
    import_job_pb2.ImportJob.MODE_CREATE,
    import_job_pb2.ImportJob.MODE_UPDATE,
)
BATCH = 1000
BATCH_BYTES = PAGE_BYTES_MAX
AT_ONCE = 16
Ask = Callable[[Any, Any], Awaitable[Any]]
# Notes what is about to be written.
Begin = Callable[[Sequence[import_job_pb2.ImportEffects.Effect]], Awaitable[None]]


@dataclass
class Outcome:
    """What became of some records.

    Attributes:
        counts: by noun: created, updated, unchanged.
        effects: what an undo takes back.
    """

    counts: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    problems: list[Problem] = field(default_factory=list[Problem])
    effects: import_job_pb2.ImportEffects = field(default_factory=import_job_pb2.ImportEffects)

    def count(self, planned: Planned, place: int) -> None:
        """Count a record as created (0), updated (1) or unchanged (2)."""
        self.counts.setdefault(planned.map.noun.name, [0, 0, 0])[place] += 1

    def add_earlier(self, written: Sequence[import_job_pb2.ImportEffects.Effect]) -> None:
        """Add what an earlier try wrote before it did any of this."""
        for effect in written:
            self.counts.setdefault(effect.noun, [0, 0, 0])[1 if effect.paths else 0] += 1
        later = list(self.effects.effects)
        del self.effects.effects[:]
        self.effects.effects.extend([*written, *later])

    def refuse(self, planned: Planned, error: errors.Error) -> None:
        """Say why a record did not go in: one problem for each field that is wrong."""
        noun = planned.map.noun
        for violation in error.violations:
            name = _field_of(violation)
            self.problems.append(
                Problem(
                    planned.line,
                    violation.reason,
                    planned.columns.get(name) or planned.columns.get(name.partition(".")[0], ""),
                    noun=noun.name,
                    metadata={**violation.metadata, "detail": violation.description or name},
                )
            )
        if not error.violations:
            column = planned.columns.get(error.metadata.get("key", ""), "")
            self.problems.append(
                Problem(planned.line, error.reason, column, noun=noun.name, metadata=error.metadata)
            )


class Writer:
    """Writes planned records, or says what would become of them.

    Attributes:
        noted: ids of the records an earlier try of the job has made and counted already.
        found: ids of those it had written before it noted them; they are counted already too.
        custom: the custom fields there are.
        trial: what a dry run would have made; None when records are to be written.
    """

    def __init__(self, ask: Ask, begin: Begin, mode: int) -> None:
        self._ask = ask
        self._begin = begin
        self._mode = mode
        self.noted: set[str] = set()
        self.found: set[str] = set()
        self.custom: Custom = {}
        self.trial: Trial | None = None
        self._missing: set[str] = set()

    async def write(self, planned: Sequence[Planned]) -> Outcome:
        """Write records, those first that others refer to."""
        outcome = Outcome()
        wanted = [one for one in planned if self._is_wanted(one, outcome)]
        if self.trial is not None:  # together, so that the keys of one are held against the others'
            await self._write_part(wanted, outcome)
            return outcome
        if wanted:
            await self._begin([_intended(one) for one in wanted])
        await _all(self._write_part(part, outcome) for part in _parts(wanted))
        return outcome

    async def _write_part(self, waiting: Sequence[Planned], outcome: Outcome) -> None:
        while waiting:
            ids = {one.message.id for one in waiting}
            ready = [one for one in waiting if ids.isdisjoint(one.needs)]
            if not ready:  # they refer to each other in a ring; let the service say so
                ready = waiting
            done = {id(one) for one in ready}
            waiting = [one for one in waiting if id(one) not in done]
            groups: dict[str, list[Planned]] = {}
            for one in ready:
                groups.setdefault(one.map.noun.name, []).append(one)
            for group in groups.values():
                await self._write_group(group, outcome)

    def _is_wanted(self, one: Planned, outcome: Outcome) -> bool:
        """Tell whether a record is to be written at all; count it when not."""
        is_counted = one.message.id in self.found
        self.found.discard(one.message.id)
        if one.made:
            if one.message.id not in self.noted:
                outcome.count(one, 0)
                _made(outcome, one)
            return False
        if one.there is None:
            if self._mode == _UPDATE:
                outcome.problems.append(
                    Problem(one.line, "NOTHING_TO_UPDATE", noun=one.map.noun.name)
                )
            return self._mode != _UPDATE
        if self._mode == _CREATE or not one.changed:
            if not is_counted:
                outcome.count(one, 2)
            return False
        return True

    async def _write_group(self, group: list[Planned], outcome: Outcome) -> None:
        fit = [one for one in group if not self._lacks(one, outcome)]
        new = [one for one in fit if one.there is None]
        for start in range(0, len(new), BATCH):
            await self._create(new[start : start + BATCH], outcome)
        limit = asyncio.Semaphore(AT_ONCE)
        changed = [one for one in fit if one.there is not None]
        await _all(self._update(one, outcome, limit) for one in changed)

    def _lacks(self, one: Planned, outcome: Outcome) -> bool:
        """Tell whether what a record refers to did not go in itself."""
        if not one.needs & self._missing:
            return False
        self._missing.add(one.message.id)
        outcome.problems.append(Problem(one.line, "NEEDED_RECORD_REFUSED", noun=one.map.noun.name))
        return True

    def _try(self, one: Planned, outcome: Outcome) -> None:
        """Check a record against the contract, where its service does not check without writing."""
        noun = one.map.noun
        wrong = violations_of(one.message, noun.field)
        if one.there is not None:  # only what the row speaks of is written
            wrong = [violation for violation in wrong if _field_of(violation) in one.names]
        told = {violation.path for violation in wrong}
        if one.there is None:
            for name in noun.noun.fields:
                path = f"{noun.field}.{name}"
                if path not in told and noun.is_required(name) and not is_set(one.message, name):
                    wrong.append(errors.FieldViolation(path, "REQUIRED"))
        wrong += misfits(one, self.custom.get(noun.name, NONE))
        if wrong:
            self._missing.add(one.message.id)
            outcome.refuse(one, errors.Invalid("INVALID_FIELDS", violations=wrong))
        elif one.there is None:
            self._went_in(one, one.message, outcome)
        else:
            outcome.count(one, 1)

    def _went_in(self, one: Planned, record: Any, outcome: Outcome) -> None:
        """Count a new record, and keep in mind that it is there, or would be."""
        if self.trial is not None:
            if key := self.trial.taken(one, record):
                self._refuse(one, errors.AlreadyExists("ALREADY_EXISTS", key=key), outcome)
                return
            self.trial.keep(one, record)
        else:
            _made(outcome, one)
        outcome.count(one, 0)

    async def _create(self, group: list[Planned], outcome: Outcome) -> None:
        noun = group[0].map.noun
        batch = noun.methods.get("BatchCreate")
        if batch is None and self.trial is not None:
            for one in group:
                self._try(one, outcome)
            return
        if batch is None:
            limit = asyncio.Semaphore(AT_ONCE)
            await _all(self._create_one(one, outcome, limit) for one in group)
            return
        request = batch.request_type(requests=[noun.create_request(o.message) for o in group])
        if self.trial is not None:
            request.validate_only = True
            request.assumed_records.extend(self.trial.assumed(group))
        if request.ByteSize() > BATCH_BYTES and len(group) > 1:
            middle = len(group) // 2
            await self._create(group[:middle], outcome)
            await self._create(group[middle:], outcome)
            return
        try:
            reply = await self._ask(batch, request)
        except errors.Invalid as error:
            for one in group:
                self._refuse(one, error, outcome)
            return
        refused = {wrong.row: wrong for wrong in reply.errors}
        created = iter(getattr(reply, noun.noun.resource.plural))
        for place, one in enumerate(group):
            wrong = refused.get(place)
            if wrong is None:
                self._went_in(one, next(created), outcome)
            else:
                self._refuse(one, _error_of(wrong), outcome)

    async def _create_one(self, one: Planned, outcome: Outcome, limit: asyncio.Semaphore) -> None:
        noun = one.map.noun
        async with limit:
            try:
                await self._ask(noun.methods["Create"], noun.create_request(one.message))
            except errors.Error as error:
                self._refuse(one, error, outcome)
            else:
                self._went_in(one, one.message, outcome)

    async def _update(self, one: Planned, outcome: Outcome, limit: asyncio.Semaphore) -> None:
        noun, paths = one.map.noun, one.changed
        update = noun.methods.get("Update")
        if update is None:
            self._refuse(one, errors.FailedPrecondition("CANNOT_BE_CHANGED"), outcome)
            return
        one.message.etag = one.there.etag
        request = update.request_type(
            **{noun.field: one.message}, update_mask=field_mask_pb2.FieldMask(paths=paths)
        )
        if self.trial is not None:
            if not (is_checked(update) and self.trial.is_real(one)):
                self._try(one, outcome)
                return
            request.validate_only = True
        async with limit:
            try:
                changed = await self._ask(update, request)
            except errors.Error as error:
                self._refuse(one, error, outcome)
                return
        outcome.count(one, 1)
        if self.trial is not None:
            return
        outcome.effects.effects.add(
            noun=noun.name,
            id=changed.id,
            etag=changed.etag,
            before=one.there.SerializeToString(),
            paths=paths,
        )

    def _refuse(self, one: Planned, error: errors.Error, outcome: Outcome) -> None:
        if isinstance(error, errors.Unavailable | errors.Unauthenticated | errors.Internal):
            raise error  # the job's trouble, not the row's
        self._missing.add(one.message.id)
        outcome.refuse(one, error)


def _intended(one: Planned) -> import_job_pb2.ImportEffects.Effect:
    paths = one.changed if one.there is not None else ()
    return intended(one.map.noun.name, one.message, one.there, paths)


async def _all(works: Iterable[Awaitable[None]]) -> None:
    """Do all at once; what fails in one of them must not leave another at work."""
    for failed in await asyncio.gather(*works, return_exceptions=True):
        if failed is not None:
            raise failed


def _parts(planned: list[Planned]) -> list[list[Planned]]:
    """Cut records into two parts, of which the database writes one while the other is checked.

    They are one part where any refers to one of the other, or is the same as one.
    """
    middle = statistics.median_low([one.line for one in planned]) if planned else 0
    parts = [
        [one for one in planned if one.line <= middle],
        [one for one in planned if one.line > middle],
    ]
    ids = [{one.message.id for one in part} for part in parts]
    needs = [set[str]().union(*(one.needs for one in part)) for part in parts]
    if ids[0] & (ids[1] | needs[1]) or ids[1] & needs[0]:
        return [planned]
    return parts


def _field_of(violation: errors.FieldViolation) -> str:
    """Name the field of the record that is wrong, ``custom_fields.seats`` for a custom one."""
    path = violation.path.partition(".")[2].partition("[")[0]
    return path if key_of(path) else path.partition(".")[0]


def _made(outcome: Outcome, one: Planned) -> None:
    outcome.effects.effects.add(noun=one.map.noun.name, id=one.message.id, etag="1")


def _error_of(row: Any) -> errors.Error:
    """Rebuild the error a batch names for a row."""
    violations = [
        errors.FieldViolation(field.path, field.reason, field.message, dict(field.metadata))
        for field in row.fields
    ]
    if violations:
        return errors.Invalid(row.reason, violations=violations)
    return errors.Invalid(row.reason, **{**row.metadata, "detail": row.message})
