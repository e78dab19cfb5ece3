"""Who may merge and undo, and what is refused (PLT-16, PLT-17)."""

import pytest
from banyan.api.v1 import share_pb2
from banyan.party.v1 import merge_pb2

from chassis import errors
from chassis.access import FieldRule, Grant, Scope

UNDONE = merge_pb2.Merge.STATUS_UNDONE


async def two(firm, person=None):
    """Make two organizations of one."""
    kept = await firm.organization(person, name="华为", roles=["customer"], phone="1")
    gone = await firm.organization(
        person, name="华为技术有限公司", roles=["partner"], city="深圳", external_id="x"
    )
    return kept, gone


async def test_a_merge_that_is_refused_has_done_nothing(firm, refusal):
    kept, gone = await two(firm)
    person = await firm.contact(organization_id=gone.id)
    deleted = await firm.organization()
    await firm.call("DeleteOrganization", id=deleted.id)
    nobody = type(kept)(id="01978b6e-0000-7000-8000-000000000001")
    for attempt, wanted in (
        (firm.merge("Organization", kept, kept), ("other_id", "MERGE_WITH_ITSELF")),
        (firm.merge("Organization", kept, gone, "nope"), ("fields", "UNKNOWN_FIELD")),
        (firm.merge("Organization", kept, gone, "etag"), ("fields", "UNKNOWN_FIELD")),
        (firm.merge("Organization", kept, gone, "id"), ("fields", "UNKNOWN_FIELD")),
        (firm.merge("Organization", kept, gone, "create_time"), ("fields", "UNKNOWN_FIELD")),
        (firm.merge("Organization", kept, gone, "merged_into_organization_id"),
         ("fields", "UNKNOWN_FIELD")),
    ):  # fmt: skip
        error = await refusal(attempt)
        assert [(v.path, v.reason) for v in error.violations] == [wanted]
    for attempt, reason in (
        (firm.merge("Organization", kept, deleted), "RECORD_DELETED"),
        (firm.merge("Organization", deleted, kept), "RECORD_DELETED"),
        (firm.merge("Organization", kept, nobody), "NOT_FOUND"),
        (firm.merge("Organization", nobody, kept), "NOT_FOUND"),
        (firm.merge("Organization", kept, gone, etag="9"), "STALE_ETAG"),
        (firm.merge("Organization", kept, gone, other_etag="9"), "STALE_ETAG"),
        (firm.merge("Organization", kept, gone, "name", "name", request_id="x" * 201),
         "INVALID_FIELDS"),
    ):  # fmt: skip
        assert (await refusal(attempt)).reason == reason
    assert await firm.get("Organization", kept.id) == kept
    assert await firm.get("Organization", gone.id) == gone
    assert await firm.get("Contact", person.id) == person
    assert not (await firm.call("ListMerges")).merges


ALL, OWN = Scope.ALL, Scope.OWN
# How far a person may update and delete, who may see everything.
RIGHTS = {
    "no delete": {"update": ALL},
    "no update": {"delete": ALL},
    "update own": {"update": OWN, "delete": ALL},
    "delete own": {"update": ALL, "delete": OWN},
}


@pytest.mark.parametrize("rights", RIGHTS)
async def test_merging_needs_to_update_both_and_to_delete_the_other(firm, refusal, rights):
    kept, gone = await two(firm)
    allowed = RIGHTS[rights] | {"read": ALL}
    person = await firm.person(*(("party.Organization", *one) for one in allowed.items()))
    error = await refusal(firm.merge("Organization", kept, gone, person=person))
    assert type(error) is errors.Forbidden
    assert await firm.get("Organization", gone.id) == gone


async def test_what_one_does_not_see_one_does_not_merge(firm, refusal):
    rep = await firm.person(("party.*", "*", Scope.OWN))
    mine = await firm.organization(rep, name="mine")
    others = await firm.organization(name="others")
    for pair in ((mine, others), (others, mine)):
        error = await refusal(firm.merge("Organization", *pair, person=rep))
        assert type(error) is errors.NotFound
        assert error.metadata["id"] == others.id


async def test_who_may_merges_own_records_and_undoes_it(firm, refusal):
    rep = await firm.person(("party.*", "*", Scope.OWN))
    kept, gone = await two(firm, rep)
    merge = await firm.merge("Organization", kept, gone, "name", person=rep)
    colleague = await firm.person(("party.*", "*", Scope.OWN))
    error = await refusal(firm.call("UndoMerge", colleague, id=merge.id))
    assert type(error) is errors.NotFound
    assert (await firm.call("UndoMerge", rep, id=merge.id)).status == UNDONE
    # Who has lost a record meanwhile does not bring it back.
    merge = await firm.merge("Organization", kept, gone, person=rep)
    await firm.update("Organization", kept.id, owner_user_id=firm.boss.user_id)
    error = await refusal(firm.call("UndoMerge", rep, id=merge.id))
    assert type(error) is errors.NotFound


async def test_a_record_is_not_merged_out_of_ones_reach(firm, refusal):
    """Taking the owner of the other one must leave the record within reach, as any update."""
    rep = await firm.person(
        ("party.Organization", "read", Scope.ALL), ("party.Organization", "update", Scope.OWN),
        ("party.Organization", "delete", Scope.ALL),
    )  # fmt: skip
    kept, gone = await two(firm, firm.boss)
    await firm.update("Organization", kept.id, owner_user_id=rep.user_id)
    error = await refusal(firm.merge("Organization", kept, gone, "owner_user_id", person=rep))
    assert (type(error), error.reason) == (errors.Forbidden, "OUTSIDE_REACH")


async def test_another_tenant_merges_and_undoes_nothing(firm, world, refusal):
    stranger = await world.person(await world.tenant())
    kept, gone = await two(firm)
    error = await refusal(firm.merge("Organization", kept, gone, person=stranger))
    assert type(error) is errors.NotFound
    merge = await firm.merge("Organization", kept, gone)
    assert type(await refusal(firm.call("UndoMerge", stranger, id=merge.id))) is errors.NotFound
    assert not (await firm.call("ListMerges", stranger)).merges


async def test_what_is_kept_of_a_noun_is_neither_taken_by_a_merge_nor_told_of_one(firm, refusal):
    """PLT-16: nor found out by asking what is like a record."""
    kept = await firm.organization(name="Kestrel", tax_id="91440300708461136T")
    gone = await firm.organization(name="Kestrel Ltd", note="owes us", city="Ulm")
    grants = [Grant("*", "*", Scope.ALL, source="all")]
    hidden = frozenset({"note", "tax_id"})
    rule = FieldRule("all", "party.Organization", hidden, hidden=True)
    clerk = await firm.world.person(firm.tenant_id, grants, field_rules=[rule])
    error = await refusal(firm.merge("Organization", kept, gone, "note", person=clerk))
    assert (type(error), error.reason) == (errors.Forbidden, "FIELD_NOT_WRITABLE")
    guess = firm.call("FindDuplicateOrganizations", clerk, organization={"tax_id": kept.tax_id})
    assert [v.reason for v in (await refusal(guess)).violations] == ["FIELD_HIDDEN"]
    made = await firm.merge("Organization", kept, gone, "note", "city")
    told = {f.path for change in made.changes for f in change.fields}
    assert told == {"note", "city"}
    seen = await firm.call("GetMerge", clerk, id=made.id)
    assert {f.path for change in seen.changes for f in change.fields} == {"city"}


async def test_nobody_sees_more_for_a_merge(firm):
    """PLT-16: with whom the record that goes was shared does not see the one that stays."""
    kept, gone = await two(firm)
    person = await firm.person(("party.*", "read", Scope.OWN))
    access = share_pb2.Share.ACCESS_READ
    await firm.call("ShareOrganization", id=gone.id, user_id=person.user_id, access=access)
    assert (await firm.call("GetOrganization", person, id=gone.id)).id == gone.id
    await firm.merge("Organization", kept, await firm.get("Organization", gone.id))
    assert not (await firm.get("Organization", kept.id)).shares
    assert not (await firm.call("ListOrganizations", person)).organizations
