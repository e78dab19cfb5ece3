"""Secrets the system makes: refresh tokens, API keys, client secrets.

They are long and random, so SHA-256 is all they need at rest. What is used before sign-in begins
with the tenant and the record it belongs to.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid

from chassis import errors

RANDOM_BYTES = 24
FAMILY_BYTES = 16
REFRESH_TOKEN = "bnr_"  # noqa: S105 (how it begins)
API_KEY = "bnk_"
CLIENT_SECRET = "bnc_"  # noqa: S105 (how it begins)
_IDS = 32


def new_secret(kind: str, tenant_id: str, record_id: str, family: bytes = b"") -> str:
    """Make a secret that belongs to a record.

    Args:
        family: what all secrets of one line share, so that an old one is known as such.
    """
    ids = uuid.UUID(tenant_id).bytes + uuid.UUID(record_id).bytes
    return kind + _text(ids + (family or new_family()) + secrets.token_bytes(RANDOM_BYTES))


def new_salt() -> bytes:
    """Make what the next secret of a line is derived with."""
    return secrets.token_bytes(hashlib.sha256().digest_size)


def successor(secret: str, salt: bytes) -> str:
    """Derive the secret after this one in its line: it takes both the secret and the salt."""
    derived = hmac.digest(salt, secret.encode(), "sha256")[:RANDOM_BYTES]
    return secret[: len(REFRESH_TOKEN)] + _text(_raw(secret)[: _IDS + FAMILY_BYTES] + derived)


def new_family() -> bytes:
    """Begin a line of secrets."""
    return secrets.token_bytes(FAMILY_BYTES)


def family_of(secret: str) -> bytes:
    """Give what a secret shares with its line; `owner_of` has read it already."""
    return _raw(secret)[_IDS : _IDS + FAMILY_BYTES]


def new_client_secret() -> str:
    """Make a secret that is given together with its client's id."""
    return CLIENT_SECRET + _text(secrets.token_bytes(RANDOM_BYTES))


def owner_of(kind: str, secret: str) -> tuple[str, str]:
    """Give the tenant and the record a secret says it belongs to; nothing is proved by it.

    Raises:
        Unauthenticated: SECRET_INVALID.
    """
    raw = _raw(secret)
    if not secret.startswith(kind) or len(raw) != _IDS + FAMILY_BYTES + RANDOM_BYTES:
        raise errors.Unauthenticated("SECRET_INVALID")
    return str(uuid.UUID(bytes=raw[:16])), str(uuid.UUID(bytes=raw[16:_IDS]))


def digest(secret: str | bytes) -> bytes:
    """Give what is stored of a secret."""
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).digest()


def _raw(secret: str) -> bytes:
    body = secret[len(API_KEY) :]
    try:
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return b""


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
