"""How alike two records are, and why (PLT-17).

Each reason that speaks for it has a weight between 0 and 1; together they leave as much doubt as
all of them leave one after the other: score = 1 - (1 - w1)(1 - w2)… What speaks against it takes
its share away at the end. A record is worth a person's look from `WORTH_A_LOOK` on.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from banyan.party.v1 import contact_pb2, match_pb2, organization_pb2

from party.folding import (
    OrganizationName,
    email_key,
    is_chinese,
    organization_name,
    person_key,
    person_names,
    phone_key,
    tax_id_key,
)

WORTH_A_LOOK = 0.5
# Two brands, or two names of people, are similar from this share of common pairs of letters on
# (Dice): two letters of nine may have changed places, of five characters the last may differ.
SIMILAR_LETTERS_MIN, SIMILAR_CHARACTERS_MIN = 0.6, 0.7
# And two whole names of organizations from here on.
SIMILAR_NAME_MIN = 0.7
# One batch of changes asks for the traits of a record several times.
_TRAITS_KEPT = 10_000
# A score has two digits, and so have the weights it comes from.
_ROUNDED = 0.005
# How much of a name's likeness lies in its brand, what the organization does, and where; percent.
_BRAND, _TRADE, _REGION = 50, 30, 20
# How alike two trades are at most when they are not the same.
_OTHER_TRADE_MAX = 0.5

SAME_TAX_ID = match_pb2.MATCH_REASON_SAME_TAX_ID
SAME_EMAIL = match_pb2.MATCH_REASON_SAME_EMAIL
SAME_PHONE = match_pb2.MATCH_REASON_SAME_PHONE
SAME_NAME = match_pb2.MATCH_REASON_SAME_NAME
SIMILAR_NAME = match_pb2.MATCH_REASON_SIMILAR_NAME
SAME_ORGANIZATION = match_pb2.MATCH_REASON_SAME_ORGANIZATION
DIFFERENT_TAX_ID = match_pb2.MATCH_REASON_DIFFERENT_TAX_ID

# A switchboard and a shared mailbox are common among the firms of a group.
ORGANIZATION_WEIGHTS: Mapping[int, float] = {
    SAME_TAX_ID: 0.95,
    SAME_NAME: 0.75,
    SIMILAR_NAME: 0.6,
    SAME_EMAIL: 0.4,
    SAME_PHONE: 0.4,
    DIFFERENT_TAX_ID: -0.5,
}
# Many are called 李娜, and colleagues share a telephone; few share a mailbox.
CONTACT_WEIGHTS: Mapping[int, float] = {
    SAME_EMAIL: 0.85,
    SAME_NAME: 0.45,
    SIMILAR_NAME: 0.3,
    SAME_PHONE: 0.45,
    SAME_ORGANIZATION: 0.3,
}


@dataclass(frozen=True)
class Match:
    """How alike two records are.

    Attributes:
        score: from 0 to 1, to two digits.
        evidence: the reasons with their weights, the weightiest first.
    """

    score: float
    evidence: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class OrganizationTraits:
    """What an organization is recognised by, folded."""

    name: OrganizationName
    tax_id: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class ContactTraits:
    """What a person is recognised by, folded.

    Attributes:
        names: the ways the name may be written.
        key: the text the name is found under.
    """

    names: frozenset[str]
    key: str
    email: str = ""
    phones: tuple[str, ...] = ()
    organization_id: str = ""


def organization_traits(organization: organization_pb2.Organization) -> OrganizationTraits:
    """Read what an organization is recognised by."""
    return _organization_traits(
        organization.name,
        organization.tax_id,
        organization.email,
        organization.phone,
        organization.country_code,
    )


@functools.lru_cache(maxsize=_TRAITS_KEPT)
def _organization_traits(
    name: str, tax_id: str, email: str, phone: str, country_code: str
) -> OrganizationTraits:
    return OrganizationTraits(
        organization_name(name),
        tax_id_key(tax_id),
        email_key(email),
        phone_key(phone, country_code),
    )


def contact_traits(contact: contact_pb2.Contact) -> ContactTraits:
    """Read what a person is recognised by."""
    return _contact_traits(
        contact.name,
        contact.given_name,
        contact.family_name,
        contact.email,
        contact.phone,
        contact.mobile,
        contact.organization_id,
    )


@functools.lru_cache(maxsize=_TRAITS_KEPT)
def _contact_traits(
    name: str,
    given_name: str,
    family_name: str,
    email: str,
    phone: str,
    mobile: str,
    organization_id: str,
) -> ContactTraits:
    return ContactTraits(
        person_names(name, given_name, family_name),
        person_key(name),
        email_key(email),
        (phone_key(phone), phone_key(mobile)),
        organization_id,
    )


def compare_organizations(a: OrganizationTraits, b: OrganizationTraits) -> Match:
    """Tell how alike two organizations are."""
    found: dict[int, float] = {}
    if a.tax_id and b.tax_id:
        found[SAME_TAX_ID if a.tax_id == b.tax_id else DIFFERENT_TAX_ID] = 1
    if _same(a.email, b.email):
        found[SAME_EMAIL] = 1
    if _same(a.phone, b.phone):
        found[SAME_PHONE] = 1
    likeness = name_likeness(a.name, b.name)
    if likeness:
        found[SAME_NAME if likeness == 1 else SIMILAR_NAME] = likeness
    return _match(found, ORGANIZATION_WEIGHTS)


def compare_contacts(a: ContactTraits, b: ContactTraits) -> Match:
    """Tell how alike two people are; where they work counts only beside their names."""
    found: dict[int, float] = {}
    if _same(a.email, b.email):
        found[SAME_EMAIL] = 1
    if (set(a.phones) & set(b.phones)) - {""}:
        found[SAME_PHONE] = 1
    if a.names & b.names:
        found[SAME_NAME] = 1
    elif likeness := similarity(a.key, b.key):
        found[SIMILAR_NAME] = likeness
    if _same(a.organization_id, b.organization_id) and found.keys() & {SAME_NAME, SIMILAR_NAME}:
        found[SAME_ORGANIZATION] = 1
    return _match(found, CONTACT_WEIGHTS)


def name_likeness(a: OrganizationName, b: OrganizationName) -> float:
    """Tell how alike two names of organizations are: 1 is the same, 0 is not similar.

    The same brand in another trade ("华为技术", "华为终端") or region is a sister, not the same.
    """
    brand = float(_same(a.brand, b.brand)) or similarity(a.brand, b.brand)
    if not brand:
        return 0
    percent = _BRAND * brand + _TRADE * _trades(a.trade, b.trade) + _REGION * _regions(a, b)
    return percent / 100 if percent / 100 >= SIMILAR_NAME_MIN else 0


def _trades(a: str, b: str) -> float:
    """Compare trades; one that is left out may be the other's, one that differs rarely is."""
    if a == b:
        return 1
    return dice(a, b) * _OTHER_TRADE_MAX if a and b else _OTHER_TRADE_MAX


def _regions(a: OrganizationName, b: OrganizationName) -> float:
    contradict = a.region and b.region and a.region != b.region
    return 0 if contradict or a.branch != b.branch else 1


def name_test(traits: OrganizationTraits, score_min: float) -> Callable[[str], bool]:
    """Give a quick test of the keys of others' names.

    Whose key fails it is by its name alone not as alike as this; whose key passes may be. Nothing
    is known of the other but that its key begins with its brand and ends with its trade. Of the
    brand's pairs of letters at least those are missing in the other's that are not in the key.
    """
    name = traits.name
    # Neighbours begin alike, so that what is missing is sooner found from behind.
    pairs = [name.brand[place : place + 2] for place in range(len(name.brand) - 1)][::-1]
    if not pairs:
        return lambda key: key.startswith(name.brand)
    by_score = (score_min - _ROUNDED) / ORGANIZATION_WEIGHTS[SIMILAR_NAME]
    least = min(1, max(by_score, SIMILAR_NAME_MIN))
    same_trade = _missing_pairs_max(len(pairs), least, 1)
    other_trade = _missing_pairs_max(len(pairs), least, _OTHER_TRADE_MAX)
    ending = f" {name.trade}" if name.trade else ""

    def passes(key: str) -> bool:
        missing = same_trade if key.endswith(ending) else other_trade
        for pair in pairs:
            if pair not in key:
                if not missing:
                    return False
                missing -= 1
        return True

    return passes


def _missing_pairs_max(count: int, likeness_min: float, trade: float) -> int:
    """Give how many of a brand's pairs another may lack, if everything else speaks for it.

    Two that have `n` of `count` pairs in common are at most 2n / (count + n) similar.
    """
    likeness = (100 * likeness_min - _TRADE * trade - _REGION) / _BRAND
    similar = min(1, max(likeness, SIMILAR_LETTERS_MIN))
    # A little more, since these are fractions.
    return int(count - count * similar / (2 - similar) + 1e-6)


def similarity(a: str, b: str) -> float:
    """Tell how similar two folded names are, 0 when they are not."""
    chinese = is_chinese(a) or is_chinese(b)
    found = dice(a, b)
    return found if found >= (SIMILAR_CHARACTERS_MIN if chinese else SIMILAR_LETTERS_MIN) else 0


def dice(a: str, b: str) -> float:
    """Give twice the common pairs of neighbouring letters, over all pairs (Sørensen and Dice)."""
    left, right = _pairs(a), _pairs(b)
    common = sum([min(count, right.get(pair, 0)) for pair, count in left.items()])
    return 2 * common / (len(a) + len(b) - 2) if common else 0


def _pairs(text: str) -> Counter[str]:
    return Counter(text[place : place + 2] for place in range(len(text) - 1))


def _same(a: str, b: str) -> bool:
    return bool(a) and a == b


def _match(found: Mapping[int, float], weights: Mapping[int, float]) -> Match:
    """Weigh the reasons; a weight below 0 speaks against it."""
    evidence = [(reason, round(weights[reason] * share, 2)) for reason, share in found.items()]
    doubt = _product(1 - weight for _, weight in evidence if weight > 0)
    kept = _product(1 + weight for _, weight in evidence if weight < 0)
    evidence.sort(key=lambda one: (-one[1], one[0]))
    return Match(round((1 - doubt) * kept, 2), tuple(evidence))


def _product(factors: Iterable[float]) -> float:
    result = 1.0
    for factor in factors:
        result *= factor
    return result
