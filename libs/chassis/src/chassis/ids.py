"""Ids as the contract writes them: UUIDs in canonical form, bare."""

import functools

import uuid_utils


@functools.lru_cache(maxsize=50_000)
def is_id(text: str) -> bool:
    """Tell whether a text is an id as the contract writes them."""
    try:
        return str(uuid_utils.UUID(text)) == text
    except ValueError:
        return False
