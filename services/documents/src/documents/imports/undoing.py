"""Taking an import back: last first, and nothing that somebody has touched since."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

from banyan.documents.v1 import import_job_pb2, import_step_pb2
from google.protobuf import field_mask_pb2

from chassis import errors
from documents.imports.nouns import ImportNoun
from documents.imports.rows import Problem
from documents.imports.writing import AT_ONCE, Ask

_Step = import_step_pb2.ImportStep
_TOLD_EACH = 500


async def take_back(
    ask: Ask,
    find: Callable[[str], ImportNoun],
    effects: import_job_pb2.ImportEffects,
    told: Callable[[int], Awaitable[None]],
) -> tuple[list[Problem], dict[str, str]]:
    """Undo what a stretch of rows did, last first; a record somebody has changed since is left.

    Args:
        told: hears now and then how many effects more were taken back.

    Returns:
        What had to be left, and the versions of the records that are again as they were.
    """
    problems: list[Problem] = []
    etags: dict[str, str] = {}
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(effect: import_job_pb2.ImportEffects.Effect) -> None:
        async with limit:
            try:
                etags.update(await _take_back(ask, find(effect.noun), effect))
            except (errors.Unavailable, errors.Unauthenticated, errors.Internal):
                raise
            except errors.NotFound:
                return  # it is gone already
            except errors.Error as error:
                reason = "TOUCHED_SINCE" if error.reason == "STALE_ETAG" else error.reason
                problems.append(
                    Problem(0, reason, noun=effect.noun, record_id=effect.id,
                            metadata=error.metadata)
                )  # fmt: skip

    for group in _groups(find, effects):
        for start in range(0, len(group), _TOLD_EACH):
            part = group[start : start + _TOLD_EACH]
            await asyncio.gather(*(one(effect) for effect in part))
            await told(len(part))
    return problems, etags


def _groups(
    find: Callable[[str], ImportNoun], effects: import_job_pb2.ImportEffects
) -> list[list[import_job_pb2.ImportEffects.Effect]]:
    """Cut effects, last first, into what may be taken back at the same time."""
    groups: list[list[import_job_pb2.ImportEffects.Effect]] = []
    for effect in reversed(effects.effects):
        alone = find(effect.noun).refers_to_itself
        if alone or not groups or groups[-1][0].noun != effect.noun:
            groups.append([effect])
        else:
            groups[-1].append(effect)
    return groups


async def _take_back(
    ask: Ask, noun: ImportNoun, effect: import_job_pb2.ImportEffects.Effect
) -> dict[str, str]:
    """Take one effect back; give the version of a record that goes on."""
    if effect.paths:
        update = noun.methods["Update"]
        before: Any = noun.noun.message.FromString(effect.before)
        before.etag = effect.etag
        mask = field_mask_pb2.FieldMask(paths=effect.paths)
        restored = await ask(update, update.request_type(**{noun.field: before}, update_mask=mask))
        return {effect.id: restored.etag}
    delete = noun.methods.get("Delete")
    if delete is None:
        raise errors.FailedPrecondition("CANNOT_BE_REMOVED")
    await ask(delete, delete.request_type(id=effect.id, etag=effect.etag))
    return {}


def effects_of(step: _Step) -> import_job_pb2.ImportEffects:
    """Read what a step did."""
    return import_job_pb2.ImportEffects.FromString(step.effects)


def told_again(steps: Iterable[_Step], etags: Mapping[str, str]) -> Iterator[_Step]:
    """Tell steps the versions that records have since a later step was taken back.

    Gives those that speak of such records: nobody but the undo has touched these.
    """
    for step in steps:
        effects = effects_of(step)
        touched = [effect for effect in effects.effects if effect.id in etags]
        for effect in touched:
            effect.etag = etags[effect.id]
        if touched:
            step.effects = effects.SerializeToString()
            yield step
