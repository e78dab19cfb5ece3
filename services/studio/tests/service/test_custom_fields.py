"""Fields are defined by people with the right to, and stay true to what records hold (PLT-26)."""

import uuid

from chassis import errors
from chassis.access import Scope
from chassis.json.wellknown import decode_value


async def test_what_a_field_is_does_not_change(firm, violations):
    made = await firm.field()
    changes = {
        "resource_type": "sales.banyan/Lead",
        "key": "terms",
        "type": "TYPE_LONG_TEXT",
    }
    for name, value in changes.items():
        found = await violations(firm.update("CustomField", made.id, **{name: value}))
        assert found == [(f"custom_field.{name}", "IMMUTABLE")]


async def test_what_a_field_chooses_from_or_refers_to_does_not_change(firm, violations):
    """Else what records hold would be keys of another list, or ids of other records."""
    one, two = await firm.picklist("a"), await firm.picklist("a", name="region")
    choice = await firm.field(type="TYPE_PICKLIST", picklist_id=one.id)
    found = await violations(firm.update("CustomField", choice.id, picklist_id=two.id))
    assert found == [("custom_field.picklist_id", "IMMUTABLE")]
    target = {"resource_type": "party.banyan/Organization"}
    link = await firm.field(key="installer", type="TYPE_REFERENCE", reference_target=target)
    target = {"resource_type": "party.banyan/Contact"}
    found = await violations(firm.update("CustomField", link.id, reference_target=target))
    assert found == [("custom_field.reference_target", "IMMUTABLE")]


async def test_a_field_is_checked_again_when_it_changes(firm, violations):
    made = await firm.field(default_value=decode_value("FOB Shanghai"))
    assert (made.label_en, made.default_value.string_value) == ("Delivery terms", "FOB Shanghai")
    found = await violations(firm.update("CustomField", made.id, text_limits={"max_length": 5}))
    assert found == [("custom_field.default_value", "STRING_MAX_LEN")]
    found = await violations(firm.update("CustomField", made.id, validation="value.nope"))
    assert found == [("custom_field.validation", "INVALID_RULE")]
    rule = "size(value) > 2 && opportunity.name != ''"
    assert (await firm.update("CustomField", made.id, validation=rule)).validation == rule


async def test_a_noun_has_each_key_once_and_other_nouns_have_their_own(firm, refusal):
    await firm.field()
    assert isinstance(await refusal(firm.field()), errors.AlreadyExists)
    lead = await firm.field(resource_type="sales.banyan/Lead")
    assert lead.key == "deliveryTerms"


async def test_a_list_to_choose_from_must_be_there(firm, other, violations):
    theirs = await other.picklist("software")
    for missing in (str(uuid.uuid4()), theirs.id):
        attempt = firm.field(type="TYPE_PICKLIST", picklist_id=missing)
        assert await violations(attempt) == [("custom_field.picklist_id", "REFERENCE_NOT_FOUND")]


async def test_a_choice_shows_its_list_and_begins_with_one_of_its_entries(firm, violations):
    industry = await firm.picklist("software")
    choice = {"type": "TYPE_PICKLIST", "picklist_id": industry.id}
    made = await firm.field(**choice, default_value=decode_value("software"))
    assert made.picklist_name == "industry"
    attempt = firm.field(key="other", **choice, default_value=decode_value("mining"))
    assert await violations(attempt) == [("custom_field.default_value", "NOT_IN_PICKLIST")]


async def test_a_deleted_field_keeps_its_type_for_its_values(firm, refusal):
    gone = await firm.field()
    await firm.call("DeleteCustomField", id=gone.id)
    error = await refusal(firm.field(type="TYPE_DATE"))
    assert (error.reason, error.metadata) == (
        "KEY_HELD_ANOTHER_TYPE",
        {"key": "deliveryTerms", "type": "TEXT"},
    )
    again = await firm.field()
    error = await refusal(firm.call("UndeleteCustomField", id=gone.id))
    assert isinstance(error, errors.AlreadyExists)
    await firm.call("DeleteCustomField", id=again.id)
    back = await firm.call("UndeleteCustomField", id=gone.id)
    assert (back.id, back.HasField("delete_time")) == (gone.id, False)


async def test_fields_come_in_at_once_each_row_by_itself(firm):
    """PLT-29: an industry brings its fields along."""
    rows = [
        {"resource_type": "sales.banyan/Lead", "key": "acreage", "type": "TYPE_INTEGER"},
        {"resource_type": "sales.banyan/Lead", "key": "Acreage", "type": "TYPE_INTEGER"},
        {"resource_type": "sales.banyan/Lead", "key": "crop", "type": "TYPE_PICKLIST"},
        {"resource_type": "sales.banyan/Lead", "key": "soil", "type": "TYPE_TEXT"},
    ]
    requests = [{"custom_field": row} for row in rows]
    answer = await firm.call("BatchCreateCustomFields", requests=requests)
    assert [made.key for made in answer.custom_fields] == ["acreage", "soil"]
    assert [(e.row, [(f.path, f.reason) for f in e.fields]) for e in answer.errors] == [
        (1, [("custom_field.key", "STRING_PATTERN")]),
        (2, [("custom_field.picklist_id", "REQUIRED")]),
    ]
    summary = await firm.call("SummarizeCustomFields", group_by="type")
    counts = {g.keys["type"].string_value: g.values["count"].string_value for g in summary.groups}
    assert counts == {"INTEGER": "1", "TEXT": "1"}


async def test_who_may_not_define_fields_does_not(firm, refusal):
    seller = await firm.person(("sales.*", "*", Scope.ALL))
    assert isinstance(await refusal(firm.field(seller)), errors.Forbidden)
