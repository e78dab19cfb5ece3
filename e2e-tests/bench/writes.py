"""Writing deals: Create against a bare INSERT of the same row, and a thousand at once."""

import statistics
import time
import uuid
from typing import Any

from banyan.sales.v1 import opportunity_pb2
from rows import Row, ratio
from scene import Firm

TIMES = 100
BATCH = 1_000
_REFERENCES = (
    "organization_id", "contact_id", "source_id", "lead_id", "previous_opportunity_id",
)  # fmt: skip


async def measure(firm: Firm) -> list[Row]:
    """Give the rows about writing."""
    async with firm.paused():
        alone = Creates(firm)
        await alone.prepare()
        rows = [
            await alone.row("Create ÷ bare INSERT", bound=True, plain=True),
            await alone.row("Create with five more references ÷ bare INSERT"),
        ]
        quiet = await batches(firm, 3)
        await firm.owner.execute("ANALYZE sales.opportunity")
    await firm.all_quiet()
    name = "Create ÷ bare INSERT, relay and consumers in the process"
    rows.append(await alone.row(name, plain=True))
    await firm.all_quiet()
    busy = await batches(firm, 7)
    name = f"BatchCreate of {BATCH:,} deals, rows/s"
    rows.append(Row(name, statistics.median(busy), 5_000, at_least=3_000, note="events on"))
    rows.append(Row(f"{name}, relay and consumers paused", statistics.median(quiet)))
    await firm.all_quiet()
    return rows


class Creates:
    """Create through the channel, and the bare INSERT of the same row.

    Ours is `CreateOpportunity` with a request id: token, rights, limits and validation; the
    pipeline, organization, contact, source, lead and earlier deal it names looked up with the
    caller's rights (three of them in party); row, change and request id written as one statement;
    titles read. Bare is one prepared INSERT of the row Create writes, all columns, as the
    service's role under row-level security, in its own transaction: no lookups, no change, no
    request id.

    Relays, consumers, timers and sagas of this process are paused while it is measured, but for
    the row that says otherwise: nobody who creates waits for them, and a deployment that writes
    much runs them in other processes or on idle cores.
    """

    def __init__(self, firm: Firm) -> None:
        self._firm = firm
        self._create = firm.caller("CreateOpportunity")
        self._insert: Any
        self._values: list[Any] = []

    async def prepare(self) -> None:
        """Prepare the INSERT, with the values the service's store makes of a deal."""
        firm = self._firm
        columns = firm.store.stored()
        names = ", ".join(name for name, _ in columns)
        places = ", ".join(f"${i}::{pg}" for i, (_, pg) in enumerate(columns, 1))
        self._insert = await firm.bare.prepare(
            f"INSERT INTO sales.opportunity ({names}) VALUES ({places})"
        )
        record = await firm.create()
        self._values = [firm.tenant_id, *firm.store.row(record)]
        self._names = [name for name, _ in columns]

    async def row(self, name: str, *, bound: bool = False, plain: bool = False) -> Row:
        """Measure; `plain` leaves out on both sides what a deal refers to beside its pipeline."""
        values = list(self._values)
        if plain:
            for field in _REFERENCES:
                values[self._names.index(field)] = None
        own, external = self._names.index("id"), self._names.index("external_id")

        async def bare() -> None:
            values[own] = values[external] = str(uuid.uuid4())
            await self._insert.fetch(*values)

        async def ours() -> None:
            deal = self._firm.deal()
            for field in _REFERENCES if plain else ():
                deal.ClearField(field)
            await self._create(
                opportunity_pb2.CreateOpportunityRequest(
                    opportunity=deal, request_id=str(uuid.uuid4())
                )
            )

        value, note = await ratio(ours, bare, TIMES)
        if not bound:
            return Row(name, value, note=note)
        return Row(name, value, 1.4, at_most=1.8, note=note)


async def batches(firm: Firm, rounds: int) -> list[float]:
    """Create a thousand deals at once, one batch after the other; give rows a second of each.

    Every row is validated and refers to one of 85 organizations, to contacts, sources, a pipeline,
    a lead and an earlier deal; every row writes its change. The first batch is not counted.
    """
    values: list[float] = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        await firm.batch(BATCH)
        values.append(BATCH / (time.perf_counter() - started))
    return values[1:]
