"""The content of documents as files, in the name of whoever asks for it."""

import asyncio
import contextlib
import functools
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO

from banyan.documents.v1 import document_pb2

from chassis import errors
from chassis.rpc import Method
from chassis.rpc.registry import contract_methods
from documents.content import PART_BYTES_MAX
from documents.tables import Format

MEDIA_TYPES = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_PART_BYTES = 2 * 1024 * 1024
Ask = Callable[[Any, Any], Awaitable[Any]]


async def fetch(ask: Ask, document_id: str, path: Path) -> int:
    """Write the current content of a document to a file; give its size in bytes.

    Raises:
        NotFound: there is no such document for whoever asks.
    """
    read = _method("ReadDocumentContent")
    size = 0
    with path.open("wb") as file:
        while True:
            request = read.request_type(id=document_id, offset=size, size=_PART_BYTES)
            reply = await ask(read, request)
            file.write(reply.data)
            size += len(reply.data)
            if not reply.data or size >= reply.total_size:
                return size


async def _nothing() -> None:
    """Let every part go."""


async def store(
    ask: Ask,
    document: document_pb2.Document,
    file: BinaryIO,
    *,
    request_id: str = "",
    before_part: Callable[[], Awaitable[None]] = _nothing,
) -> document_pb2.Document:
    """Make a document of a file.

    Args:
        ask: calls a method.
        document: what to make; one of this id that is there already gets the content.
        file: read from its beginning.
        request_id: of the document's making.
        before_part: raises when the file is wanted no more.
    """
    create, write = _method("CreateDocument"), _method("WriteDocumentContent")
    made = document
    with contextlib.suppress(errors.AlreadyExists):  # an earlier try made it
        made = await ask(create, create.request_type(document=document, request_id=request_id))
    size, digest = file.seek(0, 2), hashlib.sha256()
    file.seek(0)
    offset = 0
    while True:
        data = await asyncio.to_thread(file.read, PART_BYTES_MAX)
        digest.update(data)
        finish = offset + len(data) >= size
        await before_part()
        sha256 = digest.hexdigest() if finish else ""
        part = {"offset": offset, "data": data, "finish": finish, "sha256": sha256}
        reply = await ask(write, write.request_type(id=made.id, **part))
        if finish:
            return reply.document
        offset += len(data)


@functools.cache
def _method(name: str) -> Method:
    return next(m for m in contract_methods("documents") if m.name == name)
