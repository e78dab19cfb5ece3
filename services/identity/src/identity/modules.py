"""Modules: which nouns are licensed together, and which of them are on (PLT-04, PLT-05).

What a module consists of stands in `editions.toml`. A noun that a module names belongs to that one,
whatever its service belongs to.
"""

import tomllib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from banyan.identity.v1 import access_pb2, edition_pb2, tenant_pb2

from chassis import errors

ALWAYS_ON = "base"


@cache
def shipped() -> Mapping[str, Any]:
    """Read what comes with the product: modules and editions."""
    return tomllib.loads(files("identity").joinpath("editions.toml").read_text())


@dataclass(frozen=True)
class Modules:
    """What belongs to which module.

    Attributes:
        resources: by module, `sales.*` or single nouns; under ALWAYS_ON what is never off.
    """

    resources: Mapping[str, tuple[str, ...]]

    @property
    def keys(self) -> Set[str]:
        """Name the modules that can be chosen."""
        return self.resources.keys() - {ALWAYS_ON}

    def module_of(self, resource: str) -> str:
        """Name the module of a noun; what none names is always on."""
        homes = {name: key for key, names in self.resources.items() for name in names}
        service = resource.partition(".")[0]
        return homes.get(resource) or homes.get(f"{service}.*", ALWAYS_ON)

    def on(self, tenant: tenant_pb2.Tenant, editions: Iterable[edition_pb2.Edition]) -> set[str]:
        """Name the modules that are on for a tenant.

        Args:
            editions: the tenant's edition and those that lie in it.
        """
        if not tenant.edition_id and not tenant.modules:
            return {*self.resources}
        chosen = {*tenant.modules, *(key for edition in editions for key in edition.modules)}
        return {ALWAYS_ON, *chosen} & self.resources.keys()

    def states(self, on: Set[str]) -> list[access_pb2.Module]:
        """Say of each module whether it is on."""
        return [
            access_pb2.Module(key=key, on=key in on, resources=names)
            for key, names in self.resources.items()
        ]

    def narrowed(self, resource: str, on: Set[str], known: Iterable[str]) -> list[str]:
        """Give what is on of what a permission speaks of.

        Args:
            resource: a noun, `sales.*` or `*`.
            known: all nouns of the contract.
        """
        service, _, noun = resource.partition(".")
        if "*" not in (service, noun):
            return [resource] if self.module_of(resource) in on else []
        meant = [name for name in known if service in ("*", name.partition(".")[0])]
        kept = [name for name in meant if self.module_of(name) in on]
        if kept == meant:
            return [resource]
        if service != "*":
            return kept
        services = dict.fromkeys(f"{name.partition('.')[0]}.*" for name in kept)
        return [found for name in services for found in self.narrowed(name, on, known)]

    def check(self, chosen: Iterable[str], path: str) -> None:
        """Refuse modules there are not.

        Raises:
            Invalid: UNKNOWN_MODULE, per module.
        """
        known = ", ".join(sorted(self.keys))
        violations = [
            errors.FieldViolation(
                f"{path}[{place}]", "UNKNOWN_MODULE", metadata={"found": key, "known": known}
            )
            for place, key in enumerate(chosen)
            if key not in self.keys
        ]
        if violations:
            raise errors.Invalid("INVALID_FIELDS", violations=violations)


def narrowed_grants(
    grants: Iterable[access_pb2.Grant], modules: Modules, on: Set[str], known: Iterable[str]
) -> list[access_pb2.Grant]:
    """Give what remains of grants when some modules are off."""
    found: list[access_pb2.Grant] = []
    for grant in grants:
        for resource in modules.narrowed(grant.permission.resource, on, known):
            kept = access_pb2.Grant()
            kept.CopyFrom(grant)
            kept.permission.resource = resource
            found.append(kept)
    return found


@cache
def installed() -> Modules:
    """Give the modules that come with the product."""
    resources = {ALWAYS_ON: tuple(shipped()["always_on"])}
    return Modules(resources | {key: tuple(names) for key, names in shipped()["modules"].items()})
