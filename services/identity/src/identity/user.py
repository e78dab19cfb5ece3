"""User: a person who works with the system, or the account of a machine (PLT-15, PLT-16)."""

import zoneinfo
from typing import Any

from banyan.identity.v1 import user_pb2
from google.protobuf.message import Message
from sqlalchemy import Text

from chassis import errors
from chassis.access import EVERYTHING, Reach
from chassis.resources import Around, Hooks, Keep, Noun, Resources
from chassis.rpc import Call
from identity import lockout, passwords
from identity.session import end_sessions, lockout_policy

SET_HASH = "UPDATE identity.user SET password_hash = $2 WHERE id = $1"


def prepare_create(user: user_pb2.User, _: Around) -> None:
    """Write the e-mail as it is compared."""
    user.email = user.email.strip().lower()


def prepare_update(_: user_pb2.User, user: user_pb2.User, around: Around) -> None:
    """Keep the e-mail as it is compared."""
    prepare_create(user, around)


def validate(user: user_pb2.User, _: Around) -> None:
    """Refuse a time zone nobody knows.

    Raises:
        Invalid: UNKNOWN_TIME_ZONE.
    """
    check_time_zone(user.time_zone, "user.time_zone")


def check_time_zone(name: str, path: str) -> None:
    """Refuse a time zone that is not in the IANA database; none is fine.

    Raises:
        Invalid: UNKNOWN_TIME_ZONE.
    """
    if not name:
        return
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise errors.invalid_field(path, "UNKNOWN_TIME_ZONE", found=name) from None


async def disable(here: Resources, request: Any, call: Call) -> Message:
    """Let somebody in no more; what they are signed in with ends with it, for good.

    Raises:
        FailedPrecondition: NOT_ONESELF, for that would lock the door behind oneself.
    """
    users = here[user_pb2.User]
    if request.id == call.caller.user_id:
        raise errors.FailedPrecondition("NOT_ONESELF", action="disable")

    async def run(asked: Keep | None) -> Message:
        old, new = await users.loaded(call, request.id, request.etag, call.method.action)
        if not new.HasField("disable_time"):
            new.disable_time.GetCurrentTime()
        async with here.database.transaction(call.tenant_id) as transaction:
            await end_sessions(here, call, new.id, transaction)
            return await users.put(call, "disable", old, new, transaction, asked)

    return await users.once(request, call, run)


def enable(user: user_pb2.User, _: Any, __: Around) -> None:
    """Let somebody in again."""
    user.ClearField("disable_time")


async def unlock(here: Resources, request: Any, call: Call) -> Message:
    """Let somebody try again whom failed sign-ins locked out."""
    users = here[user_pb2.User]

    async def run(asked: Keep | None) -> Message:
        old, new = await users.loaded(call, request.id, request.etag, call.method.action)
        new.ClearField("lock_expire_time")
        async with here.database.transaction(call.tenant_id) as transaction:
            await lockout.forget_person(transaction, new)
            return await users.put(call, "unlock", old, new, transaction, asked)

    return await users.once(request, call, run)


def before_delete(user: user_pb2.User, around: Around) -> None:
    """Refuse to delete oneself.

    Raises:
        FailedPrecondition: NOT_ONESELF.
    """
    if user.id == around.caller.user_id:
        raise errors.FailedPrecondition("NOT_ONESELF", action="delete")


async def set_password(here: Resources, request: Any, call: Call) -> Message:
    """Set a password: one's own with the old one, or somebody's whom one may change.

    All other sessions of the person end.

    Raises:
        Forbidden: OLD_PASSWORD_WRONG, PERMISSION_DENIED.
        FailedPrecondition: RECORD_DELETED.
        Exhausted: SIGN_IN_LOCKED, when the old password was wrong too often.
    """
    users = here[user_pb2.User]
    user = await users.store.get(
        call.tenant_id, request.id, await _password_reach(here, request, call)
    )
    if user.HasField("delete_time"):
        raise errors.FailedPrecondition("RECORD_DELETED", id=user.id)
    hashed = await passwords.hashed(request.new_password)
    new = user_pb2.User()
    new.CopyFrom(user)
    new.password_time.GetCurrentTime()
    new.ClearField("lock_expire_time")
    async with here.database.transaction(call.tenant_id) as transaction:
        await lockout.forget_person(transaction, new)
        await users.put(call, "set_password", user, new, transaction)
        await transaction.fetch(SET_HASH, user.id, hashed)
        await end_sessions(here, call, user.id, transaction, keep=call.caller.session_id)
    return new


async def _password_reach(here: Resources, request: Any, call: Call) -> Reach:
    """Give whose password the caller may set: their own, or within their permission.

    One's own needs the old one whatever one may do to others, or whoever finds an open screen could
    take the account.
    """
    if request.id == call.caller.user_id:
        if not await _knows_old(here, request, call):
            raise errors.Forbidden("OLD_PASSWORD_WRONG")
        return EVERYTHING
    reach = call.reach("identity.User", "set_password")
    if reach is None:
        raise errors.Forbidden("PERMISSION_DENIED", action="set_password", resource="identity.User")
    return reach


async def _knows_old(here: Resources, request: Any, call: Call) -> bool:
    policy = await lockout_policy(here, call.tenant_id)
    budget = lockout.Budget(lockout.password_key(request.id), policy.attempts_max)
    await lockout.admit(here, call.tenant_id, [budget], policy)
    rows = await here.database.read(
        call.tenant_id, "SELECT password_hash FROM identity.user WHERE id = $1", request.id
    )
    stored = rows[0][0] if rows else None
    return stored is None or await passwords.matches(stored, request.old_password)


USER = Noun(
    user_pb2.User,
    defaults={"kind": user_pb2.User.KIND_INTERNAL},
    private={"password_hash": Text()},
    hooks=Hooks(
        prepare_create=prepare_create,
        prepare_update=prepare_update,
        validate=validate,
        before_delete=before_delete,
    ),
    verbs={"EnableUser": enable},
    methods={"DisableUser": disable, "UnlockUser": unlock, "SetUserPassword": set_password},
    without={"Share": "everybody in the firm may see it"},
)
