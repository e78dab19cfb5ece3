"""Every gRPC service of the contract, found by walking the generated package."""

import functools
import importlib
from pathlib import Path

from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor

from chassis.rpc.method import Method, methods_of, service_name


@functools.cache
def contract() -> tuple[ServiceDescriptor, ...]:
    """Import all generated message modules and list their gRPC services."""
    import banyan

    found: list[ServiceDescriptor] = []
    # The generated folders are namespace packages, which pkgutil does not walk into.
    for root in map(Path, banyan.__path__):
        for path in sorted(root.rglob("*_pb2.py")):
            name = ".".join(("banyan", *path.relative_to(root).with_suffix("").parts))
            file: FileDescriptor = importlib.import_module(name).DESCRIPTOR
            found += file.services_by_name.values()
    return tuple(sorted(found, key=lambda service: service.full_name))


def contract_methods(service: str = "") -> list[Method]:
    """List the methods of one Banyan service, or of all."""
    return [
        method
        for descriptor in contract()
        if not service or service_name(descriptor) == service
        for method in methods_of(descriptor)
    ]


def repeatable_methods(service: str) -> list[tuple[str, str]]:
    """Name the methods that a channel to a service may retry, as (gRPC service, method)."""
    return [
        (method.descriptor.containing_service.full_name, method.name)
        for method in contract_methods(service)
        if method.idempotent
    ]
