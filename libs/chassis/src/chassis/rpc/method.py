"""What the contract says about a method, read once from its descriptor."""

import functools
import re
from dataclasses import dataclass
from typing import Any

from banyan.api.v1 import options_pb2
from google.api import annotations_pb2, http_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

STANDARD_VERBS = (
    "BatchCreate",
    "Get",
    "List",
    "Create",
    "Update",
    "Delete",
    "Undelete",
    "Summarize",
    "Move",
    "Share",
    "Unshare",
)
_ACTIONS = {
    "Get": "read",
    "List": "read",
    "Summarize": "read",
    "Create": "create",
    "BatchCreate": "create",
    "Update": "update",
    "Delete": "delete",
    "Undelete": "delete",
    "Move": "move",
    "Share": "share",
    "Unshare": "share",
}
_READING = {"Get", "List", "Summarize"}
SIGNED_IN = "-"


@dataclass(frozen=True)
class Method:
    """One RPC of the contract.

    Attributes:
        path: ``/banyan.party.v1.SourceService/GetSource``.
        service: the service that runs it: ``party``.
        resource: the noun it belongs to: ``party.Source``.
        verb: the standard verb (``Get``), or "" for a business verb.
        action: what a person needs on the noun; "-" when being signed in is enough.
        access: one of `options_pb2.Access`.
        callers: services that may call it as themselves; "*" for all.
        idempotent: repeating it does no harm.
        wider_action: an action that lets callers do more with it; "" for none.
    """

    path: str
    name: str
    service: str
    resource: str
    verb: str
    action: str
    access: int
    callers: frozenset[str]
    idempotent: bool
    wider_action: str
    request_type: type[Message]
    response_type: type[Message]
    descriptor: MethodDescriptor


@functools.cache
def method_of(descriptor: MethodDescriptor) -> Method:
    """Read a method's options.

    Raises:
        ValueError: the contract does not say who may call it.
    """
    service = descriptor.containing_service
    options: Any = descriptor.GetOptions().Extensions[options_pb2.method]
    if options.access == options_pb2.ACCESS_UNSPECIFIED:
        raise ValueError(f"{descriptor.full_name} does not say who may call it")
    noun = service.name.removesuffix("Service")
    verb = _verb(descriptor.name, noun)
    return Method(
        path=f"/{service.full_name}/{descriptor.name}",
        name=descriptor.name,
        service=service_name(service),
        resource=f"{service_name(service)}.{noun}",
        verb=verb,
        action=options.action or _ACTIONS.get(verb) or _business_action(descriptor.name, noun),
        access=options.access,
        callers=frozenset(options.services),
        idempotent=options.idempotent or verb in _READING,
        wider_action=options.wider_action,
        request_type=message_factory.GetMessageClass(descriptor.input_type),
        response_type=message_factory.GetMessageClass(descriptor.output_type),
        descriptor=descriptor,
    )


def methods_of(service: ServiceDescriptor) -> list[Method]:
    """Read all methods of a gRPC service."""
    return [method_of(method) for method in service.methods]


def service_name(service: ServiceDescriptor) -> str:
    """Give the Banyan service that owns a gRPC service: ``banyan.party.v1`` is ``party``."""
    return service.file.package.split(".")[1]


def http_rule(method: Method) -> http_pb2.HttpRule | None:
    """Give the method's REST rule, None when it has none."""
    options: Any = method.descriptor.GetOptions()
    if not options.HasExtension(annotations_pb2.http):
        return None
    return options.Extensions[annotations_pb2.http]


def _verb(name: str, noun: str) -> str:
    for verb in STANDARD_VERBS:
        rest = name.removeprefix(verb)
        if rest != name and rest in (noun, *_plurals(noun)):
            return verb
    return ""


def _plurals(noun: str) -> tuple[str, ...]:
    """Give how the plural of a noun may be written: Sources, Addresses, Opportunities."""
    return (f"{noun}s", f"{noun}es", f"{noun.removesuffix('y')}ies")


def _business_action(name: str, noun: str) -> str:
    """Name the action of a business verb: WinOpportunity needs ``win``."""
    verb = name.replace(noun, "", 1) or name
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", verb).lower()
