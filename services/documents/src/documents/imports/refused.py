"""Rows that did not go in, given back as a table of their own, to be put right and read again."""

import asyncio
import datetime
import itertools
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from banyan.documents.v1 import document_pb2, import_job_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.resources import Resources
from chassis.rpc import Call, Method
from documents.files import MEDIA_TYPES, fetch, store
from documents.imports.mapping import FileMap, read_map
from documents.imports.opening import open_file
from documents.tables import (
    Cell,
    CellError,
    CsvWriter,
    Format,
    Row,
    Table,
    TableWriter,
    Value,
    XlsxWriter,
)
from documents.tables.encodings import codec_of
from documents.tables.values import read_text

_Job = import_job_pb2.ImportJob
_READ = (_Job.STATUS_CHECKED, _Job.STATUS_DONE, _Job.STATUS_FAILED, _Job.STATUS_CANCELLED)
# They stand first: a row that has too many cells keeps them.
LINE, REASON = "Banyan line", "Banyan reason"
_LINES_AT_ONCE = 1000
_PROBLEMS = (
    "SELECT line, array_agg(reason ORDER BY id),"
    " array_agg(concat_ws(': ', nullif(column_, ''), message) ORDER BY id)"
    " FROM documents.import_problem WHERE import_job_id = $1 AND file = $2 AND line > $3"
    " GROUP BY line ORDER BY line LIMIT $4"
)
# What is wrong with some lines: reasons, and the sentences that say them.
_Wrong = Mapping[int, tuple[list[str], list[str]]]


async def write_refused_rows(here: Resources, request: Any, call: Call) -> Message:
    """Make a document of the rows of a file that did not go in.

    Raises:
        FailedPrecondition: IMPORT_NOT_READ, FILE_MISSING.
        NotFound: there is no such job, or its file is there no more.
    """
    reach = here[_Job].rules.reach(call, "read")
    job: _Job = await here[_Job].store.get(call.tenant_id, request.id, reach)
    if job.status not in _READ:
        raise errors.FailedPrecondition("IMPORT_NOT_READ")
    wanted = next((file for file in read_map(job.map).files if file.file == request.file), None)
    given = {file.name: file.document_id for file in job.files}
    if wanted is None or request.file not in given:
        raise errors.FailedPrecondition("FILE_MISSING", file=request.file)

    async def ask(method: Method, question: Any) -> Any:
        channel: Any = call.channels.to(method.service)
        return await channel.unary_unary(method.path)(question)

    with tempfile.TemporaryDirectory(prefix="banyan-refused-") as folder:
        path = Path(folder) / "given"
        await fetch(ask, given[request.file], path)
        with (Path(folder) / "refused").open("w+b") as target:
            problems = _problems(here, call.tenant_id, job.id, request.file)
            kind = await _write(path, wanted, problems, target)
            document = document_pb2.Document(name=request.file, media_type=MEDIA_TYPES[kind])
            return await store(ask, document, target, request_id=request.request_id)


async def _problems(
    here: Resources, tenant_id: str, job_id: str, file: str
) -> AsyncGenerator[_Wrong]:
    """Give what is wrong with a file, in the order of its lines, some at a time."""
    line = 0
    while True:
        rows = await here.database.read(tenant_id, _PROBLEMS, job_id, file, line, _LINES_AT_ONCE)
        if not rows:
            return
        yield {row[0]: (row[1], row[2]) for row in rows}
        line = rows[-1][0]


async def _write(
    path: Path, file: FileMap, problems: AsyncGenerator[_Wrong], target: BinaryIO
) -> Format:
    with await asyncio.to_thread(open_file, path, file) as table:
        kept = [place for place, name in enumerate(table.columns) if name not in (LINE, REASON)]
        writer = _writer(table, file, target)
        rows = table.rows()
        try:
            writer.write_row([LINE, REASON, *(table.columns[place] for place in kept)])
            codec = "utf-8" if table.format is Format.XLSX else codec_of(_encoding(file))
            async for wrong in problems:
                await asyncio.to_thread(_copy, rows, table, kept, wrong, writer, codec)
        finally:
            await asyncio.to_thread(writer.close)
        return table.format


def _writer(table: Table, file: FileMap, target: BinaryIO) -> TableWriter:
    """Write so that the same map reads it, though it may be too short to tell its encoding."""
    if table.format is Format.XLSX:
        return XlsxWriter(target, sheet=file.hints.get("sheet", "Sheet1"))
    return CsvWriter(target, encoding=_encoding(file), delimiter=table.delimiter or ",")


def _encoding(file: FileMap) -> str:
    return file.hints.get("encoding", "utf-8-sig")


def _copy(
    rows: Iterator[Row],
    table: Table,
    kept: list[int],
    wrong: _Wrong,
    writer: TableWriter,
    codec: str,
) -> None:
    """Copy the rows with something wrong, up to the last of them."""
    last = max(wrong)
    for row in itertools.takewhile(lambda row: row.line <= last, rows):
        if row.line in wrong:
            reasons, sentences = wrong[row.line]
            told = _sayable(" ".join(sentences), codec) or ", ".join(reasons)
            cells = [row.cells[place] for place in kept if place < len(row.cells)]
            beyond = row.cells[len(table.columns) :]
            writer.write_row([row.line, told, *map(_value, (*cells, *beyond))])
        if row.line == last:
            return


def _sayable(text: str, codec: str) -> str:
    """Give a text when an encoding has all its characters, else ""."""
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return ""
    return text


def _value(cell: Cell) -> Value:
    """Give what a cell holds, as it is written; errors and times of day as their texts."""
    match cell:
        case CellError(code):
            return code
        case datetime.time() | datetime.timedelta():
            return read_text(cell)
        case _:
            return cell
