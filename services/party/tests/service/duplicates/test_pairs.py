"""Pairs of records that may be of the same are put before people, each once (PLT-17)."""

import asyncio
import itertools

import pytest
from banyan.party.v1 import duplicate_pb2, match_pb2

from chassis import errors
from chassis.access import Scope
from chassis.events import ConsumerRunner, Event
from party import duplicate

Duplicate = duplicate_pb2.Duplicate
CODE = "91440300192203821A"
NAME = "华为技术有限公司"


async def two(firm, **fields):
    """Capture the same twice on purpose."""
    first = await firm.organization(name=NAME, **fields)
    second = await firm.organization(name="深圳市华为技术有限公司", allow_duplicate=True, **fields)
    return first, second


def ids(pair) -> set[str]:
    return {
        pair.organization_id, pair.other_organization_id, pair.contact_id, pair.other_contact_id
    } - {""}  # fmt: skip


async def test_two_that_may_be_the_same_are_a_pair(firm):
    first, second = await two(firm, tax_id=CODE)
    await firm.organization(name="华为终端有限公司")
    (pair,) = await firm.pairs()
    assert ids(pair) == {first.id, second.id}
    assert pair.organization_id < pair.other_organization_id
    assert {pair.organization_name, pair.other_organization_name} == {first.name, second.name}
    assert (pair.status, pair.score.value) == (Duplicate.STATUS_OPEN, "0.99")
    assert pair.reason == match_pb2.MATCH_REASON_SAME_TAX_ID
    assert [e.weight.value for e in pair.evidence] == ["0.95", "0.75"]
    assert pair.owner_user_id == firm.boss.user_id
    assert pair.org_unit_id == firm.boss.org_unit_id
    (change,) = await firm.changes(pair.id)
    assert (change.actor_service, change.verb) == ("party", "create")


async def test_two_people_are_a_pair(firm):
    first = await firm.contact(name="李娜", mobile="138 0013 8000")
    second = await firm.contact(name="李 娜", phone="+86 13800138000")
    await firm.contact(name="李娜")
    (pair,) = await firm.pairs()
    assert ids(pair) == {first.id, second.id}
    assert {pair.contact_name, pair.other_contact_name} == {"李娜", "李 娜"}
    assert pair.score.value == "0.70"


async def test_pairs_are_listed_counted_and_ordered(firm):
    await two(firm, tax_id=CODE)
    for name in ("TCL集团", "ＴＣＬ集团股份有限公司"):
        await firm.organization(name=name)
    found = await firm.pairs(order_by="score desc", filter="status = OPEN AND score > 0.5")
    assert [pair.score.value for pair in found] == ["0.99", "0.75"]
    summary = await firm.call("SummarizeDuplicates", group_by="reason")
    counts = {g.keys["reason"].string_value: g.values["count"].string_value for g in summary.groups}
    assert counts == {"SAME_TAX_ID": "1", "SAME_NAME": "1"}


async def test_an_import_of_the_same_again_is_as_many_pairs(firm):
    """PLT-19: what came in twice is found afterwards, each pair once."""
    names = [f"企业{n}号精密机械有限公司" for n in ("壹", "贰", "叁")]
    for _ in range(2):
        rows = [{"organization": {"name": name, "phone": "0755-28780808"}} for name in names]
        await firm.call("BatchCreateOrganizations", requests=rows)
    found = await firm.pairs(filter="score > 0.8")
    assert len(found) == 3
    assert len({frozenset(ids(pair)) for pair in found}) == 3


async def test_a_pair_is_there_once_however_often_its_records_change(firm):
    first, second = await two(firm)
    for n in range(3):
        await asyncio.gather(
            *(firm.update("Organization", one.id, note=f"{n}") for one in (first, second))
        )
    (pair,) = await firm.pairs()
    assert pair.etag == "1"


async def test_an_event_that_comes_again_or_late_makes_no_second_pair(firm):
    """PLT-01: delivery is at least once and in any order, the effect is one."""
    first, _ = await two(firm)
    (before,) = await firm.pairs()
    await firm.update("Organization", first.id, name="something else entirely")
    (lapsed,) = await firm.pairs()
    assert lapsed.status == Duplicate.STATUS_LAPSED
    here, broker = firm.world.host.here["party"], firm.world.host.brokers["party"]
    runner = ConsumerRunner(duplicate.consumer(here), here.database, broker)
    for change in await firm.changes(first.id):
        event = Event(change.id, firm.tenant_id, "x", change.SerializeToString())
        await runner.apply(firm.tenant_id, [event])
        async with here.database.transaction(firm.tenant_id) as transaction:
            await duplicate.follow(here, event, transaction)
    assert await firm.pairs() == [lapsed]
    assert before.id == lapsed.id


async def test_who_dismisses_a_pair_is_not_asked_again(firm):
    first, second = await two(firm)
    (pair,) = await firm.pairs()
    done = await firm.call("DismissDuplicate", id=pair.id, reason="two plants")
    assert (done.status, done.close_reason) == (Duplicate.STATUS_DISMISSED, "two plants")
    assert done.closed_by_user_id == firm.boss.user_id
    await firm.update("Organization", second.id, note="changed")
    await firm.update("Organization", first.id, name="华为技术股份有限公司")
    assert [one.status for one in await firm.pairs()] == [Duplicate.STATUS_DISMISSED]


async def test_what_was_dismissed_comes_back_when_more_speaks_for_it(firm):
    first, second = await two(firm)
    (pair,) = await firm.pairs()
    await firm.call("DismissDuplicate", id=pair.id, reason="two plants")
    for one in (first, second):
        await firm.update("Organization", one.id, phone="0755-28780808")
    (again,) = await firm.pairs()
    assert (again.id, again.status, again.score.value) == (
        pair.id, Duplicate.STATUS_OPEN, "0.85",
    )  # fmt: skip
    assert not again.closed_by_user_id
    assert not again.HasField("close_time")


async def test_a_pair_lapses_when_one_is_gone_and_comes_back_with_it(firm):
    first, _ = await two(firm)
    await firm.pairs()
    await firm.call("DeleteOrganization", id=first.id)
    assert [pair.status for pair in await firm.pairs()] == [Duplicate.STATUS_LAPSED]
    await firm.call("UndeleteOrganization", id=first.id)
    assert [pair.status for pair in await firm.pairs()] == [Duplicate.STATUS_OPEN]


async def test_a_pair_is_dismissed_once(firm, refusal):
    await two(firm)
    (pair,) = await firm.pairs()
    request = {"id": pair.id, "reason": "two plants"}
    done = await firm.call("DismissDuplicate", **request, request_id="r")
    assert await firm.call("DismissDuplicate", **request, request_id="r") == done
    error = await refusal(firm.call("DismissDuplicate", **request))
    assert (error.reason, error.metadata) == ("DUPLICATE_CLOSED", {"status": "DISMISSED"})
    error = await refusal(firm.call("DismissDuplicate", id=pair.id, reason=""))
    assert [v.path for v in error.violations] == ["reason"]


# --- walls


async def test_who_sees_one_of_two_does_not_see_the_pair(firm, refusal):
    """PLT-16: the pair would tell that there is another one, and which."""
    rights = [("party.Organization", "*", Scope.OWN), ("party.Duplicate", "*", Scope.OWN)]
    rep, colleague = await firm.person(*rights), await firm.person(*rights)
    unit = await firm.world.unit(firm.tenant_id)
    manager = await firm.person(("*", "*", Scope.UNIT), unit=unit)
    await firm.organization(rep, name=NAME, org_unit_id="")
    await firm.organization(colleague, name="深圳市华为技术有限公司")
    hidden = await firm.pairs()
    assert len(hidden) == 1
    assert (hidden[0].owner_user_id, hidden[0].org_unit_id) == ("", firm.boss.org_unit_id)
    for person in (rep, colleague, manager):
        assert not await firm.pairs(person)
        for attempt in (
            firm.call("GetDuplicate", person, id=hidden[0].id),
            firm.call("DismissDuplicate", person, id=hidden[0].id, reason="x"),
        ):
            assert type(await refusal(attempt)) is errors.NotFound


async def test_who_owns_both_decides(firm):
    rights = [("party.Organization", "*", Scope.OWN), ("party.Duplicate", "*", Scope.OWN)]
    rep = await firm.person(*rights)
    for name in (NAME, "深圳市华为技术有限公司"):
        await firm.organization(rep, name=name)
    (pair,) = await firm.pairs(rep)
    assert {pair.organization_name, pair.other_organization_name} == {
        NAME, "深圳市华为技术有限公司",
    }  # fmt: skip
    done = await firm.call("DismissDuplicate", rep, id=pair.id, reason="two plants")
    assert done.closed_by_user_id == rep.user_id


async def test_a_pair_goes_where_its_records_go(firm):
    first, second = await two(firm)
    unit = await firm.world.unit(firm.tenant_id)
    await firm.update("Organization", first.id, org_unit_id=unit)
    assert [pair.org_unit_id for pair in await firm.pairs()] == [""]
    await firm.update("Organization", second.id, org_unit_id=unit)
    assert [pair.org_unit_id for pair in await firm.pairs()] == [unit]


async def test_many_with_one_switchboard_are_no_crowd_of_pairs(firm):
    """A telephone says little by itself: colleagues are no one person."""
    names = map("".join, itertools.product("王李张刘陈杨赵黄周吴", "伟芳娜敏静丽强磊"))
    rows = [{"contact": {"name": name, "phone": "0755-28780808"}} for name in names]
    await firm.call("BatchCreateContacts", requests=rows)
    assert not await firm.pairs()


@pytest.mark.parametrize("count", [30])
async def test_one_record_has_at_most_twenty_pairs_from_one_look(firm, count):
    rows = [{"organization": {"name": "华为技术有限公司"}} for _ in range(count)]
    await firm.call("BatchCreateOrganizations", requests=rows)
    found = await firm.pairs(page_size=1000)
    per_record: dict[str, int] = {}
    for pair in found:
        for one in ids(pair):
            per_record[one] = per_record.get(one, 0) + 1
    assert len(per_record) == count, "everyone of them is in some pair"
    assert len(found) <= count * duplicate.PAIRS_MAX
