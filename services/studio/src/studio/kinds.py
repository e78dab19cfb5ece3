"""Which nouns definitions may be shown for."""

from chassis.resources.kinds import nouns
from chassis.rpc import Call


def readable_types(call: Call) -> set[str]:
    """Give the resource types of the nouns of which the caller may read any record at all."""
    return {kind for kind, noun in nouns().items() if call.reach(noun.name, "read") is not None}
