"""The nouns of the contract, whoever owns them, by the resource types that name them."""

import functools
from collections.abc import Mapping
from typing import Any

from google.api import resource_pb2
from google.protobuf import message_factory

from chassis import errors
from chassis.resources.noun import Noun
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
