"""Yes and no as people write it."""

import unicodedata

# A plain x means yes to some and no to others, so it means neither here.
_WORDS = {
    True: "true yes y t on 1 是 对 對 有 真 √ ✓ ✔ ☑",
    False: "false no n f off 0 否 错 錯 无 無 假 × ✗ ✘",
}
_MEANING = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}


def written_boolean(text: str) -> bool | None:
    """Read a word or mark for yes or no; None when it is neither."""
    return _MEANING.get(unicodedata.normalize("NFKC", text).strip().casefold())
