"""Where bytes lie: in NATS beside the events, or in any S3 bucket (setting `object_store`)."""

import contextlib
from pathlib import Path
from typing import Any, Protocol

import nats.js.errors
import obstore
from obstore.store import from_url

from chassis import errors
from chassis.resources import Resources

BUCKET = "documents"


class Objects(Protocol):
    """Bytes under names; a name is written once, or again with the same bytes."""

    async def put(self, name: str, data: bytes) -> None:
        """Write an object."""
        ...

    async def get(self, name: str) -> bytes:
        """Read an object.

        Raises:
            NotFound: CONTENT_NOT_FOUND.
        """
        ...

    async def delete(self, name: str) -> None:
        """Remove an object; content when there is none."""
        ...


class NatsObjects:
    """Objects in a bucket of NATS."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._bucket: Any = None

    async def put(self, name: str, data: bytes) -> None:
        """Write an object."""
        await (await self._open()).put(name, data)

    async def get(self, name: str) -> bytes:
        """Read an object."""
        try:
            return (await (await self._open()).get(name)).data
        except (nats.js.errors.ObjectNotFoundError, nats.js.errors.ObjectDeletedError):
            raise errors.NotFound("CONTENT_NOT_FOUND", name=name) from None

    async def delete(self, name: str) -> None:
        """Remove an object."""
        with contextlib.suppress(nats.js.errors.NotFoundError):
            await (await self._open()).delete(name)

    async def _open(self) -> Any:
        if self._bucket is None:
            try:
                self._bucket = await self._stream.object_store(BUCKET)
            except nats.js.errors.NotFoundError:
                self._bucket = await self._stream.create_object_store(BUCKET)
        return self._bucket


class BucketObjects:
    """Objects in a bucket that obstore can open: s3://, or a folder by file://."""

    def __init__(self, url: str, secrets: Path) -> None:
        options: Any = {
            name: (secrets / name).read_text().strip()
            for name in ("endpoint", "region", "access_key_id", "secret_access_key")
            if (secrets / name).exists()
        }
        self._store: Any = from_url(url, **options)

    async def put(self, name: str, data: bytes) -> None:
        """Write an object."""
        await obstore.put_async(self._store, name, data)

    async def get(self, name: str) -> bytes:
        """Read an object."""
        try:
            found = await obstore.get_async(self._store, name)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            raise errors.NotFound("CONTENT_NOT_FOUND", name=name) from None

    async def delete(self, name: str) -> None:
        """Remove an object."""
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, name)


def objects_of(here: Resources) -> Objects:
    """Give where the content of documents lies."""
    if here.object_store.url:
        return BucketObjects(here.object_store.url, here.object_store.secrets)
    return NatsObjects(here.broker.stream)
