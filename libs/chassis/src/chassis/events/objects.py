"""Where files lie: in NATS beside the events, or in any S3 bucket (setting `object_store`)."""

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import Any, Protocol

import nats.errors
import nats.js.errors
import obstore
import obstore.exceptions
from obstore.store import from_url

from chassis import errors
from chassis.events.broker import Broker


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
    """Objects in the service's own bucket of NATS."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._bucket: Any = None

    async def put(self, name: str, data: bytes) -> None:
        """Write an object."""
        with _reaching():
            await (await self._open()).put(name, data)

    async def get(self, name: str) -> bytes:
        """Read an object."""
        with _reaching():
            try:
                found = await (await self._open()).get(name)
            except (nats.js.errors.ObjectNotFoundError, nats.js.errors.ObjectDeletedError):
                raise errors.NotFound("CONTENT_NOT_FOUND", name=name) from None
        # The library gives what has come so far when the connection ends.
        if len(found.data) != found.info.size:
            raise errors.Unavailable("SERVICE_UNAVAILABLE", retry_after=1)
        return found.data

    async def delete(self, name: str) -> None:
        """Remove an object."""
        with _reaching(), contextlib.suppress(nats.js.errors.NotFoundError):
            await (await self._open()).delete(name)

    async def _open(self) -> Any:
        if not self._broker.is_connected:
            raise errors.Unavailable("SERVICE_UNAVAILABLE", retry_after=1)
        if self._bucket is None:
            name, stream = self._broker.service, self._broker.stream
            try:
                self._bucket = await stream.object_store(name)
            except nats.js.errors.NotFoundError:
                self._bucket = await stream.create_object_store(name)
        return self._bucket


class BucketObjects:
    """Objects in a bucket that obstore can open: s3://, or a folder by file://."""

    def __init__(self, url: str, secrets: Path) -> None:
        options: Any = {
            name: (secrets / name).read_text().strip()
            for name in ("endpoint", "region", "access_key_id", "secret_access_key")
            if (secrets / name).exists()
        }
        if options.get("endpoint", "").startswith("http://"):  # whoever wrote it means it
            options["client_options"] = {"allow_http": True}
        self._store: Any = from_url(url, **options)

    async def put(self, name: str, data: bytes) -> None:
        """Write an object."""
        with _reaching():
            await obstore.put_async(self._store, name, data)

    async def get(self, name: str) -> bytes:
        """Read an object."""
        with _reaching():
            try:
                found = await obstore.get_async(self._store, name)
                return bytes(await found.bytes_async())
            except FileNotFoundError:
                raise errors.NotFound("CONTENT_NOT_FOUND", name=name) from None

    async def delete(self, name: str) -> None:
        """Remove an object."""
        with _reaching(), contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, name)


@contextlib.contextmanager
def _reaching() -> Generator[None]:
    """Let files that are out of reach for the moment be asked for again later."""
    try:
        yield
    except (nats.errors.Error, obstore.exceptions.BaseError) as error:
        raise errors.Unavailable("SERVICE_UNAVAILABLE", retry_after=1) from error


def open_objects(broker: Broker, url: str, secrets: Path) -> Objects:
    """Give where a service's files lie: in NATS, or in the bucket of a URL."""
    if url:
        return BucketObjects(url, secrets)
    return NatsObjects(broker)
