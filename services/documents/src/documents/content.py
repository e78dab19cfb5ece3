"""The content of documents: written part by part, read from any place (PLT-21).

A version is the parts that were written for it, each an object of its own; nothing is copied when
the last one comes.
"""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import uuid_utils
from banyan.documents.v1 import document_pb2, document_version_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.database import Transaction
from chassis.resources import Resources
from chassis.rpc import Call
from documents.objects import Objects, objects_of

PART_BYTES_MAX = 4 * 1024 * 1024
_Document = document_pb2.Document
_Version = document_version_pb2.DocumentVersion


def object_name(tenant_id: str, version_id: str, offset: int) -> str:
    """Name the object of a part."""
    return f"{tenant_id}/{version_id}/{offset}"


async def write(here: Resources, request: Any, call: Call) -> Message:
    """Write a part; the last one makes the version current.

    Raises:
        Conflict: WRONG_OFFSET with where to go on.
        Invalid: CONTENT_DIFFERS from the digest that was given; the version begins anew then.
    """
    documents, objects = here[_Document], objects_of(here)
    old, new = await documents.loaded(call, request.id, "", "update")
    version = await _being_written(here, call, old, request.offset)
    if request.data:
        name = object_name(call.tenant_id, version.id, request.offset)
        await objects.put(name, request.data)
    async with here.database.transaction(call.tenant_id) as transaction:
        await _add_part(transaction, version.id, request.offset, len(request.data))
    version.size = request.offset + len(request.data)
    answer = document_pb2.WriteDocumentContentResponse(offset=version.size)
    if not request.finish:
        return answer
    version.sha256 = await _digest(here, objects, call.tenant_id, version)
    if request.sha256 not in ("", version.sha256):
        await _forget(here, objects, call.tenant_id, version.id)
        raise errors.invalid_field("sha256", "CONTENT_DIFFERS", found=version.sha256)
    new.current_version, new.size, new.sha256 = version.number, version.size, version.sha256
    async with here.database.transaction(call.tenant_id) as transaction:
        await transaction.fetch(
            "UPDATE documents.document_version SET sha256 = $2, complete_time = now()"
            " WHERE id = $1",
            *(version.id, version.sha256),
        )
        written = await documents.put(call, "write", old, new, transaction)
    answer.document.CopyFrom(written)
    return answer


async def read(here: Resources, request: Any, call: Call) -> Message:
    """Read a stretch of a version.

    Raises:
        NotFound: NOT_FOUND; CONTENT_NOT_FOUND for a version there is none of.
    """
    reach = here[_Document].rules.reach(call, "read")
    document: _Document = await here[_Document].store.get(call.tenant_id, request.id, reach)
    number = request.version_number or document.current_version
    found = await here[_Version].store.where(
        call.tenant_id,
        "t.document_id = $1::uuid AND t.number = $2 AND t.complete_time IS NOT NULL",
        *(document.id, number),
    )
    if not found:
        raise errors.NotFound("CONTENT_NOT_FOUND", name=document.name)
    version: _Version = found[0]
    wanted = request.size or PART_BYTES_MAX
    data = b""
    async for offset, part in _parts(here, objects_of(here), call.tenant_id, version):
        if offset + len(part) <= request.offset:
            continue
        data += part[max(0, request.offset - offset) :]
        if len(data) >= wanted:
            break
    return document_pb2.ReadDocumentContentResponse(
        data=data[:wanted],
        total_size=version.size,
        media_type=version.media_type,
        name=document.name,
    )


async def _being_written(here: Resources, call: Call, document: _Document, offset: int) -> _Version:
    """Give the version that is being written; offset 0 begins one, in place of one begun before."""
    found = await here[_Version].store.where(
        call.tenant_id, "t.document_id = $1::uuid AND t.complete_time IS NULL", document.id
    )
    if offset and found:
        if found[0].size == offset:
            return found[0]
        raise errors.Conflict("WRONG_OFFSET", given=offset, wanted=found[0].size)
    if offset:
        raise errors.Conflict("WRONG_OFFSET", given=offset, wanted=0)
    for old in found:
        await _forget(here, objects_of(here), call.tenant_id, old.id)
    version = _Version(
        id=str(uuid_utils.uuid7()), etag="1", document_id=document.id,
        number=document.current_version + 1, media_type=document.media_type,
        creator_user_id=call.caller.person_id, owner_user_id=document.owner_user_id,
        org_unit_id=document.org_unit_id,
    )  # fmt: skip
    version.create_time.GetCurrentTime()
    async with here.database.transaction(call.tenant_id) as transaction:
        await here[_Version].store.mirror([version], transaction)
    return version


async def _add_part(transaction: Transaction, version_id: str, offset: int, size: int) -> None:
    rows = await transaction.fetch(
        "UPDATE documents.document_version SET size = size + $3,"
        " parts = coalesce(parts, '{}') || $3 WHERE id = $1 AND size = $2 RETURNING 1",
        *(version_id, offset, size),
    )
    if not rows:
        raise errors.Conflict("WRONG_OFFSET", given=offset, wanted=offset + size)


async def _parts(
    here: Resources, objects: Objects, tenant_id: str, version: _Version
) -> AsyncIterator[tuple[int, bytes]]:
    rows = await here.database.read(
        tenant_id, "SELECT parts FROM documents.document_version WHERE id = $1", version.id
    )
    offset = 0
    for size in rows[0][0] or () if rows else ():
        if size:
            yield offset, await objects.get(object_name(tenant_id, version.id, offset))
        offset += size


async def _digest(here: Resources, objects: Objects, tenant_id: str, version: _Version) -> str:
    digest = hashlib.sha256()
    async for _, part in _parts(here, objects, tenant_id, version):
        digest.update(part)
    return digest.hexdigest()


async def _forget(here: Resources, objects: Objects, tenant_id: str, version_id: str) -> None:
    """Remove a version that was never finished, with its parts."""
    rows = await here.database.write(
        tenant_id,
        "DELETE FROM documents.document_version WHERE id = $1 RETURNING parts",
        version_id,
    )
    offset = 0
    for size in rows[0][0] or () if rows else ():
        await objects.delete(object_name(tenant_id, version_id, offset))
        offset += size
