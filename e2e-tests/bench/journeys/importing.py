"""Importing customers from a file, as one person does it."""

import asyncio
import base64
import csv
import io
import statistics
import time
import uuid
from decimal import Decimal
from typing import Any

import httpx
import yaml
from footprint import pss_mb
from rows import Row

from journeys.firm import CURRENCY, SELLERS, Firm, post
from journeys.machine import load_average
from journeys.measuring import RUNS, Bench

_PART_BYTES = 512 * 1024
_JOB_SECONDS_MAX = 300
_BATCH = 1000
_FILE = "customers.csv"
_HEADINGS = (
    "number", "name", "industry", "country", "city", "phone", "email", "tax number", "employees",
    "revenue", "founded", "seller",
)  # fmt: skip
_MAP = {
    "files": [
        {
            "file": _FILE,
            "records": [
                {
                    "noun": "party.Organization",
                    "key": {"externalId": "{number}"},
                    "currency": CURRENCY,
                    "fields": {
                        "name": "{name}",
                        "roles": "customer",
                        "industry": "{industry}",
                        "countryCode": "{country}",
                        "city": "{city}",
                        "phone": "{phone}",
                        "email": "{email}",
                        "taxId": "{tax number}",
                        "employeeCount": "{employees}",
                        "annualRevenue": "{revenue}",
                        "foundedYear": "{founded}",
                        "ownerUserId": {"find": "identity.User", "email": "{seller}"},
                    },
                }
            ],
        }
    ]
}


async def measure(bench: Bench, rows: int) -> list[Row]:
    """Give the row about importing, and what the platform weighs after all of it."""
    rates: list[float] = []
    bare: list[float] = []
    quiet: list[float] = []
    before, load = bench.platform.spent(), 0.0
    for _ in range(RUNS):
        prefix = uuid.uuid4().hex[:8]
        text, revenue = _table(bench.firm, prefix, rows)
        rates.append(rows / await asyncio.to_thread(_imported, bench.firm, text, rows))
        load = max(load, load_average())
        begun = time.perf_counter()
        await bench.quiet()
        quiet.append(time.perf_counter() - begun)
        await _check(bench, prefix, rows, revenue)
        bare.append(rows / await _inserted(bench, prefix))
    spent = bench.platform.spent().since(before)
    each = 1e6 / (rows * RUNS)
    note = (
        f"bare {statistics.median(bare):,.0f} (INSERT, 1,000 a transaction);"
        f" CPU µs each: Banyan {spent.banyan * each:,.0f}, PostgreSQL {spent.database * each:,.0f},"
        f" consumers included; runs {', '.join(f'{rate:,.0f}' for rate in rates)};"
        f" load {load:.1f}; quiet after {statistics.median(quiet):.1f} s"
    )
    name = f"Import {rows:,} rows, one client, rows/s"
    return [Row(name, statistics.median(rates), 5000, at_least=3000, note=note)]


def memory(bench: Bench) -> Row:
    """Weigh the process of `banyan up`; PostgreSQL and NATS are not in it."""
    return Row("Banyan's process after all of it: PSS in MB", pss_mb(bench.platform.pid))


def _table(firm: Firm, prefix: str, rows: int) -> tuple[bytes, Decimal]:
    """Write a file of new customers; give the sum of their revenue too."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADINGS)
    total = Decimal(0)
    for number in range(rows):
        made = firm.organization(number)
        revenue = made["annualRevenue"]["amount"]
        total += Decimal(revenue)
        writer.writerow(
            (
                *(f"{prefix}-{number}", made["name"], made["industry"], made["countryCode"]),
                *(made["city"], made["phone"], made["email"], f"{prefix}{number}"),
                *(made["employeeCount"], revenue, made["foundedYear"]),
                f"seller-{number % SELLERS}@example.com",
            )
        )
    return text.getvalue().encode(), total


def _imported(firm: Firm, text: bytes, rows: int) -> float:
    """Upload and import a file; give the seconds from the first call to the answer that it is in.

    Raises:
        AssertionError: a row was refused, or the job did not end well.
    """
    with firm.http() as http:
        started = time.perf_counter()
        document = post(http, "documents", {"name": _FILE})["id"]
        for offset in range(0, len(text), _PART_BYTES):
            data = text[offset : offset + _PART_BYTES]
            part = {
                "offset": offset,
                "data": base64.b64encode(data).decode(),
                "finish": offset + len(data) == len(text),
            }
            post(http, f"documents/{document}:write", part)
        files = [{"name": _FILE, "documentId": document}]
        job = {"name": "Customers", "map": yaml.safe_dump(_MAP, sort_keys=False), "files": files}
        made = post(http, "importJobs", job)["id"]
        found = _over(http, post(http, f"importJobs/{made}:start", {}))
        seconds = time.perf_counter() - started
    assert (found["status"], found.get("refusedRowCount", "0")) == ("DONE", "0"), found
    assert found["counts"] == [{"noun": "party.Organization", "created": str(rows)}], found
    return seconds


def _over(http: httpx.Client, job: Any) -> Any:
    until = time.monotonic() + _JOB_SECONDS_MAX
    while job["status"] in ("QUEUED", "RUNNING"):
        assert time.monotonic() < until, job
        time.sleep(0.05)  # asking all the time would take the processor from the job
        job = http.get(f"/v1/importJobs/{job['id']}").json()
    return job


async def _check(bench: Bench, prefix: str, rows: int, revenue: Decimal) -> None:
    (row,) = await bench.bare.fetch(
        "SELECT count(DISTINCT external_id), sum(annual_revenue), count(DISTINCT owner_user_id)"
        " FROM party.organization WHERE external_id LIKE $1",
        f"{prefix}-%",
    )
    assert tuple(row) == (rows, revenue, SELLERS), row


async def _inserted(bench: Bench, prefix: str) -> float:
    """Insert the rows that came in once more, bare, on one connection; give the seconds."""
    columns = [
        name
        for (name,) in await bench.bare.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'party.organization'::regclass"
            " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
        )
    ]
    names = ", ".join(columns)
    rows = await bench.bare.fetch(
        f"SELECT {names} FROM party.organization WHERE external_id LIKE $1", f"{prefix}-%"
    )
    own, external = columns.index("id"), columns.index("external_id")
    copies = [list(row) for row in rows]
    for copy in copies:
        copy[own] = uuid.uuid4()
        copy[external] = f"bare-{copy[own]}"
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    sql = f"INSERT INTO party.organization ({names}) VALUES ({places})"
    connection = (await bench.bare.connections("party_app"))[0]
    started = time.perf_counter()
    for at in range(0, len(copies), _BATCH):
        await connection.executemany(sql, copies[at : at + _BATCH])
    return time.perf_counter() - started
