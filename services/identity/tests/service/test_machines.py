"""Partners' systems and scripts: API clients and API keys (PLT-09, PLT-16)."""

import asyncio

import pytest

from chassis import errors
from chassis.testing import Person


async def refused(attempt) -> str:
    with pytest.raises(errors.Unauthenticated) as caught:
        await attempt
    return caught.value.reason


def fails(firm, person):
    """Ask whether a token has become worthless."""

    async def asked() -> bool:
        try:
            await firm.call("ReadSelf", person)
        except errors.Unauthenticated:
            return True
        return False

    return asked


async def client_of(firm, *rights):
    """Make a client with a secret, whose account holds a role with these rights."""
    client = await firm.call("CreateApiClient", api_client={"name": "web shop"})
    if rights:
        await firm.assign(client.user_id, (await firm.role(*rights)).id)
    return await firm.call("RotateApiClientSecret", id=client.id)


async def token_of(firm, client_id: str, secret: str, **fields) -> Person:
    asked = {"tenant": firm.slug, "client_id": client_id, "client_secret": secret} | fields
    return firm.holding(await firm.as_nobody("IssueClientToken", **asked))


# --- clients


async def test_a_client_is_made_together_with_the_account_it_acts_as(firm):
    client = await firm.call("CreateApiClient", api_client={"name": "web shop"})
    account = await firm.call("GetUser", id=client.user_id)
    assert account.display_name == "web shop"
    assert account.kind == account.KIND_MACHINE
    assert not client.HasField("secret_time")
    assert [c.verb for c in await firm.changes(account.id)] == ["create"]


async def test_a_client_sent_twice_is_made_once(firm):
    asked = {"api_client": {"name": "web shop"}, "request_id": "first"}
    first, second = await asyncio.gather(*(firm.call("CreateApiClient", **asked) for _ in "12"))
    assert first == second
    machines = await firm.call("ListUsers", filter='kind = "MACHINE"')
    assert [user.id for user in machines.users] == [first.user_id]


async def test_a_client_may_do_what_a_role_of_its_account_says(firm, until):
    """PLT-09: a back-office system calls with rights of its own."""
    rotated = await client_of(firm)
    machine = await token_of(firm, rotated.api_client.id, rotated.secret)
    with pytest.raises(errors.Forbidden):
        await firm.call("ListSources", machine)
    role = await firm.role(("party.Source", "read", "all"))
    await firm.assign(rotated.api_client.user_id, role.id)
    source = await firm.source()

    async def listed():
        try:
            return (await firm.call("ListSources", machine, wire=True)).sources
        except errors.Forbidden:
            return []

    assert [found.id for found in await until(listed)] == [source.id]
    with pytest.raises(errors.Forbidden):
        await firm.source(person=machine)


async def test_a_new_secret_voids_the_one_before(firm):
    first = await client_of(firm)
    client = first.api_client
    second = await firm.call("RotateApiClientSecret", id=client.id)
    assert first.secret != second.secret
    assert second.api_client == await firm.call("GetApiClient", id=client.id)
    assert await refused(token_of(firm, client.id, first.secret)) == "SECRET_INVALID"
    await token_of(firm, client.id, second.secret)


async def test_every_wrong_secret_looks_the_same(firm, found):
    rotated = await client_of(firm)
    without = await firm.call("CreateApiClient", api_client={"name": "no secret"})
    other = await found()
    attempts = [
        token_of(firm, rotated.api_client.id, "bnc_wrong"),
        token_of(firm, rotated.api_client.id, rotated.secret, tenant="no-such-firm"),
        token_of(firm, rotated.api_client.id, rotated.secret, tenant=other.slug),
        token_of(firm, without.id, rotated.secret),
        token_of(firm, firm.admin.user_id, rotated.secret),
    ]
    assert {await refused(attempt) for attempt in attempts} == {"SECRET_INVALID"}


@pytest.mark.parametrize("how", ["disabled", "deleted", "account disabled", "account deleted"])
async def test_a_client_out_of_use_gets_in_no_more(firm, until, how):
    rotated = await client_of(firm)
    client = rotated.api_client
    machine = await token_of(firm, client.id, rotated.secret)
    await firm.call("ReadSelf", machine)
    match how:
        case "disabled":
            patch = {"id": client.id, "disabled": True}
            await firm.call("UpdateApiClient", api_client=patch, update_mask={"paths": [how]})
        case "deleted":
            await firm.call("DeleteApiClient", id=client.id)
        case "account disabled":
            await firm.call("DisableUser", id=client.user_id)
        case "account deleted":
            await firm.call("DeleteUser", id=client.user_id)
    assert await refused(token_of(firm, client.id, rotated.secret)) == "SECRET_INVALID"
    await until(fails(firm, machine))


async def test_a_machine_does_not_sign_in_with_a_password(firm, password):
    client = await firm.call("CreateApiClient", api_client={"name": "web shop"})
    account = await firm.call("GetUser", id=client.user_id)
    assert await refused(firm.sign_in(account.email)) == "SIGN_IN_FAILED"


# --- keys


async def test_with_a_key_a_script_acts_as_the_person_who_made_it(firm, until):
    me = await firm.member()
    issued = await firm.call("IssueApiKey", me, name="nightly export")
    assert issued.secret.endswith(issued.api_key.ending)
    assert issued.api_key == await firm.call("GetApiKey", me, id=issued.api_key.id)
    script = firm.holding(await firm.exchanged(issued.secret))
    assert (await firm.call("ReadSelf", script)).user.id == me.user_id
    with pytest.raises(errors.FailedPrecondition):
        await firm.call("SignOut", script)


async def test_a_key_goes_where_an_access_token_goes(firm):
    """As the contract says of `IssueApiKeyResponse.secret`: Authorization: Bearer."""
    me = await firm.member()
    issued = await firm.call("IssueApiKey", me, name="nightly export")
    script = Person(firm.tenant_id, me.user_id, me.org_unit_id, issued.secret)
    assert (await firm.call("ReadSelf", script)).user.id == me.user_id


async def test_a_deleted_key_gets_in_no_more(firm, until):
    me = await firm.member()
    issued = await firm.call("IssueApiKey", me, name="lost")
    script = firm.holding(await firm.exchanged(issued.secret))
    await firm.call("ReadSelf", script)
    await firm.call("DeleteApiKey", me, id=issued.api_key.id)
    exchange = firm.exchanged(issued.secret)
    assert await refused(exchange) == "SECRET_INVALID"
    await until(fails(firm, script))
    await firm.call("ReadSelf", me)


async def test_an_expired_key_is_worth_nothing(firm):
    issued = await firm.call("IssueApiKey", name="short")
    script = firm.holding(await firm.exchanged(issued.secret))
    await firm.set_rows(
        "UPDATE identity.api_key SET expire_time = now() - interval '1 second' WHERE id = $1",
        issued.api_key.id,
    )
    exchange = firm.exchanged(issued.secret)
    assert await refused(exchange) == "SECRET_INVALID"
    assert await fails(firm, script)()


async def test_nobody_sees_or_ends_somebody_elses_keys(firm):
    issued = await firm.call("IssueApiKey", await firm.member(), name="mine")
    other = await firm.member()
    assert not (await firm.call("ListApiKeys", other)).api_keys
    with pytest.raises(errors.NotFound):
        await firm.call("DeleteApiKey", other, id=issued.api_key.id)


async def test_a_key_needs_the_permission_to_make_one(firm):
    with pytest.raises(errors.Forbidden):
        await firm.call("IssueApiKey", await firm.person(), name="mine")


async def test_an_invented_key_is_refused(firm):
    issued = await firm.call("IssueApiKey", name="mine")
    for key in ("garbage", issued.secret[:-6] + "AAAAAA", "bnr_" + issued.secret[4:], "ä" * 9):
        assert await refused(firm.exchanged(key)) == "SECRET_INVALID"
