"""What is taken away is gone in two seconds, in every service (PLT-16, PLT-02)."""

import time

import pytest

from chassis import errors
from chassis.access import directory as directory_module

READ = ("party.Source", "read", "all")


def loses(firm, person, *refusals):
    """Ask whether another service refuses somebody by now."""

    async def asked() -> bool:
        try:
            await firm.call("ListSources", person, wire=True)
        except (errors.Forbidden, errors.Unauthenticated) as refused:
            return refused.reason in refusals
        return False

    return asked


async def holder(firm):
    """Make somebody signed in who may read sources, known as such to the other service."""
    user = await firm.with_password()
    role = await firm.role(READ)
    assignment = await firm.assign(user.id, role.id)
    reply = await firm.sign_in(user.email)
    person = firm.holding(reply)
    await firm.call("ListSources", person, wire=True)
    return person, role, assignment


async def delete_assignment(firm, person, role, assignment):
    await firm.call("DeleteRoleAssignment", id=assignment.id)


async def end_assignment(firm, person, role, assignment):
    ended = {"id": assignment.id, "end_date": {"year": 2020, "month": 1, "day": 1}}
    mask = {"paths": ["end_date"]}
    await firm.call("UpdateRoleAssignment", role_assignment=ended, update_mask=mask)


async def change_role(firm, person, role, assignment):
    patch = {"id": role.id, "permissions": []}
    await firm.call("UpdateRole", role=patch, update_mask={"paths": ["permissions"]})


async def delete_role(firm, person, role, assignment):
    await firm.call("DeleteRole", id=role.id)


async def disable_user(firm, person, role, assignment):
    await firm.call("DisableUser", id=person.user_id)


async def delete_user(firm, person, role, assignment):
    await firm.call("DeleteUser", id=person.user_id)


async def revoke_session(firm, person, role, assignment):
    await firm.call("RevokeSession", id=person.session_id)


RIGHTS = [delete_assignment, end_assignment, change_role, delete_role]
PRESENCE = [disable_user, delete_user, revoke_session]


@pytest.mark.parametrize("take_away", [*RIGHTS, *PRESENCE], ids=lambda f: f.__name__)
async def test_what_is_taken_away_is_gone_for_every_service(firm, until, take_away):
    person, role, assignment = await holder(firm)
    await take_away(firm, person, role, assignment)
    reason = "PERMISSION_DENIED" if take_away in RIGHTS else "SESSION_ENDED"
    await until(loses(firm, person, reason))


@pytest.mark.parametrize(
    "take_away", [delete_assignment, change_role, disable_user, revoke_session],
    ids=lambda f: f.__name__,
)  # fmt: skip
async def test_what_is_taken_away_is_gone_even_when_no_event_is_heard(firm, monkeypatch, take_away):
    """A process cut off from NATS trusts what it knows for two seconds, then asks again."""
    person, role, assignment = await holder(firm)
    deaf = firm.world.host.identity.directory(lambda: False)
    known = (firm.tenant_id, person.user_id, person.session_id)
    _, grants = await deaf.grants(*known)
    assert grants.reach("party.Source", "read")
    await take_away(firm, person, role, assignment)
    clock = time.monotonic

    class Later:
        """The clock when two seconds have passed; nothing waits for it."""

        @staticmethod
        def monotonic() -> float:
            return clock() + directory_module.UNHEARD_SECONDS_MAX

    assert directory_module.UNHEARD_SECONDS_MAX <= 2
    monkeypatch.setattr(directory_module, "time", Later)
    try:
        _, grants = await deaf.grants(*known)
    except errors.Unauthenticated:
        assert take_away in PRESENCE
    else:
        assert take_away in RIGHTS
        assert grants.reach("party.Source", "read") is None


async def test_what_is_given_is_there_for_every_service(firm, until):
    person = await firm.person()
    assert await loses(firm, person, "PERMISSION_DENIED")()
    await firm.assign(person.user_id, (await firm.role(READ)).id)

    async def gained() -> bool:
        return not await loses(firm, person, "PERMISSION_DENIED")()

    await until(gained)


async def test_a_token_made_after_a_change_is_served_by_it_at_once(firm):
    """The token says how new its rights are, so that no service answers from older knowledge."""
    user = await firm.with_password()
    before = firm.holding(await firm.sign_in(user.email))
    with pytest.raises(errors.Forbidden):
        await firm.call("ListSources", before)
    await firm.assign(user.id, (await firm.role(READ)).id)
    await firm.call("ListSources", firm.holding(await firm.sign_in(user.email)))


async def test_a_moved_unit_takes_its_records_out_of_a_reach_and_into_another(firm, until):
    """PLT-33: rights follow the OBS as it is now."""
    here, there, moved = [await firm.unit() for _ in range(3)]
    await firm.call("MoveOrgUnit", id=moved, org_unit_id=here)
    source = await firm.source((await firm.user()).id, moved)
    old, new = [
        await firm.person(("party.Source", "read", "subtree"), unit=unit) for unit in (here, there)
    ]

    async def seen_by(person) -> bool:
        found = (await firm.call("ListSources", person, wire=True)).sources
        return source.id in {record.id for record in found}

    await until(lambda: seen_by(old))
    assert not await seen_by(new)
    await firm.call("MoveOrgUnit", id=moved, org_unit_id=there)
    await until(lambda: seen_by(new))
    assert not await seen_by(old)
