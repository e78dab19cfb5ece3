"""A workbook is an archive of XML: what is in it is judged before anything is unpacked."""

import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from xml.parsers import expat

from chassis import errors
from documents.tables.source import CHUNK, Source
from documents.tables.table import Limits

# Every file of an archive is announced by these bytes at its end.
_ENTRY = b"PK\x01\x02"
# Small files unpack as far as they like: what is repeated a lot compresses a lot.
_HARMLESS_BYTES = 1 << 16
# Of a part that describes the workbook, as opposed to the sheets and their texts.
_DESCRIPTION_BYTES = 20_000_000
_ENCRYPTED = 0x1

Attributes = dict[str, str]


class Archive:
    """The parts of a workbook by their names, within the limits.

    Raises:
        Invalid: ARCHIVE_ENTRIES, ARCHIVE_TOO_LARGE, ARCHIVE_RATIO, FILE_DAMAGED, and
            FORMAT_UNKNOWN when it is encrypted.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        _refuse_many_entries(source, limits)
        with self._mended():
            self._zip = zipfile.ZipFile(source.reader())
        entries = self._zip.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > limits.archive_bytes:
            raise _too_large(source, limits.archive_bytes)
        if unpacked > limits.archive_ratio * max(source.size, _HARMLESS_BYTES):
            raise errors.Invalid("ARCHIVE_RATIO", file=source.name, limit=limits.archive_ratio)
        if any(entry.flag_bits & _ENCRYPTED for entry in entries):
            raise errors.Invalid("FORMAT_UNKNOWN", file=source.name)

    def names(self) -> list[str]:
        """Name the parts."""
        return self._zip.namelist()

    def describe(self, name: str, start: Callable[[str, Attributes], None]) -> None:
        """Read a part that describes the workbook; `start` gets every element, without prefixes.

        A part that is not there describes nothing.
        """
        if name not in self._zip.NameToInfo:
            return
        if self._zip.getinfo(name).file_size > _DESCRIPTION_BYTES:
            raise _too_large(self._source, _DESCRIPTION_BYTES)
        parser = xml_parser()
        parser.StartElementHandler = lambda element, attributes: start(
            local(element), {local(key): value for key, value in attributes.items()}
        )
        for _ in self.parse(name, parser):
            pass

    def parse(self, name: str, parser: expat.XMLParserType) -> Iterator[None]:
        """Feed a part to a parser, a piece for each step of the iteration.

        Raises:
            Invalid: FILE_DAMAGED.
        """
        with self._mended(), self._zip.open(name) as part:
            while data := part.read(CHUNK):
                parser.Parse(data, False)
                yield
            parser.Parse(b"", True)
        yield

    @contextmanager
    def _mended(self) -> Generator[None]:
        """Turn what the libraries say about broken files into our own error."""
        try:
            yield
        except (
            *(zipfile.BadZipFile, zlib.error, expat.ExpatError),
            *(LookupError, EOFError, NotImplementedError, ValueError),
        ) as error:
            raise self._source.damaged(error) from error


def xml_parser() -> expat.XMLParserType:
    """Give a parser that takes no document types, and so no entities of their own."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def local(name: str) -> str:
    """Give a name without its prefix."""
    return name.rpartition(":")[2]


def _refuse_doctype(name: str, system: str | None, public: str | None, inner: bool) -> None:
    raise ValueError("a document type is declared")


def _refuse_many_entries(source: Source, limits: Limits) -> None:
    """Count the files in an archive without building a list of them."""
    count, tail = 0, b""
    with source.reader() as stream:
        while data := stream.read(CHUNK):
            count += (tail + data).count(_ENTRY)
            tail = data[1 - len(_ENTRY) :]
    if count > limits.archive_entries:
        raise errors.Invalid("ARCHIVE_ENTRIES", file=source.name, limit=limits.archive_entries)


def _too_large(source: Source, limit: int) -> errors.Invalid:
    return errors.Invalid("ARCHIVE_TOO_LARGE", file=source.name, limit=limit)
