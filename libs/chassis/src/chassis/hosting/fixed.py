"""The directory of a laptop before identity keeps people: one tenant, one administrator."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path

from chassis.access import Directory, Grant, Scope, TenantProfile, Tree, UserAccess
from chassis.rpc import Channels

_NAMES = ("tenant_id", "user_id", "org_unit_id")


def local_ids(home: Path) -> dict[str, str]:
    """Give the ids of the local tenant, administrator and unit, made at the first call."""
    file = home / "local.json"
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({name: str(uuid.uuid4()) for name in _NAMES}))
    return json.loads(file.read_text())


def fixed_directory(
    ids: dict[str, str],
) -> Callable[[Channels, Callable[[], bool]], Directory]:
    """Give a directory in which the local administrator may do everything."""

    async def access(tenant_id: str, user_id: str, session_id: str) -> UserAccess:
        known = (tenant_id, user_id) == (ids["tenant_id"], ids["user_id"])
        grants = (Grant("*", "*", Scope.ALL, source="local administrator"),) if known else ()
        return UserAccess(known, 0, ids["org_unit_id"], "en", grants)

    async def tenant(tenant_id: str) -> TenantProfile:
        return TenantProfile(tenant_id, "CNY", "Asia/Shanghai", 1, Tree({ids["org_unit_id"]: ""}))

    def build(channels: Channels, heard: Callable[[], bool]) -> Directory:
        return Directory(access, tenant, lambda: True)

    return build
