"""A firm of its own for a test: real units, people, roles and sign-ins, made by calls."""

import datetime
import uuid
import zoneinfo
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import argon2
import pytest
import pytest_asyncio
from banyan.api.v1 import change_pb2
from banyan.identity.v1 import role_pb2, tenant_pb2

from chassis.rpc import acting
from chassis.rpc.registry import contract_methods
from chassis.testing import Person, World, attempts
from identity import passwords

PASSWORD = "correct horse battery"
SCOPES = {
    "own": role_pb2.Permission.SCOPE_OWN,
    "unit": role_pb2.Permission.SCOPE_UNIT,
    "subtree": role_pb2.Permission.SCOPE_SUBTREE,
    "all": role_pb2.Permission.SCOPE_ALL,
}


@dataclass
class Firm:
    """A tenant and what tests make in it; whatever names nobody is done by the administrator."""

    world: World
    tenant_id: str
    slug: str
    top: str
    admin: Person
    admin_email: str
    administrator_role: str
    member_role: str
    time_zone: str
    calls: list[Any] = field(default_factory=list, repr=False)

    async def call(
        self, method: str, person: Person | None = None, /, *, wire: bool = False, **fields: Any
    ) -> Any:
        """Call a method with its request's fields; its reply is remembered."""
        return await self.calling(method, person or self.admin, wire=wire, **fields)

    async def as_nobody(self, method: str, /, *, wire: bool = False, **fields: Any) -> Any:
        """Call a method without a token."""
        return await self.calling(method, None, wire=wire, **fields)

    async def exchanged(self, key: str) -> Any:
        """Let a service ask what an API key stands for."""
        with acting("party"):
            return await self.calling("ExchangeApiKey", None, wire=False, api_key=key)

    async def calling(
        self, name: str, person: Person | None, /, *, wire: bool, **fields: Any
    ) -> Any:
        method = next(m for m in contract_methods() if m.name == name)
        request = method.request_type(**fields)
        reply = await self.world.call(name, request, person, wire=wire)
        self.calls.append(reply)
        return reply

    @property
    def today(self) -> datetime.date:
        """The day it is where the firm is."""
        return datetime.datetime.now(zoneinfo.ZoneInfo(self.time_zone)).date()

    async def unit(self, parent: str = "", person: Person | None = None) -> str:
        made = {
            "name": f"unit {uuid.uuid4()}", "kind": "KIND_TEAM", "org_unit_id": parent or self.top,
        }  # fmt: skip
        return (await self.call("CreateOrgUnit", person, org_unit=made)).id

    async def user(self, unit: str = "", person: Person | None = None) -> Any:
        made = {
            "display_name": "Somebody", "email": f"{uuid.uuid4()}@example.com",
            "org_unit_id": unit or self.top,
        }  # fmt: skip
        return await self.call("CreateUser", person, user=made)

    def permissions(self, *rights: tuple[str, str, str]) -> list[role_pb2.Permission]:
        return [
            role_pb2.Permission(resource=resource, action=action, scope=SCOPES[scope])
            for resource, action, scope in rights
        ]

    async def role(self, *rights: tuple[str, str, str], person: Person | None = None) -> Any:
        made = {"name": f"role {uuid.uuid4()}", "permissions": self.permissions(*rights)}
        return await self.call("CreateRole", person, role=made)

    async def assign(
        self, user_id: str, role_id: str, unit: str = "", person: Person | None = None
    ) -> Any:
        made = {"user_id": user_id, "role_id": role_id, "org_unit_id": unit or self.top}
        return await self.call("CreateRoleAssignment", person, role_assignment=made)

    async def person(self, *rights: tuple[str, str, str], unit: str = "") -> Person:
        """Make somebody at home in a unit, who holds there a role with these rights."""
        user = await self.user(unit)
        if rights:
            await self.assign(user.id, (await self.role(*rights)).id, unit)
        return self.world.signed_in(self.tenant_id, user.id, unit or self.top)

    async def member(self) -> Person:
        """Make somebody with the role everybody has."""
        user = await self.user()
        await self.assign(user.id, self.member_role)
        return self.world.signed_in(self.tenant_id, user.id, self.top)

    async def with_password(self) -> Any:
        """Make a user who can sign in with PASSWORD."""
        user = await self.user()
        return await self.call("SetUserPassword", id=user.id, new_password=PASSWORD)

    async def sign_in(self, email: str, password: str = PASSWORD, /, **fields: Any) -> Any:
        asked = {"tenant": self.slug, "email": email, "password": password} | fields
        return await self.as_nobody("SignIn", **asked)

    def holding(self, reply: Any) -> Person:
        """Give whoever holds the access token of a reply."""
        session = getattr(reply, "session", None)
        return Person(
            self.tenant_id,
            session.user_id if session else "",
            self.top,
            reply.access_token,
            session.id if session else "",
        )

    async def source(self, owner: str = "", unit: str = "", person: Person | None = None) -> Any:
        """Make a record of another service."""
        made = {
            "name": f"source {uuid.uuid4()}", "owner_user_id": owner, "org_unit_id": unit,
        }  # fmt: skip
        return await self.call("CreateSource", person, source=made)

    async def changes(self, record_id: str = "") -> list[Any]:
        """Read this firm's changes of identity, of one record or of all, in their order."""
        method = "/banyan.api.v1.ChangeService/ReadChanges"
        read: Any = self.world.host.channels.to("identity").unary_unary(method)
        found: list[Any] = []
        after = ""
        while True:
            request = change_pb2.ReadChangesRequest(service="identity", after=after, page_size=5000)
            with acting("identity"):
                reply = await read(request)
            found += reply.changes
            after = reply.next_after
            if not reply.changes:
                return [
                    change
                    for change in found
                    if change.tenant_id == self.tenant_id and record_id in ("", change.resource_id)
                ]

    async def rows(self, sql: str, *arguments: Any, service: str = "identity") -> list[Any]:
        """Read rows of this firm as they lie in the database."""
        database = self.world.host.databases[service]
        return list(await database.read(self.tenant_id, sql, *arguments))

    async def set_rows(self, sql: str, *arguments: Any) -> None:
        """Change rows behind the service's back: for what only time would bring about."""
        await self.world.host.databases["identity"].write(self.tenant_id, sql, *arguments)


async def found_firm(world: World, time_zone: str = "Asia/Shanghai", **fields: Any) -> Firm:
    slug = f"t{uuid.uuid4().hex}"
    email = f"{slug}@example.com"
    tenant = tenant_pb2.Tenant(
        name=slug, slug=slug, currency_code="CNY", time_zone=time_zone, language="en"
    )
    request = tenant_pb2.FoundTenantRequest(
        tenant=tenant, administrator_email=email, administrator_name="Administrator", **fields
    )
    with acting("identity"):
        made = await world.call("FoundTenant", request, None)
    admin = world.signed_in(made.tenant.id, made.user_id, made.org_unit_id)
    return Firm(
        world, made.tenant.id, slug, made.org_unit_id, admin, email,
        made.administrator_role_id, made.member_role_id, time_zone,
    )  # fmt: skip


@pytest.fixture(autouse=True, scope="session")
def _cheap_passwords() -> None:
    """Hash as the product does, but in a millisecond; rules/test_passwords.py knows the cost."""
    passwords._hasher = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest_asyncio.fixture
async def firm(world) -> Firm:
    return await found_firm(world)


@pytest.fixture
def found(world) -> Callable[..., Awaitable[Firm]]:
    """Found further firms."""

    async def another(time_zone: str = "Asia/Shanghai", **fields: Any) -> Firm:
        return await found_firm(world, time_zone, **fields)

    return another


@pytest.fixture
def until() -> Callable[..., Awaitable[Any]]:
    """Ask again until an answer is true; two seconds are what a revocation may take."""

    async def ask(condition: Callable[[], Awaitable[Any]], seconds: float = 2) -> Any:
        return await attempts.until(condition, seconds)

    return ask


@pytest.fixture
def password() -> str:
    return PASSWORD
