"""What exports and links ask of the nouns of the contract."""

import functools
from collections.abc import Mapping

from chassis.resources import Noun
from chassis.resources.kinds import nouns
from chassis.rpc import Method


def method_of(noun: Noun, verb: str) -> Method | None:
    """Find a noun's method for a standard verb, None when it has none."""
    return next((method for method in noun.rpcs if method.verb == verb), None)


@functools.cache
def collections() -> Mapping[str, str]:
    """Give the resource type of every collection, as resource names begin: "opportunities"."""
    return {
        pattern.partition("/")[0]: kind
        for kind, noun in nouns().items()
        for pattern in noun.resource.pattern
    }
