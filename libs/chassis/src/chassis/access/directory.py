"""What a service keeps in memory about people: their permissions and the tree they work in.

Entries are fetched from identity when first needed and dropped by its events. While the events
cannot be heard, an entry is trusted for two seconds at most, so that a revocation takes effect in
that time even then. None is older than a minute, for some things change by the calendar alone.
"""

import asyncio
import datetime
import hashlib
import time
import zoneinfo
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chassis import errors
from chassis.access.fields import FieldRule
from chassis.access.grants import Grant, Grants
from chassis.access.tokens import LIFETIME_SECONDS
from chassis.access.tree import Tree

UNHEARD_SECONDS_MAX = 2.0
HEARD_SECONDS_MAX = 60.0
_USERS_MAX = 20_000
T = TypeVar("T")


@dataclass(frozen=True)
class TenantProfile:
    """What every service needs to know about a tenant.

    Attributes:
        currency_code: the presentation currency, ISO 4217.
        time_zone: IANA name in which instants are cut into days.
        fiscal_year_start_month: 1 to 12.
        tree: the OBS as it is today, deleted units included: records may still lie there.
        unit_kinds: kind of each living unit ("TEAM"), for grouping by a level of the tree.
        modules_off: the module that is off, "" where it is on, by noun or ``sales.*``.
    """

    tenant_id: str
    currency_code: str
    time_zone: str
    fiscal_year_start_month: int
    tree: Tree
    unit_kinds: dict[str, str] = field(default_factory=dict[str, str])
    modules_off: dict[str, str] = field(default_factory=dict[str, str])

    def module_off(self, resource: str) -> str:
        """Name the module of a noun when it is off (PLT-04), "" when it is on."""
        off = self.modules_off.get(resource)
        return self.modules_off.get(f"{resource.partition('.')[0]}.*", "") if off is None else off

    def day_of(self, instant: datetime.datetime) -> datetime.date:
        """Give the day it is in the tenant's time zone."""
        return instant.astimezone(zoneinfo.ZoneInfo(self.time_zone)).date()


@dataclass(frozen=True)
class UserAccess:
    """A person's standing: may they act in this session, and what.

    Attributes:
        active: neither the person is disabled nor the session revoked.
        version: grows with every change of the person's permissions.
        org_unit_id: the person's primary unit, where new records are placed.
        org_unit_ids: all units the person is placed in.
        field_rules: what the person's roles keep from them.
    """

    active: bool
    version: int
    org_unit_id: str
    language: str
    grants: tuple[Grant, ...]
    org_unit_ids: tuple[str, ...] = ()
    field_rules: tuple[FieldRule, ...] = ()

    def compiled(self, user_id: str, tree: Tree) -> Grants:
        """Give the person's permissions for one state of the tree."""
        units = self.org_unit_ids or (self.org_unit_id,)
        return Grants(user_id, self.grants, tree, units, self.field_rules)


@dataclass(slots=True)
class _Entry(Generic[T]):
    value: T
    fetched: float


class Directory:
    """Permissions and trees by tenant; `fetch_*` ask identity.

    `heard` says whether identity's events are being received right now; `exchange_key` gives the
    access token an API key stands for.
    """

    def __init__(
        self,
        fetch_access: Callable[[str, str, str], Awaitable[UserAccess]],
        fetch_tenant: Callable[[str], Awaitable[TenantProfile]],
        heard: Callable[[], bool],
        exchange_key: Callable[[str], Awaitable[str]] | None = None,
    ) -> None:
        self._exchange_key = exchange_key
        self._exchanged: OrderedDict[bytes, tuple[float, str]] = OrderedDict()
        self._fetch_access = fetch_access
        self._fetch_tenant = fetch_tenant
        self._heard = heard
        self._users: OrderedDict[tuple[str, str, str], _Entry[tuple[UserAccess, Grants]]] = (
            OrderedDict()
        )
        self._tenants: dict[str, _Entry[TenantProfile]] = {}
        self._epoch = 0
        self._locks: dict[object, asyncio.Lock] = {}

    async def tenant(self, tenant_id: str, since: float = 0) -> TenantProfile:
        """Give a tenant's profile and tree.

        Args:
            since: what was fetched before this instant of `time.monotonic` is not good enough.
        """
        entry = self._tenants.get(tenant_id)
        if entry is None or entry.fetched < since or self._stale(entry.fetched):
            async with self._lock(tenant_id):
                entry = self._tenants.get(tenant_id)
                if entry is None or entry.fetched < since or self._stale(entry.fetched):
                    started, epoch = time.monotonic(), self._epoch
                    entry = _Entry(await self._fetch_tenant(tenant_id), started)
                    if epoch == self._epoch:
                        self._tenants[tenant_id] = entry
        return entry.value

    async def grants(
        self, tenant_id: str, user_id: str, session_id: str, version: int = 0
    ) -> tuple[UserAccess, Grants]:
        """Give what a person may do.

        Args:
            version: the permission version of their token; older knowledge is fetched again.

        Raises:
            Unauthenticated: SESSION_ENDED when the person or the session is no longer active.
        """
        profile = await self.tenant(tenant_id)
        key = (tenant_id, user_id, session_id)
        entry = self._users.get(key)
        if not self._usable(entry, profile, version):
            async with self._lock(key):
                entry = self._users.get(key)
                if not self._usable(entry, profile, version):
                    entry = await self._fetch(key, profile)
        assert entry is not None
        if not entry.value[0].active:
            raise errors.Unauthenticated("SESSION_ENDED")
        return entry.value

    async def token_of(self, key: str) -> str:
        """Give an access token for an API key; the same for as long as it is good.

        Raises:
            Unauthenticated: SECRET_INVALID.
        """
        digest = hashlib.sha256(key.encode()).digest()
        kept = self._exchanged.get(digest)
        if kept is None or kept[0] < time.monotonic():
            if self._exchange_key is None:
                raise errors.Unauthenticated("SECRET_INVALID")
            token = await self._exchange_key(key)
            kept = self._exchanged[digest] = (time.monotonic() + LIFETIME_SECONDS / 2, token)
            if len(self._exchanged) > _USERS_MAX:
                self._exchanged.popitem(last=False)
        return kept[1]

    def forget_user(self, tenant_id: str, user_id: str) -> None:
        """Drop a person's permissions after a change to them."""
        self._epoch += 1
        for key in [key for key in self._users if key[:2] == (tenant_id, user_id)]:
            del self._users[key]

    def forget_tenant(self, tenant_id: str) -> None:
        """Drop a tenant's tree and everybody's permissions in it."""
        self._epoch += 1
        self._tenants.pop(tenant_id, None)
        for key in [key for key in self._users if key[0] == tenant_id]:
            del self._users[key]

    def forget_everything(self) -> None:
        """Drop all after events may have been missed."""
        self._epoch += 1
        self._tenants.clear()
        self._users.clear()

    async def _fetch(
        self, key: tuple[str, str, str], profile: TenantProfile
    ) -> _Entry[tuple[UserAccess, Grants]]:
        # What was fetched while something changed serves this call and is not kept.
        started, epoch = time.monotonic(), self._epoch
        access = await self._fetch_access(*key)
        entry = _Entry((access, access.compiled(key[1], profile.tree)), started)
        if epoch == self._epoch:
            self._users[key] = entry
            if len(self._users) > _USERS_MAX:
                self._users.popitem(last=False)
        return entry

    def _usable(
        self,
        entry: _Entry[tuple[UserAccess, Grants]] | None,
        profile: TenantProfile,
        version: int,
    ) -> bool:
        return (
            entry is not None
            and not self._stale(entry.fetched)
            and entry.value[0].version >= version
            and entry.value[1].tree is profile.tree
        )

    def _stale(self, fetched: float) -> bool:
        limit = HEARD_SECONDS_MAX if self._heard() else UNHEARD_SECONDS_MAX
        return time.monotonic() - fetched > limit

    def _lock(self, key: object) -> asyncio.Lock:
        """Give one lock per key, so that a crowd of callers fetches once."""
        if len(self._locks) > _USERS_MAX:
            self._locks = {k: lock for k, lock in self._locks.items() if lock.locked()}
        return self._locks.setdefault(key, asyncio.Lock())
