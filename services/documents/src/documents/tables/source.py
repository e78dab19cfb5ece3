"""The file behind a table: one open stream that many read, each at a place of its own."""

import io
import os
from typing import BinaryIO

from chassis import errors

Openable = BinaryIO | str | os.PathLike[str]
CHUNK = 1 << 18


class Source:
    """A file that is read from the beginning as often as wanted.

    Attributes:
        name: what people call it.
        size: bytes.
    """

    def __init__(self, opened: Openable, name: str) -> None:
        self._owned = isinstance(opened, str | os.PathLike)
        self._stream = open(opened, "rb") if isinstance(opened, str | os.PathLike) else opened  # noqa: SIM115
        self.name = name
        self.size = self._stream.seek(0, os.SEEK_END)

    def reader(self) -> io.BufferedReader:
        """Give a stream from the first byte; closing it does not close the file."""
        return io.BufferedReader(_Place(self._stream), CHUNK)

    def head(self, size: int) -> bytes:
        """Give the first bytes."""
        with self.reader() as stream:
            return stream.read(size)

    def damaged(self, detail: object) -> errors.Invalid:
        """Give the error for a file that does not hold what its format promises."""
        return errors.Invalid("FILE_DAMAGED", file=self.name, detail=detail)

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._owned:
            self._stream.close()


class _Place(io.RawIOBase):
    """A place in a stream that others move about in."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._stream.seek(self._at)
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        if base is None:
            base = self._stream.seek(0, whence)
        if base + offset < 0:
            raise ValueError("a place before the beginning")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at
