"""Lockout: failed sign-ins keep out whoever guesses, but not whom they guess at (PLT-16).

An attempt is counted before its password is looked at, or many guesses at once would all get
through; a right one is taken back. Names nobody has are counted like those of people, so that
nothing is learned from a lock. A device that was signed in before has a budget of its own: whatever
strangers try, its owner gets in. Nobody reads a tally as such, so it is no noun.
"""

import datetime
import functools
import hashlib
import ipaddress
import math
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from banyan.identity.v1 import tenant_pb2, user_pb2
from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, MetaData, Table
from sqlalchemy.dialects.postgresql import UUID

from chassis import errors
from chassis.database import TENANT_ID, Transaction
from chassis.events import Timer, set_timer
from chassis.resources import Resources

FORGET = datetime.timedelta(days=1)
_KIND = "sign_in_lock"
_SIGN_IN = "/banyan.identity.v1.SessionService/SignIn"
_IPV6_SITE = 64
_CLEARED_AT_ONCE = 10
_COLUMNS = "failures, since, locks, lock_expire_time"
_HOLD = f"""
INSERT INTO identity.sign_in_tally (tenant_id, key, {_COLUMNS}, forget_time)
SELECT $1, unnest($2::bytea[]), 0, $3, 0, NULL, $4
ON CONFLICT (tenant_id, key) DO UPDATE SET key = excluded.key
RETURNING key, forget_time, {_COLUMNS}
"""
_CLEAR = f"""
DELETE FROM identity.sign_in_tally WHERE key IN (
    SELECT key FROM identity.sign_in_tally WHERE forget_time <= $1 AND key <> ALL($2::bytea[])
    ORDER BY forget_time LIMIT {_CLEARED_AT_ONCE} FOR UPDATE SKIP LOCKED)
"""  # noqa: S608 (both are constants)
_KEEP = """
UPDATE identity.sign_in_tally SET failures = $2, since = $3, locks = $4, lock_expire_time = $5,
    forget_time = $6 WHERE key = $1
"""
_FORGET = "DELETE FROM identity.sign_in_tally WHERE key = ANY($1::bytea[])"
_TAKE_BACK = """
UPDATE identity.sign_in_tally SET failures = greatest(failures - 1, 0) WHERE key = ANY($1::bytea[])
"""


def describe_tables(metadata: MetaData) -> None:
    """Add the table of tallies to those of the service."""
    Table(
        "sign_in_tally",
        metadata,
        Column(TENANT_ID, UUID(as_uuid=False), primary_key=True),
        Column("key", LargeBinary, primary_key=True),
        Column("failures", BigInteger, nullable=False),
        Column("since", DateTime(timezone=True), nullable=False),
        Column("locks", BigInteger, nullable=False),
        Column("lock_expire_time", DateTime(timezone=True)),
        Column("forget_time", DateTime(timezone=True), nullable=False),
        Index("sign_in_tally_forget_time_idx", TENANT_ID, "forget_time"),
    )


# --- the rules


@dataclass(frozen=True)
class Policy:
    """When failed sign-ins lock, with nothing left open.

    Attributes:
        attempts_max: failures of one account, or device, that are let through in a window.
        address_attempts_max: the same of one client address.
        window: how long failures count together.
        lock: how long the first lock lasts; each further one twice as long as the one before.
        lock_max: no lock lasts longer.
    """

    attempts_max: int = 10
    address_attempts_max: int = 100
    window: datetime.timedelta = datetime.timedelta(minutes=15)
    lock: datetime.timedelta = datetime.timedelta(minutes=1)
    lock_max: datetime.timedelta = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Tally:
    """What is known of failed attempts.

    Attributes:
        failures: those of the window that began at `since`.
        locks: how often they led to a lock.
    """

    since: datetime.datetime
    failures: int = 0
    locks: int = 0
    lock_expire_time: datetime.datetime | None = None

    def locked(self, now: datetime.datetime) -> bool:
        """Tell whether attempts are refused."""
        return self.lock_expire_time is not None and now < self.lock_expire_time


@dataclass(frozen=True)
class Budget:
    """Something whose failures are counted.

    Attributes:
        limit: how many are let through in a window.
        reason: why an attempt is refused then.
        shared: it is not one account's alone, so one's own success does not clear it.
    """

    key: bytes
    limit: int
    reason: str = "SIGN_IN_LOCKED"
    shared: bool = False


def policy_of(given: tenant_pb2.SignInPolicy) -> Policy:
    """Read a tenant's policy; what it leaves open has the default."""
    usual = Policy()
    return Policy(
        given.attempts_max or usual.attempts_max,
        given.address_attempts_max or usual.address_attempts_max,
        given.window.ToTimedelta() or usual.window,
        given.lock_duration.ToTimedelta() or usual.lock,
        given.lock_duration_max.ToTimedelta() or usual.lock_max,
    )


def attempted(tally: Tally, now: datetime.datetime, limit: int, policy: Policy) -> Tally:
    """Count an attempt as a failure; one too many locks, and a lock is not prolonged by more."""
    if tally.locked(now):
        return tally
    if now - tally.since >= policy.window:
        tally = replace(tally, since=now, failures=0)
    if tally.failures < limit:
        return replace(tally, failures=tally.failures + 1)
    # The exponent is bounded: no lock doubles more often than makes a second a day.
    lasts = min(policy.lock * 2 ** min(tally.locks, 17), policy.lock_max)
    return Tally(since=now, locks=tally.locks + 1, lock_expire_time=now + lasts)


def account_key(email: str, realm: str = "") -> bytes:
    """Name an account, whether there is one or not.

    Args:
        realm: the slug that was asked for, where no firm has it.
    """
    return _key("account", realm, email)


def device_key(session_id: str) -> bytes:
    """Name a device by a session it had."""
    return _key("device", session_id)


def address_key(peer: str, realm: str = "") -> bytes:
    """Name a client's address."""
    return _key("address", realm, network_of(peer))


def password_key(user_id: str) -> bytes:
    """Name somebody who is asked for their old password."""
    return _key("password", user_id)


def network_of(peer: str) -> str:
    """Give what one client has of addresses: an IPv4 address, or the 64 bits of an IPv6 site."""
    bare = urllib.parse.unquote(peer).removeprefix("ipv4:").removeprefix("ipv6:").strip("[]")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return bare
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_SITE), strict=False))


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()


# --- what is kept


async def admit(
    here: Resources, tenant_id: str, budgets: Sequence[Budget], policy: Policy, email: str = ""
) -> None:
    """Count an attempt against its budgets before it is made.

    Args:
        email: whose lock is to be written down, should it come to one and should there be somebody.

    Raises:
        Exhausted: SIGN_IN_LOCKED, TOO_MANY_SIGN_INS; it is not counted against the others then.
    """
    now = datetime.datetime.now(datetime.UTC)
    async with here.database.transaction(tenant_id) as transaction:
        before = await _held(transaction, [budget.key for budget in budgets], now)
        after = {b: attempted(before[b.key], now, b.limit, policy) for b in budgets}
        refusing = {b: tally for b, tally in after.items() if tally.locked(now)}
        await _keep(transaction, refusing or after, before, now)
        if email and any(t != before[b.key] for b, t in refusing.items() if not b.shared):
            await set_timer(transaction, here.database.schema, _KIND, email, now)
    for budget, tally in refusing.items():
        assert tally.lock_expire_time is not None
        seconds = math.ceil((tally.lock_expire_time - now).total_seconds())
        raise errors.Exhausted(budget.reason, retry_after=seconds, minutes=math.ceil(seconds / 60))


async def _held(
    transaction: Transaction, keys: Sequence[bytes], now: datetime.datetime
) -> dict[bytes, Tally]:
    """Hold and read the tallies of these keys, in one order for all, so that nobody waits twice."""
    rows = await transaction.fetch(_HOLD, transaction.tenant_id, sorted(keys), now, now + FORGET)
    await transaction.fetch(_CLEAR, now, list(keys))
    return {
        key: Tally(now) if forget <= now else Tally(since, failures, locks, expires)
        for key, forget, failures, since, locks, expires in rows
    }


async def _keep(
    transaction: Transaction,
    tallies: dict[Budget, Tally],
    before: dict[bytes, Tally],
    now: datetime.datetime,
) -> None:
    changed = [
        (b.key, t.failures, t.since, t.locks, t.lock_expire_time, now + FORGET)
        for b, t in tallies.items()
        if t != before[b.key]
    ]
    await transaction.executemany(_KEEP, changed)


async def succeeded(transaction: Transaction, budgets: Sequence[Budget]) -> None:
    """Take an attempt back that was right; what is the account's own begins anew."""
    await forget(transaction, [budget.key for budget in budgets if not budget.shared])
    await transaction.fetch(_TAKE_BACK, [budget.key for budget in budgets if budget.shared])


async def forget(transaction: Transaction, keys: Sequence[bytes]) -> None:
    """Let these begin anew."""
    await transaction.fetch(_FORGET, list(keys))


async def forget_person(transaction: Transaction, user: user_pb2.User) -> None:
    """Let somebody begin anew, on all their devices."""
    sessions = await transaction.fetch(
        "SELECT id::text FROM identity.session WHERE user_id = $1", user.id
    )
    keys = [account_key(user.email), password_key(user.id), *(device_key(s[0]) for s in sessions)]
    await forget(transaction, keys)


async def note_lock(here: Resources, email: str, _: bytes, transaction: Transaction) -> None:
    """Write a lock down at whoever has this e-mail, for administrators and for the audit.

    It is done beside the sign-in, which must not take longer where there is somebody.
    """
    users = here[user_pb2.User]
    row = await transaction.fetchrow(
        "SELECT lock_expire_time FROM identity.sign_in_tally WHERE key = $1", account_key(email)
    )
    found = await users.store.where(
        transaction.tenant_id,
        "t.email = $1 AND t.delete_time IS NULL",
        email,
        connection=transaction,
    )
    if row is None or row[0] is None:
        return
    call = here.call_of(_SIGN_IN, transaction.tenant_id)
    for user in found:
        new: Any = user_pb2.User()
        new.CopyFrom(user)
        new.lock_expire_time.FromDatetime(row[0])
        await users.put(call, "lock", user, new, transaction)


def timer(here: Resources) -> Timer:
    """Give what writes locks down."""
    return Timer(_KIND, functools.partial(note_lock, here))
