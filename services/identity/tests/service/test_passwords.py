"""Setting passwords, and that no secret is ever to be read anywhere (PLT-16)."""

import base64
import hashlib

import pytest
import structlog

from chassis import errors

NEW = "another horse battery"


async def test_one_sets_ones_own_password_with_the_old_one(firm, password):
    user = await firm.with_password()
    me = firm.holding(await firm.sign_in(user.email))
    for old in ("", "wrong old password"):
        with pytest.raises(errors.Forbidden) as caught:
            await firm.call("SetUserPassword", me, id=user.id, old_password=old, new_password=NEW)
        assert caught.value.reason == "OLD_PASSWORD_WRONG"
    set_ = await firm.call(
        "SetUserPassword", me, id=user.id, old_password=password, new_password=NEW
    )
    assert set_.password_time.ToNanoseconds() > user.password_time.ToNanoseconds()
    with pytest.raises(errors.Unauthenticated):
        await firm.sign_in(user.email, password)
    await firm.sign_in(user.email, NEW)


async def test_an_administrator_too_needs_the_old_one_for_themselves(found):
    firm = await found(administrator_password="founded with this")
    with pytest.raises(errors.Forbidden) as caught:
        await firm.call("SetUserPassword", id=firm.admin.user_id, new_password=NEW)
    assert caught.value.reason == "OLD_PASSWORD_WRONG"


async def test_setting_a_password_ends_all_other_sessions(firm, password, until):
    user = await firm.with_password()
    here, there = await firm.sign_in(user.email), await firm.sign_in(user.email)
    me = firm.holding(here)
    await firm.call("SetUserPassword", me, id=user.id, old_password=password, new_password=NEW)

    async def ended() -> bool:
        try:
            await firm.call("ReadSelf", firm.holding(there))
        except errors.Unauthenticated:
            return True
        return False

    await until(ended)
    with pytest.raises(errors.Unauthenticated):
        await firm.as_nobody("RefreshSession", refresh_token=there.refresh_token)
    await firm.call("ReadSelf", me)
    await firm.as_nobody("RefreshSession", refresh_token=here.refresh_token)


async def test_nobody_sets_somebodys_password_without_permission(firm):
    user = await firm.with_password()
    with pytest.raises(errors.Forbidden) as caught:
        await firm.call("SetUserPassword", await firm.member(), id=user.id, new_password=NEW)
    assert caught.value.reason == "PERMISSION_DENIED"
    with pytest.raises(errors.Unauthenticated):
        await firm.sign_in(user.email, NEW)


async def test_a_permission_to_set_passwords_reaches_as_far_as_it_says(firm):
    unit = await firm.unit()
    inside, outside = await firm.user(unit), await firm.user()
    lead = await firm.person(("identity.User", "*", "unit"), unit=unit)
    await firm.call("SetUserPassword", lead, id=inside.id, new_password=NEW)
    with pytest.raises(errors.NotFound):
        await firm.call("SetUserPassword", lead, id=outside.id, new_password=NEW)


async def test_a_permission_to_set_passwords_and_nothing_else_can_be_given(firm):
    user = await firm.user()
    helpdesk = await firm.person(("identity.User", "set_password", "all"))
    await firm.call("SetUserPassword", helpdesk, id=user.id, new_password=NEW)
    await firm.sign_in(user.email, NEW)


async def test_a_short_password_is_refused(firm):
    user = await firm.user()
    with pytest.raises(errors.Invalid):
        await firm.call("SetUserPassword", id=user.id, new_password="short")


async def test_a_deleted_user_gets_no_password(firm):
    user = await firm.user()
    await firm.call("DeleteUser", id=user.id)
    with pytest.raises((errors.FailedPrecondition, errors.NotFound)):
        await firm.call("SetUserPassword", id=user.id, new_password=NEW)


def forms_of(given: list[str], stored: str) -> list[bytes]:
    """Give every form in which a secret could be found: itself, and what is stored of it."""
    needles = [NEW.encode(), stored.encode(), *(secret.encode() for secret in given)]
    for digest in (hashlib.sha256(secret.encode()) for secret in given):
        needles += [
            digest.digest(),
            digest.hexdigest().encode(),
            base64.b64encode(digest.digest()).rstrip(b"="),
        ]
    return needles


async def test_no_secret_is_in_a_change_an_event_a_log_or_an_answer(firm, capfd, until):
    """The audit keeps everything that changes; what lets people in must not be among it."""
    heard = []

    async def hear(event) -> None:
        heard.append(event.change.SerializeToString())

    broker = firm.world.host.brokers["identity"]
    await broker.listen(f"banyan.{firm.tenant_id}.identity.>", hear)
    with structlog.testing.capture_logs() as logs:
        user = await firm.user()
        await firm.call("SetUserPassword", id=user.id, new_password=NEW)
        first = await firm.sign_in(user.email, NEW)
        with pytest.raises(errors.Unauthenticated):
            await firm.sign_in(user.email, NEW + "!")
        second = await firm.as_nobody("RefreshSession", refresh_token=first.refresh_token)
        client = await firm.call("CreateApiClient", api_client={"name": "shop"})
        rotated = await firm.call("RotateApiClientSecret", id=client.id)
        await firm.as_nobody(
            "IssueClientToken", tenant=firm.slug, client_id=client.id, client_secret=rotated.secret
        )
        await firm.assign(user.id, firm.member_role)
        key = await firm.call("IssueApiKey", name="script")
        await firm.exchanged(key.secret)
        await firm.call("ListUsers")
        await firm.call("ListApiClients")
        await firm.call("ListApiKeys")
        await firm.call("ListSessions")
    ((stored,),) = await firm.rows("SELECT password_hash FROM identity.user WHERE id = $1", user.id)
    assert stored.startswith("$argon2id$")
    needles = forms_of(
        [first.refresh_token, second.refresh_token, rotated.secret, key.secret], stored
    )
    changes = await firm.changes()

    async def all_heard() -> bool:
        return len(heard) >= len(changes)

    # Founding came before anybody listened here.
    changes = [c for c in changes if c.actor_user_id or c.resource_id != firm.tenant_id][-8:]
    await until(all_heard)
    kept = await firm.rows("SELECT r::text FROM identity.request r")
    logged = await firm.rows("SELECT c::text FROM identity.change c")
    read_again = [reply for reply in firm.calls if type(reply).__name__.startswith("List")]
    assert read_again
    haystacks = {
        "change": [change.SerializeToString() for change in changes],
        "rows of changes and requests": [row[0].encode() for row in (*kept, *logged)],
        "event": heard,
        "log": [repr(logs).encode(), *(part.encode() for part in capfd.readouterr())],
        "answer": [reply.SerializeToString() for reply in read_again],
    }
    for name, haystack in haystacks.items():
        for needle in needles:
            assert not any(needle in hay for hay in haystack), (name, needle)
    # What is shown once is in that one answer; the password is in none.
    for needle in (NEW.encode(), stored.encode()):
        assert not any(needle in reply.SerializeToString() for reply in firm.calls)
