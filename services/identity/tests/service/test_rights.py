"""What roles allow, from CreateRole to another service's refusal (PLT-16)."""

import pytest
from banyan.identity.v1 import access_pb2

from chassis import errors

READ, UPDATE = ("party.Source", "read"), ("party.Source", "update")
FINDING = access_pb2.ExplainAccessResponse


async def refusal(attempt) -> str:
    with pytest.raises(errors.Error) as caught:
        await attempt
    return caught.value.reason


async def sources_around(firm, me, unit):
    """Make four records: one's own far away, and others' here, below and elsewhere."""
    them = (await firm.user()).id
    return {
        "mine": (await firm.source(me.user_id, firm.top)).id,
        "here": (await firm.source(them, unit)).id,
        "below": (await firm.source(them, await firm.unit(unit))).id,
        "elsewhere": (await firm.source(them, firm.top)).id,
    }


async def annotate(firm, me, record_id):
    patch = {"id": record_id, "note": "changed"}
    return await firm.call("UpdateSource", me, source=patch, update_mask={"paths": ["note"]})


SCOPES = {
    "own": {"mine"},
    "unit": {"mine", "here"},
    "subtree": {"mine", "here", "below"},
    "all": {"mine", "here", "below", "elsewhere"},
}


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_scope_shows_what_it_reaches_and_hides_the_rest(firm, scope):
    unit = await firm.unit()
    me = await firm.person((*READ, scope), unit=unit)
    sources = await sources_around(firm, me, unit)
    listed = {record.id for record in (await firm.call("ListSources", me)).sources}
    assert {name for name, record_id in sources.items() if record_id in listed} == SCOPES[scope]
    for name, record_id in sources.items():
        if name in SCOPES[scope]:
            assert (await firm.call("GetSource", me, id=record_id)).id == record_id
        else:
            assert await refusal(firm.call("GetSource", me, id=record_id)) == "NOT_FOUND"
        assert await refusal(annotate(firm, me, record_id)) == "PERMISSION_DENIED"


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_scope_lets_change_what_it_reaches_and_refuses_the_rest(firm, scope):
    unit = await firm.unit()
    me = await firm.person((*READ, "all"), (*UPDATE, scope), unit=unit)
    for name, record_id in (await sources_around(firm, me, unit)).items():
        if name in SCOPES[scope]:
            assert (await annotate(firm, me, record_id)).note == "changed"
        else:
            assert await refusal(annotate(firm, me, record_id)) == "OUTSIDE_REACH"


async def test_roles_add_up_and_each_reaches_from_where_it_is_held(firm):
    one, other = await firm.unit(), await firm.unit()
    me = await firm.person((*READ, "unit"), unit=one)
    await firm.assign(me.user_id, (await firm.role((*READ, "unit"))).id, other)
    them = (await firm.user()).id
    seen = [(await firm.source(them, unit)).id for unit in (one, other)]
    unseen = (await firm.source(them, firm.top)).id
    found = {source.id for source in (await firm.call("ListSources", me)).sources}
    assert found >= set(seen)
    assert unseen not in found


async def test_an_assignment_that_is_over_gives_nothing(firm):
    role = await firm.role((*READ, "all"))
    user = await firm.user()
    me = firm.world.signed_in(firm.tenant_id, user.id)
    ended = {"user_id": user.id, "role_id": role.id, "org_unit_id": firm.top}
    ended["end_date"] = {"year": 2020, "month": 1, "day": 1}
    await firm.call("CreateRoleAssignment", role_assignment=ended)
    with pytest.raises(errors.Forbidden):
        await firm.call("ListSources", me)


# --- nobody gives more than they have


async def lead_of(firm, unit):
    """Make somebody who runs the people of a unit, and may see its sources."""
    return await firm.person(
        ("identity.User", "*", "subtree"),
        ("identity.RoleAssignment", "*", "subtree"),
        ("identity.Role", "*", "all"),
        (*READ, "subtree"),
        unit=unit,
    )


async def test_one_gives_what_one_has_where_one_has_it(firm):
    unit = await firm.unit()
    below = await firm.unit(unit)
    lead = await lead_of(firm, unit)
    role = await firm.role((*READ, "subtree"))
    user = await firm.user(unit, person=lead)
    given = await firm.assign(user.id, role.id, unit, person=lead)
    assert (given.role_name, given.user_display_name) == (role.name, user.display_name)
    await firm.assign(user.id, role.id, below, person=lead)


async def test_nobody_gives_more_than_they_have(firm):
    unit = await firm.unit()
    lead = await lead_of(firm, unit)
    user = await firm.user(unit, person=lead)
    for rights in [(*READ, "all")], [(*UPDATE, "own")], [("party.*", "read", "unit")]:
        role = await firm.role(*rights)
        attempt = firm.assign(user.id, role.id, unit, person=lead)
        assert await refusal(attempt) == "MORE_THAN_ONE_HAS"
        attempt = firm.assign(user.id, firm.administrator_role, unit, person=lead)
        assert await refusal(attempt) == "MORE_THAN_ONE_HAS"


async def test_nobody_makes_a_role_that_allows_more_than_they_may(firm):
    lead = await lead_of(firm, await firm.unit())
    attempt = firm.role((*READ, "all"), person=lead)
    assert await refusal(attempt) == "MORE_THAN_ONE_HAS"
    role = await firm.role(("identity.Role", "read", "all"), person=lead)
    patch = {"id": role.id, "permissions": firm.permissions(("identity.*", "*", "all"))}
    attempt = firm.call("UpdateRole", lead, role=patch, update_mask={"paths": ["permissions"]})
    assert await refusal(attempt) == "MORE_THAN_ONE_HAS"


async def test_nobody_revives_or_prolongs_what_they_could_not_give(firm):
    unit = await firm.unit()
    lead = await lead_of(firm, unit)
    user = await firm.user(unit)
    given = await firm.assign(user.id, (await firm.role((*UPDATE, "subtree"))).id, unit)
    later = {"id": given.id, "end_date": {"year": 2099, "month": 1, "day": 1}}
    attempt = firm.call(
        "UpdateRoleAssignment", lead, role_assignment=later, update_mask={"paths": ["end_date"]}
    )
    assert await refusal(attempt) == "MORE_THAN_ONE_HAS"
    await firm.call("DeleteRoleAssignment", lead, id=given.id)
    attempt = firm.call("UndeleteRoleAssignment", lead, id=given.id)
    assert await refusal(attempt) == "MORE_THAN_ONE_HAS"


async def test_nobody_widens_an_assignment_by_moving_it(firm):
    unit = await firm.unit()
    lead = await lead_of(firm, unit)
    user = await firm.user(unit)
    given = await firm.assign(user.id, (await firm.role((*READ, "unit"))).id, unit, person=lead)
    moved = {"id": given.id, "org_unit_id": firm.top}
    attempt = firm.call(
        "UpdateRoleAssignment", lead, role_assignment=moved, update_mask={"paths": ["org_unit_id"]}
    )
    assert await refusal(attempt) in ("MORE_THAN_ONE_HAS", "OUTSIDE_REACH")


async def test_a_built_in_role_stays_as_it_is(firm):
    role_id = firm.administrator_role
    patch = {"id": role_id, "permissions": firm.permissions((*READ, "own"))}
    update = firm.call("UpdateRole", role=patch, update_mask={"paths": ["permissions"]})
    assert await refusal(update) == "BUILT_IN"
    assert await refusal(firm.call("DeleteRole", id=role_id)) == "BUILT_IN"
    forged = {"name": "forged", "built_in": True}
    assert not (await firm.call("CreateRole", role=forged)).built_in


async def test_a_role_that_speaks_of_nothing_there_is_is_refused(firm):
    with pytest.raises(errors.Invalid) as caught:
        await firm.role(("party.Sauce", "read", "all"), (*READ, "all"), ("party.*", "fly", "all"))
    assert [(v.path, v.reason) for v in caught.value.violations] == [
        ("role.permissions[0].resource", "UNKNOWN_RESOURCE"),
        ("role.permissions[2].action", "UNKNOWN_ACTION"),
    ]


@pytest.mark.parametrize(
    "half", [{"year": 2026}, {"year": 2026, "month": 2, "day": 30}, {"month": 5, "day": 1}]
)
async def test_half_a_date_is_refused_and_locks_nobody_out(firm, half):
    """An end date that is none would be read with every call of its holder."""
    user = await firm.user()
    made = {"user_id": user.id, "role_id": firm.member_role, "org_unit_id": firm.top}
    with pytest.raises(errors.Invalid):
        await firm.call("CreateRoleAssignment", role_assignment=made | {"end_date": half})
    position = {"user_id": user.id, "title": "clerk", "org_unit_id": firm.top}
    with pytest.raises(errors.Invalid):
        await firm.call("CreatePosition", position=position | {"start_date": half})


@pytest.mark.parametrize("share", ["much", "NaN", "Infinity", ""])
async def test_a_share_that_is_no_number_is_refused(firm, share):
    made = {
        "user_id": firm.admin.user_id, "title": "clerk", "org_unit_id": firm.top,
        "start_date": {"year": 2026, "month": 1, "day": 1}, "share": {"value": share},
    }  # fmt: skip
    with pytest.raises(errors.Invalid):
        await firm.call("CreatePosition", position=made)


# --- where people are at home


async def test_new_records_are_placed_where_their_maker_is_at_home(firm, until):
    """PLT-33: persons stand in the OBS; their primary position says where."""
    me = await firm.person((*READ, "all"), ("party.Source", "create", "all"))
    assert (await firm.source(person=me)).org_unit_id == firm.top
    unit = await firm.unit()
    today = firm.today
    position = {
        "user_id": me.user_id, "title": "clerk", "org_unit_id": unit, "primary": True,
        "start_date": {"year": today.year, "month": today.month, "day": today.day},
    }  # fmt: skip
    await firm.call("CreatePosition", position=position)

    async def placed() -> bool:
        return (await firm.source(person=me)).org_unit_id == unit

    await until(placed)
    assert (await firm.call("ReadSelf", me)).org_unit_id == unit


async def test_somebody_whose_position_goes_to_another_is_at_home_elsewhere_at_once(firm, until):
    me = await firm.person(("party.Source", "create", "all"), (*READ, "all"))
    unit, today = await firm.unit(), firm.today
    position = {
        "user_id": me.user_id, "title": "clerk", "org_unit_id": unit,
        "start_date": {"year": today.year, "month": today.month, "day": today.day},
    }  # fmt: skip
    made = await firm.call("CreatePosition", position=position)

    async def placed_in(wanted: str) -> bool:
        return (await firm.source(person=me)).org_unit_id == wanted

    await until(lambda: placed_in(unit))
    patch = {"id": made.id, "user_id": firm.admin.user_id}
    await firm.call("UpdatePosition", position=patch, update_mask={"paths": ["user_id"]})
    await until(lambda: placed_in(firm.top))


# --- oneself, and why


@pytest.mark.parametrize("wire", [False, True], ids=["local", "wire"])
async def test_one_reads_who_one_is_and_what_one_may(firm, wire):
    unit = await firm.unit()
    me = await firm.person((*READ, "own"), (*UPDATE, "subtree"), unit=unit)
    reply = await firm.call("ReadSelf", me, wire=wire)
    assert (reply.user.id, reply.tenant.slug) == (me.user_id, firm.slug)
    assert reply.org_unit_id == unit
    assert [grant.permission for grant in reply.grants] == firm.permissions(
        (*READ, "own"), (*UPDATE, "subtree")
    )
    assert {grant.org_unit_id for grant in reply.grants} == {unit}
    assert all(grant.role_assignment_id and grant.role_name for grant in reply.grants)


async def explained(firm, person=None, **fields):
    asked = {"resource": "party.Source", "action": "update"} | fields
    return await firm.call("ExplainAccess", person, **asked)


async def test_access_to_a_record_is_explained_rule_by_rule(firm):
    unit = await firm.unit()
    me = await firm.person((*UPDATE, "own"), (*UPDATE, "unit"), unit=unit)
    sources = await sources_around(firm, me, unit)
    found = {
        name: [
            rule.finding
            for rule in (await explained(firm, user_id=me.user_id, record_id=record_id)).rules
            if rule.finding != FINDING.FINDING_WOULD_ALLOW
        ]
        for name, record_id in sources.items()
    }
    outside = [FINDING.FINDING_NOT_OWNER, FINDING.FINDING_OUTSIDE_UNITS]
    assert found == {
        "mine": [FINDING.FINDING_ALLOWS] * 2,
        "here": [FINDING.FINDING_ALLOWS, FINDING.FINDING_NOT_OWNER],
        "below": outside,
        "elsewhere": outside,
    }
    assert (await explained(firm, user_id=me.user_id, record_id=sources["here"])).allowed
    assert not (await explained(firm, user_id=me.user_id, record_id=sources["below"])).allowed


async def test_what_is_explained_is_what_happens(firm):
    unit = await firm.unit()
    me = await firm.person((*READ, "all"), (*UPDATE, "subtree"), unit=unit)
    for record_id in (await sources_around(firm, me, unit)).values():
        answer = await explained(firm, me, record_id=record_id)
        if answer.allowed:
            await annotate(firm, me, record_id)
        else:
            assert await refusal(annotate(firm, me, record_id)) == "OUTSIDE_REACH"


async def test_whoever_may_not_is_told_which_role_would_help(firm):
    role = await firm.role((*UPDATE, "all"))
    user = await firm.user()
    answer = await explained(firm, user_id=user.id)
    assert not answer.allowed
    would = {rule.grant.role_id for rule in answer.rules}
    assert would == {role.id, firm.administrator_role}
    assert {rule.finding for rule in answer.rules} == {FINDING.FINDING_WOULD_ALLOW}
    # Whoever may not read roles learns of none.
    me = firm.world.signed_in(firm.tenant_id, user.id)
    assert not (await explained(firm, me)).rules


async def test_a_disabled_person_is_explained_as_inactive(firm):
    me = await firm.person((*UPDATE, "all"))
    await firm.call("DisableUser", id=me.user_id)
    answer = await explained(firm, user_id=me.user_id)
    assert answer.inactive
    assert not answer.allowed


async def test_nobody_asks_about_others_without_permission(firm):
    me, them = await firm.member(), await firm.person((*UPDATE, "all"))
    assert await refusal(explained(firm, me, user_id=them.user_id)) == "PERMISSION_DENIED"
    assert (await explained(firm, me, user_id=me.user_id)).allowed is False


async def test_the_permission_to_ask_about_others_can_be_given(firm):
    helpdesk = await firm.person(("identity.Access", "explain", "all"))
    them = await firm.person((*UPDATE, "all"))
    assert (await explained(firm, helpdesk, user_id=them.user_id)).allowed


async def test_nobody_learns_of_a_record_they_cannot_read(firm):
    me = await firm.member()
    record = await firm.source()
    attempt = explained(firm, me, record_id=record.id)
    assert await refusal(attempt) in ("NOT_FOUND", "PERMISSION_DENIED")


async def test_a_question_about_nothing_there_is_is_refused(firm):
    record = await firm.source()
    with pytest.raises(errors.Invalid):
        await explained(firm, resource="party.Sauce", record_id=record.id)
    with pytest.raises(errors.Invalid):
        await explained(firm, user_id="nobody")


async def test_access_to_ones_own_firm_is_explained_although_nobody_owns_it(firm):
    answer = await explained(firm, resource="identity.Tenant", record_id=firm.tenant_id)
    assert answer.allowed


async def test_a_stranger_of_another_firm_is_nobody_here(firm, found):
    stranger = (await found()).admin
    assert (await explained(firm, user_id=stranger.user_id)).inactive
