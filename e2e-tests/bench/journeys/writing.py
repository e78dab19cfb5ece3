"""Writing: a deal's stage is changed, a deal is entered."""

import itertools
import uuid
from collections.abc import Iterator

import asyncpg
from rows import Row

from journeys.bare import Action
from journeys.client import Door
from journeys.firm import OPEN
from journeys.measuring import Bench, Journey

_SALES = "sales_app"
_MOVE = (
    "UPDATE sales.opportunity SET stage = $2, version = version + 1, update_time = now()"
    " WHERE id = $1::uuid RETURNING id"
)
_VERSIONS = "SELECT coalesce(sum(version), 0) FROM sales.opportunity WHERE id = ANY($1::uuid[])"
_MADE = "SELECT count(DISTINCT external_id) FROM sales.opportunity WHERE external_id LIKE $1"


async def measure(bench: Bench) -> list[Row]:
    """Give the rows about writing; what was acknowledged is held against SQL afterwards."""
    return [
        await change_stage(bench),
        await create(bench, "Create a deal", at_least=1300),
        await create(bench, "Create a deal under an Idempotency-Key", key=True),
    ]


async def change_stage(bench: Bench) -> Row:
    """Move deals from stage to stage, each to another than it is in."""
    firm, ids = bench.firm, [record_id for record_id, _ in bench.firm.open_deals]
    before = await bench.bare.admin.fetchval(_VERSIONS, ids)
    requests = moves(bench.door(), firm.open_deals, after=1)
    bare_moves = itertools.cycle(
        (record_id, OPEN[n % 3]) for n, record_id in enumerate(reversed(ids))
    )
    moved = 0

    async def bare(connection: asyncpg.Connection) -> None:
        nonlocal moved
        moved += 1
        assert await connection.fetch(_MOVE, *next(bare_moves))

    journey = Journey(
        "Change a deal's stage", requests, (_SALES, bare), at_least=670, writes=True,
        note="bare: one UPDATE",
    )  # fmt: skip
    row = await bench.measure(journey)
    after = await bench.bare.admin.fetchval(_VERSIONS, ids)
    assert after - before == journey.sent + moved, (after - before, journey.sent, moved)
    return row


def moves(door: Door, deals: list[tuple[str, str]], after: int = 0) -> Iterator[bytes]:
    """Go through the deals again and again, each time one stage on.

    Args:
        after: how many stages some of them have gone on already.
    """
    for step in itertools.count(after + 1):
        for record_id, stage in deals:
            there = OPEN[(OPEN.index(stage) + step) % len(OPEN)]
            yield door.request("PATCH", f"/v1/opportunities/{record_id}", {"stage": there})


async def create(
    bench: Bench, name: str, *, key: bool = False, at_least: float | None = None
) -> Row:
    """Enter deals with their customer, pipeline, stage, amount and days, owner and unit."""
    prefix = uuid.uuid4().hex[:8]
    door = bench.door()

    def requests() -> Iterator[bytes]:
        for number, deal in enumerate(bench.firm.new_deals(prefix)):
            header = f"Idempotency-Key: {prefix}-{number}\r\n" if key else ""
            yield door.request("POST", "/v1/opportunities", deal, header)

    journey = Journey(
        name, requests(), (_SALES, await _inserts(bench)), at_least=at_least, writes=True,
        note="bare: one INSERT of such a row",
    )  # fmt: skip
    row = await bench.measure(journey)
    made = await bench.bare.admin.fetchval(_MADE, f"{prefix}-%")
    assert made == journey.sent, (made, journey.sent)
    return row


async def _inserts(bench: Bench) -> Action:
    """Give what inserts a row like one that is there, under an id of its own."""
    columns = [
        name
        for (name,) in await bench.bare.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'sales.opportunity'::regclass"
            " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
        )
    ]
    names = ", ".join(columns)
    (row,) = await bench.bare.fetch(
        f"SELECT {names} FROM sales.opportunity WHERE id = $1::uuid", bench.firm.deals[7]
    )
    values, own, external = list(row), columns.index("id"), columns.index("external_id")
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    sql = f"INSERT INTO sales.opportunity ({names}) VALUES ({places})"

    async def insert(connection: asyncpg.Connection) -> None:
        mine = list(values)
        mine[own] = uuid.uuid4()
        mine[external] = str(mine[own])
        await connection.fetch(sql, *mine)

    return insert
