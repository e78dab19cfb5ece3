"""The tree of units: as it is, as it was, whoever moves what at the same time (PLT-33)."""

import asyncio
import random
import uuid

import pytest
from banyan.api.v1 import tree_pb2
from tree_steps import DAY, assert_one_tree, date, days_pass, move, refusal, tree

from chassis import errors


async def test_a_move_is_one_change_and_one_fact(firm):
    here, there = await firm.unit(), await firm.unit()
    unit = await firm.unit(here)
    below = await firm.unit(unit)
    seen = len(await firm.changes())
    moved = await move(firm, unit, there)
    assert (moved.org_unit_id, moved.etag) == (there, "2")
    assert moved == await firm.call("GetOrgUnit", id=unit)
    (change,) = (await firm.changes())[seen:]
    assert (change.verb, change.resource_id, change.version) == ("move", unit, 2)
    (packed,) = change.facts
    fact = tree_pb2.TreeNodeMoved()
    assert packed.Unpack(fact)
    top, old, new, own = (node.replace("-", "") for node in (firm.top, here, there, unit))
    assert fact.resource_type == "identity.banyan/OrgUnit"
    assert fact.node_id == unit
    assert fact.old_path_prefix == f"{top}.{old}.{own}."
    assert fact.new_path_prefix == f"{top}.{new}.{own}."
    today = firm.today
    assert fact.effective_date == type(fact.effective_date)(**date(today))
    assert (await firm.call("GetOrgUnit", id=below)).etag == "1"
    await assert_one_tree(firm)


async def test_a_move_rewrites_nothing_that_lies_in_the_unit(firm):
    """PLT-33: people, rights and records of other services follow without being touched."""
    here, there = await firm.unit(), await firm.unit()
    unit = await firm.unit(here)
    person = await firm.person(("party.Source", "read", "subtree"), unit=unit)
    await firm.source(person.user_id, unit)

    async def rows() -> list[tuple]:
        found = []
        for service, table in (
            ("identity", "user"), ("identity", "role_assignment"), ("identity", "legal_entity"),
            ("party", "source"),
        ):  # fmt: skip
            sql = f"SELECT id::text, xmin::text, ctid::text FROM {service}.{table} ORDER BY id"
            found += [tuple(row) for row in await firm.rows(sql, service=service)]
        return found

    before = await rows()
    assert len(before) >= 6
    await move(firm, unit, there)
    assert await rows() == before


async def test_a_filter_by_subtree_follows_a_move_at_once(firm):
    """PLT-33."""
    here, there = await firm.unit(), await firm.unit()
    unit = await firm.unit(here)
    below = await firm.unit(unit)

    async def within(top):
        reply = await firm.call("ListOrgUnits", filter=f'subtree(id, "{top}")')
        return {found.id for found in reply.org_units}

    assert await within(here) == {here, unit, below}
    assert await within(there) == {there}
    await move(firm, unit, there)
    assert await within(here) == {here}
    assert await within(there) == {there, unit, below}
    assert await within(unit) == {unit, below}


async def test_a_filter_by_the_unit_of_a_record_follows_a_move(firm, until):
    """PLT-33: what lies in a unit is counted with the units above it, in every service."""
    here, there = await firm.unit(), await firm.unit()
    unit = await firm.unit(here)
    source = await firm.source(unit=unit)

    async def counted_in(top) -> bool:
        asked = f'subtree(orgUnitId, "{top}")'
        reply = await firm.call("ListSources", filter=asked, wire=True)
        return source.id in {found.id for found in reply.sources}

    await until(lambda: counted_in(here))
    await move(firm, unit, there)
    await until(lambda: counted_in(there))
    assert not await counted_in(here)


async def test_the_tree_can_be_read_as_it_was_before_a_move(firm):
    here, there = await firm.unit(), await firm.unit()
    unit = await firm.unit(here)
    below = await firm.unit(unit)
    await days_pass(firm, 10)
    today = firm.today
    await move(firm, unit, there, today - 4 * DAY)
    for day, parent in (
        (today, there), (today - 4 * DAY, there), (today - 5 * DAY, here), (today - 10 * DAY, here),
    ):  # fmt: skip
        then = await tree(firm, day)
        assert then == {firm.top: "", here: firm.top, there: firm.top, unit: parent, below: unit}
    assert await tree(firm) == await tree(firm, today)
    assert await tree(firm, today - 11 * DAY) == {}
    await assert_one_tree(firm)


async def test_a_tree_is_told_from_the_top_down(firm):
    unit = await firm.unit()
    for _ in range(3):
        unit = await firm.unit(unit)
    seen = {""}
    for node in (await firm.call("ReadOrgTree")).nodes:
        assert node.org_unit_id in seen
        assert node.name
        assert node.kind
        seen.add(node.id)


async def test_a_back_dated_move_leaves_every_unit_below_one_that_was_there(firm):
    """Else the tree of that day has a unit below something that is not in it."""
    unit = await firm.unit()
    await days_pass(firm, 10)
    newcomer = await firm.unit()
    day = firm.today - 5 * DAY
    try:
        await move(firm, unit, newcomer, day)
    except errors.FailedPrecondition:
        return
    then = await tree(firm, day)
    assert set(then.values()) - {""} <= set(then)


async def test_a_day_that_is_none_is_refused(firm):
    for text in ("yesterday", "2026-13-01", "2026-2-1"):
        with pytest.raises(errors.Invalid):
            await tree(firm, text)
    unit, to = await firm.unit(), await firm.unit()
    for half in ({"year": 2026}, {"year": 2026, "month": 2, "day": 30}):
        with pytest.raises(errors.Invalid):
            await firm.call("MoveOrgUnit", id=unit, org_unit_id=to, effective_date=half)


async def test_nothing_is_moved_into_itself(firm):
    unit = await firm.unit()
    below = await firm.unit(await firm.unit(unit))
    for to in (unit, below):
        assert await refusal(move(firm, unit, to)) == "MOVE_INTO_ITSELF"
    assert await refusal(move(firm, firm.top, below)) == "MOVE_INTO_ITSELF"
    await assert_one_tree(firm)


async def test_nothing_is_moved_into_itself_on_any_day_of_the_past(firm):
    """Today it would be fine; between the two moves the tree would have had a cycle."""
    unit, other = await firm.unit(), await firm.unit()
    await days_pass(firm, 10)
    await move(firm, other, unit, firm.today - 8 * DAY)
    await move(firm, other, firm.top, firm.today - 2 * DAY)
    for days in (8, 5, 3):
        attempt = move(firm, unit, other, firm.today - days * DAY)
        assert await refusal(attempt) == "MOVE_INTO_ITSELF"
    await move(firm, unit, other, firm.today - 2 * DAY)
    await assert_one_tree(firm)


async def test_a_move_does_not_begin_before_the_one_before_it(firm):
    here, there, unit = [await firm.unit() for _ in range(3)]
    await days_pass(firm, 10)
    await move(firm, unit, here, firm.today - 4 * DAY)
    attempt = move(firm, unit, there, firm.today - 5 * DAY)
    assert await refusal(attempt) == "MOVE_BEFORE_LAST"
    await move(firm, unit, there, firm.today - 4 * DAY)
    assert (await tree(firm, firm.today - 4 * DAY))[unit] == there
    assert (await tree(firm, firm.today - 5 * DAY))[unit] == firm.top
    assert await refusal(move(firm, unit, here, firm.today - 20 * DAY)) == "MOVE_BEFORE_LAST"
    await assert_one_tree(firm)


async def test_nothing_moves_in_the_future(firm):
    unit, to = await firm.unit(), await firm.unit()
    assert await refusal(move(firm, unit, to, firm.today + DAY)) == "MOVE_IN_FUTURE"


async def test_today_is_the_day_it_is_where_the_firm_is(found):
    """One of these two is always on another day than Greenwich."""
    for time_zone in ("Etc/GMT-14", "Etc/GMT+12"):
        firm = await found(time_zone)
        unit, to = await firm.unit(), await firm.unit()
        assert await refusal(move(firm, unit, to, firm.today + DAY)) == "MOVE_IN_FUTURE"
        await move(firm, unit, to, firm.today)
        assert (await tree(firm))[unit] == to


async def test_a_deleted_unit_is_gone_from_the_tree_of_that_day_wherever_the_firm_is(found):
    for time_zone in ("Etc/GMT-14", "Etc/GMT+12"):
        firm = await found(time_zone)
        unit = await firm.unit()
        await days_pass(firm, 3)
        await firm.call("DeleteOrgUnit", id=unit)
        assert unit not in await tree(firm), time_zone
        assert unit in await tree(firm, firm.today - DAY), time_zone


async def test_a_move_to_where_it_stands_is_no_change(firm):
    unit = await firm.unit()
    seen = len(await firm.changes())
    assert (await move(firm, unit, firm.top)).etag == "1"
    assert len(await firm.changes()) == seen


async def test_there_and_back_again_on_one_day_leaves_one_edge(firm):
    there, unit = await firm.unit(), await firm.unit()
    await days_pass(firm, 10)
    await move(firm, unit, there)
    await move(firm, unit, firm.top)
    assert (await tree(firm))[unit] == firm.top
    assert (await tree(firm, firm.today - DAY))[unit] == firm.top
    await assert_one_tree(firm)


async def test_a_unit_changes_its_place_only_by_a_move(firm):
    unit, to = await firm.unit(), await firm.unit()
    with pytest.raises(errors.Invalid) as caught:
        patch = {"id": unit, "org_unit_id": to}
        await firm.call("UpdateOrgUnit", org_unit=patch, update_mask={"paths": ["org_unit_id"]})
    assert [(v.path, v.reason) for v in caught.value.violations] == [
        ("org_unit.org_unit_id", "IMMUTABLE")
    ]


async def test_a_move_with_an_old_etag_or_sent_twice(firm):
    here, there, unit = [await firm.unit() for _ in range(3)]
    first = await move(firm, unit, here, request_id="once")
    assert await move(firm, unit, here, request_id="once") == first
    assert await refusal(move(firm, unit, there, etag="1")) == "STALE_ETAG"
    assert len(await firm.changes(unit)) == 2


async def test_a_move_needs_rights_on_both_places(firm):
    mine, theirs = await firm.unit(), await firm.unit()
    inside, outside = await firm.unit(mine), await firm.unit(theirs)
    lead = await firm.person(("identity.OrgUnit", "move", "subtree"), unit=mine)
    await firm.assign(lead.user_id, firm.member_role)
    for unit, to in ((inside, theirs), (outside, mine)):
        attempt = firm.call("MoveOrgUnit", lead, id=unit, org_unit_id=to)
        assert await refusal(attempt) == "OUTSIDE_REACH"


async def test_whoever_moves_units_need_not_see_their_owners(firm):
    """A move checks the place it is about; the owner stays whoever it was."""
    here, there = await firm.unit(), await firm.unit()
    lead = await firm.person(("identity.OrgUnit", "*", "all"))
    moved = await firm.call("MoveOrgUnit", lead, id=here, org_unit_id=there)
    assert moved.org_unit_id == there


async def test_a_unit_to_be_moved_to_must_be_there(firm, found):
    unit = await firm.unit()
    gone = await firm.unit()
    await firm.call("DeleteOrgUnit", id=gone)
    for to in (gone, str(uuid.uuid4()), (await found()).top):
        with pytest.raises((errors.Invalid, errors.FailedPrecondition)):
            await move(firm, unit, to)
    assert (await firm.call("GetOrgUnit", id=unit)).etag == "1"


# --- deleting and reviving


async def test_what_has_units_below_it_is_not_deleted(firm):
    unit = await firm.unit()
    below = await firm.unit(unit)
    assert await refusal(firm.call("DeleteOrgUnit", id=unit)) == "HAS_CHILDREN"
    assert await refusal(firm.call("DeleteOrgUnit", id=firm.top)) == "HAS_CHILDREN"
    await firm.call("DeleteOrgUnit", id=below)
    await firm.call("DeleteOrgUnit", id=unit)
    assert await tree(firm) == {firm.top: ""}


async def test_what_hangs_on_a_deleted_unit_is_not_revived(firm):
    unit = await firm.unit()
    below = await firm.unit(unit)
    for one in (below, unit):
        await firm.call("DeleteOrgUnit", id=one)
    assert await refusal(firm.call("UndeleteOrgUnit", id=below)) == "PARENT_DELETED"
    await firm.call("UndeleteOrgUnit", id=unit)
    await firm.call("UndeleteOrgUnit", id=below)
    assert await tree(firm) == {firm.top: "", unit: firm.top, below: unit}


async def test_a_deleted_unit_goes_along_when_the_one_above_it_moves(firm):
    there, unit = await firm.unit(), await firm.unit()
    below = await firm.unit(unit)
    await firm.call("DeleteOrgUnit", id=below)
    assert await refusal(move(firm, below, there)) == "RECORD_DELETED"
    await move(firm, unit, there)
    await firm.call("UndeleteOrgUnit", id=below)
    await assert_one_tree(firm)


# --- a unit made a moment ago


async def test_a_unit_made_a_moment_ago_can_be_used_at_once(firm):
    """PLT-02: no service waits for its mirror of the tree."""
    unit = firm.top
    for _ in range(5):
        unit = await firm.unit(unit)
        assert (await firm.user(unit)).org_unit_id == unit
        assert (await firm.source(unit=unit)).org_unit_id == unit
        assert (await firm.assign(firm.admin.user_id, firm.member_role, unit)).org_unit_id == unit


async def test_whoever_runs_a_subtree_uses_a_unit_made_in_it_a_moment_ago(firm):
    """PLT-02: it lies within their reach from the moment it is there."""
    top = await firm.unit()
    lead = await firm.person(
        ("identity.OrgUnit", "*", "subtree"),
        ("identity.User", "*", "subtree"),
        ("party.Source", "*", "subtree"),
        unit=top,
    )
    for _ in range(5):
        unit = await firm.unit(top, lead)
        assert (await firm.user(unit, lead)).org_unit_id == unit
        assert (await firm.source(unit=unit, person=lead)).org_unit_id == unit


async def test_whoever_runs_a_subtree_gives_roles_in_a_unit_made_a_moment_ago(firm):
    """PLT-02: the giver's reach has the unit as soon as it is there, too."""
    top = await firm.unit()
    lead = await firm.person(
        ("identity.OrgUnit", "*", "subtree"),
        ("identity.User", "*", "subtree"),
        ("identity.RoleAssignment", "*", "subtree"),
        ("identity.Role", "read", "all"),
        ("party.Source", "read", "subtree"),
        unit=top,
    )
    role = await firm.role(("party.Source", "read", "subtree"))
    user = await firm.user(top, lead)
    for _ in range(5):
        unit = await firm.unit(top, lead)
        assert (await firm.assign(user.id, role.id, unit, lead)).org_unit_id == unit


# --- at the same time


async def gathered(*attempts) -> list[str]:
    """Run attempts at once; give what refused the ones that failed."""
    results = await asyncio.gather(*attempts, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, errors.Error):
            raise result
    return [result.reason for result in results if isinstance(result, errors.Error)]


async def test_two_opposite_moves_at_once_make_no_cycle(firm):
    one, other = await firm.unit(), await firm.unit()
    for _ in range(25):
        refused = await gathered(move(firm, one, other), move(firm, other, one))
        assert refused == ["MOVE_INTO_ITSELF"]
        await assert_one_tree(firm)
        for unit in (one, other):
            await move(firm, unit, firm.top)


async def test_any_moves_at_once_make_no_cycle(firm):
    chance = random.Random(1)
    units = [await firm.unit() for _ in range(6)]
    for _ in range(12):
        moves = [chance.sample(units, 2) for _ in range(6)]
        refused = await gathered(*(move(firm, unit, to) for unit, to in moves))
        assert set(refused) <= {"MOVE_INTO_ITSELF", "BUSY_RECORD"}
        await assert_one_tree(firm)


async def test_a_unit_made_while_the_one_above_it_moves_or_goes_stands_where_it_should(firm):
    there = await firm.unit()
    for _ in range(10):
        unit = await firm.unit()
        refused = await gathered(firm.unit(unit), move(firm, unit, there), firm.unit(unit))
        assert refused == []
        last = await firm.unit()
        refused = await gathered(
            firm.unit(last), firm.call("DeleteOrgUnit", id=last), move(firm, unit, last)
        )
        assert set(refused) <= {"HAS_CHILDREN", "PARENT_DELETED", "INVALID_FIELDS"}
        await assert_one_tree(firm)
        living = await firm.rows(
            "SELECT id::text, org_unit_id::text FROM identity.org_unit WHERE delete_time IS NULL"
        )
        assert {row[1] for row in living} - {None} <= {row[0] for row in living}
