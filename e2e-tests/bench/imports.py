"""Imports: deals a second with everything on, and what a file of 200,000 rows weighs (PLT-19).

``PYTHONPATH=e2e-tests:e2e-tests/bench python e2e-tests/bench/imports.py [rows [CSV or XLSX]]`` only
weighs. What is imported is invented, and of the shape of the export in ``e2e-tests/data``.
"""

import asyncio
import base64
import csv
import hashlib
import io
import runpy
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import xlsxwriter
import yaml
from banyan.documents.v1 import import_job_pb2
from footprint import pss_mb
from rows import Row, report, show
from running import BIN, Banyan, process, wait_ready
from scene import Firm

from chassis.hosting import installed_services
from chassis.hosting.local import LocalServers, free_ports

HERE = Path(__file__).resolve().parent
MAP: dict[str, Any] = yaml.safe_load(
    (HERE.parents[1] / "examples" / "import" / "crm-export.yaml").read_text()
)
EXPORT = HERE.parent / "data" / "crm-export"
DEALS_FILE = "sales_pipeline.csv"
DEALS, ROUNDS = 8_800, 3
ROWS = 200_000
JOB_SECONDS_MAX = 1_200
PART_BYTES = 700_000
_Job = import_job_pb2.ImportJob
_AT_WORK = (_Job.STATUS_QUEUED, _Job.STATUS_RUNNING)
_deal_row: Callable[[int], tuple[str, ...]] = runpy.run_path(
    str(HERE.parent / "data" / "make_crm_export.py")
)["deal_row"]


async def measure(firm: Firm) -> list[Row]:
    """Time the deals in the process of the benchmark, and weigh a `banyan up` of its own."""
    return [await _speed(firm), *await asyncio.to_thread(lambda: list(weigh(ROWS)))]


# --- what is imported


def deals(count: int) -> Iterator[list[str]]:
    """Give a file of deals, its headings first."""
    with (EXPORT / DEALS_FILE).open(encoding="utf-8", newline="") as file:
        yield next(csv.reader(file))
    for number in range(count):
        yield [f"B{number:08}", *_deal_row(number)[1:]]


def as_csv(rows: Iterable[list[str]]) -> bytes:
    """Write a CSV file."""
    target = io.StringIO(newline="")
    csv.writer(target).writerows(rows)
    return target.getvalue().encode()


def as_xlsx(rows: Iterable[list[str]]) -> bytes:
    """Write a workbook with shared texts, as spreadsheets do."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return target.getvalue()


KINDS: dict[str, Callable[[Iterable[list[str]]], bytes]] = {"CSV": as_csv, "XLSX": as_xlsx}


def _maps() -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the map of what comes before the deals, and the one of the deals."""
    before = [file for file in MAP["files"] if file["file"] != DEALS_FILE]
    (last,) = [file for file in MAP["files"] if file["file"] == DEALS_FILE]
    return {"once": MAP["once"], "files": before}, {"files": [last]}


def _files(wanted: dict[str, Any]) -> dict[str, bytes]:
    return {file["file"]: (EXPORT / file["file"]).read_bytes() for file in wanted["files"]}


# --- how fast


async def _speed(firm: Firm) -> Row:
    """Import the deals several times, each into a firm of its own; events go on beside."""
    before, last = _maps()
    data = as_csv(deals(DEALS))
    rates: list[float] = []
    cpu: list[float] = []
    for _ in range(ROUNDS):
        other = Firm(firm.world, await firm.world.tenant())
        await _imported(other, before, _files(before))
        await firm.all_quiet()
        began = time.process_time()
        job = await _imported(other, last, {DEALS_FILE: data})
        cpu.append(time.process_time() - began)
        assert job.row_count == DEALS, job
        took = job.end_time.ToNanoseconds() - job.start_time.ToNanoseconds()
        rates.append(DEALS / took * 1e9)
    note = f"{statistics.median(cpu):.1f} s of CPU for {DEALS} deals with their lines"
    return Row(
        "import: deals a second, with their lines", statistics.median(rates), 5_000,
        at_least=3_000, note=note,
    )  # fmt: skip


async def _imported(firm: Firm, wanted: dict[str, Any], files: dict[str, bytes]) -> Any:
    given: list[dict[str, str]] = []
    for name, data in files.items():
        document = await firm.call("CreateDocument", document={"name": name})
        for offset, part, is_last in _parts(data):
            await firm.call(
                "WriteDocumentContent", id=document.id, offset=offset, data=part, finish=is_last
            )
        given.append({"name": name, "document_id": document.id})
    text = yaml.safe_dump(wanted, allow_unicode=True)
    record = {"name": "bench", "map": text, "files": given}
    job = await firm.call("CreateImportJob", import_job=record)
    await firm.call("StartImportJob", id=job.id)
    async with asyncio.timeout(JOB_SECONDS_MAX):
        while (job := await firm.call("GetImportJob", id=job.id)).status in _AT_WORK:
            await asyncio.sleep(0.1)
    assert (job.status, job.refused_row_count) == (_Job.STATUS_DONE, 0), job
    return job


def _parts(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    for offset in range(0, len(data), PART_BYTES):
        part = data[offset : offset + PART_BYTES]
        yield offset, part, offset + len(part) == len(data)


# --- how heavy


def weigh(count: int, kinds: Iterable[str] = KINDS) -> Iterator[Row]:
    """Import a file of many rows in each format, each into a Banyan of its own."""
    for kind in kinds:
        yield _weigh(kind, KINDS[kind], count)


def _weigh(kind: str, write: Callable[[Iterable[list[str]]], bytes], count: int) -> Row:
    before, last = _maps()
    with tempfile.TemporaryDirectory() as folder:
        home, (port, partners) = Path(folder) / "home", free_ports(2)
        settings = {
            "BANYAN_HOME": str(home),
            "BANYAN_PORT": str(port),
            "BANYAN_PARTNER_LISTEN": f"127.0.0.1:{partners}",
        }
        (Path(folder) / DEALS_FILE).write_bytes(write(deals(count)))
        with process(str(BIN / "banyan"), "up", **settings) as up:
            banyan = Banyan(f"http://127.0.0.1:{port}", home)
            wait_ready(banyan.url, up)
            with banyan.client() as http:
                began, _ = _posted(http, before, _files(before), up.pid)
                data = (Path(folder) / DEALS_FILE).read_bytes()
                peak, seconds = _posted(http, last, {DEALS_FILE: data}, up.pid)
        LocalServers(home, installed_services()).remove()
    note = f"{began:.0f} MB before; {count / seconds:.0f} rows a second"
    return Row(f"import of {count} rows of {kind}: PSS in MB", peak, 400, at_most=500, note=note)


def _posted(
    http: httpx.Client, wanted: dict[str, Any], files: dict[str, bytes], pid: int
) -> tuple[float, float]:
    """Import over REST; give the most the process weighed while it ran, and the seconds."""
    given: list[dict[str, str]] = []
    for name, data in files.items():
        document = _post(http, "documents", {"name": name})
        for offset, part, is_last in _parts(data):
            body = {"offset": offset, "data": base64.b64encode(part).decode(), "finish": is_last}
            digest = {"sha256": hashlib.sha256(data).hexdigest()} if is_last else {}
            _post(http, f"documents/{document['id']}:write", body | digest)
        given.append({"name": name, "documentId": document["id"]})
    text = yaml.safe_dump(wanted, allow_unicode=True)
    job = _post(http, "importJobs", {"name": "bench", "map": text, "files": given})
    began = time.monotonic()
    job = _post(http, f"importJobs/{job['id']}:start", {})
    peak = 0.0
    while job["status"] in ("QUEUED", "RUNNING"):
        assert time.monotonic() < began + JOB_SECONDS_MAX, job
        peak = max(peak, pss_mb(pid))
        time.sleep(0.2)
        job = http.get(f"/v1/importJobs/{job['id']}").json()
    assert (job["status"], job.get("refusedRowCount", 0)) == ("DONE", 0), job
    return peak, time.monotonic() - began


def _post(http: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    answer = http.post(f"/v1/{path}", json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def main(rows: str = str(ROWS), *kinds: str) -> int:
    """Weigh, print, write the report; 1 when a bound is missed."""
    found: list[Row] = []
    for row in weigh(int(rows), kinds or KINDS):
        show([row])
        found.append(row)
    return report(found, Path(".banyan/bench-imports.json"))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
