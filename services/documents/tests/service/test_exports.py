"""Exports: what a list would show its reader, as a file of theirs (PLT-20, PLT-16)."""

import asyncio
import io
from typing import Any

import pytest
import python_calamine
from banyan.documents.v1 import export_job_pb2

from chassis import errors
from chassis.access import Grant, Scope
from chassis.resources.jobs import JobRunner
from documents import acting, files
from documents.exports import running

_Job = export_job_pb2.ExportJob
MAP = """
files:
  - file: firms.csv
    records:
      - {noun: party.Organization, key: {externalId: "{key}"}, fields: {name: "{name}"}}
"""
ORGANIZATIONS = "party.banyan/Organization"
AT_WORK = (_Job.STATUS_QUEUED, _Job.STATUS_RUNNING)


@pytest.fixture
async def stopped(firm):
    """Stop the background of documents; what is given starts it again."""
    host = firm.world.host
    host.background["documents.jobs"].cancel()
    await asyncio.wait([host.background["documents.jobs"]])

    def start() -> None:
        runner = JobRunner(host.here["documents"], host.services["documents"].jobs)
        host.background["documents.jobs"] = asyncio.create_task(runner.run(host.address))

    yield start
    if host.background["documents.jobs"].done():
        start()


async def run_of(firm, job: Any) -> str:
    rows = await firm.here.database.read(
        firm.tenant_id, "SELECT run_id::text FROM documents.export_job WHERE id = $1", job.id
    )
    return rows[0][0]


async def test_a_list_becomes_a_document_of_whoever_ran_the_job(desk, firm):
    for name in ("Beta", "阿尔法", "Alpha"):
        await desk.organization(name, country_code="CN", roles=["customer", "partner"])
    job = await desk.job(columns=["name", "country_code", "roles"])
    assert (job.status, job.format) == (_Job.STATUS_DRAFT, _Job.FORMAT_CSV)
    done = await desk.run(job)
    assert (done.status, done.row_count, done.total_row_count) == (_Job.STATUS_DONE, 3, 3)
    assert (done.progress, done.error) == (1.0, "")
    assert (done.document_name, done.starter_user_id) == ("firms.csv", firm.boss.user_id)
    assert done.start_time.ToDatetime() <= done.end_time.ToDatetime()
    assert desk.rows_of(await desk.content(done)) == [
        ["name", "countryCode", "roles"],
        ["阿尔法", "CN", "customer; partner"],
        ["Alpha", "CN", "customer; partner"],
        ["Beta", "CN", "customer; partner"],
    ]
    document = await desk.call("GetDocument", id=done.document_id)
    assert (document.owner_user_id, document.media_type) == (firm.boss.user_id, "text/csv")
    assert document.creator_user_id == firm.boss.user_id


async def test_more_records_than_a_page_come_in_order_and_whole(desk, monkeypatch):
    monkeypatch.setattr(running, "PAGE", 3)
    for number in range(8):
        await desk.organization(f"firm {number}")
    assert await desk.exported(columns=["name"], order_by="name desc") == [
        ["name"],
        *([f"firm {number}"] for number in reversed(range(8))),
    ]


async def test_nothing_to_export_is_a_file_of_headings(desk):
    assert await desk.exported(columns=["name"]) == [["name"]]


async def test_without_columns_every_field_is_there(desk):
    made = await desk.organization("Acme", annual_revenue={"currency_code": "CNY", "amount": "5"})
    head, row = await desk.exported()
    found = dict(zip(head, row, strict=True))
    assert (found["id"], found["etag"], found["ownerUserId"]) == (made.id, "1", made.owner_user_id)
    assert (found["annualRevenue"], found["annualRevenue.currencyCode"]) == ("5", "CNY")
    assert found["createTime"].endswith("+08:00")  # the firm is in Shanghai
    assert "parentOrganizationName" not in head


async def test_the_filter_is_that_of_the_list_and_deleted_ones_stay_behind(desk):
    for name in ("in", "out", "gone"):
        made = await desk.organization(name, country_code="DE" if name == "out" else "CN")
    await desk.call("DeleteOrganization", id=made.id)
    fields = {"columns": ["name"], "filter": 'countryCode = "CN"'}
    assert await desk.exported(**fields) == [["name"], ["in"]]


async def test_what_a_record_refers_to_is_told_by_its_fields(desk, firm):
    parent = await desk.organization("Group", external_id="g", city="Köln")
    await desk.organization("Part", parent_organization_id=parent.id)
    paths = ["parentOrganizationId", "parent_organization_id.external_id"]
    columns = ["name", *paths, "parentOrganizationId.city", "ownerUserId.displayName"]
    assert await desk.exported(columns=columns) == [
        ["name", paths[0], f"{paths[0]}.externalId", f"{paths[0]}.city", "ownerUserId.displayName"],
        ["Group", "", "", "", "Administrator"],
        ["Part", parent.id, "g", "Köln", "Administrator"],
    ]


async def test_headings_are_what_people_call_the_columns(desk):
    parent = await desk.organization("集团")
    money = {"currency_code": "CNY", "amount": "5"}
    await desk.organization("分公司", parent_organization_id=parent.id, annual_revenue=money)
    columns = ["name", "parentOrganizationId", "parentOrganizationId.name", "annualRevenue"]
    head, *_ = await desk.exported(columns=columns, headings=_Job.HEADINGS_CHINESE)
    assert head == ["名称", "上级组织", "上级组织 / 名称", "年营收", "年营收 / currencyCode"]
    head, *_ = await desk.exported(columns=columns, headings=_Job.HEADINGS_ENGLISH)
    assert head[:3] == ["name", "parent organization", "parent organization / name"]


async def test_a_csv_has_the_encoding_that_was_asked_for(desk):
    await desk.organization("𠮷野家 龙")
    for encoding, codec in (
        (_Job.ENCODING_UTF8_BOM, "utf-8-sig"),
        (_Job.ENCODING_UTF8, "utf-8"),
        (_Job.ENCODING_GB18030, "gb18030"),
    ):
        done = await desk.run(await desk.job(columns=["name"], encoding=encoding))
        data = await desk.content(done)
        assert data == "name\r\n𠮷野家 龙\r\n".encode(codec)


async def test_a_formula_is_a_text_in_the_file(desk):
    """A spreadsheet that opens the file runs nothing."""
    await desk.organization("=1+1", note="@SUM(A1)")
    assert await desk.exported(columns=["name", "note"]) == [
        ["name", "note"],
        ["'=1+1", "'@SUM(A1)"],
    ]


async def test_a_workbook_has_numbers_dates_and_texts(desk):
    await desk.organization("=1+1", employee_count=12, founded_year=1999, country_code="CN")
    columns = ["name", "employeeCount", "countryCode", "parent_organization_id"]
    job = await desk.job(format=_Job.FORMAT_XLSX, columns=columns, name="firms [2026]")
    done = await desk.run(job)
    assert done.document_name == "firms [2026].xlsx"
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(await desk.content(done)))
    assert book.sheet_names == ["firms  2026"]
    assert book.get_sheet_by_index(0).to_python() == [
        ["name", "employeeCount", "countryCode", "parentOrganizationId"],
        ["=1+1", 12.0, "CN", ""],
    ]


# --- whose rights


async def role(firm, person: Any, grants: list[Grant]) -> None:
    """Say in identity what a test says of a person: in the background rights come from there."""
    permissions = [{"resource": g.resource, "action": g.action, "scope": g.scope} for g in grants]
    made = await firm.call("CreateRole", role={"name": person.user_id, "permissions": permissions})
    assignment = {"user_id": person.user_id, "role_id": made.id, "org_unit_id": person.org_unit_id}
    await firm.call("CreateRoleAssignment", role_assignment=assignment)


async def clerk_of(firm, *grants: Grant) -> Any:
    rights = [Grant("documents.*", "*", Scope.OWN), *grants]
    person = await firm.world.person(firm.tenant_id, rights)
    await role(firm, person, rights)
    return person


async def test_whoever_sees_own_records_exports_own_records(desk, firm):
    """PLT-16: the job reads with the rights of whoever runs it."""
    clerk = await clerk_of(firm, Grant("party.Organization", "*", Scope.OWN))
    await desk.organization("theirs")
    await desk.organization("mine", clerk)
    mine = [["name"], ["mine"]]
    job = await desk.job(clerk, columns=["name"])
    done = await desk.run(job, clerk)
    assert desk.rows_of(await desk.content(done, clerk)) == mine
    assert (done.row_count, done.total_row_count) == (1, 1)
    assert (await desk.call("GetDocument", id=done.document_id)).owner_user_id == clerk.user_id
    # Whoever runs it next gets what they see, in a document of their own.
    again = await desk.run(job)
    assert again.document_id != done.document_id
    assert desk.rows_of(await desk.content(again)) == [["name"], ["mine"], ["theirs"]]
    with pytest.raises(errors.NotFound):
        await desk.content(again, clerk)
    assert desk.rows_of(await desk.content(done, clerk)) == mine


async def test_what_somebody_may_not_see_behind_a_reference_is_empty(desk, firm):
    clerk = await clerk_of(firm, Grant("party.Organization", "*", Scope.OWN))
    await desk.organization("mine", clerk)
    columns = ["name", "ownerUserId", "ownerUserId.displayName"]
    assert await desk.exported(clerk, columns=columns) == [
        ["name", "ownerUserId", "ownerUserId.displayName"],
        ["mine", clerk.user_id, ""],
    ]


async def test_rights_that_were_lost_fail_the_job_by_name(desk, firm):
    clerk = await clerk_of(firm)
    job = await desk.job(columns=["name"])
    await firm.as_owner(
        "UPDATE documents.export_job SET owner_user_id = $2 WHERE id = $1", job.id, clerk.user_id
    )
    failed = await desk.run(job, clerk)
    assert (failed.status, failed.error_reason) == (_Job.STATUS_FAILED, "PERMISSION_DENIED")
    assert failed.error
    assert failed.document_id == ""


async def test_a_service_runs_no_export_for_itself(desk, firm):
    job = await desk.job()
    call = firm.here.call_of("/banyan.documents.v1.ExportJobService/StartExportJob", firm.tenant_id)
    method = firm.here[_Job].noun.methods["StartExportJob"]
    with pytest.raises(errors.Forbidden) as caught:
        await method(firm.here, export_job_pb2.StartExportJobRequest(id=job.id), call)
    assert caught.value.reason == "PEOPLE_ONLY"


async def test_a_long_run_asks_for_its_token_again(desk, firm, monkeypatch):
    monkeypatch.setattr(acting, "_TOKEN_SECONDS", -1)
    asked = 0
    original = acting.acting

    def counting(*args: str) -> Any:
        nonlocal asked
        asked += 1
        return original(*args)

    monkeypatch.setattr(acting, "acting", counting)
    await desk.organization("Acme")
    assert await desk.exported(columns=["name"]) == [["name"], ["Acme"]]
    assert asked >= 4  # to count, to list, to make the document, to write it


# --- how it goes on


async def test_a_job_says_how_far_it_is_while_it_runs(desk, monkeypatch):
    monkeypatch.setattr(running, "PAGE", 2)
    for number in range(5):
        await desk.organization(f"firm {number}")
    there, go_on = hold_page(monkeypatch, 2)
    job = await desk.job(columns=["name"])
    await desk.call("StartExportJob", id=job.id)
    await asyncio.wait_for(there.wait(), 10)
    half = await desk.call("GetExportJob", id=job.id)
    go_on.set()
    assert (half.status, half.row_count, half.total_row_count) == (_Job.STATUS_RUNNING, 2, 5)
    assert half.progress == 0.4
    assert (await desk.over(job)).row_count == 5


def hold_page(monkeypatch, number: int) -> tuple[asyncio.Event, asyncio.Event]:
    """Let the writing of a page wait; gives when it does, and what lets it go on."""
    original, there, go_on, pages = running.References.look_up, asyncio.Event(), asyncio.Event(), 0

    async def held(self: Any, *args: Any) -> None:
        nonlocal pages
        pages += 1
        if pages == number:
            there.set()
            await go_on.wait()
        await original(self, *args)

    monkeypatch.setattr(running.References, "look_up", held)
    return there, go_on


async def test_a_cancelled_job_makes_no_file_and_can_be_run_again(desk, firm, monkeypatch):
    """Run again at once, while the cancelled run is still on its way."""
    monkeypatch.setattr(running, "PAGE", 1)
    for number in range(3):
        await desk.organization(f"firm {number}")
    there, go_on = hold_page(monkeypatch, 2)
    job = await desk.job(columns=["name"])
    await desk.call("StartExportJob", id=job.id)
    await asyncio.wait_for(there.wait(), 10)
    first = await run_of(firm, job)
    cancelled = await desk.call("CancelExportJob", id=job.id)
    assert cancelled.status == _Job.STATUS_CANCELLED
    await desk.call("StartExportJob", id=job.id)
    go_on.set()
    done = await desk.over(job)
    assert (done.status, done.row_count) == (_Job.STATUS_DONE, 3)
    assert done.document_id != first
    documents = (await desk.call("ListDocuments")).documents
    assert [document.id for document in documents] == [done.document_id]


async def test_what_is_at_work_does_not_begin_twice(desk, stopped):
    job = await desk.job(columns=["name"])
    await desk.call("StartExportJob", id=job.id, request_id="once")
    again = await desk.call("StartExportJob", id=job.id, request_id="once")
    assert again.status == _Job.STATUS_QUEUED
    with pytest.raises(errors.FailedPrecondition) as caught:
        await desk.call("StartExportJob", id=job.id)
    assert caught.value.reason == "EXPORT_AT_WORK"
    stopped()
    assert (await desk.over(job)).status == _Job.STATUS_DONE


class Died(BaseException):
    """The process died here; nothing that catches errors catches it."""


# Each place is before or after a call the run makes, counted: 1 counts the rows, 2 to 4 list them,
# 5 makes the document, 6 and 7 write it.
@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 8))
async def test_a_run_whose_process_died_goes_on_and_makes_one_document(
    desk, firm, monkeypatch, stopped, at, place
):
    monkeypatch.setattr(running, "PAGE", 2)
    monkeypatch.setattr(files, "PART_BYTES_MAX", 20)
    for number in range(5):
        await desk.organization(f"{number}")
    job = await desk.job(columns=["name"])
    await desk.call("StartExportJob", id=job.id)
    run_id = await run_of(firm, job)
    original, calls = acting.OnBehalfOf.ask, 0

    async def dying(self: Any, method: Any, request: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at and place == "before":
            raise Died
        reply = await original(self, method, request)
        if calls == at:
            raise Died
        return reply

    monkeypatch.setattr(acting.OnBehalfOf, "ask", dying)
    with pytest.raises(Died):
        await running.work(firm.here, firm.tenant_id, run_id)
    assert (await desk.call("GetExportJob", id=job.id)).status == _Job.STATUS_RUNNING
    monkeypatch.setattr(acting.OnBehalfOf, "ask", original)
    stopped()  # its lease was never taken, as one that has run out
    done = await desk.over(job)
    assert (done.status, done.row_count, done.document_id) == (_Job.STATUS_DONE, 5, run_id)
    assert desk.rows_of(await desk.content(done)) == [["name"], *([f"{n}"] for n in range(5))]
    [document] = (await desk.call("ListDocuments")).documents
    assert (document.id, document.current_version) == (run_id, 1)


async def test_a_part_of_the_system_that_is_away_is_waited_for(desk, monkeypatch):
    original, refused = acting.OnBehalfOf.ask, 0

    async def refusing(self: Any, method: Any, request: Any) -> Any:
        nonlocal refused
        if method.name == "ListOrganizations" and not refused:
            refused += 1
            raise errors.Unavailable("SERVICE_UNAVAILABLE")
        return await original(self, method, request)

    monkeypatch.setattr(acting.OnBehalfOf, "ask", refusing)
    assert await desk.exported(columns=["name"]) == [["name"]]
    assert refused == 1


async def test_what_nobody_foresaw_fails_the_job_with_a_trace_only(desk, monkeypatch):
    async def broken(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(running.References, "look_up", broken)
    failed = await desk.run(await desk.job(columns=["name"]))
    assert (failed.status, failed.error_reason) == (_Job.STATUS_FAILED, "INTERNAL")
    assert "secret" not in failed.error


async def test_a_table_no_sheet_can_hold_fails_the_job_by_name(desk, firm):
    await firm.job("a,Alpha,CN,1,1,,", map=f"{MAP}\n# {'x' * 40_000}")
    fields = {"resource_type": "documents.banyan/ImportJob", "columns": ["map"]}
    failed = await desk.run(await desk.job(format=_Job.FORMAT_XLSX, **fields))
    assert (failed.status, failed.error_reason) == (_Job.STATUS_FAILED, "CELL_TOO_LONG")
    assert (await desk.run(await desk.job(**fields))).status == _Job.STATUS_DONE


async def test_filter_and_order_may_name_custom_fields(desk):
    """PLT-26: they are asked of the firm's definitions when the job is written."""
    field = {"resource_type": ORGANIZATIONS, "key": "seats", "type": "TYPE_INTEGER"}
    await desk.call("CreateCustomField", custom_field=field | {"filterable": True})
    for seats in (3, 30, 4):
        await desk.organization(f"firm of {seats}", custom_fields={"seats": seats})
    asked = {"filter": "customFields.seats > 3", "order_by": "customFields.seats desc"}
    rows = await desk.exported(columns=["name"], **asked)
    assert rows == [["name"], ["firm of 30"], ["firm of 4"]]
    job = await desk.job()
    for part, text, reason in (
        ("filter", "customFields.chairs > 3", "NOT_FILTERABLE"),
        ("order_by", "customFields.chairs", "NOT_SORTABLE"),
    ):
        changed = {"export_job": {"id": job.id, part: text}, "update_mask": {"paths": [part]}}
        for attempt in (desk.job(**{part: text}), desk.call("UpdateExportJob", **changed)):
            with pytest.raises(errors.Invalid) as caught:
                await attempt
            found = [(wrong.path, wrong.reason) for wrong in caught.value.violations]
            assert found == [(f"export_job.{part}", reason)]
