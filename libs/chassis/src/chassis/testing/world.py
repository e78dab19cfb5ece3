"""A running Banyan for tests: real servers, every installed service, people with chosen rights."""

import contextlib
import shutil
import uuid
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chassis import errors
from chassis.access import (
    Claims,
    Directory,
    Grant,
    Scope,
    TenantProfile,
    Tree,
    UserAccess,
)
from chassis.hosting import Host, Settings, installed_services
from chassis.hosting.cli import local_settings, migrate_all
from chassis.hosting.local import LocalServers
from chassis.rpc import Channels, WireChannel
from chassis.rpc.registry import contract_methods

EVERYTHING = (Grant("*", "*", Scope.ALL, source="everything"),)


@dataclass
class Person:
    """Somebody who can call: their ids and their token."""

    tenant_id: str
    user_id: str
    org_unit_id: str
    token: str
    session_id: str = ""

    @property
    def metadata(self) -> dict[str, str]:
        """Give what their calls carry."""
        return {"authorization": f"Bearer {self.token}"}


@dataclass
class _Tenant:
    parents: dict[str, str] = field(default_factory=dict[str, str])
    tree: Tree | None = None


class World:
    """Tenants, units and people made by tests, beside the host that serves them."""

    def __init__(self) -> None:
        self._tenants: dict[str, _Tenant] = {}
        self._people: dict[tuple[str, str], UserAccess] = {}
        self.host: Host = None  # pyright: ignore[reportAttributeAccessIssue] (set by open_world)
        self.wire: Channels = None  # pyright: ignore[reportAttributeAccessIssue]
        self.settings: Settings = None  # pyright: ignore[reportAttributeAccessIssue]

    def tenant(self) -> str:
        """Make a tenant with one unit at the top."""
        tenant_id = str(uuid.uuid4())
        self._tenants[tenant_id] = _Tenant()
        self.unit(tenant_id)
        return tenant_id

    def unit(self, tenant_id: str, parent: str = "") -> str:
        """Make a unit."""
        unit_id = str(uuid.uuid4())
        tenant = self._tenants[tenant_id]
        tenant.parents[unit_id] = parent
        tenant.tree = Tree(tenant.parents)
        if self.host is not None:  # pyright: ignore[reportUnnecessaryComparison]
            self.host.directory.forget_tenant(tenant_id)
        return unit_id

    def person(
        self, tenant_id: str, grants: Iterable[Grant] = EVERYTHING, org_unit_id: str = ""
    ) -> Person:
        """Make a person with rights, placed in a unit (the top one when none is named)."""
        user_id = str(uuid.uuid4())
        unit = org_unit_id or next(iter(self._tenants[tenant_id].parents))
        self._people[tenant_id, user_id] = UserAccess(True, 0, unit, "en", tuple(grants))
        claims = Claims(tenant_id=tenant_id, user_id=user_id)
        return Person(tenant_id, user_id, unit, self.host.keys.sign("identity", claims))

    def expired_token(self, person: Person) -> str:
        """Give a token of a person that is no longer good."""
        claims = Claims(tenant_id=person.tenant_id, user_id=person.user_id)
        return self.host.keys.sign("identity", claims, lifetime=-60)

    async def call(
        self, name: str, request: Any, person: Person | None, *, wire: bool = False
    ) -> Any:
        """Call a method by its name (``GetSource``) or path, as a person or as nobody."""
        method = next(m for m in contract_methods() if name in (m.name, m.path))
        channels = self.wire if wire else self.host.channels
        channel: Any = channels.to(method.service)
        metadata = person.metadata if person is not None else {}
        return await channel.unary_unary(method.path)(request, metadata=metadata)

    async def _access(self, tenant_id: str, user_id: str, session_id: str) -> UserAccess:
        known = self._people.get((tenant_id, user_id))
        return known or UserAccess(False, 0, "", "en", ())

    async def _profile(self, tenant_id: str) -> TenantProfile:
        tenant = self._tenants.get(tenant_id)
        if tenant is None or tenant.tree is None:
            raise errors.Unauthenticated("SESSION_ENDED")
        return TenantProfile(tenant_id, "CNY", "Asia/Shanghai", 1, tenant.tree)

    def directory(self, channels: Channels, heard: Callable[[], bool]) -> Directory:
        """Give the directory that knows the people of this world."""
        return Directory(self._access, self._profile, lambda: True)


@contextlib.asynccontextmanager
async def open_world(home: Path) -> AsyncGenerator[World]:
    """Start servers and services under a folder; everything is gone afterwards."""
    services = {n: s for n, s in installed_services().items() if s.front is None}
    servers = LocalServers(home, services)
    world = World()
    try:
        base = Settings(home=home, grpc_listen="127.0.0.1:0", public_calls_per_second=100_000)
        world.settings = local_settings(base, servers.start())
        await migrate_all(services, world.settings)
        world.host = Host(services.values(), world.settings, world.directory)
        await world.host.start()
        world.wire = Channels(world.host.keys)
        for name in (*services, "api"):
            address = f"127.0.0.1:{world.host.grpc_port}"
            world.wire.connect(name, WireChannel(address, name))
        try:
            yield world
        finally:
            await world.wire.close()
            await world.host.stop()
    finally:
        servers.stop()
        servers.remove()
        shutil.rmtree(home, ignore_errors=True)
