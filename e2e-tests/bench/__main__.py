"""`make bench`: the rows of the quality table that exist so far, as ratios inside one run.

Both sides of a ratio are measured in turns, 7 rounds or more; the median of the rounds' ratios
counts. Absolute times are printed beside them and bind nothing. ``make bench`` measures all but
``imports``; topics can be named: ``python e2e-tests/bench records imports``.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import events
import footprint
import imports
import pages
import records
import uvloop
import wire
import writes
from rows import Row, report, show
from scene import Firm, found

from chassis.testing import open_world

REPORT = Path(".banyan/bench.json")
# In this order: what leaves many changes behind comes late, and what ends the relay last.
TOPICS: dict[str, Callable[[Firm], Awaitable[list[Row]]]] = {
    "records": records.measure,
    "wire": wire.measure,
    "pages": pages.measure,
    "writes": writes.measure,
    "events": events.measure,
    "imports": imports.measure,
}
# Takes seven minutes, so only whoever names it waits for it.
_LONG = {"imports"}


def main() -> int:
    """Measure, print the table, write the report; 1 when a bound is missed."""
    asked = sys.argv[1:] or [*(TOPICS.keys() - _LONG), "platform"]
    rows = uvloop.run(measure(asked))
    return report(rows, REPORT)


async def measure(topics: list[str]) -> list[Row]:
    """Measure topics in one world, and the platform itself beside it."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        async with open_world(Path(folder) / "home") as world:
            started = time.perf_counter()
            firm = await found(world)
            print(f"prepared in {time.perf_counter() - started:.0f} s", file=sys.stderr)
            for name, topic in TOPICS.items():
                if name in topics:
                    started = time.perf_counter()
                    made = await topic(firm)
                    show(made)
                    rows += made
                    print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
            await firm.close()
            if "platform" in topics:
                rows.append(footprint.memory())
                show(rows[-1:])
        if "platform" in topics:
            rows.append(await asyncio.to_thread(footprint.start, Path(folder) / "start"))
            show(rows[-1:])
    return rows


if __name__ == "__main__":
    sys.exit(main())
