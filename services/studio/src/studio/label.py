"""What people know a definition by when nobody has said it."""

import re
from typing import Any


def fill_label(definition: Any, identifier: str) -> None:
    """Label a definition after its identifier when it has a label in neither language."""
    if not definition.label_en and not definition.label_zh:
        definition.label_en = spelled_out(identifier)


def spelled_out(identifier: str) -> str:
    """Write ``deliveryTerms`` and ``delivery_terms`` as "Delivery terms"."""
    words = re.sub(r"([A-Z]+|[0-9]+)", r" \1", identifier.replace("_", " ")).split()
    text = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)
    return text[:1].upper() + text[1:]
