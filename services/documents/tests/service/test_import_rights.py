"""An import may what whoever starts it may, and shows itself to nobody else (PLT-16, PLT-19)."""

import pytest
from banyan.documents.v1 import import_job_pb2

from chassis import errors
from chassis.access import Grant, Scope

_Job = import_job_pb2.ImportJob
GOOD = "a,Alpha,中国,3000,250,,"


async def limited(firm, *rights: tuple[str, str, Scope]):
    """Make somebody whose rights identity knows too, for their jobs ask there."""
    grants = [Grant(*right) for right in (*rights, ("identity.Tenant", "read", Scope.ALL))]
    person = await firm.world.person(firm.tenant_id, grants)
    permissions = [{"resource": g.resource, "action": g.action, "scope": g.scope} for g in grants]
    role = await firm.call("CreateRole", role={"name": "limited", "permissions": permissions})
    assignment = {"user_id": person.user_id, "role_id": role.id}
    assignment["org_unit_id"] = person.org_unit_id
    await firm.call("CreateRoleAssignment", role_assignment=assignment)
    return person


async def test_somebody_who_sees_their_own_imports_for_nobody_else(firm, counts):
    """PLT-16: a row whose owner is another is refused by name, their own goes in."""
    clerk = await limited(
        firm, ("documents.*", "*", Scope.OWN), ("party.Organization", "*", Scope.OWN),
        ("identity.*", "read", Scope.ALL),
    )  # fmt: skip
    text = """
files:
  - file: firms.csv
    records:
      - noun: party.Organization
        key: {externalId: "{key}"}
        fields: {name: "{name}", ownerUserId: "{parent}"}
"""
    rows = (f"a,Mine,,,,{clerk.user_id},", f"b,Theirs,,,,{firm.boss.user_id},")
    job = await firm.job(*rows, person=clerk, map=text)
    done = await firm.start(job, clerk)
    assert (done.status, counts(done)) == (_Job.STATUS_DONE, {"party.Organization": (1, 0, 0)})
    assert [(p[0], p[3]) for p in await firm.problems(job)] == [(3, "OUTSIDE_REACH")]
    assert list(await firm.firms()) == ["a"]


async def test_a_stranger_learns_nothing_of_an_import(firm, world):
    job = await firm.job("a,Alpha,DE,many,1,,")
    await firm.start(job)
    stranger = world.administrator(await world.tenant())
    for name in ("GetImportJob", "StartImportJob", "CancelImportJob", "UndoImportJob"):
        with pytest.raises(errors.NotFound):
            await firm.call(name, stranger, id=job.id)
    for name, field in (
        ("ListImportJobs", "import_jobs"),
        ("ListImportProblems", "import_problems"),
        ("ListImportSteps", "import_steps"),
        ("ListDocuments", "documents"),
    ):
        assert not getattr(await firm.call(name, stranger), field)
    with pytest.raises(errors.NotFound):
        await firm.call("ReadDocumentContent", stranger, id=job.files[0].document_id)


async def test_a_job_reads_no_document_its_starter_may_not_read(firm, world):
    """A job that names the file of another tenant fails, whoever wrote its id down."""
    foreign = type(firm)(world, await world.tenant())
    document_id = await foreign.upload(b"key\na\n")
    file = {"name": "firms.csv", "document_id": document_id}
    done = await firm.start(await firm.job(GOOD, files=[file]))
    assert (done.status, done.error_reason) == (_Job.STATUS_FAILED, "NOT_FOUND")
    assert await firm.firms() == {}
