"""The nouns of the contract: by their resource types, and by the collections of resource names."""

import functools
from collections.abc import Mapping
from typing import Any

from google.api import resource_pb2
from google.protobuf import message_factory

from chassis import errors
from chassis.resources import Noun
from chassis.rpc import Method
from chassis.rpc.registry import contract


@functools.cache
def nouns() -> Mapping[str, Noun]:
    """Give every noun of the contract by its resource type ("sales.banyan/Opportunity")."""
    found: dict[str, Noun] = {}
    for service in contract():
        for message in service.file.message_types_by_name.values():
            options: Any = message.GetOptions()
            kind: str = options.Extensions[resource_pb2.resource].type
            if kind:
                found[kind] = Noun(message_factory.GetMessageClass(message))
    return found


def noun_of(resource_type: str, path: str) -> Noun:
    """Find a noun by its resource type.

    Raises:
        Invalid: UNKNOWN_RESOURCE_TYPE at `path`.
    """
    found = nouns().get(resource_type)
    if found is None:
        raise errors.invalid_field(path, "UNKNOWN_RESOURCE_TYPE", found=resource_type)
    return found


def method_of(noun: Noun, verb: str) -> Method | None:
    """Find a noun's method for a standard verb, None when it has none."""
    return next((method for method in noun.rpcs if method.verb == verb), None)


@functools.cache
def collections() -> frozenset[str]:
    """Name every collection of the contract, as resource names begin: "opportunities"."""
    patterns = (pattern for noun in nouns().values() for pattern in noun.resource.pattern)
    return frozenset(pattern.partition("/")[0] for pattern in patterns)
