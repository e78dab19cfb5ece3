"""What a merge makes of two records (PLT-17), and which references there are."""

import pytest
from banyan.party.v1 import communication_pb2, contact_pb2, events_pb2, merge_pb2, organization_pb2

from chassis import errors
from chassis.access import Caller
from chassis.resources import Around
from party.likeness import CONTACTS, ORGANIZATIONS
from party.merge import published_events, sides
from party.merging import authorize, united
from party.pointing import redirect

Organization = organization_pb2.Organization
ORGANIZATION = "party.banyan/Organization"
KEPT = Organization(id="a", name="华为", roles=["customer"], phone="1", note="old")
OTHER = Organization(
    id="b", name="华为技术", roles=["partner", "customer"], city="深圳",
    annual_revenue={"currency_code": "CNY", "amount": "5"}, employee_count=7,
)  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ([], {"roles": ["customer", "partner"]}),
        (["name"], {"name": "华为技术", "roles": ["customer", "partner"]}),
        (["city", "employee_count"],
         {"city": "深圳", "employee_count": 7, "roles": ["customer", "partner"]}),
        (["annual_revenue"],
         {"annual_revenue": OTHER.annual_revenue, "roles": ["customer", "partner"]}),
        # What the other one does not have is taken too: that it is empty.
        (["phone", "note"], {"phone": "", "note": "", "roles": ["customer", "partner"]}),
        (["roles"], {"roles": ["partner", "customer"]}),
    ],
)  # fmt: skip
def test_the_record_that_stays_takes_what_was_chosen_and_unites_lists(fields, wanted):
    made = united(KEPT, OTHER, fields)
    expected = Organization()
    expected.CopyFrom(KEPT)
    for name, value in wanted.items():
        expected.ClearField(name)
        expected.MergeFrom(Organization(**{name: value}))
    assert made == expected
    assert list(KEPT.roles) == ["customer"], "what was given is left as it was"


def test_a_list_is_united_without_repeating_anything():
    one, other = Organization(roles=["partner"]), Organization(roles=["supplier", "partner"])
    assert list(united(one, other, []).roles) == ["partner", "supplier"]
    assert list(united(Organization(), other, []).roles) == ["supplier", "partner"]


def test_a_reference_is_redirected_where_it_was_to_the_one_that_goes():
    field = communication_pb2.Communication.DESCRIPTOR.fields_by_name["organization_id"]
    for before, after in (("b", "a"), ("c", "c"), ("", "")):
        record = communication_pb2.Communication(organization_id=before, contact_id="b")
        redirect(record, field, ORGANIZATION, "b", "a")
        assert (record.organization_id, record.contact_id) == (after, "b")


def test_a_merged_record_does_not_come_back_by_itself():
    around = Around(Caller(), None)
    refuse = authorize(CONTACTS)
    gone = contact_pb2.Contact(merged_into_contact_id="a")
    with pytest.raises(errors.FailedPrecondition) as caught:
        refuse("undelete", gone, around)
    assert (caught.value.reason, caught.value.metadata) == ("MERGED_AWAY", {"into": "a"})
    refuse("delete", gone, around)
    refuse("undelete", contact_pb2.Contact(), around)


def test_a_merge_knows_of_which_noun_it_is():
    made = merge_pb2.Merge(id="m", organization_id="a", merged_organization_id="b")
    assert sides(made) == (ORGANIZATIONS, "a", "b")
    made = merge_pb2.Merge(id="m", contact_id="a", merged_contact_id="b")
    assert sides(made) == (CONTACTS, "a", "b")
    with pytest.raises(ValueError, match="of nothing"):
        sides(merge_pb2.Merge(id="m"))


def test_others_are_told_what_became_of_what():
    made = merge_pb2.Merge(
        id="m", organization_id="a", merged_organization_id="b", creator_user_id="u",
        undone_by_user_id="v",
    )  # fmt: skip
    told = {"resource_type": ORGANIZATION, "from_id": "b", "into_id": "a", "merge_id": "m"}
    assert published_events("create", None, made) == [events_pb2.RecordsMerged(**told, user_id="u")]
    assert published_events("undo", made, made) == [events_pb2.MergeUndone(**told, user_id="v")]
