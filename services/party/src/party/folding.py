"""What people write in many ways, folded so that the same is the same text (PLT-17).

Names are Chinese or Latin; which words in them say little stands in `names.toml`.
"""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

PHONE_DIGITS_MIN = 7
TAX_ID_LENGTH_MIN = 6
# A name in Chinese has that many characters, if it is not one in letters with an initial.
_CHINESE_NAME_MIN = 2
# From here on a number that begins with 86 has its country in front: none at home is so long.
_CHINESE_DIGITS_MIN = 12
# Where a number is at home that does not say.
COUNTRY = "CN"

_WORDS: dict[str, Any] = tomllib.loads(resources.files("party").joinpath("names.toml").read_text())
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_TOKEN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[^\W_\u3400-\u4dbf\u4e00-\u9fff]+")
# What is neither letter nor digit.
_BETWEEN = re.compile(r"[\W_]+")
_BRACKETED = re.compile(r"[(\[【〔]([^()\[\]【】〔〕]*)[)\]】〕]")
_BRANCHES = ("分公司", "分行", "支行", "办事处")
_BRANCH = re.compile(rf"(?P<whole>.+(?:公司|银行|集团))(?P<branch>.+?)(?:{'|'.join(_BRANCHES)})")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|extension|x|#|,|;)\s*[0-9]*\s*$", re.IGNORECASE)
_DASHED_EXTENSION = re.compile(r"^(\(?0[0-9]{2,3}\)?[- ]?[0-9]{7,8})-[0-9]{1,6}$")


@dataclass(frozen=True)
class OrganizationName:
    """An organization's name, taken apart; its legal form is left out.

    Attributes:
        brand: what tells it from all others (字号): "华为".
        trade: what it does (行业): "技术".
        region: where it says it is (行政区划); "" when it does not, or names the country.
        branch: the branch it is of that organization.
    """

    brand: str
    trade: str = ""
    region: str = ""
    branch: str = ""

    @property
    def key(self) -> str:
        """Give the text under which the name is found: brands stand in the order of letters."""
        return f"{self.brand} {self.trade}".strip()


@functools.cache
def _words(script: str, kind: str) -> tuple[str, ...]:
    """Give a list of words, the longest first, so that a longer one is found before its part."""
    return tuple(sorted(_WORDS[script][kind].split(), key=len, reverse=True))


@functools.cache
def _known(script: str, kind: str) -> frozenset[str]:
    return frozenset(_words(script, kind))


def _any_of(words: Iterable[str]) -> str:
    """Give the pattern of one of some words; of several that fit, the first is found."""
    return f"(?:{'|'.join(map(re.escape, words))})"


# A region with its endings, each of them once: "广东省", "深圳市".
_HOME: str = _WORDS["chinese"]["home"]
_REGION = re.compile(
    f"({_any_of((_HOME, *_words('chinese', 'regions')))})"
    + "".join(f"(?:{ending})?" for ending in _words("chinese", "region_endings"))
)
# Words at the end of a text that is written backwards, as many as leave something of it: a pattern
# is sought from its beginning, and a name begins anywhere.
_ENDING = {
    kind: re.compile(f"(?:{_any_of(word[::-1] for word in _words('chinese', kind))}(?=.))+", re.S)
    for kind in ("forms", "trades")
}


def fold(text: str) -> str:
    """Write a text in one way: full width, case and accents make no difference."""
    if text.isascii():
        return text.lower().strip()
    letters = unicodedata.normalize("NFKD", text)
    if any(map(unicodedata.combining, letters)):
        letters = "".join(c for c in letters if not unicodedata.combining(c))
    return unicodedata.normalize("NFKC", letters).casefold().strip()


def is_chinese(text: str) -> bool:
    """Tell whether there is a Chinese character in a text."""
    return _CHINESE.search(text) is not None


# --- names of organizations


def organization_name(text: str) -> OrganizationName:
    """Take an organization's name apart.

    A name of nothing but regions and trades ("中国银行") is its own brand.
    """
    folded = fold(text)
    return _chinese_name(folded) if is_chinese(folded) else _latin_name(folded)


def _chinese_name(text: str) -> OrganizationName:
    text, bracketed = _without_brackets(text)
    run = "".join(_TOKEN.findall(text))
    found = _BRANCH.fullmatch(run) if run.endswith(_BRANCHES) else None
    branch = _without_endings(found["branch"]) if found else ""
    whole = _stripped(found["whole"] if found else run, "forms")
    regions, rest = _leading_regions(whole)
    if rest != _HOME:
        rest = rest.removesuffix(_HOME)
    rest = _stripped(rest, "forms")
    brand = _stripped(rest, "trades")
    if not brand or brand in _known("chinese", "trades"):
        return OrganizationName(whole, branch=branch)
    region = next((r for r in (*bracketed, *regions[::-1]) if r != _HOME), "")
    return OrganizationName(brand, rest[len(brand) :], region, branch)


def _without_brackets(text: str) -> tuple[str, list[str]]:
    """Take out of brackets what they say of the region; the rest stays where it is."""
    regions: list[str] = []

    def inner(match: re.Match[str]) -> str:
        found, rest = _leading_regions(match[1].strip())
        if found and not rest:
            regions.extend(found)
            return ""
        return match[1]

    return _BRACKETED.sub(inner, text), regions


def _leading_regions(text: str) -> tuple[list[str], str]:
    """Split the regions off that a name begins with: "广东省深圳市华为"."""
    found: list[str] = []
    place = 0
    while region := _REGION.match(text, place):
        found.append(region[1])
        place = region.end()
    return found, text[place:]


def _without_endings(text: str) -> str:
    regions, rest = _leading_regions(text)
    return "".join((*regions, rest))


def _stripped(text: str, kind: str) -> str:
    """Take words of a list off the end, but never all there is."""
    found = _ENDING[kind].match(text[::-1])
    return text[: -found.end()] if found else text


def _latin_name(text: str) -> OrganizationName:
    words = _TOKEN.findall(text.replace(".", "").replace("'", "").replace("’", ""))
    words = [w for w in words if w not in _known("latin", "stop_words")] or words
    regions = _known("latin", "regions") | _known("latin", "home")
    found: list[str] = []
    while len(words) > 1 and (words[-1] in _known("latin", "forms") or words[-1] in regions):
        found += [words[-1]] if words[-1] in regions else []
        words = words[:-1]
    whole = words + found[::-1]
    while len(words) > 1 and words[0] in regions:
        found.append(words[0])
        words = words[1:]
    brand = words
    trades = _known("latin", "trades")
    while len(brand) > 1 and brand[-1] in trades:
        brand = brand[:-1]
    if all(word in trades or word in regions for word in brand):
        return OrganizationName(" ".join(whole))
    region = next((r for r in found if r not in _known("latin", "home")), "")
    return OrganizationName(" ".join(brand), " ".join(words[len(brand) :]), region)


# --- names of people


def person_names(name: str, given_name: str = "", family_name: str = "") -> frozenset[str]:
    """Give the ways a person's name may be written: given or family name first, with blanks or not.

    Two people are called the same when one of the ways of each is the same.
    """
    found = _orders(_name_words(name))
    if given_name and family_name:
        found |= _orders([*_name_words(family_name), *_name_words(given_name)])
    return found - {""}


def person_key(name: str) -> str:
    """Give the text under which a name is found, whatever its order."""
    words = _name_words(name)
    return "".join(sorted("".join(words))) if _are_chinese(words) else " ".join(sorted(words))


def _name_words(name: str) -> list[str]:
    """Give the words of a name; of one that is written twice over, the Chinese ones."""
    folded = fold(name).replace(".", " ").replace("'", "").replace("’", "")
    for title in _words("chinese", "honorifics"):
        folded = folded.removesuffix(title)
    words = [w for w in _TOKEN.findall(folded) if w not in _known("latin", "honorifics")]
    if sum(map(is_chinese, "".join(words))) < _CHINESE_NAME_MIN:
        return words
    return [word for word in words if is_chinese(word) or word.isdecimal()]


def _are_chinese(words: Iterable[str]) -> bool:
    return all(_CHINESE.match(word) for word in words)


def _orders(words: list[str]) -> frozenset[str]:
    between = "" if _are_chinese(words) else " "
    if len(words) == 2:
        return frozenset((between.join(words), between.join(reversed(words))))
    return frozenset((between.join(words if _are_chinese(words) else sorted(words)),))


# --- numbers and addresses


def email_key(text: str) -> str:
    """Give an e-mail address as it is compared, "" for what is none."""
    folded = unicodedata.normalize("NFKC", text).strip().casefold()
    return folded if "@" in folded else ""


def tax_id_key(text: str) -> str:
    """Give a tax number (统一社会信用代码, VAT number) as it is compared: capitals and digits.

    What people write where there is none ("无", "n/a", "000000") gives "".
    """
    folded = _BETWEEN.sub("", unicodedata.normalize("NFKC", text).upper())
    tells = len(folded) >= TAX_ID_LENGTH_MIN and any(map(str.isdigit, folded))
    return folded if tells and len(set(folded)) > 1 else ""


def phone_key(text: str, country_code: str = "") -> str:
    """Give a phone number as digits that begin with the country, "" for what is too short.

    Written without its country ("0755-28780808", "138 0013 8000") it is one of `country_code`, of
    China when there is none. An extension is left out: it is reached by the same number.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = _EXTENSION.sub("", _DASHED_EXTENSION.sub(r"\1", plain)).replace("(0)", "")
    digits = "".join(c for c in plain if c.isdecimal())
    if len(digits) < PHONE_DIGITS_MIN:
        return ""
    home = country_code if country_code in _WORDS["phone"]["codes"] else COUNTRY
    code: str = _WORDS["phone"]["codes"][home]
    if plain.lstrip("( ").startswith("+") or digits.startswith("00"):
        return _international(digits.removeprefix("00"))
    if code == "86" and digits.startswith("86") and len(digits) >= _CHINESE_DIGITS_MIN:
        return _international(digits)
    return code + (digits if home in _WORDS["phone"]["keeps_zero"] else digits.removeprefix("0"))


def _international(digits: str) -> str:
    """Leave out the zero some put between country and area: +86 0755."""
    for country, code in _WORDS["phone"]["codes"].items():
        if digits.startswith(f"{code}0") and country not in _WORDS["phone"]["keeps_zero"]:
            return code + digits[len(code) + 1 :]
    return digits
