"""BatchCreate (AIP-231): many records at once, each row refused or written by itself."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from banyan.api.v1 import batch_pb2

from chassis import errors
from chassis.resources.around import Around
from chassis.resources.requests import Request
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
    answer: Any = call.method.response_type()
    created = getattr(answer, resource.noun.resource.plural)
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
        for row, error in sorted(batch.refused.items()):
            answer.errors.append(row_error(row, error, call.language))
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


async def _prepared(resource: "Resource", rows: Sequence[Any], call: Call) -> _Rows:
    """Complete and check every row, asking for each thing they refer to only once."""
    batch = _Rows([], {}, {})
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
    )
    for violation in error.violations:
        text = errors.sentence(violation.reason, violation.metadata, language)
        found.fields.add(
            path=violation.path,
            reason=violation.reason,
            message=violation.description if text == violation.reason else text,
        )
    return found
