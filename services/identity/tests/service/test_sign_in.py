"""Signing in, staying signed in and leaving (PLT-16; PLT-15 where people come from outside)."""

import asyncio
import datetime

import pytest

from chassis import errors
from identity import secrets

FOURTEEN_DAYS = 14 * 24 * 3600


async def refused(attempt) -> errors.Unauthenticated:
    with pytest.raises(errors.Unauthenticated) as caught:
        await attempt
    return caught.value


def ended(firm, person):
    """Ask whether somebody's token has become worthless."""

    async def asked() -> bool:
        try:
            await firm.call("ReadSelf", person)
        except errors.Unauthenticated as refusal:
            return refusal.reason == "SESSION_ENDED"
        return False

    return asked


@pytest.mark.parametrize("wire", [False, True], ids=["local", "wire"])
async def test_whoever_knows_the_password_gets_a_session_and_tokens(firm, password, wire):
    user = await firm.with_password()
    reply = await firm.sign_in(f" {user.email.upper()} ", tenant=firm.slug.upper(), wire=wire)
    me = await firm.call("ReadSelf", firm.holding(reply), wire=wire)
    assert me.user.id == user.id == reply.session.user_id
    assert me.tenant.id == firm.tenant_id
    assert reply.session == await firm.call("GetSession", id=reply.session.id)
    lasts = reply.session.expire_time.seconds - reply.session.create_time.seconds
    assert abs(lasts - FOURTEEN_DAYS) <= 1
    assert reply.access_token_expire_time.seconds < reply.session.expire_time.seconds


async def test_a_founder_with_a_password_signs_in_at_once(found):
    firm = await found(administrator_password="founded with this")
    reply = await firm.sign_in(firm.admin_email, "founded with this")
    assert reply.session.user_id == firm.admin.user_id


async def test_somebody_outside_signs_in_like_anybody(firm, password):
    """PLT-15."""
    made = {"display_name": "Consultant", "email": "c@elsewhere.example", "kind": "KIND_EXTERNAL"}
    user = await firm.call("CreateUser", user=made)
    await firm.call("SetUserPassword", id=user.id, new_password=password)
    reply = await firm.sign_in(user.email)
    me = await firm.call("ReadSelf", firm.holding(reply))
    assert me.user.id == user.id
    # Without a role they may do nothing at all.
    assert not me.grants
    with pytest.raises(errors.Forbidden):
        await firm.call("ListUsers", firm.holding(reply))


async def test_every_way_to_fail_looks_the_same(firm, found, password):
    """Nobody learns from a refusal which firms, people and accounts there are."""
    user, disabled, deleted = [await firm.with_password() for _ in range(3)]
    await firm.call("DisableUser", id=disabled.id)
    await firm.call("DeleteUser", id=deleted.id)
    without = await firm.user()
    other = await found()
    attempts = {
        "wrong password": firm.sign_in(user.email, "wrong password"),
        "password in other letters": firm.sign_in(user.email, password.upper()),
        "unknown e-mail": firm.sign_in("nobody@example.com"),
        "unknown tenant": firm.sign_in(user.email, tenant="no-such-firm"),
        "another firm": firm.sign_in(user.email, tenant=other.slug),
        "disabled": firm.sign_in(disabled.email),
        "deleted": firm.sign_in(deleted.email),
        "without a password": firm.sign_in(without.email),
        "no e-mail at all": firm.sign_in("nobody"),
    }
    for name, attempt in attempts.items():
        refusal = await refused(attempt)
        assert refusal.reason == "SIGN_IN_FAILED", name
        assert not refusal.metadata, name
        assert not refusal.violations, name


@pytest.mark.parametrize("field", ["tenant", "email", "password"])
async def test_text_no_database_takes_is_refused_and_breaks_nothing(firm, field):
    """A NUL must not tell a known firm from an unknown one either."""
    user = await firm.with_password()
    with pytest.raises((errors.Unauthenticated, errors.Invalid)):
        await firm.sign_in(user.email, **{field: "a\0b"})


# --- refreshing


async def test_a_refresh_token_gives_the_next_pair(firm):
    first = await firm.sign_in((await firm.with_password()).email)
    second = await firm.as_nobody("RefreshSession", refresh_token=first.refresh_token)
    assert second.session.id == first.session.id
    assert second.refresh_token != first.refresh_token
    me = await firm.call("ReadSelf", firm.holding(second))
    assert me.user.id == first.session.user_id
    third = await firm.as_nobody("RefreshSession", refresh_token=second.refresh_token)
    assert third.session.id == first.session.id


async def grace_over(firm, session_id):
    await firm.set_rows(
        "UPDATE identity.session SET rotate_time = rotate_time - interval '1 minute' WHERE id = $1",
        session_id,
    )


async def test_a_lost_answer_is_given_again_and_leads_on(firm):
    """PLT-16: whoever did not hear the answer asks again, and stays signed in."""
    first = await firm.sign_in((await firm.with_password()).email)
    lost = await firm.as_nobody("RefreshSession", refresh_token=first.refresh_token)
    again = await firm.as_nobody("RefreshSession", refresh_token=first.refresh_token)
    assert again.refresh_token == lost.refresh_token != first.refresh_token
    assert again.session == lost.session
    third = await firm.as_nobody("RefreshSession", refresh_token=again.refresh_token)
    assert third.session.id == first.session.id
    assert not (await firm.call("GetSession", id=first.session.id)).HasField("revoke_time")


async def test_the_grace_is_for_the_last_token_only(firm):
    """Once its successor was used, a token that comes again is a stolen one, however soon."""
    first = await firm.sign_in((await firm.with_password()).email)
    second = await firm.as_nobody("RefreshSession", refresh_token=first.refresh_token)
    third = await firm.as_nobody("RefreshSession", refresh_token=second.refresh_token)
    for token in (first.refresh_token, third.refresh_token):
        refusal = await refused(firm.as_nobody("RefreshSession", refresh_token=token))
        assert refusal.reason == "SESSION_ENDED"


async def test_what_lies_in_the_database_makes_no_refresh_token(firm):
    """Of a line of tokens the rows hold digests and a salt, which is worth nothing by itself."""
    first = await firm.sign_in((await firm.with_password()).email)
    second = await firm.as_nobody("RefreshSession", refresh_token=first.refresh_token)
    ((row,),) = await firm.rows(
        "SELECT s::text FROM identity.session s WHERE id = $1", first.session.id
    )
    for token in (first.refresh_token, second.refresh_token):
        raw = secrets._raw(token)
        assert raw.hex() not in row
        assert raw[-secrets.RANDOM_BYTES :].hex() not in row


async def test_a_refresh_token_used_before_ends_its_session(firm, until):
    first = await firm.sign_in((await firm.with_password()).email)
    second = await firm.as_nobody("RefreshSession", refresh_token=first.refresh_token)
    await grace_over(firm, first.session.id)
    for token in (first.refresh_token, second.refresh_token):
        refusal = await refused(firm.as_nobody("RefreshSession", refresh_token=token))
        assert refusal.reason == "SESSION_ENDED"
    session = await firm.call("GetSession", id=first.session.id)
    assert session.HasField("revoke_time")
    await until(ended(firm, firm.holding(second)))


async def test_a_thief_who_refreshes_twice_is_found_out_all_the_same(firm):
    """Whoever comes with a token of any age that was used ends the session, not only the last."""
    first = await firm.sign_in((await firm.with_password()).email)
    stolen = await firm.as_nobody("RefreshSession", refresh_token=first.refresh_token)
    stolen = await firm.as_nobody("RefreshSession", refresh_token=stolen.refresh_token)
    await refused(firm.as_nobody("RefreshSession", refresh_token=first.refresh_token))
    refusal = await refused(firm.as_nobody("RefreshSession", refresh_token=stolen.refresh_token))
    assert refusal.reason == "SESSION_ENDED"


async def test_one_refresh_token_gives_one_pair_however_often_it_is_sent_at_once(firm):
    first = await firm.sign_in((await firm.with_password()).email)
    replies = await asyncio.gather(
        *(firm.as_nobody("RefreshSession", refresh_token=first.refresh_token) for _ in range(4))
    )
    (token,) = {reply.refresh_token for reply in replies}
    assert token != first.refresh_token
    assert [c.verb for c in await firm.changes(first.session.id)] == ["create"]
    await firm.as_nobody("RefreshSession", refresh_token=token)


async def test_an_expired_session_is_not_refreshed_and_lets_nobody_in(firm, until):
    first = await firm.sign_in((await firm.with_password()).email)
    await firm.set_rows(
        "UPDATE identity.session SET expire_time = now() - interval '1 second' WHERE id = $1",
        first.session.id,
    )
    refusal = await refused(firm.as_nobody("RefreshSession", refresh_token=first.refresh_token))
    assert refusal.reason == "SESSION_ENDED"
    assert await ended(firm, firm.holding(first))()


async def test_a_session_in_use_is_prolonged_and_the_reply_says_so(firm):
    first = await firm.sign_in((await firm.with_password()).email)
    await firm.set_rows(
        "UPDATE identity.session SET expire_time = now() + interval '3 days' WHERE id = $1",
        first.session.id,
    )
    second = await firm.as_nobody("RefreshSession", refresh_token=first.refresh_token)
    kept = await firm.call("GetSession", id=first.session.id)
    left = kept.expire_time.ToDatetime(datetime.UTC) - datetime.datetime.now(datetime.UTC)
    assert left > datetime.timedelta(days=13)
    assert second.session == kept


async def test_an_invented_refresh_token_is_refused(firm):
    first = await firm.sign_in((await firm.with_password()).email)
    # Ids as they are, but of no line of tokens that ever was.
    turned = first.refresh_token[:50] + "AAAAAAAAAAAAAAAA" + first.refresh_token[66:]
    for token, reason in (("garbage", "SECRET_INVALID"), (turned, "SESSION_ENDED")):
        refusal = await refused(firm.as_nobody("RefreshSession", refresh_token=token))
        assert refusal.reason == reason
    # Nor does a wrong guess end anybody's session.
    await firm.as_nobody("RefreshSession", refresh_token=first.refresh_token)


async def test_whoever_is_disabled_refreshes_no_more(firm):
    user = await firm.with_password()
    first = await firm.sign_in(user.email)
    await firm.call("DisableUser", id=user.id)
    refusal = await refused(firm.as_nobody("RefreshSession", refresh_token=first.refresh_token))
    assert refusal.reason == "SESSION_ENDED"


async def test_what_somebody_was_signed_in_with_does_not_come_back_with_enabling(firm, until):
    """Disabling says that whatever they are signed in with ends."""
    user = await firm.with_password()
    first = await firm.sign_in(user.email)
    await firm.call("DisableUser", id=user.id)
    await until(ended(firm, firm.holding(first)))
    await firm.call("EnableUser", id=user.id)
    assert (await firm.sign_in(user.email)).session.id != first.session.id
    refusal = await refused(firm.as_nobody("RefreshSession", refresh_token=first.refresh_token))
    assert refusal.reason == "SESSION_ENDED"


# --- leaving


async def test_signing_out_ends_this_session_and_no_other(firm, until):
    user = await firm.with_password()
    here, there = await firm.sign_in(user.email), await firm.sign_in(user.email)
    out = await firm.call("SignOut", firm.holding(here))
    assert out.id == here.session.id
    assert out.HasField("revoke_time")
    await until(ended(firm, firm.holding(here)))
    await refused(firm.as_nobody("RefreshSession", refresh_token=here.refresh_token))
    await firm.call("ReadSelf", firm.holding(there))
    assert [c.verb for c in await firm.changes(here.session.id)] == ["create", "revoke"]


async def test_a_token_without_a_session_has_nothing_to_sign_out_of(firm):
    with pytest.raises(errors.FailedPrecondition) as caught:
        await firm.call("SignOut")
    assert caught.value.reason == "NO_SESSION"


async def test_one_ends_ones_own_sessions_from_afar_and_nobody_elses(firm, until):
    user = await firm.with_password()
    await firm.assign(user.id, firm.member_role)
    lost, here = await firm.sign_in(user.email), await firm.sign_in(user.email)
    other = await firm.with_password()
    theirs = await firm.sign_in(other.email)
    me = firm.holding(here)
    assert {s.id for s in (await firm.call("ListSessions", me)).sessions} == {
        lost.session.id,
        here.session.id,
    }
    with pytest.raises(errors.NotFound):
        await firm.call("RevokeSession", me, id=theirs.session.id)
    gone = await firm.call("RevokeSession", me, id=lost.session.id)
    assert gone == await firm.call("RevokeSession", me, id=lost.session.id)
    await until(ended(firm, firm.holding(lost)))
    await refused(firm.as_nobody("RefreshSession", refresh_token=lost.refresh_token))
    await firm.call("ReadSelf", firm.holding(theirs))
