"""Imports: whole rows or none, in any order, resumable, undoable (PLT-18, PLT-19)."""

import asyncio
import io
import zipfile

import pytest
import xlsxwriter
from banyan.documents.v1 import import_job_pb2

from chassis import errors
from chassis.access import Grant, Scope
from chassis.resources.jobs import JobRunner
from documents.imports import running, writing

_Job = import_job_pb2.ImportJob
GOOD = (
    "b,Beta,Deutschland,12,1.5,a,Li Na",
    "a,Alpha,中国,3000,250,,",
    "c,Gamma,DE,,,b,Max",
)
EVERYTHING_NEW = {"party.Organization": (3, 0, 0), "party.Contact": (2, 0, 0)}


async def test_rows_become_records_whatever_their_order(firm, counts):
    """A child stands before its parent; what is written is put right by the values of the map."""
    done = await firm.start(await firm.job(*GOOD))
    assert (done.status, done.row_count, done.refused_row_count) == (_Job.STATUS_DONE, 3, 0)
    assert counts(done) == EVERYTHING_NEW
    found = await firm.firms()
    assert found["b"].parent_organization_id == found["a"].id
    assert found["c"].parent_organization_id == found["b"].id
    assert (found["a"].country_code, found["a"].employee_count) == ("CN", 3000)
    assert found["b"].annual_revenue.amount == "1500000"
    contacts = (await firm.call("ListContacts", order_by="name")).contacts
    assert [(c.name, c.organization_name) for c in contacts] == [
        ("Li Na", "Beta"),
        ("Max", "Gamma"),
    ]


async def test_a_dry_run_names_what_is_bad_and_writes_nothing(firm, counts):
    rows = (
        *GOOD,
        "d,Delta,DE,many,1,,",
        "e,,DE,1,1,,",
        "f,Phi,DE,1,1,nobody,",
        ",Nameless,DE,1,1,,",
        "a,Alpha again,CN,1,1,,",
        "g,Too,many,cells,1,,,x",
    )
    job = await firm.job(*rows)
    checked = await firm.start(job, dry_run=True)
    assert (checked.status, checked.row_count) == (_Job.STATUS_CHECKED, 9)
    assert counts(checked) == EVERYTHING_NEW
    wanted = [
        (5, "staff", "many", "NUMBER_UNREADABLE"),
        (6, "name", "", "STRING_MIN_LEN"),
        (7, "parent", "nobody", "RECORD_NOT_FOUND"),
        (8, "key", "", "KEY_EMPTY"),
        (9, "key", "a", "KEY_TWICE"),
        (10, "", "", "CELLS_TOO_MANY"),
    ]
    assert await firm.problems(job) == wanted
    assert await firm.firms() == {}
    done = await firm.start(job)  # the same job, for real: what is good goes in
    assert (done.status, done.refused_row_count) == (_Job.STATUS_DONE, 6)
    assert sorted(await firm.firms()) == ["a", "b", "c"]
    assert [(p[0], p[3]) for p in await firm.problems(job)] == [(p[0], p[3]) for p in wanted]


async def test_running_it_again_changes_nothing_and_changes_are_changes(firm, counts):
    await firm.start(await firm.job(*GOOD))
    again = await firm.start(await firm.job(*GOOD))
    assert counts(again) == {"party.Organization": (0, 0, 3), "party.Contact": (0, 0, 2)}
    before = await firm.firms()
    more = ("a,Alpha,CN,3001,250.0,,", "n,New,DE,1,1,,")
    changed = await firm.start(await firm.job(*more))
    assert counts(changed) == {"party.Organization": (1, 1, 0)}
    after = await firm.firms()
    assert (after["a"].employee_count, after["a"].etag) == (3001, "2")
    assert after["b"] == before["b"]


async def test_an_import_may_only_make_or_only_change(firm, counts):
    await firm.start(await firm.job(GOOD[1]))
    rows = ("a,Other,CN,1,1,,", "z,Zeta,DE,1,1,,")
    only_new = await firm.start(await firm.job(*rows, mode=_Job.MODE_CREATE))
    assert counts(only_new) == {"party.Organization": (1, 0, 1)}
    assert (await firm.firms())["a"].name == "Alpha"
    job = await firm.job("a,Other,CN,1,1,,", "y,Ypsilon,DE,1,1,,", mode=_Job.MODE_UPDATE)
    only_changes = await firm.start(job)
    assert counts(only_changes) == {"party.Organization": (0, 1, 0)}
    assert await firm.problems(job) == [(3, "", "", "NOTHING_TO_UPDATE")]


async def test_an_undo_removes_what_it_made_restores_what_it_changed_and_leaves_the_rest(firm):
    await firm.start(await firm.job("a,Alpha,CN,3000,250,,"))
    kept = (await firm.firms())["a"]
    job = await firm.job("a,Renamed,CN,5,250,,", "b,Beta,DE,1,1,a,Li Na", "c,Gamma,DE,1,1,,")
    await firm.start(job)
    touched = (await firm.firms())["c"]
    record = {"id": touched.id, "note": "called them"}
    await firm.call("UpdateOrganization", organization=record, update_mask={"paths": ["note"]})
    undone = await firm.undo(job)
    assert undone.status == _Job.STATUS_UNDONE
    found = await firm.firms()
    assert sorted(found) == ["a", "c"]
    assert (found["a"].name, found["a"].employee_count) == ("Alpha", 3000)
    assert found["a"].create_time == kept.create_time
    assert found["c"].note == "called them"
    assert [p[3] for p in await firm.problems(job)] == ["TOUCHED_SINCE"]
    assert not (await firm.call("ListContacts")).contacts
    with pytest.raises(errors.FailedPrecondition) as caught:
        await firm.call("UndoImportJob", id=job.id)
    assert caught.value.reason == "NOTHING_TO_UNDO"


class Died(BaseException):
    """The process died here; nothing that catches errors catches it."""


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
async def test_a_job_whose_process_died_goes_on_and_makes_nothing_twice(
    firm, counts, monkeypatch, at
):
    """Killed before or after a call that writes, at every such place; then another goes on."""
    monkeypatch.setattr(running, "STRETCH", 2)
    job = await firm.job(*GOOD, "d,Delta,DE,1,1,c,", "e,Epsilon,DE,1,1,,Ann")
    original, calls = writing.Writer._create, 0

    async def dying(self, group, outcome):
        nonlocal calls
        calls += 1
        if calls == at:
            await original(self, group, outcome)
            raise Died
        await original(self, group, outcome)

    # The background of this process must not take the job first.
    host = firm.world.host
    host.background["documents.jobs"].cancel()
    await asyncio.wait([host.background["documents.jobs"]])
    await firm.call("StartImportJob", id=job.id)
    monkeypatch.setattr(writing.Writer, "_create", dying)
    with pytest.raises(Died):
        await running.work(firm.here, firm.tenant_id, job.id)
    monkeypatch.setattr(writing.Writer, "_create", original)
    await running.work(firm.here, firm.tenant_id, job.id)
    await firm.as_owner("DELETE FROM documents.job WHERE id = $1", job.id)
    restart(host)
    done = await firm.call("GetImportJob", id=job.id)
    assert done.status == _Job.STATUS_DONE
    assert counts(done) == {"party.Organization": (5, 0, 0), "party.Contact": (3, 0, 0)}
    found = await firm.firms()
    assert sorted(found) == ["a", "b", "c", "d", "e"]
    assert found["d"].parent_organization_id == found["c"].id
    await firm.undo(job)
    assert await firm.firms() == {}


def restart(host):
    """Run the jobs of documents in the background again."""
    service = host.services["documents"]
    runner = JobRunner(host.here["documents"], service.jobs)
    host.background["documents.jobs"] = asyncio.create_task(runner.run(host.address))


async def test_a_cancelled_job_stops_and_goes_on_when_started_again(firm, counts, monkeypatch):
    monkeypatch.setattr(running, "STRETCH", 1)
    job = await firm.job(*GOOD)
    original, reached = writing.Writer.write, asyncio.Event()
    going_on = asyncio.Event()

    async def slowly(self, planned):
        reached.set()
        await going_on.wait()
        return await original(self, planned)

    monkeypatch.setattr(writing.Writer, "write", slowly)
    await firm.call("StartImportJob", id=job.id)
    await asyncio.wait_for(reached.wait(), 10)
    await firm.call("CancelImportJob", id=job.id)
    going_on.set()
    assert (await firm.over(job)).status == _Job.STATUS_CANCELLED
    deadline = asyncio.get_running_loop().time() + 10
    while await firm.here.database.read(
        firm.tenant_id, "SELECT 1 FROM documents.job WHERE id = $1", job.id
    ):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)
    done = await firm.start(job)
    assert done.status == _Job.STATUS_DONE
    assert sorted(await firm.firms()) == ["a", "b", "c"]
    assert sum(c.created for c in done.counts) == 5


async def test_an_import_has_the_rights_of_whoever_starts_it(firm, world):
    """PLT-16: what they may not make is refused row by row."""
    grants = [
        Grant("documents.*", "*", Scope.OWN),
        Grant("party.Organization", "read", Scope.ALL),
        Grant("identity.Tenant", "read", Scope.ALL),
    ]
    clerk = await world.person(firm.tenant_id, grants)
    # Rights come from identity here, so what the test says of the clerk is said there too.
    role = await firm.call(
        "CreateRole",
        role={
            "name": "importer",
            "permissions": [
                {"resource": g.resource, "action": g.action, "scope": g.scope} for g in grants
            ],
        },
    )
    assignment = {"user_id": clerk.user_id, "role_id": role.id, "org_unit_id": clerk.org_unit_id}
    await firm.call("CreateRoleAssignment", role_assignment=assignment)
    job = await firm.job(GOOD[1], person=clerk)
    done = await firm.start(job, clerk)
    assert done.status == _Job.STATUS_FAILED
    assert done.error_reason == "PERMISSION_DENIED"
    assert await firm.firms() == {}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old workbook", "FORMAT_UNKNOWN"),
        (b"", "FILE_EMPTY"),
        (b"wrong,heads\n1,2\n", "COLUMN_MISSING"),
    ],
)
async def test_a_file_that_is_none_fails_the_job_by_name(firm, data, reason):
    done = await firm.start(await firm.job_of(data))
    assert (done.status, done.error_reason) == (_Job.STATUS_FAILED, reason)
    assert done.error


async def test_a_zip_bomb_is_refused_by_name(firm):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * 30_000_000)
    done = await firm.start(await firm.job_of(packed.getvalue()))
    assert done.status == _Job.STATUS_FAILED
    assert done.error_reason in ("ARCHIVE_RATIO", "ARCHIVE_TOO_LARGE")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("files: [", "INVALID_MAP"),
        (
            "files: [{file: a.csv, records: [{noun: party.Nothing, key: {id: x}}]}]",
            "MAP_NOUN_UNKNOWN",
        ),
        (
            "files: [{file: a.csv, records: [{noun: party.Source, key: {colour: x}}]}]",
            "MAP_FIELD_UNKNOWN",
        ),
    ],
)
async def test_a_map_that_cannot_be_read_is_refused_when_it_is_saved(firm, text, reason):
    record = {"name": "x", "map": text, "files": []}
    with pytest.raises(errors.Invalid) as caught:
        await firm.call("CreateImportJob", import_job=record)
    (violation,) = caught.value.violations
    assert (violation.path, violation.reason) == ("import_job.map", reason)


# --- undoing, cut short and gone on with


TWO_FILES = """
files:
  - file: firms.csv
    records:
      - noun: party.Organization
        key: {externalId: "{key}"}
        fields: {name: "{name}"}
  - file: staff.csv
    records:
      - noun: party.Organization
        key: {externalId: "{key}"}
        fields: {employeeCount: "{staff}"}
"""


async def two_files(firm, *staff: str):
    firms = await firm.upload(b"key,name\na,Alpha\nb,Beta\n")
    more = await firm.upload("\n".join(["key,staff", *staff]).encode())
    files = [
        {"name": "firms.csv", "document_id": firms},
        {"name": "staff.csv", "document_id": more},
    ]
    return await firm.call(
        "CreateImportJob", import_job={"name": "two", "map": TWO_FILES, "files": files}
    )


async def test_what_two_files_say_of_a_record_is_taken_back_in_both_steps(firm, counts):
    job = await two_files(firm, "a,5", "b,6")
    checked = await firm.start(job, dry_run=True)
    assert (counts(checked), await firm.problems(job)) == ({"party.Organization": (2, 2, 0)}, [])
    done = await firm.start(job)
    assert counts(done) == {"party.Organization": (2, 2, 0)}
    assert (await firm.firms())["a"].employee_count == 5
    undone = await firm.undo(job)
    assert undone.status == _Job.STATUS_UNDONE
    assert await firm.problems(job) == []
    assert await firm.firms() == {}


async def test_a_dry_run_asks_of_a_change_only_what_it_changes(firm, counts):
    """A row without a name changes a record that has one."""
    await firm.start(await firm.job("a,Alpha,DE,1,1,,"))
    text = TWO_FILES.split("  - file: staff.csv")[0].replace('name: "{name}"', 'note: "{person}"')
    job = await firm.job("a,,,,,,called", "b,,,,,,who", map=text)
    checked = await firm.start(job, dry_run=True)
    assert counts(checked) == {"party.Organization": (0, 1, 0)}
    assert await firm.problems(job) == [(3, "", "", "STRING_MIN_LEN")]
    assert counts(await firm.start(job)) == {"party.Organization": (0, 1, 0)}
    assert (await firm.firms())["a"].note == "called"


async def test_what_two_files_changed_becomes_what_it_was(firm):
    await firm.start(await firm.job("a,Old,DE,1,1,,", "b,Beta,DE,6,1,,"))
    job = await two_files(firm, "a,5")
    await firm.start(job)
    assert (await firm.firms())["a"].name == "Alpha"
    await firm.undo(job)
    assert await firm.problems(job) == []
    found = (await firm.firms())["a"]
    assert (found.name, found.employee_count) == ("Old", 1)


async def test_a_file_that_is_through_is_not_read_again_by_the_one_who_goes_on(
    firm, counts, monkeypatch
):
    """The rows of a file that waited for its end were dealt with; the next file was begun."""
    text = MAP_OF_TWO
    first = await firm.upload(b"key,name,parent\nb,Beta,a\na,Alpha,\nc,Gamma,nobody\n")
    second = await firm.upload(b"key,name\nx,Xi\n")
    files = [{"name": n, "document_id": d} for n, d in (("1.csv", first), ("2.csv", second))]
    record = {"name": "two", "map": text, "files": files}
    job = await firm.call("CreateImportJob", import_job=record)
    await stopped_background(firm)
    await firm.call("StartImportJob", id=job.id)
    original = writing.Writer.write

    async def dying(self, planned):
        if any(one.message.name == "Xi" for one in planned):
            raise Died
        return await original(self, planned)

    monkeypatch.setattr(writing.Writer, "write", dying)
    with pytest.raises(Died):
        await running.work(firm.here, firm.tenant_id, job.id)
    monkeypatch.setattr(writing.Writer, "write", original)
    await running.work(firm.here, firm.tenant_id, job.id)
    await firm.as_owner("DELETE FROM documents.job WHERE id = $1", job.id)
    restart(firm.world.host)
    done = await firm.call("GetImportJob", id=job.id)
    assert counts(done) == {"party.Organization": (3, 0, 0)}
    assert (done.row_count, done.refused_row_count) == (4, 1)
    assert await firm.problems(job) == [(4, "parent", "nobody", "RECORD_NOT_FOUND")]


MAP_OF_TWO = """
files:
  - file: 1.csv
    records:
      - noun: party.Organization
        key: {externalId: "{key}"}
        fields:
          name: "{name}"
          parentOrganizationId: {find: party.Organization, externalId: "{parent}"}
  - file: 2.csv
    records:
      - noun: party.Organization
        key: {externalId: "{key}"}
        fields: {name: "{name}"}
"""


async def stopped_background(firm):
    """Let nobody but the test work at jobs."""
    task = firm.world.host.background["documents.jobs"]
    task.cancel()
    await asyncio.wait([task])


async def test_a_job_whose_lease_has_run_out_is_gone_on_with_by_the_next_process(
    firm, counts, monkeypatch
):
    """The process dies while it writes; nobody tells the next one but the lease."""
    monkeypatch.setattr(running, "STRETCH", 1)
    original, reached = writing.Writer.write, asyncio.Event()

    async def hanging(self, planned):
        if reached.is_set() or not any(one.message.name == "Alpha" for one in planned):
            return await original(self, planned)
        reached.set()
        await original(self, planned)
        return await asyncio.Event().wait()  # until the process is gone

    monkeypatch.setattr(writing.Writer, "write", hanging)
    job = await firm.job(GOOD[1], GOOD[0], GOOD[2])
    await firm.call("StartImportJob", id=job.id)
    await asyncio.wait_for(reached.wait(), 10)
    await stopped_background(firm)
    assert (await firm.call("GetImportJob", id=job.id)).status == _Job.STATUS_RUNNING
    restart(firm.world.host)
    await firm.as_owner(
        "UPDATE documents.job SET due_time = now() - interval '1 second' WHERE id = $1", job.id
    )
    done = await firm.over(job)
    assert (done.status, done.row_count) == (_Job.STATUS_DONE, 3)
    assert counts(done) == EVERYTHING_NEW


async def test_a_job_goes_on_from_its_beginning_when_that_was_refused(firm, counts):
    """What the map makes before the first row is tried again; nothing is counted twice."""
    text = """
once:
  - noun: party.Source
    key: {name: Old CRM}
  - noun: party.Source
    key: {name: "%s"}
files:
  - file: firms.csv
    records:
      - noun: party.Organization
        key: {externalId: "{key}"}
        fields: {name: "{name}"}
"""
    job = await firm.job(GOOD[1], map=text % ("x" * 300))
    failed = await firm.start(job)
    assert (failed.status, failed.error_reason) == (_Job.STATUS_FAILED, "IMPORT_BEGINNING_REFUSED")
    assert await firm.firms() == {}
    again = await firm.start(job)
    assert (again.status, again.error_reason) == (_Job.STATUS_FAILED, "IMPORT_BEGINNING_REFUSED")
    assert counts(again) == {"party.Source": (1, 0, 0)}
    assert await firm.firms() == {}
    assert len(await firm.problems(job)) == 1
    await firm.undo(job)
    names = [s.name for s in (await firm.call("ListSources")).sources]
    assert "Old CRM" not in names


async def test_a_workbook_that_asks_for_other_files_is_refused_by_name(firm):
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as book:
        book.add_worksheet().write_row(0, 0, ["key", "name"])
    linked = io.BytesIO()
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(linked, "w") as new:
        for entry in old.namelist():
            new.writestr(entry, old.read(entry))
        new.writestr("xl/externalLinks/externalLink1.xml", "<externalLink/>")
    done = await firm.start(await firm.job_of(linked.getvalue()))
    assert (done.status, done.error_reason) == (_Job.STATUS_FAILED, "EXTERNAL_LINKS_REFUSED")


@pytest.mark.parametrize("stretch", [1, 2, 1000])
async def test_parents_may_stand_below_their_children_however_many(
    firm, counts, monkeypatch, stretch
):
    """Each row refers to the one below it, within a stretch and over many (PLT-19)."""
    monkeypatch.setattr(running, "STRETCH", stretch)
    rows = [f"k{n},Firm {n},DE,1,1,{f'k{n + 1}' if n < 6 else ''}," for n in range(7)]
    job = await firm.start(await firm.job(*rows, "lone,Lone,DE,1,1,nobody,"))
    assert (job.status, job.row_count, job.refused_row_count) == (_Job.STATUS_DONE, 8, 1)
    assert counts(job) == {"party.Organization": (7, 0, 0)}
    assert await firm.problems(job) == [(9, "parent", "nobody", "RECORD_NOT_FOUND")]
    found = await firm.firms()
    assert [found[f"k{n}"].parent_organization_id for n in range(6)] == [
        found[f"k{n + 1}"].id for n in range(6)
    ]
    await firm.undo(job)
    assert await firm.firms() == {}
