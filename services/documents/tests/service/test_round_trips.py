"""An export goes back in with the map it brings, and every record is as it was (PLT-20, PLT-19)."""

from typing import Any

import pytest
from banyan.documents.v1 import export_job_pb2

_Job = export_job_pb2.ExportJob


async def back_in(desk, firm, done: Any, person: Any = None) -> Any:
    """Import an export with the map it came with."""
    file = {"name": done.document_name, "document_id": done.document_id}
    record = {"name": "again", "map": done.map, "files": [file]}
    job = await desk.call("CreateImportJob", person, import_job=record)
    return await firm.start(job, person)


async def odd_firms(desk) -> None:
    """Make organizations whose values are easily lost on their way."""
    group = await desk.organization(
        "=Acme; & Söhne", external_id="a", country_code="DE", roles=["customer", "partner"],
        employee_count=1234, annual_revenue={"currency_code": "CNY", "amount": "1234.567"},
        note="two\nlines and 1,5", website="007", phone="+49 221 1", founded_year=1999,
    )  # fmt: skip
    for name, note in (
        ("阿尔法有限公司", "@SUM(A1)"),
        ("  spaces around  ", "\ttab"),
        ("'=quoted", "-1"),
        ("1.234", "1,234"),
        ("true", "2017-03-01"),
        ("NULL", '"a","b"'),
        ("e𠮷", "\r\n"),
    ):
        money = {"currency_code": "CNY", "amount": "-0.10"}
        parent = {"parent_organization_id": group.id}
        await desk.organization(name, note=note, annual_revenue=money, **parent)


@pytest.mark.parametrize("headings", _Job.Headings.values()[1:])
@pytest.mark.parametrize(
    ("kind", "encoding"),
    [
        (_Job.FORMAT_CSV, _Job.ENCODING_UTF8_BOM),
        (_Job.FORMAT_CSV, _Job.ENCODING_GB18030),
        (_Job.FORMAT_XLSX, _Job.ENCODING_UTF8),
    ],
)
async def test_an_export_goes_back_in_and_changes_nothing(
    desk, firm, counts, kind, encoding, headings
):
    """With the map it brings along every record is found, and is as it was (PLT-19)."""
    await odd_firms(desk)
    done = await desk.run(await desk.job(format=kind, encoding=encoding, headings=headings))
    job = await back_in(desk, firm, done)
    assert await firm.problems(job) == []
    assert counts(job) == {"party.Organization": (0, 0, 8)}


async def test_an_export_brings_back_what_was_changed_since(desk, firm, counts):
    await odd_firms(desk)
    before = await firm.firms()
    done = await desk.run(await desk.job())
    for record in before.values():
        patch = {"id": record.id, "name": "changed", "annual_revenue": {}}
        await desk.call("UpdateOrganization", organization=patch, update_mask={"paths": ["name"]})
    job = await back_in(desk, firm, done)
    assert await firm.problems(job) == []
    assert counts(job) == {"party.Organization": (0, 8, 0)}
    after = await firm.firms()
    for name, record in before.items():
        after[name].etag = record.etag
        after[name].update_time.CopyFrom(record.update_time)
        assert after[name] == record


async def test_an_export_goes_into_another_firm_with_its_ids_and_references(world, desk, counts):
    """Children may stand before their parents; what has no external id is known by its id."""
    children = [await desk.organization(f"child {number}") for number in range(3)]
    parent = await desk.organization("z parent")
    for child in children:
        patch = {"id": child.id, "parent_organization_id": parent.id}
        mask = {"paths": ["parent_organization_id"]}
        await desk.call("UpdateOrganization", organization=patch, update_mask=mask)
    columns = ["id", "name", "parentOrganizationId"]
    done = await desk.run(await desk.job(columns=columns))
    data = await desk.content(done)
    other = type(desk.firm)(world, await world.tenant())
    file = {"name": done.document_name, "document_id": await other.upload(data)}
    record = {"name": "moved", "map": done.map, "files": [file]}
    job = await other.start(await other.call("CreateImportJob", import_job=record))
    assert await other.problems(job) == []
    assert counts(job) == {"party.Organization": (4, 0, 0)}
    found = await other.firms()
    assert found["z parent"].id == parent.id
    assert found["child 0"].parent_organization_id == parent.id


async def test_what_nobody_can_make_brings_no_map(desk):
    fields = {"resource_type": "documents.banyan/DocumentVersion", "order_by": ""}
    assert (await desk.run(await desk.job(**fields))).map == ""
    assert (await desk.run(await desk.job(columns=["name"]))).map == ""
