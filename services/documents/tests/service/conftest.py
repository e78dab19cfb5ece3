"""A firm that imports: files of its own, maps, and jobs that are waited for."""

import asyncio
import csv
import hashlib
import io
import time
from typing import Any

import asyncpg
import pytest
from banyan.documents.v1 import export_job_pb2, import_job_pb2

from chassis.database import Role
from chassis.rpc.registry import contract_methods

AT_WORK = (
    import_job_pb2.ImportJob.STATUS_QUEUED,
    import_job_pb2.ImportJob.STATUS_RUNNING,
    import_job_pb2.ImportJob.STATUS_UNDOING,
)
EXPORTING = (
    export_job_pb2.ExportJob.STATUS_QUEUED,
    export_job_pb2.ExportJob.STATUS_RUNNING,
)
# Organizations with their parents, and contacts, from one file.
MAP = """
files:
  - file: firms.csv
    values: {country: {Deutschland: DE, 中国: CN}}
    records:
      - noun: party.Organization
        key: {externalId: "{key}"}
        fields:
          name: "{name}"
          countryCode: "{country}"
          employeeCount: "{staff}"
          annualRevenue: {value: "{revenue}", times: 1000000}
          parentOrganizationId: {find: party.Organization, externalId: "{parent}"}
      - noun: party.Contact
        when: "{person}"
        key: {externalId: "contact of {key}"}
        fields:
          name: "{person}"
          organizationId: {find: party.Organization, externalId: "{key}"}
"""
HEAD = "key,name,country,staff,revenue,parent,person"


class Firm:
    """A tenant, its administrator, and what they import."""

    def __init__(self, world: Any, tenant_id: str) -> None:
        self.world, self.tenant_id = world, tenant_id
        self.boss = world.administrator(tenant_id)
        self.here = world.host.here["documents"]

    async def call(self, name: str, person: Any = None, /, **fields: Any) -> Any:
        method = next(m for m in contract_methods() if m.name == name)
        return await self.world.call(name, method.request_type(**fields), person or self.boss)

    async def upload(self, data: bytes, person: Any = None, part: int = 50_000) -> str:
        document = await self.call("CreateDocument", person, document={"name": "firms.csv"})
        offset = 0
        while True:
            piece = data[offset : offset + part]
            done = offset + len(piece) >= len(data)
            await self.call(
                "WriteDocumentContent", person, id=document.id, offset=offset, data=piece,
                finish=done, sha256=hashlib.sha256(data).hexdigest() if done else "",
            )  # fmt: skip
            offset += len(piece)
            if done:
                return document.id

    async def job(self, *rows: str, person: Any = None, **fields: Any) -> Any:
        data = "\n".join([HEAD, *rows]).encode()
        return await self.job_of(data, person=person, **fields)

    async def job_of(self, data: bytes, *, person: Any = None, **fields: Any) -> Any:
        file = {"name": "firms.csv", "document_id": await self.upload(data, person)}
        record = {"name": "firms", "map": MAP, "files": [file]} | fields
        return await self.call("CreateImportJob", person, import_job=record)

    async def start(self, job: Any, person: Any = None, **fields: Any) -> Any:
        await self.call("StartImportJob", person, id=job.id, **fields)
        return await self.over(job)

    async def undo(self, job: Any) -> Any:
        await self.call("UndoImportJob", id=job.id)
        return await self.over(job)

    async def over(self, job: Any) -> Any:
        deadline = time.monotonic() + 30
        while True:
            found = await self.call("GetImportJob", id=job.id)
            if found.status not in AT_WORK:
                return found
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.02)

    async def problems(self, job: Any) -> list[tuple[int, str, str, str]]:
        reply = await self.call(
            "ListImportProblems", filter=f'import_job_id = "{job.id}"', order_by="line",
            page_size=1000,
        )  # fmt: skip
        return [(p.line, p.column, p.value, p.reason) for p in reply.import_problems]

    async def firms(self) -> dict[str, Any]:
        reply = await self.call("ListOrganizations", page_size=1000)
        return {record.external_id or record.name: record for record in reply.organizations}

    async def as_owner(self, sql: str, *arguments: Any) -> None:
        owner = await asyncpg.connect(self.world.host.address.dsn("documents", Role.OWNER))
        await owner.execute(sql, *arguments)
        await owner.close()


class Desk:
    """Where somebody of a firm exports."""

    def __init__(self, firm: Any) -> None:
        self.firm, self.call = firm, firm.call

    async def organization(self, name: str, person: Any = None, **fields: Any) -> Any:
        record = {"name": name} | fields
        return await self.call("CreateOrganization", person, organization=record)

    async def job(self, person: Any = None, **fields: Any) -> Any:
        record = {
            "name": "firms",
            "resource_type": "party.banyan/Organization",
            "order_by": "name",
        } | fields
        return await self.call("CreateExportJob", person, export_job=record)

    async def run(self, job: Any, person: Any = None) -> Any:
        await self.call("StartExportJob", person, id=job.id)
        return await self.over(job)

    async def over(self, job: Any) -> Any:
        deadline = time.monotonic() + 30
        while True:
            found = await self.call("GetExportJob", id=job.id)
            if found.status not in EXPORTING:
                return found
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.02)

    async def content(self, job: Any, person: Any = None) -> bytes:
        reply = await self.call("ReadDocumentContent", person, id=job.document_id)
        assert reply.total_size == len(reply.data)
        return reply.data

    async def exported(self, person: Any = None, **fields: Any) -> list[list[str]]:
        """Give the rows of an export, headings first."""
        done = await self.run(await self.job(person, **fields), person)
        assert done.status == export_job_pb2.ExportJob.STATUS_DONE, done
        return self.rows_of(await self.content(done, person))

    @staticmethod
    def rows_of(data: bytes) -> list[list[str]]:
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def counts(job: Any) -> dict[str, tuple[int, int, int]]:
    return {c.noun: (c.created, c.updated, c.unchanged) for c in job.counts}


@pytest.fixture(name="counts")
def _counts():
    return counts


@pytest.fixture
async def firm(world) -> Firm:
    return Firm(world, await world.tenant())


@pytest.fixture
def desk(firm) -> Desk:
    return Desk(firm)
