"""Sort keys for titles: pinyin for Chinese, folded Latin for the rest.

The embedded PostgreSQL has no ICU, so the order people expect is computed when a title is written.
"""

import functools
import unicodedata

KEY_LENGTH_MAX = 200


@functools.lru_cache(maxsize=10_000)
def sort_key(title: str) -> str:
    """Give the key by which a title is sorted; equal for titles that differ in case or accents."""
    if title.isascii():
        return title.casefold()[:KEY_LENGTH_MAX]
    letters = unicodedata.normalize("NFKD", _romanised(title))
    folded = "".join(c for c in letters if not unicodedata.combining(c))
    return folded.casefold()[:KEY_LENGTH_MAX]


def _romanised(title: str) -> str:
    # The dictionaries take a while and some memory to load: only who has Chinese titles needs them.
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(title))
