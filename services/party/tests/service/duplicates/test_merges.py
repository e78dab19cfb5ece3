"""Two records become one, and two again (PLT-17)."""

import asyncio

import pytest
from banyan.party.v1 import events_pb2, merge_pb2

from chassis import errors

Merge = merge_pb2.Merge
DONE, UNDONE = Merge.STATUS_DONE, Merge.STATUS_UNDONE
ORGANIZATION, CONTACT = "party.banyan/Organization", "party.banyan/Contact"


async def two(firm, person=None):
    """Make two organizations of one, with what hangs on them."""
    kept = await firm.organization(person, name="华为", roles=["customer"], phone="1")
    gone = await firm.organization(
        person, name="华为技术有限公司", roles=["partner"], city="深圳", external_id="x"
    )
    return kept, gone


def moved(merge) -> dict[tuple[str, str], set[str]]:
    return {(one.resource_type, one.field): set(one.resource_ids) for one in merge.moved}


def same(one, other, *but: str) -> bool:
    """Tell whether two states of a record differ in nothing but their versions and these."""
    a, b = type(one)(), type(other)()
    for copy, record in ((a, one), (b, other)):
        copy.CopyFrom(record)
        for name in ("etag", "update_time", *but):
            copy.ClearField(name)
    return a == b


async def test_one_of_two_stays_with_what_was_chosen_of_the_other(firm):
    kept, gone = await two(firm)
    merge = await firm.merge("Organization", kept, gone, "name", "externalId")
    now, then = [await firm.get("Organization", one.id) for one in (kept, gone)]
    assert (now.name, now.phone, now.city, now.external_id) == ("华为技术有限公司", "1", "", "x")
    assert list(now.roles) == ["customer", "partner"]
    assert (now.etag, then.etag) == ("2", "2")
    assert then.HasField("delete_time")
    assert then.merged_into_organization_id == kept.id
    assert then.merged_into_organization_name == "华为技术有限公司"
    assert same(then, gone, "delete_time", "merged_into_organization_id",
                "merged_into_organization_name")  # fmt: skip
    assert (merge.status, merge.organization_id, merge.merged_organization_id) == (
        DONE, kept.id, gone.id,
    )  # fmt: skip
    assert list(merge.fields) == ["name", "external_id"]
    (change,) = merge.changes
    assert (change.resource_type, change.resource_id) == (ORGANIZATION, kept.id)
    before = {f.path: f.old_value for f in change.fields}
    assert before.keys() == {"name", "external_id", "roles"}
    assert before["name"].string_value == "华为"
    assert before["external_id"].HasField("null_value")
    assert await firm.call("GetMerge", id=merge.id) == merge
    assert merge.merged_organization_name == "华为技术有限公司"
    assert (merge.creator_user_id, merge.owner_user_id) == (firm.boss.user_id,) * 2


async def test_everything_that_refers_to_the_one_refers_to_the_other(firm):
    kept, gone = await two(firm)
    daughter = await firm.organization(parent_organization_id=gone.id)
    people = [await firm.contact(name=n, organization_id=gone.id) for n in ("李娜", "王伟")]
    own = await firm.contact(name="陈静", organization_id=kept.id)
    talk = await firm.call(
        "CreateCommunication",
        communication={
            "subject": "visit", "start_time": {"seconds": 1}, "organization_id": gone.id,
            "contact_id": people[0].id,
        },
    )  # fmt: skip
    merge = await firm.merge("Organization", kept, gone)
    assert moved(merge) == {
        (ORGANIZATION, "parent_organization_id"): {daughter.id},
        (CONTACT, "organization_id"): {one.id for one in people},
        ("party.banyan/Communication", "organization_id"): {talk.id},
    }
    assert merge.moved_count == 4
    for one in people:
        now = await firm.get("Contact", one.id)
        assert (now.organization_id, now.organization_name) == (kept.id, "华为")
        assert same(now, one, "organization_id", "organization_name")
        (_, change) = await firm.changes(one.id)
        assert (change.verb, change.actor_user_id) == ("update", firm.boss.user_id)
        assert [f.path for f in change.fields] == ["organization_id"]
    assert (await firm.get("Contact", own.id)) == own
    assert (await firm.get("Communication", talk.id)).organization_id == kept.id
    assert (await firm.get("Organization", daughter.id)).parent_organization_id == kept.id


async def test_people_are_merged_like_organizations(firm):
    kept = await firm.contact(name="李娜", email="li.na@example.com")
    gone = await firm.contact(name="Li Na", email="li.na@x.cn", mobile="138 0013 8000")
    talk = await firm.call(
        "CreateCommunication",
        communication={
            "subject": "call", "start_time": {"seconds": 1}, "contact_id": gone.id,
        },
    )  # fmt: skip
    merge = await firm.merge("Contact", kept, gone, "mobile")
    now = await firm.get("Contact", kept.id)
    assert (now.name, now.email, now.mobile) == ("李娜", "li.na@example.com", "138 0013 8000")
    assert moved(merge) == {("party.banyan/Communication", "contact_id"): {talk.id}}
    await firm.call("UndoMerge", id=merge.id)
    assert same(await firm.get("Contact", kept.id), kept)
    assert same(await firm.get("Contact", gone.id), gone)
    assert same(await firm.get("Communication", talk.id), talk)


async def test_a_merge_is_made_known_as_a_fact(firm):
    kept, gone = await two(firm)
    merge = await firm.merge("Organization", kept, gone)
    undone = await firm.call("UndoMerge", id=merge.id)
    made, taken_back = await firm.changes(merge.id)
    told = {
        "resource_type": ORGANIZATION, "from_id": gone.id, "into_id": kept.id,
        "merge_id": merge.id, "user_id": firm.boss.user_id,
    }  # fmt: skip
    fact, other = events_pb2.RecordsMerged(), events_pb2.MergeUndone()
    assert made.facts[0].Unpack(fact)
    assert taken_back.facts[0].Unpack(other)
    assert fact == events_pb2.RecordsMerged(**told)
    assert other == events_pb2.MergeUndone(**told)
    assert (made.verb, taken_back.verb, undone.etag) == ("create", "undo", "2")
    verbs = [[c.verb for c in await firm.changes(one.id)] for one in (kept, gone)]
    assert verbs == [["create", "merge", "unmerge"], ["create", "delete", "undelete"]]


# --- places in the group


@pytest.mark.parametrize("depth", [1, 2, 3])
async def test_who_is_merged_with_its_mother_takes_her_place(firm, depth):
    top = await firm.organization(name="top")
    chain = [await firm.organization(name="mother", parent_organization_id=top.id)]
    for n in range(depth):
        chain.append(
            await firm.organization(name=f"below {n}", parent_organization_id=chain[-1].id)
        )
    mother, daughter = chain[0], chain[-1]
    merge = await firm.merge("Organization", daughter, mother)
    now = await firm.get("Organization", daughter.id)
    assert now.parent_organization_id == top.id
    for between in chain[1:-1]:
        above = (await firm.get("Organization", between.id)).parent_organization_id
        assert above == (daughter.id if between is chain[1] else chain[chain.index(between) - 1].id)
    await firm.call("UndoMerge", id=merge.id)
    for one in chain:
        assert same(await firm.get("Organization", one.id), one)


async def test_who_is_merged_with_its_daughter_does_not_stand_above_itself(firm):
    mother = await firm.organization(name="mother")
    between = await firm.organization(name="between", parent_organization_id=mother.id)
    daughter = await firm.organization(name="daughter", parent_organization_id=between.id)
    grandchild = await firm.organization(name="grandchild", parent_organization_id=daughter.id)
    merge = await firm.merge("Organization", mother, daughter, "parent_organization_id")
    assert (await firm.get("Organization", mother.id)).parent_organization_id == ""
    moved_one = await firm.get("Organization", grandchild.id)
    assert moved_one.parent_organization_id == mother.id
    await firm.call("UndoMerge", id=merge.id)
    for one in (mother, between, daughter, grandchild):
        assert same(await firm.get("Organization", one.id), one)


async def test_what_went_before_goes_on_with_it(firm):
    """A, merged into B, says where it is when B is merged into C, and again when that is undone."""
    a, b, c = [await firm.organization(name=name) for name in "ABC"]
    first = await firm.merge("Organization", b, a)
    second = await firm.merge("Organization", c, b)
    assert (await firm.get("Organization", a.id)).merged_into_organization_id == c.id
    error = await first_refusal(firm, first)
    assert error.reason == "LATER_MERGE_FIRST"
    await firm.call("UndoMerge", id=second.id)
    assert (await firm.get("Organization", a.id)).merged_into_organization_id == b.id
    await firm.call("UndoMerge", id=first.id)
    for one in (a, b, c):
        assert same(await firm.get("Organization", one.id), one)


async def first_refusal(firm, merge) -> errors.Error:
    with pytest.raises(errors.FailedPrecondition) as caught:
        await firm.call("UndoMerge", id=merge.id)
    return caught.value


# --- undoing


async def test_undoing_makes_two_of_one_as_they_were(firm):
    kept, gone = await two(firm)
    people = [await firm.contact(name=n, organization_id=gone.id) for n in ("李娜", "王伟")]
    merge = await firm.merge("Organization", kept, gone, "name", "city", "external_id")
    undone = await firm.call("UndoMerge", id=merge.id)
    assert (undone.status, undone.undone_by_user_id) == (UNDONE, firm.boss.user_id)
    assert undone.HasField("undo_time")
    assert not undone.untouched
    for one in (kept, gone):
        assert same(await firm.get("Organization", one.id), one)
    for one in people:
        assert same(await firm.get("Contact", one.id), one)
    # They can be merged again, the other way round too.
    again = await firm.merge("Organization", gone, kept)
    assert again.organization_id == gone.id


async def test_what_people_changed_since_is_listed_and_left(firm):
    kept, gone = await two(firm)
    elsewhere = await firm.organization(name="elsewhere")
    stays, leaves, dies, new = [
        await firm.contact(name=name, organization_id=gone.id if name != "new" else "")
        for name in ("stays", "leaves", "dies", "new")
    ]
    merge = await firm.merge("Organization", kept, gone, "name", "city")
    await firm.update("Organization", kept.id, city="东莞", note="ours")
    await firm.update("Contact", leaves.id, organization_id=elsewhere.id)
    await firm.update("Contact", new.id, organization_id=kept.id)
    await firm.update("Contact", stays.id, job_title="Buyer")
    await firm.call("DeleteContact", id=dies.id)
    undone = await firm.call("UndoMerge", id=merge.id)
    left = {(one.resource_type, one.resource_id, one.field) for one in undone.untouched}
    assert left == {
        (ORGANIZATION, kept.id, "city"),
        (CONTACT, leaves.id, "organization_id"),
    }
    now = await firm.get("Organization", kept.id)
    assert (now.name, now.city, now.note) == ("华为", "东莞", "ours")
    assert list(now.roles) == ["customer"]
    places = {one.name: (await firm.get("Contact", one.id)).organization_id
              for one in (stays, leaves, dies, new)}  # fmt: skip
    assert places == {
        "stays": gone.id, "leaves": elsewhere.id, "dies": gone.id, "new": kept.id,
    }  # fmt: skip
    assert (await firm.get("Contact", stays.id)).job_title == "Buyer"


async def test_a_merge_is_undone_once(firm, refusal):
    merge = await firm.merge("Organization", *await two(firm))
    answers = [await firm.call("UndoMerge", id=merge.id, request_id="r") for _ in range(2)]
    for answer in answers:
        answer.ClearField("undone_by_display_name")  # it comes with an event
    assert answers[0] == answers[1]
    assert (await refusal(firm.call("UndoMerge", id=merge.id))).reason == "MERGE_UNDONE"


async def test_a_key_that_was_given_away_since_keeps_the_merge_from_being_undone(firm, refusal):
    kept, gone = await two(firm)
    merge = await firm.merge("Organization", kept, gone)
    await firm.organization(external_id="x")
    error = await refusal(firm.call("UndoMerge", id=merge.id))
    assert type(error) is errors.AlreadyExists
    assert (await firm.get("Organization", gone.id)).HasField("delete_time"), "nothing was done"
    assert (await firm.get("Organization", kept.id)).etag == "2"


async def test_a_merged_record_comes_back_by_undoing_only(firm, refusal):
    kept, gone = await two(firm)
    await firm.merge("Organization", kept, gone)
    error = await refusal(firm.call("UndeleteOrganization", id=gone.id))
    assert (error.reason, error.metadata) == ("MERGED_AWAY", {"into": kept.id})


# --- at once, again, and not at all


async def test_of_two_merges_of_one_record_at_once_one_is_made(firm):
    a, b, c = [await firm.organization(name=name) for name in "ABC"]
    person = await firm.contact(organization_id=a.id)
    results = await asyncio.gather(
        firm.merge("Organization", b, a),
        firm.merge("Organization", c, a),
        firm.merge("Organization", a, b),
        return_exceptions=True,
    )
    made = [one for one in results if isinstance(one, Merge)]
    refused = [one for one in results if isinstance(one, errors.Error)]
    assert len(made) + len(refused) == 3
    assert {error.reason for error in refused} == {"MERGED_AWAY"}
    gone = {merge.merged_organization_id for merge in made}
    assert len(gone) == len(made), "nothing went twice"
    place = (await firm.get("Contact", person.id)).organization_id
    assert place not in gone
    for merge in sorted(made, key=lambda merge: merge.id, reverse=True):
        await firm.call("UndoMerge", id=merge.id)
    for one in (a, b, c):
        assert same(await firm.get("Organization", one.id), one)
    assert (await firm.get("Contact", person.id)).organization_id == a.id


async def test_a_merge_and_its_undoing_many_times_at_once(firm):
    kept, gone = await two(firm)
    merge = await firm.merge("Organization", kept, gone)
    calls = [firm.call("UndoMerge", id=merge.id) for _ in range(4)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, Merge) for one in results) == 1
    assert {e.reason for e in results if isinstance(e, errors.Error)} == {"MERGE_UNDONE"}
    assert [c.verb for c in await firm.changes(gone.id)] == ["create", "delete", "undelete"]


async def test_a_repeated_request_merges_once(firm):
    kept, gone = await two(firm)
    answers = await asyncio.gather(
        *(firm.merge("Organization", kept, gone, request_id="r") for _ in range(3))
    )
    assert all(answer == answers[0] for answer in answers)
    assert [c.verb for c in await firm.changes(gone.id)] == ["create", "delete"]


async def test_what_the_one_that_stays_has_already_stays_with_the_other_and_is_listed(firm):
    """Nothing is lost: what the one that stays cannot have is where it was, and is told."""
    kept, gone = await two(firm)
    of_gone = {"organization_id": gone.id}
    relation = await firm.call(
        "CreateRelationship",
        relationship={"kind": "owner", "related_organization_id": kept.id} | of_gone,
    )
    report = {"fiscal_year": 2025, "organization_id": kept.id}
    await firm.call("CreateAnnualReport", annual_report=report)
    same_year = await firm.call("CreateAnnualReport", annual_report=report | of_gone)
    other_year = await firm.call(
        "CreateAnnualReport", annual_report={"fiscal_year": 2024} | of_gone
    )
    merge = await firm.merge("Organization", kept, gone)
    assert {(one.resource_type, one.resource_id, one.field) for one in merge.stayed} == {
        ("party.banyan/Relationship", relation.id, "organization_id"),
        ("party.banyan/AnnualReport", same_year.id, "organization_id"),
    }
    assert moved(merge) == {("party.banyan/AnnualReport", "organization_id"): {other_year.id}}
    assert await firm.get("AnnualReport", same_year.id) == same_year
    assert (await firm.get("AnnualReport", other_year.id)).organization_id == kept.id
    undone = await firm.call("UndoMerge", id=merge.id)
    assert not undone.untouched
    assert same(await firm.get("AnnualReport", other_year.id), other_year)


async def test_of_two_primary_addresses_that_of_the_one_that_stays_is_primary(firm):
    """PTY-19: invoices go to one address; the other one's is kept beside it."""
    kept, gone = await two(firm)
    addresses = [
        await firm.call(
            "CreateAddress",
            address={"organization_id": one.id, "kind": kind, "primary": True, "lines": "一号"},
        )
        for one, kind in ((kept, "KIND_BILLING"), (gone, "KIND_BILLING"), (gone, "KIND_SHIPPING"))
    ]
    merge = await firm.merge("Organization", kept, gone)
    now = [await firm.get("Address", one.id) for one in addresses]
    assert [one.organization_id for one in now] == [kept.id] * 3
    assert [one.primary for one in now] == [True, False, True]
    assert (merge.moved_count, len(merge.stayed)) == (2, 0)
    assert not (await firm.call("UndoMerge", id=merge.id)).untouched
    for one in addresses:
        assert same(await firm.get("Address", one.id), one)


async def test_who_took_part_under_both_names_took_part_once(firm):
    kept, gone = await firm.contact(name="李娜"), await firm.contact(name="Li Na")
    below = await firm.contact(
        name="王伟", organization_id=(await firm.organization()).id, reports_to_contact_id=""
    )
    talk = await firm.call(
        "CreateCommunication", communication={"subject": "call", "start_time": {"seconds": 1}}
    )
    parts = [
        await firm.call(
            "CreateCommunicationParticipant",
            communication_participant={"communication_id": talk.id, "contact_id": one.id},
        )
        for one in (kept, gone, below)
    ]
    merge = await firm.merge("Contact", kept, gone)
    assert [one.resource_id for one in merge.stayed] == [parts[1].id]
    assert not merge.moved
    await firm.call("UndoMerge", id=merge.id)
    for one in parts:
        assert await firm.get("CommunicationParticipant", one.id) == one


async def test_whom_people_report_to_follows_the_merge(firm):
    """PTY-02: the chart of a firm has one box for one person."""
    place = (await firm.organization()).id
    boss, head, twin = [
        await firm.contact(name=name, organization_id=place) for name in ("陈静", "李娜", "Li Na")
    ]
    await firm.update("Contact", head.id, reports_to_contact_id=boss.id)
    await firm.update("Contact", twin.id, reports_to_contact_id=head.id)
    worker = await firm.contact(name="王伟", organization_id=place, reports_to_contact_id=twin.id)
    merge = await firm.merge("Contact", twin, head)
    chart = {
        one.name: (await firm.get("Contact", one.id)).reports_to_contact_id
        for one in (boss, twin, worker)
    }
    assert chart == {"陈静": "", "Li Na": boss.id, "王伟": twin.id}
    await firm.call("UndoMerge", id=merge.id)
    assert (await firm.get("Contact", twin.id)).reports_to_contact_id == head.id
    assert (await firm.get("Contact", head.id)).reports_to_contact_id == boss.id


# --- the worklist


async def test_merging_closes_the_pair_and_undoing_opens_it_again(firm):
    for name in ("华为技术有限公司", "深圳市华为技术有限公司", "华为技术股份有限公司"):
        await firm.organization(name=name)
    assert len(await firm.pairs()) == 3
    kept, gone, third = (await firm.call("ListOrganizations", order_by="id")).organizations
    merge = await firm.merge("Organization", kept, gone)
    status = {
        frozenset((p.organization_id, p.other_organization_id)): p for p in await firm.pairs()
    }
    merged = status[frozenset((kept.id, gone.id))]
    assert (merged.status, merged.merge_id) == (2, merge.id)
    assert merged.closed_by_user_id == firm.boss.user_id
    assert status[frozenset((gone.id, third.id))].status == 4
    assert status[frozenset((kept.id, third.id))].status == 1
    await firm.call("UndoMerge", id=merge.id)
    assert [pair.status for pair in await firm.pairs()] == [1, 1, 1]


async def test_more_references_than_one_waits_for_are_refused(firm, refusal, monkeypatch):
    monkeypatch.setattr("party.merging.REFERENCES_MAX", 2)
    kept, gone = await two(firm)
    for n in range(3):
        await firm.contact(name=f"{n}", organization_id=gone.id)
    error = await refusal(firm.merge("Organization", kept, gone))
    assert (error.reason, error.metadata) == ("TOO_MANY_REFERENCES", {"limit": "2"})
    assert await firm.get("Organization", gone.id) == gone
    assert (await firm.merge("Organization", gone, kept)).moved_count == 0
