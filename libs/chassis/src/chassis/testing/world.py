"""A running Banyan for tests: real servers, every installed service, people with chosen rights."""

import contextlib
import shutil
import uuid
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from banyan.identity.v1 import org_unit_pb2, tenant_pb2, user_pb2

from chassis.access import Claims, Directory, FieldRule, Grant, Scope, UserAccess
from chassis.hosting import Host, Settings, installed_services
from chassis.hosting.cli import local_settings, migrate_all
from chassis.hosting.local import LocalServers
from chassis.hosting.rights import Identity
from chassis.rpc import Channels, WireChannel, acting
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


class World:
    """Tenants, units and people made by tests, beside the host that serves them.

    Everybody is a real record of identity; what a person may do is whatever the test says.
    """

    def __init__(self) -> None:
        self._founded: dict[str, tenant_pb2.FoundTenantResponse] = {}
        self._people: dict[tuple[str, str], UserAccess] = {}
        self.nouns = {
            noun.resource.type: noun
            for service in installed_services().values()
            for noun in service.nouns
        }
        self.host: Host = None  # pyright: ignore[reportAttributeAccessIssue] (set by open_world)
        self.wire: Channels = None  # pyright: ignore[reportAttributeAccessIssue]
        self.settings: Settings = None  # pyright: ignore[reportAttributeAccessIssue]

    async def tenant(self) -> str:
        """Found a tenant with one unit at the top."""
        name = f"t{uuid.uuid4().hex}"
        request = tenant_pb2.FoundTenantRequest(
            tenant=tenant_pb2.Tenant(
                name=name, slug=name, currency_code="CNY", time_zone="Asia/Shanghai",
                language="en",
            ),
            administrator_email=f"{name}@example.com",
            administrator_name="Administrator",
        )  # fmt: skip
        with acting("identity"):
            found = await self.call("FoundTenant", request, None)
        self._founded[found.tenant.id] = found
        return found.tenant.id

    def administrator(self, tenant_id: str) -> Person:
        """Give the first person of a tenant, with the rights identity says they have."""
        found = self._founded[tenant_id]
        return self.signed_in(tenant_id, found.user_id, found.org_unit_id)

    async def unit(self, tenant_id: str, parent: str = "") -> str:
        """Make a unit, below the top one when no other is named."""
        unit = org_unit_pb2.OrgUnit(
            name=f"unit {uuid.uuid4()}",
            kind=org_unit_pb2.OrgUnit.KIND_TEAM,
            org_unit_id=parent or self._founded[tenant_id].org_unit_id,
        )
        request = org_unit_pb2.CreateOrgUnitRequest(org_unit=unit)
        made = await self.call("CreateOrgUnit", request, self.administrator(tenant_id))
        return made.id

    async def person(
        self,
        tenant_id: str,
        grants: Iterable[Grant] = EVERYTHING,
        org_unit_id: str = "",
        field_rules: Iterable[FieldRule] = (),
    ) -> Person:
        """Make a person with rights, placed in a unit (the top one when none is named)."""
        unit = org_unit_id or self._founded[tenant_id].org_unit_id
        user = user_pb2.User(
            display_name="Somebody", email=f"{uuid.uuid4()}@example.com", org_unit_id=unit
        )
        request = user_pb2.CreateUserRequest(user=user)
        made = await self.call("CreateUser", request, self.administrator(tenant_id))
        self._people[tenant_id, made.id] = UserAccess(
            True, 0, unit, "en", tuple(grants), field_rules=tuple(field_rules)
        )
        return self.signed_in(tenant_id, made.id, unit)

    def signed_in(self, tenant_id: str, user_id: str, org_unit_id: str = "") -> Person:
        """Give somebody who exists as a caller."""
        claims = Claims(tenant_id=tenant_id, user_id=user_id)
        return Person(tenant_id, user_id, org_unit_id, self.host.keys.sign("identity", claims))

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

    def directory(self, identity: Identity, heard: Callable[[], bool]) -> Directory:
        """Give a directory that knows what tests said, and asks identity about the rest."""

        async def access(tenant_id: str, user_id: str, session_id: str) -> UserAccess:
            known = self._people.get((tenant_id, user_id))
            return known or await identity.access(tenant_id, user_id, session_id)

        return Directory(access, identity.tenant, heard, identity.token_of)


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
        world.host = Host(services.values(), world.settings, directory_of=world.directory)
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
