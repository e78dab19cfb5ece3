"""BatchCreate (AIP-231): many records at once, each row refused or written by itself."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from banyan.api.v1 import batch_pb2
from google.protobuf.message import DecodeError

from chassis import errors
from chassis.resources.around import Around
from chassis.resources.keys import taken
from chassis.resources.kinds import noun_of
from chassis.resources.references import record_key, title_in
from chassis.resources.requests import Request, only_checks
from chassis.rpc import Call
from chassis.turns import TURNS

if TYPE_CHECKING:
    from chassis.resources.resource import Resource

ROWS_MAX = 1000
_ATTEMPTS = 10


class _OutOfDate(Exception):
    """What the rules read has changed since; raised to undo what was written."""


@dataclass
class _Rows:
    """The rows of one batch: what is ready to be written, what was refused and why.

    Attributes:
        ready: place in the request, record, and what its rules knew.
        known: what the rows refer to, asked for once.
    """

    ready: list[tuple[int, Any, Around]]
    refused: dict[int, errors.Error]
    known: dict[tuple[str, str], Any]


async def batch_create(resource: "Resource", request: Any, call: Call) -> Any:
    """Write the rows of a batch in one transaction; a bad row is named and the others go in.

    Under a request id the answer is kept, refusals included, and given again.

    Raises:
        Invalid: TOO_MANY_ROWS.
    """
    rows: Sequence[Any] = request.requests
    if len(rows) > ROWS_MAX:
        raise errors.invalid_field("requests", "TOO_MANY_ROWS", limit=ROWS_MAX)
    if only_checks(request):
        return await _tried(resource, request, call)
    kept = Request.of(call, request)
    seen = kept and await resource.here.requests.answer_to(call.tenant_id, kept)
    if seen:
        answer: Any = call.method.response_type.FromString(seen)
        await resource.title_many(call, getattr(answer, resource.noun.resource.plural))
        return answer
    try:
        with TURNS.long_work():
            batch, answer = await _written_when_prepared(resource, rows, kept, call)
    except errors.AlreadyExists:
        # A twin under the same request id was faster; its answer is the answer.
        seen = kept and await resource.here.requests.answer_to(call.tenant_id, kept)
        if not seen:
            raise
        answer = call.method.response_type.FromString(seen)
        await resource.title_many(call, getattr(answer, resource.noun.resource.plural))
        return answer
    await resource.title_many(call, getattr(answer, resource.noun.resource.plural), batch.known)
    return answer


async def _tried(resource: "Resource", request: Any, call: Call) -> Any:
    """Give the answer a batch would get, as far as it can be told without writing (AIP-163)."""
    with TURNS.long_work():
        batch = await _prepared(resource, request.requests, call, assumed(request))
        if batch.refused and resource.rules.forget_older(call, batch.known):
            batch = await _prepared(resource, request.requests, call, assumed(request))
    ready = {place: new for place, new, _ in batch.ready}
    return await trial_answer(resource, call, ready, batch.refused, batch.known)


async def trial_answer(
    resource: "Resource",
    call: Call,
    ready: Mapping[int, Any],
    refused: Mapping[int, errors.Error],
    known: Mapping[tuple[str, str], Any],
) -> Any:
    """Give the answer to rows that were only checked.

    Args:
        ready: by their places, the records that would be made if their keys are free.
        known: what they refer to.
    """
    no_key = await taken(resource.store, call.tenant_id, ready, new=True)
    made = [new for place, new in ready.items() if place not in no_key]
    for new in made:
        resource.rules.fill_titles(new, known)
    return answered(resource, call, made, {**refused, **no_key})


def answered(
    resource: "Resource", call: Call, created: Sequence[Any], refused: Mapping[int, errors.Error]
) -> Any:
    """Give the answer of a batch.

    Args:
        created: the records, in the order of their rows.
        refused: why the other rows did not go in, by their place.
    """
    answer: Any = call.method.response_type()
    getattr(answer, resource.noun.resource.plural).extend(created)
    answer.errors.extend(row_error(p, e, call.language) for p, e in sorted(refused.items()))
    return answer


def assumed(request: Any) -> dict[tuple[str, str], Any]:
    """Give what counts as there where rows are only checked, as what is known of references.

    Raises:
        Invalid: UNKNOWN_RESOURCE_TYPE, NOT_A_RECORD.
    """
    known: dict[tuple[str, str], Any] = {}
    for place, given in enumerate(request.assumed_records if only_checks(request) else ()):
        path = f"assumed_records[{place}]"
        noun = noun_of(given.resource_type, f"{path}.resource_type")
        try:
            record: Any = noun.message.FromString(given.record)
        except DecodeError:
            raise errors.invalid_field(f"{path}.record", "NOT_A_RECORD") from None
        known[given.resource_type, record.id] = title_in(record, noun)
        known[record_key(given.resource_type, record.id)] = record
    return known


async def _written_when_prepared(
    resource: "Resource", rows: Sequence[Any], kept: Request | None, call: Call
) -> tuple[_Rows, Any]:
    """Prepare and write; again from the beginning when what the rules read changed in between."""
    for _ in range(_ATTEMPTS):
        batch = await _prepared(resource, rows, call)
        if batch.refused and resource.rules.forget_older(call, batch.known):
            continue
        answer = await _written(resource, batch, kept, call)
        if answer is not None:
            _keep(resource, batch, call)
            return batch, answer
        for _, _, around in batch.ready:
            resource.rules.forget(call, around)
    raise errors.Conflict("BUSY_RECORD", retry_after=0.1)


async def _written(resource: "Resource", batch: _Rows, kept: Request | None, call: Call) -> Any:
    """Write what is ready in one transaction: together or, when that fails, row by row.

    Gives None, and has written nothing, when what the rules read has changed since.
    """
    created: list[Any] = []
    async with resource.here.database.transaction(call.tenant_id) as transaction:
        try:
            async with transaction.savepoint():
                ready = [(new, around.referred) for _, new, around in batch.ready]
                if not await resource.store.insert_many(
                    call, ready, transaction, resource.facts_of_new
                ):
                    raise _OutOfDate
                if resource.tree is not None:
                    await resource.tree.hold(transaction, exclusive=False)
                    for _, new, around in batch.ready:
                        await resource.tree.plant(transaction, new, around)
            created.extend(new for _, new, _ in batch.ready)
        except _OutOfDate:
            return None
        except errors.Error:
            for row, new, around in batch.ready:
                try:
                    async with transaction.savepoint():
                        await resource.add(call, new, around, transaction)
                    created.append(new)
                except errors.Error as error:
                    batch.refused[row] = error
        answer = answered(resource, call, created, batch.refused)
        if kept is not None:
            await resource.here.requests.keep(transaction, kept.answered(answer))
    return answer


def _keep(resource: "Resource", batch: _Rows, call: Call) -> None:
    """Keep what was written for the rules of its parts, which often follow."""
    if resource.noun.resource.type in resource.here.kinds_read:
        read = time.monotonic()
        for row, new, _ in batch.ready:
            if row not in batch.refused:
                resource.kept.keep(call.tenant_id, new, read)


async def _prepared(
    resource: "Resource",
    rows: Sequence[Any],
    call: Call,
    known: dict[tuple[str, str], Any] | None = None,
) -> _Rows:
    """Complete and check every row, asking for each thing they refer to only once."""
    batch = _Rows([], {}, {} if known is None else known)
    asked = [getattr(row, resource.noun.table_name) for row in rows]
    await resource.rules.get_to_know(call, asked, batch.known)
    for place, row in enumerate(asked):
        new: Any = resource.noun.message()
        new.CopyFrom(row)
        try:
            around = await resource.prepare_new(call, new, remembered=batch.known)
        except errors.Error as error:
            batch.refused[place] = error
        else:
            batch.ready.append((place, new, around))
    return batch


def row_error(row: int, error: errors.Error, language: str) -> batch_pb2.RowError:
    """Say why a row was refused, in the caller's language."""
    found = batch_pb2.RowError(
        row=row,
        reason=error.reason,
        message=errors.sentence(error.reason, error.metadata, language),
        metadata=error.metadata,
    )
    for violation in error.violations:
        text = errors.sentence(violation.reason, violation.metadata, language)
        found.fields.add(
            path=violation.path,
            reason=violation.reason,
            message=violation.description if text == violation.reason else text,
            metadata=violation.metadata,
        )
    return found
