"""Custom fields come in and go out key by key, typed as the firm has defined them (PLT-26)."""

from typing import Any

import pytest
from banyan.documents.v1 import export_job_pb2, import_job_pb2

from chassis import errors

_Job = export_job_pb2.ExportJob
_DONE = import_job_pb2.ImportJob.STATUS_DONE
ORGANIZATIONS = "party.banyan/Organization"
MAP = """
files:
  - file: firms.csv
    values: {sector: {ore: Mining}}
    records:
      - noun: party.Organization
        key: {externalId: "{key}"}
        fields:
          name: "{name}"
          customFields.seats: "{seats}"
          customFields.price: {value: "{price}", times: 1000}
          customFields.since: "{since}"
          customFields.partner: "{partner}"
          customFields.sector: "{sector}"
          customFields.regions: "{regions}"
          customFields.installer: {find: party.Organization, externalId: "{installer}"}
          customFields.origin: fair
"""
HEAD = "key,name,seats,price,since,partner,sector,regions,installer"
# Each with a value that is easily lost on its way.
VALUES: dict[str, Any] = {
    "origin": "=1+1; 007",
    "remark": "two\nlines",
    "seats": 1200,
    "price": "12.50",
    "since": "2017-03-01",
    "signed": "2017-03-01T01:30:00.123456Z",
    "partner": False,
    "sector": "old",
    "regions": ["north", "a;b"],
}


@pytest.fixture
async def defined(firm) -> None:
    """Define a custom field of each type."""
    entries = [{"key": "mining", "label_en": "Mining", "label_zh": "采矿"}, {"key": "old"}]
    sectors = await firm.call("CreatePicklist", picklist={"name": "sector", "entries": entries})
    entries = [{"key": key, "label_zh": label} for key, label in (("north", "北"), ("a;b", ""))]
    regions = await firm.call("CreatePicklist", picklist={"name": "regions", "entries": entries})
    for key, kind, details in (
        ("origin", "TEXT", {"label_en": "Origin", "label_zh": "来源"}),
        ("remark", "LONG_TEXT", {}),
        ("seats", "INTEGER", {"number_limits": {"maximum": {"value": "5000"}}}),
        ("price", "DECIMAL", {}),
        ("since", "DATE", {}),
        ("signed", "TIMESTAMP", {}),
        ("partner", "BOOLEAN", {}),
        ("sector", "PICKLIST", {"picklist_id": sectors.id}),
        ("regions", "MULTI_PICKLIST", {"picklist_id": regions.id}),
        ("installer", "REFERENCE", {"reference_target": {"resource_type": ORGANIZATIONS}}),
    ):
        field = {"resource_type": ORGANIZATIONS, "key": key, "type": f"TYPE_{kind}", **details}
        await firm.call("CreateCustomField", custom_field=field)


async def imported(firm, *rows: str, **fields: Any) -> Any:
    data = "\n".join([HEAD, *rows]).encode()
    return await firm.start(await firm.job_of(data, map=MAP), **fields)


def held(record: Any) -> dict[str, Any]:
    found = {}
    for key, value in record.custom_fields.fields.items():
        listed = [one.string_value for one in value.list_value.values]
        kind = value.WhichOneof("kind")
        found[key] = listed if kind == "list_value" else getattr(value, kind)
    return found


async def test_a_map_fills_them_key_by_key(firm, defined, counts):
    """With value maps, labels and keys of picklists, and records that are looked up."""
    alpha = 'a,Alpha,1200,0.01250,2017-03-01,yes,ore,"[""a;b"",""北""]",b'
    done = await imported(firm, alpha, "b,Beta,5,,,no,采矿,north,")
    assert (done.status, await firm.problems(done)) == (_DONE, [])
    assert counts(done) == {"party.Organization": (2, 0, 0)}
    found = await firm.firms()
    assert held(found["a"]) == {
        "seats": 1200, "price": "12.5", "since": "2017-03-01", "partner": True,
        "sector": "mining", "regions": ["a;b", "north"], "installer": found["b"].id,
        "origin": "fair",
    }  # fmt: skip
    assert held(found["b"]) == {
        "seats": 5, "partner": False, "sector": "mining", "regions": ["north"], "origin": "fair",
    }  # fmt: skip
    again = await imported(firm, "b,Beta,5,,,no,mining,北,", "a,Alpha,,0.0125,,,,,b")
    assert counts(again) == {"party.Organization": (0, 0, 2)}


async def test_one_that_changes_leaves_the_others_and_is_taken_back_alone(firm, defined, counts):
    await imported(firm, "a,Alpha,5,1,,,,,")
    before = held((await firm.firms())["a"])
    assert before == {"seats": 5, "price": "1000", "origin": "fair"}
    job = await imported(firm, "a,Alpha,6,,2017-03-01,,,,")
    assert counts(job) == {"party.Organization": (0, 1, 0)}
    after = before | {"seats": 6, "since": "2017-03-01"}
    assert held((await firm.firms())["a"]) == after
    await firm.undo(job)
    assert held((await firm.firms())["a"]) == before


async def test_all_of_them_in_one_cell_change_alone_and_are_taken_back_alone(firm, defined, counts):
    await imported(firm, "a,Alpha,5,1,,,,,")
    text = """
files:
  - file: firms.csv
    records: [{noun: party.Organization, key: {externalId: "{k}"}, fields: {customFields: "{c}"}}]
"""
    rows = b'k,c\na,"{""seats"":5,""since"":""2017-03-01"",""price"":null}"\n'
    job = await firm.start(await firm.job_of(rows, map=text))
    assert counts(job) == {"party.Organization": (0, 1, 0)}
    assert held((await firm.firms())["a"]) == {
        "seats": 5, "origin": "fair", "since": "2017-03-01"
    }  # fmt: skip
    again = await firm.start(await firm.job_of(rows, map=text))
    assert counts(again) == {"party.Organization": (0, 0, 1)}
    await firm.undo(job)
    assert held((await firm.firms())["a"]) == {"seats": 5, "price": "1000", "origin": "fair"}


@pytest.mark.parametrize("dry_run", [True, False])
async def test_what_they_cannot_hold_is_a_problem_of_its_row_and_column(firm, defined, dry_run):
    """What a dry run says is what happens."""
    rows = (
        "a,Alpha,many,1,,,,,",
        "b,Beta,9000,1,,,,,",
        "c,Gamma,1,,,,farming,,",
        "d,Delta,1,,,,old,,",
        "e,Epsilon,1,,,,,,nobody",
        "f,Phi,1,,,,,,",
    )
    job = await imported(firm, *rows, dry_run=dry_run)
    assert sorted(await firm.problems(job)) == [
        (2, "seats", "many", "NUMBER_UNREADABLE"),
        (3, "seats", "", "ABOVE_MAXIMUM"),
        (4, "sector", "farming", "NOT_IN_PICKLIST"),
        (6, "installer", "nobody", "RECORD_NOT_FOUND"),
    ]


async def test_a_map_names_those_that_are_defined(firm, defined):
    fields = "customFields.seats: '{s}', customFields.chairs: '{c}'"
    text = (
        "files: [{file: firms.csv, records: [{noun: party.Organization, key: {externalId: '{k}'},"
        f" fields: {{{fields}}}}}]}}]"
    )
    job = await firm.job_of(b"k,s,c\n")
    for attempt in (
        firm.call("CreateImportJob", import_job={"name": "x", "map": text}),
        firm.call(
            "UpdateImportJob",
            import_job={"id": job.id, "map": text},
            update_mask={"paths": ["map"]},
        ),
    ):
        with pytest.raises(errors.Invalid) as caught:
            await attempt
        [wrong] = caught.value.violations
        assert (wrong.path, wrong.reason) == ("import_job.map", "MAP_CUSTOM_FIELD_UNKNOWN")
        assert wrong.metadata == {"noun": "party.Organization", "field": "chairs"}


async def test_one_that_is_gone_when_the_job_starts_fails_it_by_name(firm, desk, defined):
    job = await firm.job_of(HEAD.encode(), map=MAP)
    export = await desk.job(columns=["name", "customFields.seats"])
    fields = (await firm.call("ListCustomFields", filter='key = "seats"')).custom_fields
    await firm.call("DeleteCustomField", id=fields[0].id)
    failed = await firm.start(job)
    assert failed.error_reason == "MAP_CUSTOM_FIELD_UNKNOWN"
    assert failed.error == (
        "party.Organization has no custom field seats. Define it first, or take it out of the map."
    )
    assert (await desk.run(export)).error_reason == "UNKNOWN_CUSTOM_FIELD"


# --- out, and back in


async def test_a_column_may_be_a_custom_field(firm, desk, defined):
    installer = await desk.organization("Installer")
    await desk.organization("Acme", custom_fields=VALUES | {"installer": installer.id})
    paths = ["name", *(f"customFields.{key}" for key in [*VALUES, "installer"])]
    rows = await desk.exported(columns=paths, filter='name = "Acme"')
    assert rows == [
        paths,
        [
            *("Acme", "'=1+1; 007", "two\nlines", "1200", "12.50", "2017-03-01"),
            *("2017-03-01 09:30:00.123456+08:00", "false", "old", '["north","a;b"]', installer.id),
        ],
    ]
    headed = {"columns": ["custom_fields.origin", "customFields.seats"]}
    english, _, _ = await desk.exported(headings=_Job.HEADINGS_ENGLISH, **headed)
    chinese, _, _ = await desk.exported(headings=_Job.HEADINGS_CHINESE, **headed)
    assert (english, chinese) == (["Origin", "Seats"], ["来源", "Seats"])


@pytest.mark.parametrize("headings", _Job.Headings.values()[1:])
@pytest.mark.parametrize("kind", [_Job.FORMAT_CSV, _Job.FORMAT_XLSX])
async def test_what_goes_out_key_by_key_comes_back_and_changes_nothing(
    firm, desk, defined, counts, kind, headings
):
    """So does what goes out in one cell, which is what there is without columns."""
    installer = await desk.organization("Installer")
    values = VALUES | {"installer": installer.id}
    made = await desk.organization("Acme", custom_fields=values)
    await retired(firm)
    keys = [f"customFields.{key}" for key in values]
    for paths in ([], ["id", "customFields"], ["id", "customFields", *keys], ["id", *keys]):
        done = await desk.run(await desk.job(format=kind, headings=headings, columns=paths))
        job = await back_in(firm, done)
        assert await firm.problems(job) == []
        assert counts(job) == {"party.Organization": (0, 0, 2)}
    change = {"id": made.id, "custom_fields": {"seats": 1, "price": "1", "regions": ["north"]}}
    await desk.call(
        "UpdateOrganization", organization=change, update_mask={"paths": ["custom_fields"]}
    )
    job = await back_in(firm, done)
    assert (await firm.problems(job), counts(job)) == ([], {"party.Organization": (0, 1, 1)})
    after = (await firm.firms())["Acme"]
    price = held(after)["price"]  # a workbook keeps numbers, not how they were written
    assert price == ("12.50" if kind == _Job.FORMAT_CSV else "12.5")
    assert held(after) == values | {"price": price}


async def retired(firm) -> None:
    """Take an entry out of a list that a record has."""
    listed = (await firm.call("ListPicklists", filter='name = "sector"')).picklists[0]
    change = {"id": listed.id, "entries": [listed.entries[0]]}
    await firm.call("UpdatePicklist", picklist=change, update_mask={"paths": ["entries"]})


async def back_in(firm, done: Any) -> Any:
    file = {"name": done.document_name, "document_id": done.document_id}
    record = {"name": "again", "map": done.map, "files": [file]}
    return await firm.start(await firm.call("CreateImportJob", import_job=record))


async def test_a_column_is_a_custom_field_that_is_defined(firm, desk, defined):
    job = await desk.job()
    columns = ["name", "customFields.chairs"]
    for attempt in (
        desk.job(columns=columns),
        desk.call(
            "UpdateExportJob",
            export_job={"id": job.id, "columns": columns},
            update_mask={"paths": ["columns"]},
        ),
    ):
        with pytest.raises(errors.Invalid) as caught:
            await attempt
        [wrong] = caught.value.violations
        assert (wrong.path, wrong.reason, wrong.metadata) == (
            "export_job.columns[1]", "UNKNOWN_CUSTOM_FIELD", {"found": "chairs"},
        )  # fmt: skip
