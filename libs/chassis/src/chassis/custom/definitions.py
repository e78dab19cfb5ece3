"""What firms have defined in studio, kept in memory: asked for when needed, forgotten by events.

As with rights, what is kept is trusted for a minute while studio's events are heard and for two
seconds while they are not, so a definition is in force everywhere within a second of its commit.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from banyan.studio.v1 import custom_field_pb2, definition_pb2, picklist_pb2

from chassis import errors
from chassis.access.directory import HEARD_SECONDS_MAX, UNHEARD_SECONDS_MAX
from chassis.telemetry import log

_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Definition:
    """A custom field, and the picklist its values come from."""

    field: custom_field_pb2.CustomField
    picklist: picklist_pb2.Picklist | None


# The custom fields of one noun, by key.
Fields = Mapping[str, Definition]
NONE: Fields = MappingProxyType({})


@dataclass(slots=True)
class _Kept:
    by_noun: Mapping[str, Fields]
    fetched: float


class Definitions:
    """The custom fields of tenants.

    Args:
        fetch: asks studio for those of a tenant.
        heard: tells whether studio's events are being received.
    """

    def __init__(
        self,
        fetch: Callable[[str], Awaitable[definition_pb2.Definitions]],
        heard: Callable[[], bool],
    ) -> None:
        self._fetch = fetch
        self._heard = heard
        self._kept: dict[str, _Kept] = {}
        self._epoch = 0
        self._locks: dict[str, asyncio.Lock] = {}

    async def of(self, tenant_id: str, resource_type: str, since: float = 0) -> Fields:
        """Give the custom fields a tenant has given to a noun.

        Args:
            since: what was fetched before this instant of `time.monotonic` is not good enough.

        Raises:
            Unavailable: studio cannot be asked, and nothing is known from before.
        """
        kept = self._kept.get(tenant_id)
        if kept is None or kept.fetched < since or self._stale(kept):
            async with self._locks.setdefault(tenant_id, asyncio.Lock()):
                kept = self._kept.get(tenant_id)
                if kept is None or kept.fetched < since or self._stale(kept):
                    kept = await self._ask(tenant_id, kept)
        return kept.by_noun.get(resource_type, NONE)

    def forget(self, tenant_id: str) -> None:
        """Ask again for a tenant's: studio said that they changed."""
        self._epoch += 1
        if kept := self._kept.get(tenant_id):
            kept.fetched = float("-inf")

    def forget_everything(self) -> None:
        """Ask again for all, after events may have been missed."""
        for tenant_id in self._kept:
            self.forget(tenant_id)

    async def _ask(self, tenant_id: str, before: _Kept | None) -> _Kept:
        started, epoch = time.monotonic(), self._epoch
        try:
            found = await self._fetch(tenant_id)
        except errors.Unavailable:
            if before is None:
                raise
            # They are no rights: what was in force a moment ago serves until studio is back.
            log.warning("definitions", tenant_id=tenant_id, error="studio cannot be asked")
            before.fetched = started - UNHEARD_SECONDS_MAX + _RETRY_SECONDS
            return before
        kept = _Kept(by_noun(found), started)
        if epoch == self._epoch:
            self._kept[tenant_id] = kept
        return kept

    def _stale(self, kept: _Kept) -> bool:
        limit = HEARD_SECONDS_MAX if self._heard() else UNHEARD_SECONDS_MAX
        return time.monotonic() - kept.fetched > limit


def by_noun(found: definition_pb2.Definitions) -> Mapping[str, Fields]:
    """Sort definitions by the noun that has them, then by key."""
    picklists = {picklist.id: picklist for picklist in found.picklists}
    sorted_: dict[str, dict[str, Definition]] = {}
    for field in found.custom_fields:
        definition = Definition(field, picklists.get(field.picklist_id))
        sorted_.setdefault(field.resource_type, {})[field.key] = definition
    return sorted_
