"""Characters that XML cannot hold, as OOXML writes them in texts: `_x0001_`."""

import re

_escaped = re.compile("_x([0-9A-Fa-f]{4})_")
_looks_escaped = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
# Control characters; a carriage return would come back as a line feed.
_no_xml = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_half_character = re.compile("[\ud800-\udfff]")


def escaped(text: str) -> str:
    """Write a text so that `unescaped` gives it back."""
    text = _looks_escaped.sub("_x005F_", text)
    return _no_xml.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def unescaped(text: str) -> str:
    """Put back the characters that are written as `_x0001_`."""
    if "_x" not in text:
        return text
    plain = _escaped.sub(lambda match: chr(int(match[1], 16)), text)
    return _half_character.sub("\ufffd", plain)
