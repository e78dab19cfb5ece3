"""Session: a sign-in, from the password to its end (PLT-16); and the tokens that come of it."""

import datetime
from dataclasses import dataclass
from typing import Any

from banyan.identity.v1 import access_pb2, session_pb2, tenant_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import DateTime, LargeBinary

from chassis import errors
from chassis.access import EVERYTHING, Caller, Claims
from chassis.access.tokens import LIFETIME_SECONDS
from chassis.database import Transaction
from chassis.resources import Around, Noun, Resources
from chassis.rpc import Call
from identity import lockout, passwords, secrets
from identity.access import access_of

LIFETIME = datetime.timedelta(days=14)
# A caller waits half a minute for an answer, then asks again.
GRACE = datetime.timedelta(minutes=1)
_TENANT_OF = "SELECT identity.tenant_of_slug($1)::text"
_KEEP_DIGEST = "UPDATE identity.session SET refresh_digest = $2, family_digest = $3 WHERE id = $1"
_HOLD = """
SELECT family_digest, refresh_digest, spent_digest, rotate_salt, rotate_time
  FROM identity.session WHERE id = $1 FOR UPDATE
"""
_ROTATE = """
UPDATE identity.session SET refresh_digest = $2, spent_digest = $3, rotate_salt = $4,
    rotate_time = $5 WHERE id = $1
"""
_DEVICE = """
SELECT 1 FROM identity.session s JOIN identity.user u ON u.id = s.user_id
 WHERE s.id = $1 AND s.family_digest = $2 AND u.email = $3
"""
_NOBODY = "00000000-0000-0000-0000-000000000000"


async def sign_in(here: Resources, request: Any, call: Call) -> Message:
    """Begin a session with e-mail and password.

    Raises:
        Unauthenticated: SIGN_IN_FAILED, whatever was wrong.
        Exhausted: SIGN_IN_LOCKED, TOO_MANY_SIGN_INS, after too many failures.
    """
    tenant_id = await tenant_of(here, request.tenant)
    email = request.email.strip().lower()
    policy = await lockout_policy(here, tenant_id)
    budgets = await _budgets(here, tenant_id, request, email, call.peer, policy)
    await lockout.admit(here, tenant_id, budgets, policy, email)
    rows = await here.database.read(
        tenant_id,
        "SELECT id::text, password_hash FROM identity.user"
        " WHERE email = $1 AND delete_time IS NULL AND disable_time IS NULL",
        email,
    )
    user_id, stored = (rows[0][0], rows[0][1] or "") if rows else ("", "")
    if not await passwords.matches(stored, request.password):
        raise errors.Unauthenticated("SIGN_IN_FAILED")
    own = call.acting_as(Caller(tenant_id, user_id))
    session = session_pb2.Session(user_id=user_id, peer=call.peer, owner_user_id=user_id)
    session.expire_time.FromDatetime(_now() + LIFETIME)
    around = await here[session_pb2.Session].prepare_new(own, session, trusted=True)
    token = secrets.new_secret(secrets.REFRESH_TOKEN, tenant_id, session.id)
    async with here.database.transaction(tenant_id) as transaction:
        await here[session_pb2.Session].add(own, session, around, transaction)
        await transaction.fetch(_KEEP_DIGEST, session.id, *_digests(token))
        await lockout.succeeded(transaction, budgets)
    return await _signed_in(here, tenant_id, session, token)


async def lockout_policy(here: Resources, tenant_id: str) -> lockout.Policy:
    """Give a tenant's policy of failed sign-ins, the usual one where there is no tenant."""
    tenant = await here[tenant_pb2.Tenant].store.find(tenant_id, tenant_id, EVERYTHING)
    given = tenant.sign_in_policy if tenant is not None else tenant_pb2.SignInPolicy()
    return lockout.policy_of(given)


async def _budgets(
    here: Resources, tenant_id: str, request: Any, email: str, peer: str, policy: lockout.Policy
) -> list[lockout.Budget]:
    """Give what an attempt is counted against: its device, or account and address."""
    realm = request.tenant.strip().lower() if tenant_id == _NOBODY else ""
    device = await _known_device(here, tenant_id, email, request.earlier_refresh_token)
    if device:
        return [lockout.Budget(lockout.device_key(device), policy.attempts_max)]
    account = lockout.Budget(lockout.account_key(email, realm), policy.attempts_max)
    if not peer:
        return [account]
    key, limit = lockout.address_key(peer, realm), policy.address_attempts_max
    return [account, lockout.Budget(key, limit, "TOO_MANY_SIGN_INS", shared=True)]


async def _known_device(here: Resources, tenant_id: str, email: str, token: str) -> str:
    """Give the session by which a device shows that this account was signed in on it, or ""."""
    try:
        owner, session_id = secrets.owner_of(secrets.REFRESH_TOKEN, token)
    except errors.Unauthenticated:
        return ""
    digest = secrets.digest(secrets.family_of(token))
    rows = await here.database.read(tenant_id, _DEVICE, session_id, digest, email)
    return session_id if rows and owner == tenant_id else ""


async def refresh(here: Resources, request: Any, call: Call) -> Message:
    """Give the next pair of tokens; a refresh token that was used before ends its session.

    Raises:
        Unauthenticated: SECRET_INVALID, SESSION_ENDED.
    """
    sent = request.refresh_token
    tenant_id, session_id = secrets.owner_of(secrets.REFRESH_TOKEN, sent)
    family = secrets.digest(secrets.family_of(sent))
    sessions = here[session_pb2.Session]
    async with here.database.transaction(tenant_id) as transaction:
        row = await transaction.fetchrow(_HOLD, session_id)
        found = await sessions.store.where(
            tenant_id, "t.id = $1::uuid", session_id, connection=transaction
        )
        if row is None or row[0] != family or not is_open(found[0], _now()):
            raise errors.Unauthenticated("SESSION_ENDED")
        own = call.acting_as(Caller(tenant_id, found[0].user_id, session_id))
        salt = salt_for(sent, Rotation(*row[1:]), _now())
        session = await sessions.put(own, *_refreshed(found[0], stolen=salt is None), transaction)
        if salt is not None:
            token = secrets.successor(sent, salt)
            if secrets.digest(token) != row["refresh_digest"]:
                spent = secrets.digest(sent)
                await transaction.fetch(
                    _ROTATE, session_id, secrets.digest(token), spent, salt, _now()
                )
            # While the row is held: a twin that waits for it gets the same pair, no third one.
            return await _signed_in(here, tenant_id, session, token)
    raise errors.Unauthenticated("SESSION_ENDED")


@dataclass(frozen=True)
class Rotation:
    """Where a line of refresh tokens stands.

    Attributes:
        refresh_digest: of the token that is good.
        spent_digest: of the one before it; None while the first is good.
        rotate_salt: what made the one out of the other.
        rotate_time: when.
    """

    refresh_digest: bytes
    spent_digest: bytes | None = None
    rotate_salt: bytes | None = None
    rotate_time: datetime.datetime | None = None


def salt_for(sent: str, rotation: Rotation, now: datetime.datetime) -> bytes | None:
    """Give the salt for the token after the one that was sent; None when it is a stolen one.

    The one before the last may come again within the grace, with the same salt: its caller lost the
    answer, or is another window of the same browser, and gets the same successor.
    """
    digest = secrets.digest(sent)
    if digest == rotation.refresh_digest:
        return secrets.new_salt()
    rotated = rotation.rotate_time
    if digest == rotation.spent_digest and rotated is not None and now < rotated + GRACE:
        return rotation.rotate_salt
    return None


def _digests(token: str) -> tuple[bytes, bytes]:
    """Give what is stored of a refresh token: of itself, and of its line."""
    return secrets.digest(token), secrets.digest(secrets.family_of(token))


def is_open(session: session_pb2.Session, now: datetime.datetime) -> bool:
    """Tell whether a session has neither been ended nor run out."""
    expires = session.expire_time.ToDatetime(datetime.UTC)
    return not session.HasField("revoke_time") and now < expires


def _refreshed(session: session_pb2.Session, *, stolen: bool) -> tuple[str, Any, Any]:
    """Give verb, record before and after; a session is prolonged when half of it is over."""
    new = session_pb2.Session()
    new.CopyFrom(session)
    if stolen:
        new.revoke_time.FromDatetime(_now())
        return "revoke", session, new
    if session.expire_time.ToDatetime(datetime.UTC) - _now() < LIFETIME / 2:
        new.expire_time.FromDatetime(_now() + LIFETIME)
    return "refresh", session, new


async def issue_client_token(here: Resources, request: Any, call: Call) -> Message:
    """Give an access token for an API client's id and secret (OAuth 2.0 client credentials).

    Raises:
        Unauthenticated: SECRET_INVALID, whatever was wrong.
    """
    tenant_id = await tenant_of(here, request.tenant)
    rows = await here.database.read(
        tenant_id,
        "SELECT user_id::text FROM identity.api_client WHERE id = $1 AND secret_digest = $2"
        " AND NOT disabled AND delete_time IS NULL",
        request.client_id,
        secrets.digest(request.client_secret),
    )
    if not rows:
        raise errors.Unauthenticated("SECRET_INVALID")
    return await _token_only(here, tenant_id, rows[0][0], request.client_id)


async def exchange_api_key(here: Resources, request: Any, call: Call) -> Message:
    """Give an access token for an API key.

    Raises:
        Unauthenticated: SECRET_INVALID, whatever was wrong.
    """
    tenant_id, key_id = secrets.owner_of(secrets.API_KEY, request.api_key)
    rows = await here.database.read(
        tenant_id,
        "SELECT user_id::text FROM identity.api_key WHERE id = $1 AND key_digest = $2"
        " AND (expire_time IS NULL OR expire_time > now())",
        key_id,
        secrets.digest(request.api_key),
    )
    if not rows:
        raise errors.Unauthenticated("SECRET_INVALID")
    return await _token_only(here, tenant_id, rows[0][0], key_id)


async def issue_token_for(here: Resources, request: Any, call: Call) -> Message:
    """Give a service an access token of a person whose work goes on in the background.

    Raises:
        Unauthenticated: SECRET_INVALID when that person may no longer act.
    """
    return await _token_only(here, request.tenant_id, request.user_id, "")


async def sign_out(here: Resources, request: Any, call: Call) -> Message:
    """End the session of this very call.

    Raises:
        FailedPrecondition: NO_SESSION for a token that belongs to none.
    """
    if not call.caller.session_id:
        raise errors.FailedPrecondition("NO_SESSION")
    sessions = here[session_pb2.Session]
    session = await sessions.store.find(call.tenant_id, call.caller.session_id, EVERYTHING)
    if session is None:
        raise errors.FailedPrecondition("NO_SESSION")
    new = session_pb2.Session()
    new.CopyFrom(session)
    new.revoke_time.FromDatetime(_now())
    async with here.database.transaction(call.tenant_id) as transaction:
        return await sessions.put(call, "revoke", session, new, transaction)


def revoke(session: session_pb2.Session, _: Any, around: Around) -> None:
    """End a session from afar."""
    if not session.HasField("revoke_time"):
        session.revoke_time.FromDatetime(around.now)


async def end_sessions(
    here: Resources, call: Call, user_id: str, transaction: Transaction, *, keep: str = ""
) -> None:
    """End every open session of a person but one."""
    sessions = here[session_pb2.Session]
    found = await sessions.store.where(
        call.tenant_id,
        "t.user_id = $1::uuid AND t.revoke_time IS NULL",
        user_id,
        connection=transaction,
    )
    for session in found:
        if session.id != keep:
            new = session_pb2.Session()
            new.CopyFrom(session)
            new.revoke_time.FromDatetime(_now())
            await sessions.put(call, "revoke", session, new, transaction)


async def tenant_of(here: Resources, slug: str) -> str:
    """Find the tenant of a slug, before anybody has signed in; a nil id when there is none."""
    rows = await here.database.read("", _TENANT_OF, slug.strip().lower())
    return rows[0][0] or _NOBODY


async def _signed_in(
    here: Resources, tenant_id: str, session: session_pb2.Session, refresh_token: str
) -> Message:
    token, expires = await _access_token(
        here, tenant_id, session.user_id, session.id, errors.Unauthenticated("SESSION_ENDED")
    )
    return session_pb2.SignInResponse(
        access_token=token,
        access_token_expire_time=expires,
        refresh_token=refresh_token,
        session=session,
    )


async def _token_only(here: Resources, tenant_id: str, user_id: str, session_id: str) -> Message:
    refusal = errors.Unauthenticated("SECRET_INVALID")
    token, expires = await _access_token(here, tenant_id, user_id, session_id, refusal)
    return session_pb2.IssueClientTokenResponse(
        access_token=token, access_token_expire_time=expires
    )


async def _access_token(
    here: Resources, tenant_id: str, user_id: str, session_id: str, refusal: errors.Error
) -> tuple[str, Timestamp]:
    """Sign a token that says who it is and how new their permissions must be.

    Args:
        refusal: raised when the account behind it may not act.
    """
    asked = access_pb2.GetUserAccessRequest(
        tenant_id=tenant_id, user_id=user_id, session_id=session_id
    )
    access = await access_of(here, asked)
    if not access.active:
        raise refusal
    claims = Claims(
        tenant_id=tenant_id,
        user_id=user_id,
        session_id=session_id,
        permission_version=access.version,
    )
    expires = Timestamp()
    expires.FromDatetime(_now() + datetime.timedelta(seconds=LIFETIME_SECONDS))
    return here.key_ring.sign("identity", claims), expires


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


SESSION = Noun(
    session_pb2.Session,
    private={
        "refresh_digest": LargeBinary(),
        "family_digest": LargeBinary(),
        "spent_digest": LargeBinary(),
        "rotate_salt": LargeBinary(),
        "rotate_time": DateTime(timezone=True),
    },
    verbs={"RevokeSession": revoke},
    methods={
        "SignIn": sign_in,
        "RefreshSession": refresh,
        "IssueClientToken": issue_client_token,
        "ExchangeApiKey": exchange_api_key,
        "IssueTokenFor": issue_token_for,
        "SignOut": sign_out,
    },
    without={
        "Create": "a session begins with SignIn",
        "Update": "nothing about a sign-in can be changed",
        "Delete": "a session is ended by RevokeSession and stays for the audit",
    },
)
