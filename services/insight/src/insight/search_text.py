"""How text is compared in search: folded, by its beginnings, by its grams; and what is shown of it.

A beginning says where a title can be entered: at its start, at each of its words, by its pinyin,
inside a word. Its first character is its rank, so beginnings in order are matches in order. A gram
is a few characters in a row; it finds what no beginning leads to.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from chassis.resources.titles import sort_key

# What counts of a query, and what is kept of a beginning.
LENGTH_MAX = 64
# The ranks of what matches: the beginning of a title, a word in it, its pinyin, the inside of a
# word; then its pinyin from a later syllable on, or what lies far in it; then other fields.
TITLE, WORD, PINYIN, INSIDE, WITHIN, TEXT = "012345"
# Those that are listed, and those of them that serve what is too short to have a gram.
LISTED = (TITLE, WORD, PINYIN, INSIDE)
LISTED_SHORT = (TITLE, WORD, PINYIN)
# So many characters of a title are entered inside words; what begins further on has grams.
ENTERED_MAX = 64
SNIPPET_MARGIN = 30
_TITLE_MAX = 200
# Words and initials that are entered.
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
    return _fold_title(text) if len(text) <= _TITLE_MAX else _fold(text)


def _fold(text: str) -> str:
    folded = text.lower() if text.isascii() else "".join(map(_fold_character, text))
    return " ".join(folded.split())


# What is found again and again is folded each time it is shown.
_fold_title = functools.lru_cache(maxsize=20_000)(_fold)


def beginnings(title: str) -> list[str]:
    """List the ways into a title in their order, each with its rank in front; not inside words."""
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
        rank = WITHIN if at else PINYIN
        yield rank + "".join(syllables[at:])[:LENGTH_MAX]


def inside(name: str, ordered: Iterable[str]) -> list[str]:
    """List the ways into the words of a folded title, in their order, each with its rank in front.

    Args:
        ordered: the other ways into it, which are not listed again.
    """
    # A query of one character, or of two letters, has no gram and is not looked for inside words.
    end = len(name) - (2 if name[-2:].isascii() else 1)
    found = {
        name[at : at + LENGTH_MAX] for at in range(1, min(end, ENTERED_MAX)) if name[at] != " "
    }
    found.difference_update(way[1:] for way in ordered if way[0] in (TITLE, WORD))
    return [INSIDE + text for text in sorted(found)]


def shared(ways: Iterable[str]) -> list[int]:
    """Say of each way in order how many characters it has in common with one that ranks before it.

    A query no longer than that finds the title by the other already, so it is found once.
    """
    found: list[int] = []
    before: dict[str, list[str]] = {}
    for way in ways:
        text, most = way[1:], 0
        others = before.setdefault(way[1], [])  # most begin like no other
        for other in others:
            if other.startswith(text[: most + 1]):
                most = _in_common(text, other)
        others.append(text)
        found.append(most)
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
    if folded == text.lower():  # most: then nothing has moved
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
