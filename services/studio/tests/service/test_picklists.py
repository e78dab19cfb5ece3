"""Lists change without taking from records what they hold (PLT-32)."""

from chassis import errors
from chassis.access import Scope
from chassis.json.wellknown import decode_value


async def test_an_entry_that_is_taken_out_is_kept_retired(firm):
    made = await firm.picklist("software", "machinery", "textiles")
    kept = await firm.update("Picklist", made.id, entries=[{"key": "textiles"}, {"key": "mining"}])
    assert [(entry.key, entry.retired) for entry in kept.entries] == [
        ("textiles", False),
        ("mining", False),
        ("software", True),
        ("machinery", True),
    ]
    assert kept == await firm.call("GetPicklist", id=made.id)


async def test_a_list_holds_a_thousand_entries_the_retired_ones_included(firm, violations):
    full = await firm.picklist(*(f"entry {i}" for i in range(1000)))
    attempt = firm.update("Picklist", full.id, entries=[{"key": "one more"}])
    assert await violations(attempt) == [("picklist.entries", "REPEATED_MAX_ITEMS")]


async def test_keys_are_lines_without_space_around_them(firm, violations):
    attempt = firm.picklist("software", " mining", "two\nlines", "", "e-commerce 电商")
    assert await violations(attempt) == [
        (f"picklist.entries[{place}].key", "STRING_PATTERN") for place in (1, 2, 3)
    ]


async def test_a_list_keeps_its_name(firm, violations):
    made = await firm.picklist()
    found = await violations(firm.update("Picklist", made.id, name="trade"))
    assert found == [("picklist.name", "IMMUTABLE")]


async def test_a_list_that_a_field_chooses_from_is_not_deleted(firm, refusal):
    made = await firm.picklist("software")
    field = await firm.field(key="trade", type="TYPE_PICKLIST", picklist_id=made.id)
    error = await refusal(firm.call("DeletePicklist", id=made.id))
    assert (error.reason, error.metadata) == ("PICKLIST_IN_USE", {"field": "trade"})
    await firm.call("DeleteCustomField", id=field.id)
    assert (await firm.call("DeletePicklist", id=made.id)).HasField("delete_time")
    error = await refusal(firm.call("UndeleteCustomField", id=field.id))
    assert (error.reason, error.metadata) == ("PICKLIST_DELETED", {"picklist": "industry"})
    await firm.call("UndeletePicklist", id=made.id)
    await firm.call("UndeleteCustomField", id=field.id)


async def test_a_default_stays_in_its_list(firm, refusal):
    made = await firm.picklist("software", "mining")
    choice = {"type": "TYPE_MULTI_PICKLIST", "picklist_id": made.id}
    field = await firm.field(key="trades", **choice, default_value=decode_value(["mining"]))
    shorter = {"entries": [{"key": "software"}]}
    error = await refusal(firm.update("Picklist", made.id, **shorter))
    assert (error.reason, error.metadata) == (
        "ENTRY_IS_DEFAULT",
        {"key": "mining", "field": "trades"},
    )
    await firm.update("Picklist", made.id, **shorter, open=True)
    error = await refusal(firm.update("Picklist", made.id, open=False))
    assert error.reason == "ENTRY_IS_DEFAULT"
    await firm.update("CustomField", field.id, default_value=decode_value(["software"]))
    assert not (await firm.update("Picklist", made.id, open=False)).open


async def test_who_may_not_change_a_list_learns_nothing_of_the_fields_that_use_it(firm, refusal):
    """PLT-16."""
    made = await firm.picklist("software")
    choice = {"type": "TYPE_PICKLIST", "picklist_id": made.id}
    await firm.field(key="trade", **choice, default_value=decode_value("software"))
    blind = await firm.person(("studio.Picklist", "*", Scope.OWN))
    seeing = await firm.person(
        ("studio.Picklist", "*", Scope.OWN), ("studio.Picklist", "read", Scope.ALL)
    )
    for person, kind in ((blind, errors.NotFound), (seeing, errors.Forbidden)):
        for attempt in (
            firm.call("DeletePicklist", person, id=made.id),
            firm.update("Picklist", made.id, person, entries=[]),
        ):
            assert isinstance(await refusal(attempt), kind)


async def test_each_firm_has_lists_of_its_own(firm, other):
    one, two = await firm.picklist("software"), await other.picklist("mining")
    assert one.name == two.name
    listed = await other.call("ListPicklists")
    assert [made.id for made in listed.picklists] == [two.id]
