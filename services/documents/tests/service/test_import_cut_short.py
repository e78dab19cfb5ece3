"""What a try wrote before it died is taken back like everything else (PLT-19)."""

import asyncio
from typing import Any

import pytest
from banyan.documents.v1 import import_job_pb2

from chassis import errors
from chassis.resources.jobs import JobRunner
from documents.imports import running, writing

_Job = import_job_pb2.ImportJob
ROWS = ("a,Alpha,CN,2,1,,", "b,Beta,CN,2,1,,", "c,Gamma,CN,1,1,,", "d,Delta,DE,1,1,,Li Na")


class Died(BaseException):
    """The process died here; nothing that catches errors catches it."""


@pytest.fixture
async def alone(firm):
    """Let nobody but the test work at jobs, from when it says so."""
    host = firm.world.host

    async def stop() -> None:
        host.background["documents.jobs"].cancel()
        await asyncio.wait([host.background["documents.jobs"]])

    yield stop
    await restarted(firm)


async def restarted(firm) -> None:
    host = firm.world.host
    if host.background["documents.jobs"].done():
        runner = JobRunner(host.here["documents"], host.services["documents"].jobs)
        host.background["documents.jobs"] = asyncio.create_task(runner.run(host.address))


async def worked(firm, job: Any) -> Any:
    await running.work(firm.here, firm.tenant_id, job.id)
    return await firm.call("GetImportJob", id=job.id)


async def dies(firm, job: Any, monkeypatch: Any, owner: type, name: str) -> None:
    """Work at a job until the process dies where a method would begin with a file's rows."""
    original = getattr(owner, name)

    async def dying(self: Any, first: Any, *rest: Any) -> Any:
        if first:
            raise Died
        return await original(self, first, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, dying)
        with pytest.raises(Died):
            await running.work(firm.here, firm.tenant_id, job.id)


async def undone(firm, job: Any) -> Any:
    await firm.as_owner("DELETE FROM documents.job WHERE id = $1", job.id)
    await restarted(firm)
    return await firm.undo(job)


def plain(firms: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {
        key: (f.id, f.name, f.country_code, f.employee_count, f.annual_revenue.amount)
        for key, f in firms.items()
    }


async def there_already(firm) -> dict[str, Any]:
    """Make firms that the rows change, or find as they are."""
    await firm.start(await firm.job("a,Old,DE,1,1,,", "b,Beta,CN,1,1,,", "c,Gamma,CN,1,1,,"))
    return await firm.firms()


@pytest.mark.parametrize("times", [1, 2])
async def test_what_was_changed_before_it_was_noted_is_counted_once_and_taken_back(
    firm, counts, monkeypatch, alone, times
):
    before = await there_already(firm)
    await alone()
    job = await firm.job(*ROWS)
    await firm.call("StartImportJob", id=job.id)
    for _ in range(times):
        await dies(firm, job, monkeypatch, running.Run, "noted")
    assert (await firm.firms())["a"].name == "Alpha"
    done = await worked(firm, job)
    assert (done.status, done.row_count) == (_Job.STATUS_DONE, 4)
    assert counts(done) == {"party.Organization": (1, 2, 1), "party.Contact": (1, 0, 0)}
    assert (await undone(firm, job)).status == _Job.STATUS_UNDONE
    assert await firm.problems(job) == []
    assert plain(await firm.firms()) == plain(before)
    assert not (await firm.call("ListContacts")).contacts


async def test_what_was_written_before_it_was_noted_is_taken_back_without_going_on(
    firm, monkeypatch, alone
):
    before = await there_already(firm)
    await alone()
    job = await firm.job(*ROWS)
    await firm.call("StartImportJob", id=job.id)
    await dies(firm, job, monkeypatch, running.Run, "noted")
    assert (await firm.firms())["a"].name == "Alpha"
    await firm.call("CancelImportJob", id=job.id)
    assert (await undone(firm, job)).status == _Job.STATUS_UNDONE
    assert await firm.problems(job) == []
    assert plain(await firm.firms()) == plain(before)


async def test_what_it_was_only_about_to_change_stays_with_whoever_changed_it(
    firm, monkeypatch, alone
):
    before = await there_already(firm)
    await alone()
    job = await firm.job(*ROWS)
    await firm.call("StartImportJob", id=job.id)
    await dies(firm, job, monkeypatch, writing.Writer, "_write_part")
    record = {"id": before["a"].id, "name": "Theirs"}
    await firm.call("UpdateOrganization", organization=record, update_mask={"paths": ["name"]})
    await firm.call("CancelImportJob", id=job.id)
    await undone(firm, job)
    assert await firm.problems(job) == []
    found = await firm.firms()
    assert sorted(found) == ["a", "b", "c"]
    assert (found["a"].name, found["a"].etag) == ("Theirs", "2")


async def test_what_comes_with_its_own_ids_is_taken_back_too(firm, monkeypatch, alone):
    """An export that goes into another firm makes records with the ids they had (PLT-20)."""
    text = """
files:
  - file: firms.csv
    records:
      - noun: party.Organization
        key: {id: "{key}"}
        fields: {name: "{name}"}
"""
    rows = [f"01a20d32-31d4-76a6-9740-{n:012},Firm {n},,,,," for n in range(3)]
    job = await firm.job(*rows, map=text)
    await alone()
    await firm.call("StartImportJob", id=job.id)
    await dies(firm, job, monkeypatch, running.Run, "noted")
    assert len(await firm.firms()) == 3
    done = await worked(firm, job)
    assert [(c.created, c.updated, c.unchanged) for c in done.counts] == [(3, 0, 0)]
    await undone(firm, job)
    assert await firm.firms() == {}


@pytest.mark.parametrize("goes_on", [False, True])
async def test_what_a_job_wrote_before_it_failed_is_taken_back(firm, monkeypatch, counts, goes_on):
    """The organizations are in when their contacts are forbidden; nothing of it was noted."""
    original = writing.Writer._create

    async def refusing(self: Any, group: Any, outcome: Any) -> None:
        if group[0].map.noun.name == "party.Contact":
            raise errors.Forbidden("PERMISSION_DENIED", action="create", resource="party.Contact")
        await original(self, group, outcome)

    job = await firm.job(*ROWS)
    with monkeypatch.context() as patch:
        patch.setattr(writing.Writer, "_create", refusing)
        failed = await firm.start(job)
    assert (failed.status, failed.error_reason) == (_Job.STATUS_FAILED, "PERMISSION_DENIED")
    assert sorted(await firm.firms()) == ["a", "b", "c", "d"]
    if goes_on:
        done = await firm.start(job)
        assert counts(done) == {"party.Organization": (4, 0, 0), "party.Contact": (1, 0, 0)}
    await firm.undo(job)
    assert await firm.firms() == {}


async def test_a_dry_run_that_is_cut_short_begins_anew(firm, counts, monkeypatch, alone):
    """What the first try had read, and rows behind it refer to, only that try knew."""
    await alone()
    monkeypatch.setattr(running, "STRETCH", 1)
    job = await firm.job("a,Alpha,CN,2,1,,", "b,Beta,CN,2,1,a,Li Na", "c,Gamma,CN,1,1,nobody,")
    await firm.call("StartImportJob", id=job.id, dry_run=True)
    original, noted = running.Run.noted, list[str]()

    async def dying(self: Any, file: str, *rest: Any) -> None:
        if len(noted) == 2:
            raise Died
        await original(self, file, *rest)
        noted.append(file)

    with monkeypatch.context() as patch:
        patch.setattr(running.Run, "noted", dying)
        with pytest.raises(Died):
            await running.work(firm.here, firm.tenant_id, job.id)
    assert noted == ["", "firms.csv"]
    done = await worked(firm, job)
    assert (done.status, done.row_count) == (_Job.STATUS_CHECKED, 3)
    assert counts(done) == {"party.Organization": (2, 0, 0), "party.Contact": (1, 0, 0)}
    assert await firm.problems(job) == [(4, "parent", "nobody", "RECORD_NOT_FOUND")]
