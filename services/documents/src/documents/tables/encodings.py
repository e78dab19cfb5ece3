"""Which bytes stand for which characters: found out by reading the whole file in every way.

A byte order mark decides. Else a reading counts that meets (nearly) no byte it cannot read and
whose characters are such as people write: GB18030 and Big5 can read each other's bytes without an
error, but then come upon characters that nobody uses. Windows-1252 reads almost everything and
therefore comes last.
"""

import codecs
import functools
import re
from collections.abc import Iterator

from chassis import errors
from documents.tables.characters import COMMON
from documents.tables.source import CHUNK, Source

# What can be asked for: by the name shown to people, the codec. GBK and GB2312 are parts of
# GB18030; Python's big5 lacks what Windows writes, cp950 has it.
ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "cp950",
    "big5-hkscs": "big5hkscs",
    "windows-1252": "cp1252",
    "iso-8859-1": "latin-1",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
}
# What a codec can write only as another character that looks like it.
LOOK_ALIKES = {"cp950": "¢£¥•‾∼☉♁､", "cp932": "¢£¬‖−〜"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    ("\ufeff".encode("gb18030"), "gb18030"),
)

# Bytes that cannot be read become characters of this range, which no encoding can give, and keep
# their value there, so that a row can name them.
UNREADABLE = "\udc00-\udcff"
ON_ERROR = "documents.tables.mark"
_UNREADABLE_BASE = 0xDC00

# Nobody writes a file in which more than this share of the foreign characters cannot be read.
_TOLERATED = 0.05
# So many errors are met before a reading is given up early.
_PATIENCE = 100
# So many foreign characters without an error are UTF-8, whatever they look like.
_PROOF = 4
_CERTAIN = 1_000
# As many characters are looked at, from the beginning of the file, wherever they stand.
_SAMPLE = 50_000
_PLAUSIBLE = 0.45
_PLAUSIBLE_WIDE = 0.35
_FAVOUR = 0.3

_unreadable = re.compile(f"[{UNREADABLE}]")
_foreign_run = re.compile(r"([A-Za-z]?)([^\x00-\x7f]+)([A-Za-z]?)")
_hanzi = re.compile("[\u3400-\u9fff]")
_latin = re.compile("[\u00c0-\u024f]")
_chinese_mark = re.compile("[\u3000-\u301f\uff01-\uff5e\u2013-\u2026\u00b7]")

_CHINESE = ("gb18030", "big5", "big5-hkscs")
_NARROW = ("utf-8", *_CHINESE, "windows-1252")
_WIDE = ("utf-16-le", "utf-16-be")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(_UNREADABLE_BASE + byte) for byte in wrong), error.end


codecs.register_error(ON_ERROR, _mark)


def unreadable_bytes(text: str) -> bytes:
    """Give the bytes of a text that could not be read, in their order."""
    return bytes(ord(found) - _UNREADABLE_BASE for found in _unreadable.findall(text))


def readable(text: str) -> str:
    """Put the replacement character where a byte could not be read."""
    return _unreadable.sub("\ufffd", text)


def codec_of(encoding: str) -> str:
    """Give the codec of an encoding people may ask for.

    Raises:
        Invalid: ENCODING_UNKNOWN.
    """
    codec = ENCODINGS.get(encoding.strip().lower())
    if codec is None:
        raise errors.Invalid("ENCODING_UNKNOWN", given=encoding, allowed=", ".join(ENCODINGS))
    return codec


def detect(source: Source) -> str:
    """Find out the encoding of a file, by its name in `ENCODINGS`."""
    head = source.head(CHUNK)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    readings = {name: _Reading(name) for name in (*_NARROW, *(_WIDE if b"\0" in head else ()))}
    _read(source, readings)
    wide = [name for name in _WIDE if name in readings and readings[name].is_text()]
    return wide[0] if wide else _choose(readings)


def _read(source: Source, readings: dict[str, "_Reading"]) -> None:
    utf8 = readings["utf-8"]
    with source.reader() as stream:
        while chunk := stream.read(CHUNK):
            for reading in readings.values():
                reading.feed(chunk)
            if utf8.foreign >= _CERTAIN and not utf8.errors:
                for name in _NARROW[1:]:
                    readings[name].hopeless = True
    for reading in readings.values():
        reading.feed(b"", final=True)


def _choose(readings: dict[str, "_Reading"]) -> str:
    utf8 = readings["utf-8"]
    if not utf8.errors and (not utf8.foreign or utf8.foreign >= _PROOF):
        return "utf-8"
    best = max((readings[name] for name in _CHINESE), key=_Reading.plausibility)
    favour = max(utf8.plausibility() + _FAVOUR, _PLAUSIBLE)
    if not utf8.hopeless and favour >= best.plausibility():
        return "utf-8"
    if best.plausibility() >= _PLAUSIBLE:
        return best.encoding
    return "iso-8859-1" if readings["windows-1252"].errors else "windows-1252"


class _Reading:
    """A file read in one encoding.

    Attributes:
        errors: bytes that it cannot read.
        foreign: characters beyond ASCII.
        hopeless: it cannot read so much of the file that it is not meant.
    """

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self.errors = 0
        self.foreign = 0
        self.hopeless = False
        self._decoder = codecs.getincrementaldecoder(codec_of(encoding))(ON_ERROR)
        self._narrow = encoding not in _WIDE
        self._plain = 0
        self._nuls = 0
        self._looked_at = 0
        self._score = 0.0

    def feed(self, data: bytes, final: bool = False) -> None:
        """Read on."""
        if self.hopeless or (data and self._narrow and data.isascii() and not self._pending()):
            return
        text = self._decoder.decode(data, final)
        plain = len(text.encode("ascii", "ignore"))
        wrong = len(_unreadable.findall(text)) if plain < len(text) else 0
        self._plain += plain
        self._nuls += text.count("\0")
        self.errors += wrong
        self.foreign += len(text) - plain - wrong
        if final or self.errors > _PATIENCE:
            self.hopeless = self._is_hopeless()
        if self._looked_at < _SAMPLE:
            self._look(text)

    def plausibility(self) -> float:
        """Say how much the foreign characters look like what people write, from 0 to 1."""
        if self.hopeless or not self._looked_at:
            return 0.0
        return self._score / self._looked_at - self.errors / (self.foreign + self.errors)

    def is_text(self) -> bool:
        """Tell whether all of it makes sense, not only what is foreign; decides on UTF-16."""
        if self.errors or self._nuls:
            return False
        sensible = self._plain + self.plausibility() * self.foreign
        return sensible >= _PLAUSIBLE_WIDE * (self._plain + self.foreign)

    def _is_hopeless(self) -> bool:
        if self.errors == 1 and self.foreign >= _PROOF:
            return False
        return self.errors > _TOLERATED * self.foreign

    def _pending(self) -> bool:
        return bool(self._decoder.getstate()[0])

    def _look(self, text: str) -> None:
        for weight in _weights(text):
            self._score += weight
            self._looked_at += 1


def _weights(text: str) -> Iterator[float]:
    for left, run, right in _foreign_run.findall(text):
        # Hanzi stand among themselves; a single one between Latin letters is a misread accent.
        alone = (1.0, 0.5, 0.2)[bool(left) + bool(right)] if len(run) == 1 else 1.0
        for character in run:
            if _hanzi.match(character):
                yield alone * _weight(character)
            elif _chinese_mark.match(character):
                yield 1.0
            elif character.isalpha():
                yield 0.5 if _latin.match(character) else 0.25
            else:
                yield 0.0


def _weight(hanzi: str) -> float:
    if hanzi in COMMON:
        return 1.0
    return 0.4 if hanzi in _schooled() else 0.0


@functools.cache
def _schooled() -> frozenset[str]:
    """Give the characters that GB 2312 and Big5 hold to be in use: the first level of each."""
    simplified = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    cells = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    traditional = (bytes((row, cell)) for row in range(0xA4, 0xC7) for cell in cells)
    return frozenset(
        character
        for codec, pairs in (("gb2312", simplified), ("big5", traditional))
        for character in (pair.decode(codec, "ignore") for pair in pairs)
        if _hanzi.match(character)
    )
