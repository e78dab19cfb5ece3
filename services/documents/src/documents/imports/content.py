"""The content of a document, as its reader gets it."""

import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from chassis.rpc import Method
from chassis.rpc.registry import contract_methods

_PART_BYTES = 2 * 1024 * 1024
_READ = "/banyan.documents.v1.DocumentService/ReadDocumentContent"


async def fetch(ask: Callable[[Any, Any], Awaitable[Any]], document_id: str, path: Path) -> int:
    """Write the current content of a document to a file; give its size in bytes.

    Raises:
        NotFound: there is no such document for whoever asks.
    """
    size = 0
    with path.open("wb") as file:
        while True:
            request = _method().request_type(id=document_id, offset=size, size=_PART_BYTES)
            reply = await ask(_method(), request)
            file.write(reply.data)
            size += len(reply.data)
            if not reply.data or size >= reply.total_size:
                return size


@functools.cache
def _method() -> Method:
    return next(m for m in contract_methods("documents") if m.path == _READ)
