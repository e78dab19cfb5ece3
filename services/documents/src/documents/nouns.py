"""What exports and links ask of the nouns of the contract."""

import functools

from chassis.resources import Noun
from chassis.resources.kinds import nouns
from chassis.rpc import Method


def method_of(noun: Noun, verb: str) -> Method | None:
    """Find a noun's method for a standard verb, None when it has none."""
    return next((method for method in noun.rpcs if method.verb == verb), None)


@functools.cache
def collections() -> frozenset[str]:
    """Name every collection of the contract, as resource names begin: "opportunities"."""
    patterns = (pattern for noun in nouns().values() for pattern in noun.resource.pattern)
    return frozenset(pattern.partition("/")[0] for pattern in patterns)
