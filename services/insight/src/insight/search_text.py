"""How text is compared in search: folded, by its beginnings, by its grams; and what is shown of it.

A beginning says where a title can be entered: at its start, at each of its words, by its pinyin.
Its first character is its rank, so beginnings in order are matches in order. A gram is a few
characters in a row; it finds what no beginning leads to.
"""

import bisect
import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from chassis.resources.titles import sort_key

# What counts of a query, and what is kept of a beginning.
LENGTH_MAX = 64
# The ranks of beginnings: of the title, of a word in it, of its pinyin; then of pinyin within it,
# which is compared but not listed, and of the text of other fields.
TITLE, WORD, PINYIN, PINYIN_WITHIN, TEXT = "01234"
LISTED = (TITLE, WORD, PINYIN)
SNIPPET_MARGIN = 30
# Words and initials that are entered; what lies further in a long title is found by its grams.
_WORDS_MAX = 40
_INITIALS_MAX = 16
# From here on scripts are written without spaces: each character begins a word.
_CJK = "\u2e80"
_ASCII_WORD = re.compile("[0-9A-Za-z]+")


@functools.lru_cache(maxsize=10_000)
def _fold_character(character: str) -> str:
    if character.isspace():
        return " "
    parts = unicodedata.normalize("NFKD", character)
    return "".join(c for c in parts if not unicodedata.combining(c)).casefold()


def fold(text: str) -> str:
    """Give text as it is compared: case, accents, width and runs of spaces make no difference."""
    folded = text.lower() if text.isascii() else "".join(map(_fold_character, text))
    return " ".join(folded.split())


class Beginning(NamedTuple):
    """One way into a title.

    Attributes:
        text: the rank, then the folded title from there on.
        shared: how many characters it has in common with one that ranks before it. A query no
            longer than that finds the title there already.
    """

    text: str
    shared: int


def beginnings(title: str) -> list[str]:
    """List the ways into a title in their order, each with its rank in front."""
    name = fold(title)
    found = {TITLE + name[:LENGTH_MAX]} if name else set[str]()
    found.update(WORD + name[at : at + LENGTH_MAX] for at in _words(name))
    if _is_spoken(name):
        found.update(_spoken(title))
    return sorted(found)


def _is_spoken(name: str) -> bool:
    return not name.isascii() and max(name) >= _CJK


def _words(name: str) -> list[int]:
    """Give where words begin, the first excepted."""
    if name.isascii():  # most that are not Chinese, and a quarter of the time
        return [word.start() for word in _ASCII_WORD.finditer(name) if word.start()][:_WORDS_MAX]
    found = [
        at
        for at in range(1, len(name))
        if name[at].isalnum() and (name[at] >= _CJK or not _in_word(name[at - 1]))
    ]
    return found[:_WORDS_MAX]


def _in_word(character: str) -> bool:
    return character.isalnum() and character < _CJK


def pinyin(title: str) -> list[str]:
    """Give a title's syllables; what is not Chinese in it stays as it is."""
    return [part for part in sort_key(title).split() if part[0].isalnum()]


def spoken(title: str) -> str:
    """Give the pinyin of a title in one word; "" where nothing in it is Chinese."""
    return "".join(pinyin(title)) if _is_spoken(fold(title)) else ""


def _spoken(title: str) -> Iterator[str]:
    syllables = pinyin(title)
    initials = "".join(syllable[0] for syllable in syllables)
    for at in range(min(len(initials), _INITIALS_MAX)):
        yield PINYIN + initials[at : at + LENGTH_MAX]
    for at in range(min(len(syllables), _WORDS_MAX)):
        rank = PINYIN_WITHIN if at else PINYIN
        yield rank + "".join(syllables[at:])[:LENGTH_MAX]


def listed(ordered: Iterable[str]) -> list[Beginning]:
    """Give the beginnings that are listed, out of all in order."""
    before: list[str] = []
    found: list[Beginning] = []
    for text in ordered:
        if text[0] not in LISTED:
            continue
        rest = text[1:]
        at = bisect.bisect(before, rest)
        # Nothing has more in common with it than its neighbours in order.
        shared = 0
        for other in before[max(at - 1, 0) : at + 1]:
            if other.startswith(rest[: shared + 1]):
                shared = _in_common(rest, other)
        before.insert(at, rest)
        found.append(Beginning(text, shared))
    return found


def _in_common(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def grams(texts: Iterable[str], seed: int) -> set[int]:
    """Give the grams of folded texts as numbers.

    A gram is three characters of ASCII, or two where one is not: two Chinese characters say as
    much as three letters. Of a query the same grams are asked for, so one without any is too short
    to be looked for by them.

    Args:
        seed: the tenant's, so that each tenant's grams are its own.
    """
    found: set[int] = set()
    for text in texts:
        if text.isascii():  # most texts, and a third of the time
            octets = text.encode()
            triples = zip(octets, octets[1:], octets[2:], strict=False)
            found.update([(a << 14 | b << 7 | c) ^ seed for a, b, c in triples])
            continue
        codes = list(map(ord, text))
        for first, second, third in zip(codes, codes[1:], [*codes[2:], 0], strict=False):
            if first > 127 or second > 127:
                found.add((first << 21 | second) ^ seed)
            elif 0 < third <= 127:
                found.add((first << 14 | second << 7 | third) ^ seed)
    return found


class Snippet(NamedTuple):
    """A match with the text around it; an empty match where only the pinyin matched."""

    field: str
    before: str
    match: str
    after: str


def snippet(query: str, texts: Sequence[tuple[str, str]]) -> Snippet:
    """Show where a folded query matches in the first text that contains it.

    Args:
        texts: fields with their text, the title first.
    """
    for field, text in texts:
        if (place := _place(query, text)) is not None:
            begin, end = place
            return Snippet(field, _cut_left(text[:begin]), text[begin:end], _cut_right(text[end:]))
    field, title = texts[0]
    return Snippet(field, title, "", "")


def _place(query: str, text: str) -> tuple[int, int] | None:
    """Find a folded query in text as it was written."""
    folded = fold(text)
    at = folded.find(query)
    if at < 0:
        return None
    if len(folded) == len(text) and text.isascii():  # then nothing has moved
        return at, at + len(query)
    places = list(itertools.islice(_places(text), at + len(query)))
    return places[at], places[-1] + 1


def _places(text: str) -> Iterator[int]:
    """Give where each character of the folded text comes from."""
    gap = True
    for at, character in enumerate(text):
        for folded in _fold_character(character):
            if folded != " " or not gap:
                yield at
            gap = folded == " "


def _cut_left(text: str) -> str:
    return text if len(text) <= SNIPPET_MARGIN else "…" + text[-SNIPPET_MARGIN:]


def _cut_right(text: str) -> str:
    return text if len(text) <= SNIPPET_MARGIN else text[:SNIPPET_MARGIN] + "…"
