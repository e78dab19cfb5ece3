"""Capture: a record that is there already is not made a second time, unless that is meant (PLT-17).

What has the exact key of a living record (an organization's tax number, a contact's e-mail) is
refused; what is only similar is listed by `find`. Checked and written in one transaction that holds
the key, so that of two who capture the same at once one is refused.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from banyan.party.v1 import match_pb2
from google.protobuf.message import Message
from google.type import decimal_pb2

from chassis import errors
from chassis.access import is_given
from chassis.database import Transaction
from chassis.resources import Around, Keep, Resource, Resources
from chassis.resources.batch import ROWS_MAX, answered, assumed, trial_answer
from chassis.resources.batch import batch_create as plain_batch_create
from chassis.resources.noun import Custom
from chassis.resources.references import is_seen
from chassis.resources.requests import Request
from chassis.rpc import Call
from party.likeness import Likeness
from party.matching import WORTH_A_LOOK, Match

SIMILAR_MAX = 20
_NAMES = """
SELECT resource_id::text, title FROM party.title
WHERE resource_type = 'identity.banyan/User' AND resource_id = ANY($1::uuid[])
"""


def methods_of(likeness: Likeness) -> dict[str, Custom]:
    """Give the methods by which records of a noun are captured."""
    one = likeness.name
    return {
        f"Create{one}": functools.partial(create, likeness),
        f"BatchCreate{one}s": functools.partial(batch_create, likeness),
        f"FindDuplicate{one}s": functools.partial(find, likeness),
    }


async def create(likeness: Likeness, here: Resources, request: Any, call: Call) -> Message:
    """Make a record.

    Raises:
        AlreadyExists: ALREADY_SIMILAR.
    """
    resource = here[likeness.message]
    known: dict[tuple[str, str], Any] = {}

    async def run(asked: Keep | None) -> Any:
        new, around = await _prepared(resource, request, call, known)
        async with here.database.transaction(call.tenant_id) as transaction:
            rows = [(new, bool(request.allow_duplicate))]
            (refusal,) = await _refusals(likeness, here, call, rows, transaction)
            if refusal is not None:
                raise refusal
            await resource.add(call, new, around, transaction, asked)
        return new

    made = await resource.once(request, call, run)
    await resource.title_many(call, [made], known)
    return made


async def batch_create(likeness: Likeness, here: Resources, request: Any, call: Call) -> Message:
    """Make many records; a row that repeats a key, of a record or of a row before it, is refused.

    Raises:
        Invalid: TOO_MANY_ROWS.
    """
    resource = here[likeness.message]
    kept, known = Request.of(call, request), assumed(request)
    if len(request.requests) > ROWS_MAX or await _is_answered(here, call, kept):
        return await plain_batch_create(resource, request, call)
    ready: dict[int, tuple[Any, Around]] = {}
    refused: dict[int, errors.Error] = {}
    asked = [getattr(row, resource.noun.table_name) for row in request.requests]
    await resource.rules.get_to_know(call, asked, known)
    for place, row in enumerate(request.requests):
        try:
            ready[place] = await _prepared(resource, row, call, known)
        except errors.Error as error:
            refused[place] = error
    try:
        async with here.database.transaction(call.tenant_id) as transaction:
            rows = [
                (new, bool(request.requests[p].allow_duplicate)) for p, (new, _) in ready.items()
            ]
            refusals = await _refusals(likeness, here, call, rows, transaction)
            refused |= {p: e for p, e in zip(ready, refusals, strict=True) if e is not None}
            ready = {place: one for place, one in ready.items() if place not in refused}
            if request.validate_only:
                found = {place: new for place, (new, _) in ready.items()}
                return await trial_answer(resource, call, found, refused, known)
            refused |= await _add_all(resource, call, ready, transaction)
            created = [new for place, (new, _) in ready.items() if place not in refused]
            answer = answered(resource, call, created, refused)
            if kept is not None:
                await here.requests.keep(transaction, kept.answered(answer))
    except errors.AlreadyExists:
        # A twin under the same request id was faster; its answer is the answer.
        if not await _is_answered(here, call, kept):
            raise
        return await plain_batch_create(resource, request, call)
    await resource.title_many(call, getattr(answer, resource.noun.resource.plural), known)
    return answer


async def find(likeness: Likeness, here: Resources, request: Any, call: Call) -> Message:
    """List what is like a record: what the caller may see, and whom to ask about the rest.

    Raises:
        Invalid: FIELD_HIDDEN for what the caller does not see of records and so could find out.
    """
    resource = here[likeness.message]
    asked = getattr(request, resource.noun.table_name)
    for path in sorted(call.fields(resource.noun.name).hidden):
        if is_given(asked, path):
            raise errors.invalid_field(path, "FIELD_HIDDEN", field=path)
    fetch = functools.partial(here.database.read, call.tenant_id)
    (alike,) = await likeness.alike([asked], fetch)
    seen = [one for one in alike if is_seen(call, resource.noun, one[0])][:SIMILAR_MAX]
    hidden = [
        other
        for other, match in alike
        if match.score >= WORTH_A_LOOK and not is_seen(call, resource.noun, other)
    ]
    names = await _names_of(here, call.tenant_id, [*hidden, *(other for other, _ in seen)])
    answer = match_pb2.FindDuplicatesResponse()
    for other, match in seen:
        answer.similar_records.append(_similar(resource, other, match, names))
    for user_id in dict.fromkeys(whom_to_ask(other) for other in hidden):
        answer.people_to_ask.add(user_id=user_id, display_name=names.get(user_id, ""))
    return answer


def whom_to_ask(record: Any) -> str:
    """Name the person who can tell about a record: its owner, else who made it."""
    return record.owner_user_id or record.creator_user_id


def evidence_of(match: Match) -> list[match_pb2.Evidence]:
    """Write down what speaks for a match."""
    return [
        match_pb2.Evidence(
            reason=match_pb2.MatchReason.ValueType(reason),
            weight=decimal_pb2.Decimal(value=f"{weight:.2f}"),
        )
        for reason, weight in match.evidence
    ]


def _similar(
    resource: Resource, other: Any, match: Match, names: Mapping[str, str]
) -> match_pb2.SimilarRecord:
    owner = whom_to_ask(other)
    return match_pb2.SimilarRecord(
        id=other.id,
        title=getattr(other, resource.noun.options.title),
        score=decimal_pb2.Decimal(value=f"{match.score:.2f}"),
        evidence=evidence_of(match),
        owner_user_id=owner,
        owner_display_name=names.get(owner, ""),
    )


async def _prepared(
    resource: Resource, row: Any, call: Call, known: dict[tuple[str, str], Any]
) -> tuple[Any, Around]:
    new: Any = resource.noun.message()
    new.CopyFrom(getattr(row, resource.noun.table_name))
    return new, await resource.prepare_new(call, new, remembered=known)


async def _is_answered(here: Resources, call: Call, kept: Request | None) -> bool:
    return kept is not None and await here.requests.answer_to(call.tenant_id, kept) is not None


async def _refusals(
    likeness: Likeness,
    here: Resources,
    call: Call,
    rows: Sequence[tuple[Any, bool]],
    transaction: Transaction,
) -> list[errors.Error | None]:
    """Say of each new record whether its key is taken, unless a second one is meant.

    Until the transaction ends nobody else captures a record with one of the keys.
    """
    keys = [likeness.exact_key(new) for new, _ in rows]
    guarded = sorted({key for key, (_, meant) in zip(keys, rows, strict=True) if not meant} - {""})
    if not guarded:
        return [None] * len(rows)
    await _hold(likeness, guarded, transaction)
    resource = here[likeness.message]
    holders = await resource.store.where(
        call.tenant_id, likeness.holders, guarded, connection=transaction
    )
    holder_of = {likeness.exact_key(holder): holder for holder in reversed(holders)}
    taken: list[Any] = []
    for key, (new, meant) in zip(keys, rows, strict=True):
        # Who gives the id of a record that is there is told that the id is taken.
        holder = holder_of.setdefault(key, new) if key else new
        taken.append(None if meant or holder.id == new.id else holder)
    names = await _names_of(
        here, call.tenant_id, [holder for holder in taken if holder], transaction
    )
    return [holder and _refusal(likeness, resource, call, holder, names) for holder in taken]


async def _hold(likeness: Likeness, keys: Sequence[str], transaction: Transaction) -> None:
    """Hold one key; for many, all keys of the noun, since the database holds few locks at once."""
    await transaction.lock("capture", likeness.name, shared=len(keys) == 1)
    if len(keys) == 1:
        await transaction.lock("capture", likeness.name, keys[0])


def _refusal(
    likeness: Likeness, resource: Resource, call: Call, holder: Any, names: Mapping[str, str]
) -> errors.Error:
    """Refuse a second record; what the first one is, is told to whoever may see it."""
    owner = whom_to_ask(holder)
    refusal = errors.AlreadyExists(
        "ALREADY_SIMILAR", key=likeness.exact, owner_user_id=owner, owner=names.get(owner, owner)
    )
    if is_seen(call, resource.noun, holder):
        title = getattr(holder, resource.noun.options.title)
        refusal.metadata |= {"id": holder.id, "title": title}
    return refusal


async def _names_of(
    here: Resources,
    tenant_id: str,
    records: Iterable[Any],
    transaction: Transaction | None = None,
) -> dict[str, str]:
    """Give the names of those to ask about records, whoever asks: that much everybody is told."""
    people = sorted({whom_to_ask(record) for record in records} - {""})
    if not people:
        return {}
    if transaction is not None:
        rows = await transaction.fetch(_NAMES, people)
    else:
        rows = await here.database.read(tenant_id, _NAMES, people)
    return {row[0]: row[1] for row in rows}


async def _add_all(
    resource: Resource,
    call: Call,
    ready: Mapping[int, tuple[Any, Around]],
    transaction: Transaction,
) -> dict[int, errors.Error]:
    """Write records together or, when that fails, one by one; give what was refused."""
    refused: dict[int, errors.Error] = {}
    try:
        async with transaction.savepoint():
            rows = [(new, around.referred) for new, around in ready.values()]
            await resource.store.insert_many(call, rows, transaction, resource.facts_of_new)
    except errors.Error:
        for place, (new, around) in ready.items():
            try:
                async with transaction.savepoint():
                    await resource.add(call, new, around, transaction)
            except errors.Error as error:
                refused[place] = error
    return refused
