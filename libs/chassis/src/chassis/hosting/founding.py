"""The first firm of a laptop, and its administrator: made at the first start."""

import json
import secrets
import uuid
from pathlib import Path
from typing import Any

from banyan.identity.v1 import tenant_pb2

from chassis import errors
from chassis.rpc import Channels, acting

SLUG = "local"
EMAIL = "admin@banyan.local"
_NAMES = ("tenant_id", "user_id")


def local_ids(home: Path) -> dict[str, str]:
    """Give the ids of the local tenant and its administrator, made at the first call."""
    file = home / "local.json"
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({name: str(uuid.uuid4()) for name in _NAMES}))
    return json.loads(file.read_text())


def password_file(home: Path) -> Path:
    """Give the file with the local administrator's first password, made at the first call."""
    file = home / "secrets" / "administrator"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(12))
    return file


async def found_local_tenant(channels: Channels, home: Path) -> bool:
    """Found the local firm when it is not there yet; tells whether it was founded now."""
    ids = local_ids(home)
    request = tenant_pb2.FoundTenantRequest(
        tenant=tenant_pb2.Tenant(
            id=ids["tenant_id"],
            name="Local",
            slug=SLUG,
            currency_code="CNY",
            time_zone="Asia/Shanghai",
            language="zh-CN",
        ),
        administrator_user_id=ids["user_id"],
        administrator_email=EMAIL,
        administrator_name="Administrator",
        administrator_password=password_file(home).read_text(),
    )
    channel: Any = channels.to("identity")
    try:
        with acting("identity"):
            await channel.unary_unary("/banyan.identity.v1.TenantService/FoundTenant")(request)
    except errors.AlreadyExists:
        return False
    return True
