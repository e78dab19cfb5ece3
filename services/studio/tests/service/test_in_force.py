"""What a firm defines holds in every service at once (PLT-25, PLT-26, PLT-29)."""

import asyncio
import uuid

import pytest
import pytest_asyncio

from chassis import errors
from chassis.access import Scope
from chassis.json.wellknown import decode_struct, decode_value, encode_struct

SOURCES = "party.banyan/Source"
UNKNOWN = ("source.custom_fields.seats", "UNKNOWN_CUSTOM_FIELD")


@pytest_asyncio.fixture
async def define(firm):
    """Define a field of sources."""

    async def made(key, kind, **fields):
        record = {"resource_type": SOURCES, "key": key, "type": f"TYPE_{kind}", "filterable": True}
        return await firm.field(**record | fields)

    return made


@pytest.fixture
def source(firm):
    """Make a source with custom fields."""

    async def made(person=None, /, **custom):
        record = {"name": f"fair {uuid.uuid4()}", "custom_fields": decode_struct(custom)}
        return await firm.call("CreateSource", person, source=record)

    return made


@pytest.fixture
def change(firm):
    """Change custom fields of a source, by default those that are given."""

    async def changed(record, *paths, **custom):
        patch = {"id": record.id, "custom_fields": decode_struct(custom)}
        mask = {"paths": paths or ["custom_fields"]}
        return await firm.call("UpdateSource", source=patch, update_mask=mask)

    return changed


@pytest.fixture
def listed(firm):
    """List the custom fields of sources under a filter."""

    async def found(wanted, person=None):
        answer = await firm.call("ListSources", person, filter=wanted, order_by="create_time")
        return [encode_struct(record.custom_fields) for record in answer.sources]

    return found


async def test_what_is_not_defined_is_refused_and_what_is_defined_is_kept(
    define, source, violations, firm
):
    assert await violations(source(seats=3)) == [UNKNOWN]
    await define("seats", "INTEGER")
    made = await source(seats=3)
    read = await firm.call("GetSource", id=made.id)
    assert encode_struct(read.custom_fields) == {"seats": 3}
    assert read == made


async def test_another_firm_has_its_own(define, other, violations):
    await define("seats", "INTEGER")
    record = {"name": "fair", "custom_fields": decode_struct({"seats": 3})}
    assert await violations(other.call("CreateSource", source=record)) == [UNKNOWN]


@pytest.mark.parametrize(
    ("kind", "fields", "wrong", "reason"),
    [
        ("TEXT", {"text_limits": {"max_length": 3}}, "four", "STRING_MAX_LEN"),
        ("TEXT", {}, 3, "NOT_A_STRING"),
        ("INTEGER", {}, 1.5, "NOT_AN_INTEGER"),
        ("INTEGER", {"number_limits": {"maximum": {"value": "5"}}}, 6, "ABOVE_MAXIMUM"),
        ("DECIMAL", {}, 1.5, "INVALID_DECIMAL"),
        ("DATE", {}, "2026-02-30", "INVALID_DATE"),
        ("TIMESTAMP", {}, "yesterday", "INVALID_TIMESTAMP"),
        ("BOOLEAN", {}, "true", "NOT_A_BOOLEAN"),
    ],
)
async def test_a_value_is_of_its_fields_type(
    define, source, violations, kind, fields, wrong, reason
):
    await define("about", kind, **fields)
    assert await violations(source(about=wrong)) == [("source.custom_fields.about", reason)]


async def test_a_new_record_gets_defaults_and_cannot_be_without_what_is_required(
    define, source, change, violations, firm
):
    before = await source()
    await define("terms", "TEXT", default_value=decode_value("FOB"))
    await define("seats", "INTEGER", required=True)
    missing = ("source.custom_fields.seats", "REQUIRED")
    assert await violations(source()) == [missing]
    made = await source(seats=1)
    assert encode_struct(made.custom_fields) == {"seats": 1, "terms": "FOB"}
    assert await violations(change(made, seats=None)) == [missing]
    # What was there before the field stays usable until somebody touches its custom fields.
    await firm.update("Source", before.id, name="renamed")
    assert await violations(change(before, terms="CIF")) == [missing]


async def test_one_field_changes_and_the_others_stay(define, source, change, firm):
    for key in ("one", "two", "three"):
        await define(key, "TEXT")
    made = await source(one="a", two="b")
    found = await change(made, two="c", three="d")
    assert encode_struct(found.custom_fields) == {"one": "a", "two": "c", "three": "d"}
    found = await change(made, one=None)
    assert encode_struct(found.custom_fields) == {"two": "c", "three": "d"}
    found = await change(made, "customFields.two", "custom_fields.three", two="e", one="ignored")
    assert encode_struct(found.custom_fields) == {"two": "e"}
    whole = {"id": made.id, "name": made.name, "custom_fields": decode_struct({"one": "z"})}
    found = await firm.call("UpdateSource", source=whole, update_mask={"paths": ["*"]})
    assert encode_struct(found.custom_fields) == {"one": "z"}
    assert (await change(made, one="z")).etag == found.etag  # what changes nothing is no change


async def test_a_fields_rule_looks_at_value_and_record(define, source, change, violations):
    rule = 'value > 0 && source.name != "nobody"'
    await define("seats", "INTEGER", validation=rule, validation_hint="Count from one.")
    broken = [("source.custom_fields.seats", "CUSTOM_RULE_BROKEN")]
    assert await violations(source(seats=0)) == broken
    made = await source(seats=2)
    assert await violations(change(made, seats=-1)) == broken


async def test_what_is_retired_stays_where_it_is_and_is_not_taken_anew(
    define, source, change, violations, firm
):
    picklist = await firm.picklist("software", "machinery")
    await define("branch", "PICKLIST", picklist_id=picklist.id)
    await define("branches", "MULTI_PICKLIST", picklist_id=picklist.id)
    await define("note", "TEXT")
    made = await source(branch="machinery", branches=["software", "machinery"])
    entries = [{"key": "software"}, {"key": "machinery", "retired": True}]
    await firm.update("Picklist", picklist.id, entries=entries)
    assert (await change(made, note="kept")).custom_fields["branch"] == "machinery"
    assert await violations(source(branch="machinery")) == [
        ("source.custom_fields.branch", "NOT_IN_PICKLIST")
    ]


async def test_a_reference_is_to_what_its_writer_may_see(define, source, violations, firm, other):
    target = {"resource_type": "party.banyan/Organization"}
    await define("installer", "REFERENCE", reference_target=target)
    unseen = ("source.custom_fields.installer", "REFERENCE_NOT_FOUND")
    theirs = await other.call("CreateOrganization", organization={"name": "Theirs"})
    ours = await firm.call("CreateOrganization", organization={"name": "Ours"})
    assert await violations(source(installer=theirs.id)) == [unseen]
    assert (await source(installer=ours.id)).custom_fields["installer"] == ours.id
    blind = await firm.person(("party.Source", "*", Scope.ALL))
    assert await violations(source(blind, installer=ours.id)) == [unseen]


@pytest.mark.parametrize(
    ("kind", "values", "wanted", "found"),
    [
        ("TEXT", ["FOB", "CIF"], '= "FOB"', [0]),
        ("TEXT", ["FOB", "CIF"], '!= "FOB"', [1, 2]),
        ("TEXT", ["FOB Shanghai", "CIF"], ': "shang"', [0]),
        ("TEXT", ["FOB Shanghai", "CIF"], '= "FOB*"', [0]),
        ("INTEGER", [9, 10], "> 9", [1]),
        ("INTEGER", [9, 10], "= 9", [0]),
        ("DECIMAL", ["9.50", "10"], "= 9.5", [0]),
        ("DECIMAL", ["9.50", "10"], ">= 10", [1]),
        ("DATE", ["2026-01-31", "2026-02-01"], "< 2026-02-01", [0]),
        ("TIMESTAMP", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z"],
         '> "2026-01-01T00:00:00Z"', [1]),
        ("TIMESTAMP", ["2026-01-01T08:00:00+08:00", "2026-01-01T08:00:00Z"],
         '= "2026-01-01T00:00:00Z"', [0]),
        ("BOOLEAN", [True, False], "= true", [0]),
        ("BOOLEAN", [True, False], ": *", [0, 1]),
    ],
)  # fmt: skip
async def test_lists_are_filtered_by_custom_fields(
    define, source, listed, kind, values, wanted, found
):
    await define("about", kind)
    made = [await source(about=value) for value in values] + [await source()]
    expected = [encode_struct(made[place].custom_fields) for place in found]
    assert await listed(f"customFields.about {wanted}") == expected
    missing = f"NOT custom_fields.about {wanted}"
    assert len(await listed(missing)) == len(made) - len(found)


async def test_choices_and_references_are_filtered_by(define, source, listed, firm):
    picklist = await firm.picklist("software", "machinery")
    await define("branch", "PICKLIST", picklist_id=picklist.id)
    await define("branches", "MULTI_PICKLIST", picklist_id=picklist.id)
    target = {"resource_type": "party.banyan/Organization"}
    await define("installer", "REFERENCE", reference_target=target)
    ours = await firm.call("CreateOrganization", organization={"name": "Ours"})
    one = {"branch": "software", "branches": ["machinery", "software"], "installer": ours.id}
    await source(**one)
    await source(branch="machinery", branches=["machinery"])
    for wanted in (
        'branch = "software"',
        'branches : "software"',
        f'installer = "{ours.id}"',
    ):
        assert await listed(f"customFields.{wanted}") == [one]


async def test_summaries_follow_the_same_filter(define, source, firm):
    await define("seats", "INTEGER")
    for seats in (1, 2, 3):
        await source(seats=seats)
    answer = await firm.call("SummarizeSources", filter="customFields.seats > 1", measures="count")
    assert answer.totals.values["count"].string_value == "2"


async def test_only_what_is_filterable_is_filtered_by(define, source, violations, listed):
    await define("seats", "INTEGER", filterable=False)
    await source(seats=1)
    for wanted in ("customFields.seats = 1", "customFields.nothing = 1"):
        assert await violations(listed(wanted)) == [("filter", "NOT_FILTERABLE")]


async def test_a_deleted_field_is_no_longer_written_and_its_values_stay(
    define, source, change, violations, firm, listed
):
    field = await define("seats", "INTEGER")
    await define("note", "TEXT")
    made = await source(seats=3)
    await firm.call("DeleteCustomField", id=field.id)
    assert await violations(source(seats=4)) == [UNKNOWN]
    assert await violations(change(made, seats=4)) == [UNKNOWN]
    assert encode_struct((await change(made, note="x")).custom_fields) == {"seats": 3, "note": "x"}
    assert await violations(listed("customFields.seats = 3")) == [("filter", "NOT_FILTERABLE")]


async def test_rows_of_a_batch_are_checked_each(define, firm):
    await define("seats", "INTEGER")
    rows = [
        {"source": {"name": f"s{n}", "custom_fields": decode_struct({"seats": seats})}}
        for n, seats in enumerate((1, "two", 3))
    ]
    answer = await firm.call("BatchCreateSources", requests=rows)
    assert [encode_struct(made.custom_fields) for made in answer.sources] == [
        {"seats": 1},
        {"seats": 3},
    ]
    (wrong,) = answer.errors
    assert (wrong.row, wrong.fields[0].path) == (1, "source.custom_fields.seats")


async def test_views_may_ask_for_custom_fields(define, firm, violations):
    await define("seats", "INTEGER")
    made = await firm.view(resource_type=SOURCES, filter="customFields.seats > 3")
    assert made.filter == "customFields.seats > 3"
    attempt = firm.view(resource_type=SOURCES, filter="customFields.chairs > 3")
    assert await violations(attempt) == [("view.filter", "NOT_FILTERABLE")]


async def test_another_process_hears_of_a_change(define, world, firm, source):
    """What is kept elsewhere is forgotten by studio's event, not by the commit in this process."""
    field = await define("seats", "INTEGER")
    definitions = world.host.definitions
    await source(seats=7)
    kept = await definitions.of(firm.tenant_id, SOURCES)
    assert not kept["seats"].field.number_limits.HasField("maximum")
    commits = world.host.databases["studio"].on_commit
    commits.remove(definitions.forget_everything)
    try:
        await firm.update("CustomField", field.id, number_limits={"maximum": {"value": "5"}})
        async with asyncio.timeout(10):
            while True:
                kept = await definitions.of(firm.tenant_id, SOURCES)
                if kept["seats"].field.number_limits.HasField("maximum"):
                    break
                await asyncio.sleep(0.001)
    finally:
        commits.append(definitions.forget_everything)
    with pytest.raises(errors.Invalid):
        await source(seats=6)


async def test_a_value_of_a_deleted_field_is_no_reason_to_ask_studio_again(
    define, source, firm, world, monkeypatch
):
    field = await define("seats", "INTEGER")
    made = await source(seats=3)
    await firm.call("DeleteCustomField", id=field.id)
    definitions, asked = world.host.definitions, list[str]()
    fetch = definitions._fetch

    async def counted(tenant_id):
        asked.append(tenant_id)
        return await fetch(tenant_id)

    monkeypatch.setattr(definitions, "_fetch", counted)
    for number in range(8):
        await firm.update("Source", made.id, name=f"renamed {number}")
    # The commit in studio let them be forgotten, and its event may have once more.
    assert asked.count(firm.tenant_id) <= 2
