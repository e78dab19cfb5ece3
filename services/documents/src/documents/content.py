"""The content of documents: written part by part, read from any place (PLT-21)."""

from typing import Any

import uuid_utils
from banyan.documents.v1 import document_pb2, document_version_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.database import Transaction
from chassis.resources import Resources
from chassis.rpc import Call
from documents import parts

PART_BYTES_MAX = 4 * 1024 * 1024
_Document = document_pb2.Document
_Version = document_version_pb2.DocumentVersion


async def write(here: Resources, request: Any, call: Call) -> Message:
    """Write a part; the last one makes the version current.

    Whoever sends the last part once more, because the answer was lost, is told that it is there.

    Raises:
        Conflict: WRONG_OFFSET with where to go on; BUSY_RECORD when another upload was faster.
        Invalid: CONTENT_DIFFERS from the digest that was given; the version begins anew then.
    """
    document, _ = await here[_Document].loaded(call, request.id, request.etag, "update")
    end = request.offset + len(request.data)
    if request.finish and has_content(document, end, request.sha256):
        return document_pb2.WriteDocumentContentResponse(offset=end, document=document)
    version = await _being_written(here, call, document, request.offset)
    if request.data:
        await parts.add(here, call.tenant_id, version.id, request.offset, request.data)
    answer = document_pb2.WriteDocumentContentResponse(offset=end)
    if request.finish:
        found = await parts.digest(here, call.tenant_id, version.id)
        if request.sha256 not in ("", found):
            await _forget(here, call.tenant_id, [version])
            raise errors.invalid_field("sha256", "CONTENT_DIFFERS", found=found)
        answer.document.CopyFrom(await _finished(here, call, version, end, found))
        await parts.remove_spare(here, call.tenant_id, version.id)
    return answer


def has_content(document: _Document, size: int, sha256: str) -> bool:
    """Tell whether the current version of a document is known to be this content."""
    return bool(sha256) and (document.size, document.sha256) == (size, sha256)


async def read(here: Resources, request: Any, call: Call) -> Message:
    """Read a stretch of a version.

    Raises:
        NotFound: NOT_FOUND; CONTENT_NOT_FOUND for a version there is none of.
    """
    reach = here[_Document].rules.reach(call, "read")
    document: _Document = await here[_Document].store.get(call.tenant_id, request.id, reach)
    found = await here[_Version].store.where(
        call.tenant_id,
        "t.document_id = $1::uuid AND t.number = $2 AND t.complete_time IS NOT NULL",
        *(document.id, request.version_number or document.current_version),
    )
    if not found:
        raise errors.NotFound("CONTENT_NOT_FOUND", name=document.name)
    version: _Version = found[0]
    size = request.size or PART_BYTES_MAX
    return document_pb2.ReadDocumentContentResponse(
        data=await parts.read(here, call.tenant_id, version.id, request.offset, size),
        total_size=version.size,
        media_type=version.media_type,
        name=document.name,
        version_number=version.number,
        etag=version.sha256,
    )


async def _being_written(here: Resources, call: Call, document: _Document, offset: int) -> _Version:
    """Give the version that is being written; offset 0 begins one, in place of one begun before."""
    found: list[_Version] = await here[_Version].store.where(
        call.tenant_id, "t.document_id = $1::uuid AND t.complete_time IS NULL", document.id
    )
    if not offset:
        await _forget(here, call.tenant_id, found)
        return await _begun(here, call, document)
    if not found or found[0].size != offset:
        raise errors.Conflict("WRONG_OFFSET", given=offset, wanted=found[0].size if found else 0)
    return found[0]


async def _begun(here: Resources, call: Call, document: _Document) -> _Version:
    version = _Version(
        id=str(uuid_utils.uuid7()), etag="1", document_id=document.id,
        media_type=document.media_type, creator_user_id=call.caller.person_id,
        owner_user_id=document.owner_user_id, org_unit_id=document.org_unit_id,
    )  # fmt: skip
    version.create_time.GetCurrentTime()
    try:
        async with here.database.transaction(call.tenant_id) as transaction:
            version.number = (await _held(here, document.id, transaction)).current_version + 1
            await here[_Version].store.mirror([version], transaction)
            await parts.keep_a_while(transaction, version.id)
    except errors.AlreadyExists:
        raise errors.Conflict("BUSY_RECORD", retry_after=0.1) from None
    return version


async def _finished(
    here: Resources, call: Call, version: _Version, size: int, sha256: str
) -> _Document:
    """Make a version the current one."""
    async with here.database.transaction(call.tenant_id) as transaction:
        old = await _held(here, version.document_id, transaction)
        if old.HasField("delete_time"):
            raise errors.FailedPrecondition("RECORD_DELETED", id=old.id)
        completed = await transaction.fetch(
            "UPDATE documents.document_version SET sha256 = $3, complete_time = now()"
            " WHERE id = $1 AND size = $2 AND complete_time IS NULL RETURNING 1",
            *(version.id, size, sha256),
        )
        if not completed:
            raise errors.Conflict("BUSY_RECORD", retry_after=0.1)
        new = _Document()
        new.CopyFrom(old)
        new.current_version, new.size, new.sha256 = version.number, size, sha256
        return await here[_Document].put(call, "write", old, new, transaction)


async def _held(here: Resources, document_id: str, transaction: Transaction) -> _Document:
    """Read a document as nobody can change it until the transaction ends."""
    documents = here[_Document].store
    await documents.hold(document_id, transaction)
    (found,) = await documents.where(
        transaction.tenant_id, "t.id = $1::uuid", document_id, connection=transaction
    )
    return found


async def _forget(here: Resources, tenant_id: str, versions: list[_Version]) -> None:
    """Remove versions that were never finished, with everything they wrote."""
    for version in versions:
        async with here.database.transaction(tenant_id) as transaction:
            await parts.forget(here, version.id, transaction)
