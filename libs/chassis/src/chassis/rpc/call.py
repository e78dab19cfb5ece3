"""The call that is being served, and the right to act without one."""

import contextlib
import datetime
import time
from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chassis import errors
from chassis.access import ALL_FIELDS, Caller, FieldAccess, Grants, Reach, TenantProfile, UserAccess

if TYPE_CHECKING:
    from chassis.rpc.channel import Channels
    from chassis.rpc.method import Method


@dataclass(slots=True)
class Call:
    """One call in flight.

    Attributes:
        deadline: on the clock of `time.monotonic`.
        token: the caller's own, forwarded to further calls.
        tenant: the tenant's profile; None before sign-in and for services across tenants.
        access, grants: what the person may do; None for a service acting as itself.
        fetch_profile: asks for a profile that is not older than an instant.
    """

    method: "Method"
    caller: Caller
    channels: "Channels"
    deadline: float
    trace_parent: str
    language: str = "en"
    peer: str = ""
    token: str = ""
    tenant: TenantProfile | None = None
    access: UserAccess | None = None
    grants: Grants | None = None
    fetch_profile: Callable[[float], Awaitable[TenantProfile]] | None = None
    started: float = field(default_factory=time.monotonic)

    async def fresh_profile(self) -> TenantProfile:
        """Give the tenant's profile as it was no earlier than when this call began."""
        if self.fetch_profile is not None:
            self.tenant = await self.fetch_profile(self.started)
            if self.grants is not None:
                self.grants = self.grants.under(self.tenant.tree)
        return self.profile

    @property
    def tenant_id(self) -> str:
        """Name the tenant of the call."""
        return self.caller.tenant_id

    @property
    def today(self) -> datetime.date:
        """Give the day it is in the tenant's time zone."""
        return self.profile.day_of(datetime.datetime.now(datetime.UTC))

    @property
    def seconds_left(self) -> float:
        """Tell how long the caller still waits."""
        return self.deadline - time.monotonic()

    @property
    def profile(self) -> TenantProfile:
        """Give the tenant's profile where there must be one."""
        if self.tenant is None:
            raise errors.Unauthenticated("TENANT_MISSING")
        return self.tenant

    def acting_as(self, caller: Caller, tenant: TenantProfile | None = None) -> "Call":
        """Give this call as somebody else's: for what a method does in a name it has proved."""
        return replace(self, caller=caller, tenant=tenant)

    def reach(self, resource: str, action: str) -> Reach | None:
        """Tell how far an action on a noun reaches for this caller.

        A service acting as itself was admitted to the method by the contract and reaches all. What
        belongs to a module that is off is within nobody's reach.
        """
        if self.tenant is not None and self.tenant.module_off(resource):
            return None
        if self.grants is None:
            return Reach(everything=True) if self.caller.is_service else None
        return self.grants.reach(resource, action)

    def fields(self, resource: str) -> FieldAccess:
        """Tell which fields of a noun are kept from this caller; none from a service."""
        return ALL_FIELDS if self.grants is None else self.grants.fields(resource)


_current: ContextVar[Call | None] = ContextVar("call", default=None)
_acting: ContextVar[Caller | None] = ContextVar("acting", default=None)


def current_call() -> Call | None:
    """Give the call the running task serves."""
    return _current.get()


def set_current_call(call: Call) -> None:
    """Say which call this task serves; tasks are fresh, so nothing is restored."""
    _current.set(call)


def acting_caller() -> Caller | None:
    """Give whom the running task acts as, when it said so with `acting`."""
    return _acting.get()


@contextlib.contextmanager
def acting(service: str, tenant_id: str = "", on_behalf_of: str = "") -> Generator[None]:
    """Make calls as a service itself, for background work and for what services alone may ask."""
    mark = _acting.set(Caller(tenant_id=tenant_id, service=service, on_behalf_of=on_behalf_of))
    try:
        yield
    finally:
        _acting.reset(mark)
