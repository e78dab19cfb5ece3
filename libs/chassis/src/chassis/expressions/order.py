"""AIP-132 orders: ``"close_date desc, name"``."""

from dataclasses import dataclass

from chassis import errors

TERMS_MAX = 5


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One field and its direction."""

    field: str
    descending: bool


def parse_order(text: str) -> tuple[OrderTerm, ...]:
    """Parse an order; empty text gives no terms.

    Raises:
        Invalid: INVALID_ORDER when a part is not ``field``, ``field asc`` or ``field desc``, when
            a field stands twice or when there are more than 5 parts.
    """
    if not text.strip():
        return ()
    terms: list[OrderTerm] = []
    for part in text.split(","):
        words = part.split()
        if not words or len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
            raise errors.invalid_field("order_by", "INVALID_ORDER", found=part.strip()[:40])
        terms.append(OrderTerm(words[0], words[1:] == ["desc"]))
    names = [term.field for term in terms]
    if len(set(names)) != len(names) or len(terms) > TERMS_MAX:
        raise errors.invalid_field("order_by", "INVALID_ORDER", found=text[:40])
    return tuple(terms)
