"""Where the bytes of a version lie: in parts, each of them an object that is written once.

An object gets its number before it is written, so that two who write the same place never write
the same object, and everything a version ever wrote can be removed.
"""

import datetime
import hashlib
from collections.abc import Iterable

from chassis import errors
from chassis.database import Transaction
from chassis.events import Timer
from chassis.events.timers import set_timer
from chassis.resources import Resources

UNFINISHED = "unfinished_version"
# How long an upload may rest before what came of it is removed.
KEPT = datetime.timedelta(days=1)
_OBJECTS = (
    "SELECT coalesce(part_objects, '{}'), coalesce(objects_named, 0)"
    " FROM documents.document_version WHERE id = $1"
)


def object_name(tenant_id: str, version_id: str, number: int) -> str:
    """Name an object of a version."""
    return f"{tenant_id}/{version_id}/{number}"


async def add(here: Resources, tenant_id: str, version_id: str, offset: int, data: bytes) -> None:
    """Write the next part of a version that is being written.

    Raises:
        Conflict: WRONG_OFFSET with where the next part begins.
    """
    numbered = await here.database.write(
        tenant_id,
        "UPDATE documents.document_version SET objects_named = coalesce(objects_named, 0) + 1"
        " WHERE id = $1 AND size = $2 AND complete_time IS NULL RETURNING objects_named",
        *(version_id, offset),
    )
    if not numbered:
        raise await _wrong_offset(here, tenant_id, version_id, offset)
    name = object_name(tenant_id, version_id, numbered[0][0])
    await here.objects.put(name, data)
    async with here.database.transaction(tenant_id) as transaction:
        added = await transaction.fetch(
            "UPDATE documents.document_version SET size = size + $3,"
            " parts = coalesce(parts, '{}') || $3::bigint,"
            " part_objects = coalesce(part_objects, '{}') || $4::bigint"
            " WHERE id = $1 AND size = $2 AND complete_time IS NULL RETURNING 1",
            *(version_id, offset, len(data), numbered[0][0]),
        )
        if added:
            await keep_a_while(transaction, version_id)
    if not added:
        await here.objects.delete(name)
        raise await _wrong_offset(here, tenant_id, version_id, offset)


async def read(here: Resources, tenant_id: str, version_id: str, offset: int, size: int) -> bytes:
    """Give the bytes of a stretch; fewer where the version ends before."""
    found = bytearray()
    for begin, length, number in await _parts(here, tenant_id, version_id):
        if begin < offset + size and offset < begin + length:
            part = await _whole(here, object_name(tenant_id, version_id, number), length)
            found += part[max(0, offset - begin) : offset + size - begin]
    return bytes(found)


async def digest(here: Resources, tenant_id: str, version_id: str) -> str:
    """Give the SHA-256 of a version, in hex."""
    found = hashlib.sha256()
    for _, length, number in await _parts(here, tenant_id, version_id):
        found.update(await _whole(here, object_name(tenant_id, version_id, number), length))
    return found.hexdigest()


async def _whole(here: Resources, name: str, length: int) -> bytes:
    """Read an object of which nothing is missing.

    Raises:
        Unavailable: only a part of it came.
    """
    data = await here.objects.get(name)
    if len(data) != length:
        raise errors.Unavailable("SERVICE_UNAVAILABLE", retry_after=1)
    return data


async def remove_spare(here: Resources, tenant_id: str, version_id: str) -> None:
    """Remove the objects of a finished version that are no part of it: others were faster."""
    rows = await here.database.read(tenant_id, _OBJECTS, version_id)
    for used, named in rows:
        await _remove(here, tenant_id, version_id, set(range(1, named + 1)).difference(used))


async def forget(here: Resources, version_id: str, transaction: Transaction) -> None:
    """Remove a version with everything it wrote, unless it was finished."""
    # While the row is held nobody can finish it, so no current version loses its bytes.
    rows = await transaction.fetch(f"{_OBJECTS} AND complete_time IS NULL FOR UPDATE", version_id)
    for used, named in rows:
        everything = {*range(1, named + 1), *used}
        await _remove(here, transaction.tenant_id, version_id, everything)
        await transaction.fetch("DELETE FROM documents.document_version WHERE id = $1", version_id)


async def _remove(here: Resources, tenant_id: str, version_id: str, numbers: Iterable[int]) -> None:
    for number in numbers:
        await here.objects.delete(object_name(tenant_id, version_id, number))


async def keep_a_while(transaction: Transaction, version_id: str) -> None:
    """Let a version that is being written be removed when nothing comes for a day."""
    due = datetime.datetime.now(datetime.UTC) + KEPT
    await set_timer(transaction, "documents", UNFINISHED, version_id, due)


def timer(here: Resources) -> Timer:
    """Give what removes versions that were begun and never finished."""

    async def due(version_id: str, _: bytes, transaction: Transaction) -> None:
        await forget(here, version_id, transaction)

    return Timer(UNFINISHED, due)


async def _parts(here: Resources, tenant_id: str, version_id: str) -> list[tuple[int, int, int]]:
    """List where each part begins, how long it is and which object it is."""
    rows = await here.database.read(
        tenant_id,
        "SELECT coalesce(parts, '{}'), coalesce(part_objects, '{}')"
        " FROM documents.document_version WHERE id = $1",
        version_id,
    )
    found: list[tuple[int, int, int]] = []
    begin = 0
    for length, number in zip(*rows[0], strict=True) if rows else ():
        found.append((begin, length, number))
        begin += length
    return found


async def _wrong_offset(
    here: Resources, tenant_id: str, version_id: str, offset: int
) -> errors.Conflict:
    rows = await here.database.read(
        tenant_id,
        "SELECT size FROM documents.document_version WHERE id = $1 AND complete_time IS NULL",
        version_id,
    )
    return errors.Conflict("WRONG_OFFSET", given=offset, wanted=rows[0][0] if rows else 0)
