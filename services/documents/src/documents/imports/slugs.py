"""Names as they stand in an address: Latin letters, digits and dots."""

import re
import unicodedata

from chassis.resources.titles import romanised

_OTHER = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """Turn a name into what may stand in an e-mail: ``王 小明`` gives wang.xiao.ming."""
    letters = unicodedata.normalize("NFKD", romanised(text))
    plain = "".join(c for c in letters if not unicodedata.combining(c)).casefold()
    return _OTHER.sub(".", plain).strip(".")
