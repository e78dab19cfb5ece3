"""Numbers as people write them.

A text gives the number it means with a point and with a comma as the decimal mark, where that makes
sense: 1,234.56 only with a point, 1,5 only with a comma, 1,234 with either. Thousands may also be
parted by spaces or apostrophes. Known besides: full-width digits, a sign in front or behind,
(123) for minus, one currency sign, % (12% is 0.12, as workbooks have it), 万 and 亿 (1.2万 is
12000), 1.5E+3. A currency code is refused, because it says more than a number.
"""

import re
import unicodedata
from decimal import Decimal
from typing import Literal

Mark = Literal[".", ","]
Numbers = dict[Mark, Decimal]
MARKS: tuple[Mark, Mark] = (".", ",")

_LENGTH_MAX = 80
_MAGNITUDE_MAX = 40
_SCALES = {"": 0, "万": 4, "萬": 4, "亿": 8, "億": 8, "万亿": 12, "萬億": 12}
_PER_CENT = -2
_SIGNS = "-+\u2212"
_CURRENCY = "[¥$€£₩]|元"
_NUMBER = re.compile(
    rf"(?P<open>\(?) ?(?P<first>[{_SIGNS}]?) ?(?:{_CURRENCY})? ?(?P<second>[{_SIGNS}]?) ?"
    r"(?P<digits>[0-9.,][0-9.,' \u2019]*?)(?:[eE](?P<exponent>[+-]?[0-9]{1,3}))? ?"
    rf"(?P<scale>万亿|萬億|[万萬亿億]?) ?(?:{_CURRENCY})? ?(?P<percent>%?) ?"
    rf"(?P<last>[{_SIGNS}]?) ?(?P<close>\)?)"
)
# What most numbers look like, and can be taken as it stands.
_PLAIN = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,2})?")
_DIGITS = {
    mark: re.compile(
        rf"(?P<whole>[0-9]*|[1-9][0-9]{{0,2}}(?P<group>[{group}])[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*)"
        rf"(?:[{mark}](?P<fraction>[0-9]*))?"
    )
    for mark, group in ((".", ",' \u2019"), (",", ".' \u2019"))
}


def written_numbers(text: str) -> Numbers:
    """Read a number, with each decimal mark with which it is one."""
    if found := _PLAIN.fullmatch(text):
        number = Decimal(text)
        return {".": number} if found[1] else {".": number, ",": number}
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    match = _NUMBER.fullmatch(plain) if len(plain) <= _LENGTH_MAX else None
    if match is None or bool(match["open"]) != bool(match["close"]):
        return {}
    signs = match["first"] + match["second"] + match["last"] + match["open"]
    if len(signs) > 1:
        return {}
    sign = "" if signs in ("", "+") else "-"
    power = int(match["exponent"] or 0) + _SCALES[match["scale"]]
    power += _PER_CENT if match["percent"] else 0
    numbers: Numbers = {}
    for mark in MARKS:
        number = _number(match["digits"].strip(), mark, sign, power)
        if number is not None:
            numbers[mark] = number
    return numbers


def _number(digits: str, mark: Mark, sign: str, power: int) -> Decimal | None:
    match = _DIGITS[mark].fullmatch(digits)
    if match is None:
        return None
    whole = re.sub("[^0-9]", "", match["whole"])
    fraction = match["fraction"] or ""
    if not whole and not fraction:
        return None
    number = Decimal(f"{sign}{whole or 0}.{fraction}E{power}")
    if abs(number.adjusted()) > _MAGNITUDE_MAX:
        return None
    return plain_number(number)


def plain_number(number: Decimal) -> Decimal:
    """Write out a number without an exponent: 1.2E+4 is 12000."""
    return Decimal(format(number, "f"))
