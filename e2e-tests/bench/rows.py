"""A line of the table, and how its figure is taken."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

ROUNDS = 9
Action = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Row:
    """One line of the table; without a bound it is there for information.

    Attributes:
        at_most, at_least: the bound, one of them or none.
        note: the absolute figures behind the value.
    """

    name: str
    value: float
    reach_for: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def bound(self) -> float | None:
        """Give the bound, None for information."""
        return self.at_most if self.at_most is not None else self.at_least

    @property
    def met(self) -> bool:
        """Tell whether the bound holds."""
        return self._within(self.bound)

    @property
    def reached(self) -> bool:
        """Tell whether what one reaches for is reached."""
        return self._within(self.reach_for)

    @property
    def limits(self) -> str:
        """Give bound and reach as they are printed, and whether they are missed."""
        if self.bound is None:
            return "(information)"
        sign = "<=" if self.at_most is not None else ">="
        missed = " MISSED" if not self.met else "" if self.reached else "*"
        return f"{sign} {self.bound:g} {self.reach_for or self.bound:8g}{missed}"

    def as_json(self) -> dict[str, object]:
        """Give the row as the report has it."""
        found = {"name": self.name, "value": round(self.value, 4), "note": self.note}
        if self.bound is None:
            return found | {"kind": "information", "met": True}
        kind = "atMost" if self.at_most is not None else "atLeast"
        return found | {kind: self.bound, "reachFor": self.reach_for, "met": self.met}

    def _within(self, limit: float | None) -> bool:
        if limit is None:
            return True
        return self.value <= limit if self.at_most is not None else self.value >= limit


def show(rows: list[Row]) -> None:
    """Print lines of the table: value, bound, what to reach for, absolute figures."""
    for row in rows:
        print(f"{row.name:62} {row.value:10.2f} {row.limits:>24}  {row.note}", flush=True)


def report(rows: list[Row], file: Path) -> int:
    """Write the report; give 1 when a bound is missed, else 0."""
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(orjson.dumps({"rows": [row.as_json() for row in rows]}, option=2))
    return 0 if all(row.met for row in rows) else 1


async def seconds(action: Action, times: int) -> float:
    """Time an action, per call."""
    started = time.perf_counter()
    for _ in range(times):
        await action()
    return (time.perf_counter() - started) / times


async def ratio(ours: Action, bare: Action, times: int, rounds: int = ROUNDS) -> tuple[float, str]:
    """Give the median ratio over interleaved rounds, and both medians in microseconds."""
    await seconds(ours, times)
    await seconds(bare, times)
    pairs = [(await seconds(ours, times), await seconds(bare, times)) for _ in range(rounds)]
    value = statistics.median(a / b for a, b in pairs)
    left = statistics.median(a for a, _ in pairs) * 1e6
    right = statistics.median(b for _, b in pairs) * 1e6
    return value, f"{left:.0f} µs / {right:.0f} µs"


def timed(action: Callable[[], object], times: int = 20) -> float:
    """Time a plain function, per call."""
    started = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - started) / times


async def settled(condition: Callable[[], Awaitable[bool]], seconds_max: float = 60) -> None:
    """Wait until a condition holds, a minute at most as a rule."""
    async with asyncio.timeout(seconds_max):
        while not await condition():
            await asyncio.sleep(0.02)
