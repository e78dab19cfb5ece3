"""Failed sign-ins keep out whoever guesses, and not whom they guess at (PLT-16)."""

import asyncio
import math

import pytest
from banyan.identity.v1 import session_pb2

from chassis import errors
from chassis.errors import sentence

WRONG = "not the password"


@pytest.fixture
async def strict(firm):
    """A firm that lets three failures through, and eight of an address."""
    policy = {
        "attempts_max": 3,
        "address_attempts_max": 8,
        "lock_duration": {"seconds": 100},
        "lock_duration_max": {"seconds": 150},
    }
    await firm.call(
        "UpdateTenant",
        tenant={"id": firm.tenant_id, "sign_in_policy": policy},
        update_mask={"paths": ["sign_in_policy"]},
    )
    return firm


async def reason_of(attempt):
    with pytest.raises(errors.Error) as caught:
        await attempt
    return caught.value.reason


async def fail(firm, email, times=3, **fields):
    for _ in range(times):
        assert await reason_of(firm.sign_in(email, WRONG, **fields)) == "SIGN_IN_FAILED"


async def from_address(firm, email, password, peer):
    request = session_pb2.SignInRequest(tenant=firm.slug, email=email, password=password)
    channel = firm.world.host.channels.to("identity")
    path = "/banyan.identity.v1.SessionService/SignIn"
    return await channel.unary_unary(path)(request, metadata={"x-peer": peer})


async def locks_over(firm):
    await firm.set_rows(
        "UPDATE identity.sign_in_tally SET lock_expire_time = lock_expire_time - interval '1 day'"
    )


async def test_after_too_many_failures_the_right_password_is_refused_too(strict):
    user = await strict.with_password()
    await fail(strict, user.email)
    with pytest.raises(errors.Exhausted) as caught:
        await strict.sign_in(user.email)
    assert caught.value.reason == "SIGN_IN_LOCKED"
    assert caught.value.metadata == {"minutes": "2"}
    assert caught.value.retry_after == 100
    assert "unlock" in sentence("SIGN_IN_LOCKED", caught.value.metadata, "en")
    other = await strict.with_password()
    await strict.sign_in(other.email)


async def test_a_lock_ends_with_time_and_the_next_one_lasts_longer(strict):
    user = await strict.with_password()
    lasted = []
    for _ in range(3):
        await fail(strict, user.email)
        with pytest.raises(errors.Exhausted) as caught:
            await strict.sign_in(user.email)
        lasted.append(caught.value.retry_after)
        await locks_over(strict)
    assert lasted == [100, 150, 150]
    await strict.sign_in(user.email)


async def test_a_sign_in_that_succeeds_begins_anew(strict):
    user = await strict.with_password()
    for _ in range(3):
        await fail(strict, user.email, 2)
        await strict.sign_in(user.email)
    await fail(strict, user.email, 3)


async def test_a_lock_tells_nothing_about_who_there_is(strict, found):
    """Unknown people, disabled ones and firms there are not lock like everybody else."""
    user, disabled = await strict.with_password(), await strict.with_password()
    await strict.call("DisableUser", id=disabled.id)
    for email in (user.email, disabled.email, "nobody@example.com"):
        await fail(strict, email)
        assert await reason_of(strict.sign_in(email)) == "SIGN_IN_LOCKED", email
    await fail(strict, user.email, 10, tenant="no-such-firm")
    attempt = strict.sign_in(user.email, tenant="no-such-firm")
    assert await reason_of(attempt) == "SIGN_IN_LOCKED"
    # Another firm that is not there has not heard of it, just as one that is there has not.
    await fail(strict, user.email, 1, tenant="no-such-firm-either")
    await fail(strict, user.email, 1, tenant=(await found()).slug)


async def test_guesses_at_once_do_not_get_through_together(strict):
    user = await strict.with_password()
    reasons = await asyncio.gather(
        *(reason_of(strict.sign_in(user.email, f"{WRONG} {n}")) for n in range(12))
    )
    assert sorted(reasons) == ["SIGN_IN_FAILED"] * 3 + ["SIGN_IN_LOCKED"] * 9


async def test_a_device_that_was_signed_in_before_is_not_kept_out_by_strangers(strict):
    user = await strict.with_password()
    mine = await strict.sign_in(user.email)
    await strict.call("SignOut", strict.holding(mine))
    await fail(strict, user.email)
    assert await reason_of(strict.sign_in(user.email)) == "SIGN_IN_LOCKED"
    known = {"earlier_refresh_token": mine.refresh_token}
    assert (await strict.sign_in(user.email, **known)).session.user_id == user.id
    # It has a budget of its own, and no more than that.
    await fail(strict, user.email, **known)
    assert await reason_of(strict.sign_in(user.email, **known)) == "SIGN_IN_LOCKED"


async def test_a_device_vouches_for_its_own_account_only(strict, found):
    user, other = await strict.with_password(), await strict.with_password()
    mine = await strict.sign_in(other.email)
    there = await found()
    theirs = await there.with_password()
    elsewhere = await there.sign_in(theirs.email)
    await fail(strict, user.email)
    turned = mine.refresh_token[:50] + "AAAAAAAAAAAAAAAA" + mine.refresh_token[66:]
    for token in (mine.refresh_token, elsewhere.refresh_token, turned, "garbage"):
        attempt = strict.sign_in(user.email, earlier_refresh_token=token)
        assert await reason_of(attempt) == "SIGN_IN_LOCKED", token


async def test_one_address_cannot_try_everybodys_door(strict):
    user = await strict.with_password()
    for number in range(8):
        attempt = from_address(strict, f"{number}@example.com", WRONG, "192.0.2.7")
        assert await reason_of(attempt) == "SIGN_IN_FAILED"
    attempt = from_address(strict, user.email, "correct horse battery", "192.0.2.7")
    assert await reason_of(attempt) == "TOO_MANY_SIGN_INS"
    await from_address(strict, user.email, "correct horse battery", "192.0.2.8")


async def test_ones_own_success_gives_an_address_one_attempt_back_and_no_more(strict):
    mine = await strict.with_password()
    for number in range(8):
        await from_address(strict, mine.email, "correct horse battery", "192.0.2.7")
        attempt = from_address(strict, f"{number}@example.com", WRONG, "192.0.2.7")
        assert await reason_of(attempt) == "SIGN_IN_FAILED"
    attempt = from_address(strict, mine.email, "correct horse battery", "192.0.2.7")
    assert await reason_of(attempt) == "TOO_MANY_SIGN_INS"


async def test_a_lock_is_seen_and_lifted_by_an_administrator_and_audited(strict, until):
    user = await strict.with_password()
    await fail(strict, user.email)
    await reason_of(strict.sign_in(user.email))

    async def noted():
        listed = await strict.call("ListUsers", filter="lock_expire_time:*")
        return list(listed.users)

    (locked,) = await until(noted, 5)
    ((expires,),) = await strict.rows("SELECT lock_expire_time FROM identity.sign_in_tally")
    assert locked.id == user.id
    assert math.isclose(locked.lock_expire_time.ToDatetime().timestamp(),
                        expires.replace(tzinfo=None).timestamp(), abs_tol=0.001)  # fmt: skip
    unlocked = await strict.call("UnlockUser", id=user.id)
    assert not unlocked.HasField("lock_expire_time")
    await strict.sign_in(user.email)
    changes = await strict.changes(user.id)
    assert [c.verb for c in changes] == ["create", "set_password", "lock", "unlock"]
    assert changes[2].actor_service == "identity"
    assert changes[3].actor_user_id == strict.admin.user_id


async def test_unlocking_lifts_the_locks_of_devices_too(strict):
    user = await strict.with_password()
    mine = await strict.sign_in(user.email)
    known = {"earlier_refresh_token": mine.refresh_token}
    await fail(strict, user.email, **known)
    assert await reason_of(strict.sign_in(user.email, **known)) == "SIGN_IN_LOCKED"
    await strict.call("UnlockUser", id=user.id)
    await strict.sign_in(user.email, **known)


async def test_a_new_password_set_by_an_administrator_lets_somebody_in(strict):
    user = await strict.with_password()
    await fail(strict, user.email)
    await reason_of(strict.sign_in(user.email))
    await strict.call("SetUserPassword", id=user.id, new_password="another password")
    await strict.sign_in(user.email, "another password")


async def test_nobody_unlocks_without_the_right(strict):
    user = await strict.with_password()
    with pytest.raises(errors.Forbidden):
        await strict.call("UnlockUser", await strict.member(), id=user.id)


async def test_whoever_finds_an_open_screen_cannot_guess_the_password(strict, password):
    user = await strict.with_password()
    me = strict.holding(await strict.sign_in(user.email))
    new = {"id": user.id, "new_password": "a new password"}
    for _ in range(3):
        attempt = strict.call("SetUserPassword", me, old_password=WRONG, **new)
        assert await reason_of(attempt) == "OLD_PASSWORD_WRONG"
    attempt = strict.call("SetUserPassword", me, old_password=password, **new)
    assert await reason_of(attempt) == "SIGN_IN_LOCKED"


async def test_what_was_counted_is_forgotten_after_a_day(strict):
    for number in range(5):
        await fail(strict, f"{number}@example.com", 1)
    await strict.set_rows("UPDATE identity.sign_in_tally SET forget_time = now()")
    await fail(strict, "0@example.com", 3)
    ((left,),) = await strict.rows("SELECT count(*) FROM identity.sign_in_tally")
    assert left == 1
