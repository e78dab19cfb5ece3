"""Access tokens: EdDSA JWTs of at most 1 KB that say who, not what they may do.

Keys live as files in one folder: ``<kid>.pem`` (private, for what this process may sign) and
``<kid>.pub.pem``. A kid begins with its issuer: ``identity-...`` signs for people and API clients,
``<service>-...`` only for that service acting as itself.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chassis import errors

AUDIENCE = "banyan"
LIFETIME_SECONDS = 600
IDENTITY = "identity"
TOKEN_BYTES_MAX = 1024
_CACHE_SIZE = 10_000
_LOOK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says.

    Attributes:
        tenant_id: the tenant the token is good for.
        user_id: the person or API client; "" for a service.
        session_id: the sign-in, so that it can be revoked.
        permission_version: permissions older than this are out of date for this caller.
        service: the service, for tokens a service signed for itself.
        on_behalf_of: the person a service acts for.
        expires: Unix seconds.
    """

    tenant_id: str
    user_id: str = ""
    session_id: str = ""
    permission_version: int = 0
    service: str = ""
    on_behalf_of: str = ""
    expires: int = 0


def new_key_pair(issuer: str, folder: Path) -> str:
    """Make a signing key for an issuer, write both halves (0600, 0644), give its kid."""
    kid = f"{issuer}-{time.time_ns():x}"
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / f"{kid}.pem"
    secret.touch(mode=0o600)
    secret.write_bytes(private)
    (folder / f"{kid}.pub.pem").write_bytes(public)
    return kid


class KeyRing:
    """The keys in a folder, looked at again every 10 seconds: keys come and go without restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._private: dict[str, Ed25519PrivateKey] = {}
        self._public: dict[str, Ed25519PublicKey] = {}
        self._looked = float("-inf")

    def public(self, kid: str) -> Ed25519PublicKey | None:
        """Give the public key of a kid; for a new one the folder is looked at once a second."""
        self._look(1 if kid not in self._public else _LOOK_SECONDS)
        return self._public.get(kid)

    def public_keys(self) -> dict[str, Ed25519PublicKey]:
        """Give all public keys by kid, as they are in the folder now."""
        self._load()
        return dict(self._public)

    def sign(self, issuer: str, claims: Claims, lifetime: int = LIFETIME_SECONDS) -> str:
        """Sign a token with the issuer's newest private key.

        Raises:
            Unavailable: NO_SIGNING_KEY when this process may not sign for the issuer.
        """
        kid = self._newest(issuer)
        now = int(time.time())
        payload: dict[str, Any] = {
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + lifetime,
            "tid": claims.tenant_id,
            "sub": claims.user_id,
            "sid": claims.session_id,
            "pv": claims.permission_version,
            "svc": claims.service,
            "obo": claims.on_behalf_of,
        }
        used = {key: value for key, value in payload.items() if value}
        return jwt.encode(used, self._private[kid], "EdDSA", headers={"kid": kid})

    def _newest(self, issuer: str) -> str:
        known = any(kid.startswith(f"{issuer}-") for kid in self._private)
        self._look(_LOOK_SECONDS if known else 0)
        mine = [kid for kid in self._private if kid.rpartition("-")[0] == issuer]
        if not mine:
            raise errors.Unavailable("NO_SIGNING_KEY", issuer=issuer)
        return max(mine)

    def _look(self, seconds: float) -> None:
        """Look into the folder again when the last look is older than this."""
        if time.monotonic() - self._looked >= seconds:
            self._load()

    def _load(self) -> None:
        self._looked = time.monotonic()
        self._private, self._public = {}, {}
        for file in sorted(self._folder.glob("*.pem")):
            if file.name.endswith(".pub.pem"):
                public = serialization.load_pem_public_key(file.read_bytes())
                assert isinstance(public, Ed25519PublicKey), file
                self._public[file.name.removesuffix(".pub.pem")] = public
            else:
                private = serialization.load_pem_private_key(file.read_bytes(), None)
                assert isinstance(private, Ed25519PrivateKey), file
                self._private[file.stem] = private


class TokenReader:
    """Verifies tokens; a token seen before is not verified again until it expires."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._seen: OrderedDict[str, Claims] = OrderedDict()

    def read(self, token: str) -> Claims:
        """Give what a token says.

        Raises:
            Unauthenticated: TOKEN_EXPIRED, or TOKEN_INVALID for every other fault.
        """
        claims = self._seen.get(token)
        if claims is None:
            claims = self._verify(token)
            self._seen[token] = claims
            if len(self._seen) > _CACHE_SIZE:
                self._seen.popitem(last=False)
        if claims.expires <= time.time():
            self._seen.pop(token, None)
            raise errors.Unauthenticated("TOKEN_EXPIRED")
        return claims

    def _verify(self, token: str) -> Claims:
        if len(token) > TOKEN_BYTES_MAX:
            raise errors.Unauthenticated("TOKEN_INVALID")
        try:
            kid = str(jwt.get_unverified_header(token).get("kid", ""))
            key = self._keys.public(kid)
            if key is None:
                raise errors.Unauthenticated("TOKEN_INVALID")
            payload = jwt.decode(
                token,
                key,
                ["EdDSA"],
                audience=AUDIENCE,
                options={"require": ["exp", "aud"]},
            )
        except jwt.ExpiredSignatureError:
            raise errors.Unauthenticated("TOKEN_EXPIRED") from None
        except (jwt.PyJWTError, ValueError):
            raise errors.Unauthenticated("TOKEN_INVALID") from None
        return _claims(kid.rpartition("-")[0], payload)


def _claims(issuer: str, payload: dict[str, Any]) -> Claims:
    claims = Claims(
        tenant_id=payload.get("tid", ""),
        user_id=payload.get("sub", ""),
        session_id=payload.get("sid", ""),
        permission_version=payload.get("pv", 0),
        service=payload.get("svc", ""),
        on_behalf_of=payload.get("obo", ""),
        expires=payload["exp"],
    )
    for_person = issuer == IDENTITY and claims.user_id and not claims.service
    for_itself = claims.service == issuer and not claims.user_id
    if not (for_person or for_itself):
        raise errors.Unauthenticated("TOKEN_INVALID")
    return claims
