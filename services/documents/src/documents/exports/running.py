"""Running an export: pages of the noun's own List become a file, and the file a document.

All of it is asked in the name of whoever started the job. A process that goes on after another died
begins the file anew, for reading is cheap and a file is one look at the records; what it must not
do is make a second document, so the document has the id of the run.
"""

import asyncio
import contextlib
import tempfile
import time
import zoneinfo
from collections.abc import AsyncGenerator, Sequence
from typing import Any, BinaryIO

from banyan.documents.v1 import document_pb2, export_job_pb2
from google.protobuf import field_mask_pb2

from chassis import errors
from chassis.custom.definitions import NONE
from chassis.custom.fields import key_of
from chassis.database import Transaction
from chassis.resources import Resources
from chassis.resources.kinds import noun_of
from chassis.telemetry import log, new_trace_parent, trace_id
from documents.acting import OnBehalfOf
from documents.export_job import AT_WORK
from documents.exports.columns import Column, columns_of
from documents.exports.headings import headings_of
from documents.exports.maps import ENCODINGS, map_of
from documents.exports.references import References
from documents.files import MEDIA_TYPES, store
from documents.nouns import method_of
from documents.tables import CsvWriter, Format, TableWriter, XlsxWriter

_Job = export_job_pb2.ExportJob
_Document = document_pb2.Document
_UPDATE = "/banyan.documents.v1.ExportJobService/UpdateExportJob"
PAGE = 1000
# How often a job says how far it is; every time is a change of its record.
NOTED_SECONDS = 1.0
_FORMATS = {_Job.FORMAT_CSV: Format.CSV, _Job.FORMAT_XLSX: Format.XLSX}


_RUNNING = "t.run_id = $1::uuid AND t.status = ANY($2::smallint[])"
_MINE = f"{_RUNNING} AND t.id = $3::uuid"


class Stopped(Exception):
    """Somebody cancelled the run, or it is over."""


class Run:
    """One run of a job, by a process that holds its lease."""

    def __init__(
        self, here: Resources, tenant_id: str, run_id: str, job: _Job, language: str, zone: str
    ) -> None:
        self._here = here
        self._tenant_id = tenant_id
        self._run_id = run_id
        self._job = job
        self._language = language
        self._person = OnBehalfOf(here, tenant_id, job.starter_user_id, language)
        self._noted = 0.0
        self._noun = noun_of(job.resource_type, "export_job.resource_type")
        self._zone = zoneinfo.ZoneInfo(zone)
        self._columns: list[Column] = []
        self._headings: list[str] = []
        self._file_name = f"{job.name}.{_FORMATS[job.format].lower()}"

    async def run(self) -> None:
        """Write the file, unless an earlier try came so far already."""
        await self._note(status=_Job.STATUS_RUNNING)
        if not await self._is_stored():
            await self._choose_columns()
            with tempfile.TemporaryFile(prefix="banyan-export-") as file:
                rows = await self._write(file)
                told = map_of(self._job, self._noun, self._columns, self._headings, self._file_name)
                await self._note(row_count=rows, total_row_count=rows, map=told)
                await self._store(file)
        await self._note(status=_Job.STATUS_DONE, progress=1.0, document_id=self._run_id)

    async def _choose_columns(self) -> None:
        custom = NONE
        if any(key_of(path) for path in self._job.columns):
            custom = await self._here.fields_of(self._tenant_id, self._noun, time.monotonic())
        hidden = frozenset[str]()
        if not self._job.columns:
            hidden = await self._person.does_not_see(self._noun)
        self._columns = columns_of(self._noun, self._job.columns, self._zone, custom, hidden)
        self._headings = headings_of(self._noun, self._columns, self._job.headings)

    async def failed(self, error: errors.Error) -> None:
        """Say why there is no file."""
        cause = error.cause
        sentence = errors.sentence(cause.reason, cause.metadata, self._language)
        with contextlib.suppress(Stopped):
            await self._note(status=_Job.STATUS_FAILED, error=sentence, error_reason=cause.reason)

    # --- from records to a file

    async def _write(self, file: BinaryIO) -> int:
        """Write the table; give how many rows it has below the headings."""
        references = References(self._person, self._columns)
        total = await self._count()
        writer = self._writer(file)
        rows = 0
        try:
            writer.write_row(self._headings)
            async for records in self._pages():
                await references.look_up(records)
                await asyncio.to_thread(_write_rows, writer, self._columns, records, references)
                rows += len(records)
                await self._say_how_far(rows, total)
        finally:
            await asyncio.to_thread(writer.close)
        return rows

    def _writer(self, file: BinaryIO) -> TableWriter:
        if self._job.format == _Job.FORMAT_XLSX:
            return XlsxWriter(file, sheet=self._job.name)
        return CsvWriter(file, encoding=ENCODINGS[self._job.encoding])

    async def _pages(self) -> AsyncGenerator[Sequence[Any]]:
        listing = method_of(self._noun, "List")
        assert listing is not None, self._noun.name
        mask = field_mask_pb2.FieldMask(paths=sorted({c.own.name for c in self._columns}))
        request: Any = listing.request_type(
            filter=self._job.filter, order_by=self._job.order_by, page_size=PAGE, read_mask=mask
        )
        while True:
            reply = await self._person.ask(listing, request)
            yield getattr(reply, self._noun.resource.plural)
            request.page_token = reply.next_page_token
            if not request.page_token:
                return

    async def _count(self) -> int:
        """Count the rows there will be; 0 where the noun cannot say."""
        summarize = method_of(self._noun, "Summarize")
        if summarize is None:
            return 0
        request = summarize.request_type(filter=self._job.filter)
        reply = await self._person.ask(summarize, request)
        return int(reply.totals.values["count"].string_value)

    # --- from the file to a document

    async def _is_stored(self) -> bool:
        """Tell whether an earlier try of this run stored the file and died before it said so."""
        return bool(
            await self._here[_Document].store.where(
                self._tenant_id, "t.id = $1::uuid AND t.current_version > 0", self._run_id
            )
        )

    async def _store(self, file: BinaryIO) -> None:
        kind = MEDIA_TYPES[_FORMATS[self._job.format]]
        document = _Document(id=self._run_id, name=self._file_name, media_type=kind)
        await store(self._person.ask, document, file, before_part=self._check_wanted)

    # --- the job's record

    async def _say_how_far(self, rows: int, total: int) -> None:
        """Note how many rows are written, now and then.

        Raises:
            Stopped: somebody cancelled the run.
        """
        if time.monotonic() - self._noted < NOTED_SECONDS:
            await self._check_wanted()
            return
        self._noted = time.monotonic()
        progress = rows / total if total > rows else 0.99
        await self._note(row_count=rows, total_row_count=max(total, rows), progress=progress)

    async def _check_wanted(self) -> None:
        if not await self._here[_Job].store.where(self._tenant_id, _MINE, *self._mine):
            raise Stopped

    async def _note(self, **fields: Any) -> None:
        async with self._here.database.transaction(self._tenant_id) as transaction:
            old = await self._held(transaction)
            new = _Job()
            new.CopyFrom(old)
            for name, value in fields.items():
                setattr(new, name, value)
            if new.status not in AT_WORK:
                new.end_time.GetCurrentTime()
            call = self._here.call_of(_UPDATE, self._tenant_id, self._job.starter_user_id)
            await self._here[_Job].put(call, "update", old, new, transaction)

    async def _held(self, transaction: Transaction) -> _Job:
        """Read the job as nobody can change it until the transaction ends.

        Raises:
            Stopped: it is no longer at work at this run.
        """
        jobs = self._here[_Job].store
        await jobs.hold(self._job.id, transaction)
        found = await jobs.where(self._tenant_id, _MINE, *self._mine, connection=transaction)
        if not found:
            raise Stopped
        return found[0]

    @property
    def _mine(self) -> tuple[str, list[int], str]:
        return self._run_id, list(AT_WORK), self._job.id


async def work(here: Resources, tenant_id: str, run_id: str) -> None:
    """Run an export; the work of the job `export`, which has the id of the run."""
    found = await here[_Job].store.where(tenant_id, _RUNNING, run_id, list(AT_WORK))
    if not found:
        return
    rows = await here.database.read(
        tenant_id,
        "SELECT starter_language, starter_time_zone FROM documents.export_job WHERE id = $1",
        found[0].id,
    )
    run = Run(here, tenant_id, run_id, found[0], *rows[0])
    try:
        await run.run()
    except Stopped:
        return
    except (errors.Unavailable, errors.Conflict):
        raise  # it is tried again
    except errors.Error as error:
        await run.failed(error)
    except Exception:
        trace = trace_id(new_trace_parent())
        log.exception("unforeseen", job=found[0].id, trace=trace)
        await run.failed(errors.Internal("INTERNAL", trace=trace))


def _write_rows(
    writer: TableWriter, columns: Sequence[Column], records: Sequence[Any], references: References
) -> None:
    for record in records:
        writer.write_row([column.value(record, references.seen) for column in columns])
