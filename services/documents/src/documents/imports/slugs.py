"""Names as they stand in an address: Latin letters, digits and dots."""

import re
import unicodedata

_OTHER = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """Turn a name into what may stand in an e-mail: ``王 小明`` gives wang.xiao.ming."""
    letters = unicodedata.normalize("NFKD", _romanised(text))
    plain = "".join(c for c in letters if not unicodedata.combining(c)).casefold()
    return _OTHER.sub(".", plain).strip(".")


def _romanised(text: str) -> str:
    if text.isascii():
        return text
    # The dictionaries take a while to load: only who has Chinese names needs them.
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(text))
