"""One run: load and disturbance together, then the checks."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chaos.check import Check, Checker
from chaos.cluster import cluster
from chaos.disturb import STEPS, Step, disturb
from chaos.load import Load

_TELL_SECONDS = 5


@dataclass
class Report:
    """What a run found.

    Attributes:
        seconds: by part of the run.
    """

    checks: list[Check] = field(default_factory=list)
    disturbances: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def wrong(self) -> list[str]:
        """Everything that does not hold."""
        return [f"{check.name}: {wrong}" for check in self.checks for wrong in check.wrong]


def run(
    home: Path,
    changes: int,
    *,
    steps: tuple[Step, ...] = STEPS,
    hurry_seconds: float = 0,
    tell: Callable[[str], None] = print,
) -> Report:
    """Start a cluster, run everything, stop it."""
    started = time.monotonic()
    with cluster(home) as running:
        tell(f"started in {time.monotonic() - started:.1f} s")
        load = Load(running, changes)
        checker = Checker(running, load)
        report = Report(seconds={"start": time.monotonic() - started})
        asyncio.run(_disturbed(load, checker, report, steps, tell))
        asyncio.run(_checked(checker, report, hurry_seconds))
    report.seconds["all"] = time.monotonic() - started
    return report


async def _disturbed(
    load: Load,
    checker: Checker,
    report: Report,
    steps: tuple[Step, ...],
    tell: Callable[[str], None],
) -> None:
    started = time.monotonic()
    telling = asyncio.create_task(_progress(load, tell))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(load.run())
            disturbing = group.create_task(disturb(checker.cluster, load, steps))
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling
    report.disturbances = disturbing.result()
    report.counts = {**load.counts, "slowest change, ms": round(1000 * load.slowest)}
    report.seconds["changes"] = time.monotonic() - started
    tell(f"{load.done} changes in {report.seconds['changes']:.1f} s; settling")


async def _checked(checker: Checker, report: Report, hurry_seconds: float) -> None:
    report.seconds["settle"], late = await checker.settle(hurry_seconds)
    checking = time.monotonic()
    report.checks = await checker.checks(late)
    report.seconds["checks"] = time.monotonic() - checking


async def _progress(load: Load, tell: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(_TELL_SECONDS)
        tell(f"{load.done} of {load.changes} changes")
