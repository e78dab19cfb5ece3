"""What happens to the cluster meanwhile: power cuts, at shares of the work that is done."""

import asyncio
import time
from dataclasses import dataclass

from chaos.cluster import NATS, Cluster
from chaos.load import Load

_IDLE_SECONDS_MAX = 3
_POLL_SECONDS = 0.005


@dataclass(frozen=True)
class Step:
    """One part is killed and started again.

    Attributes:
        at: the share of the changes after which it is killed.
        part: NATS or a service.
        back: the share after which it is started again, or when nothing moves any more without
            it; at once when it is not later.
    """

    at: float
    part: str
    back: float = 0.0


# NATS alone, the audit's consumer, a writer; then two at once, in both orders of coming back.
STEPS = (
    Step(0.08, NATS),
    Step(0.15, NATS, 0.22),
    Step(0.25, "insight", 0.35),
    Step(0.40, "sales"),
    Step(0.50, NATS, 0.52),
    Step(0.58, NATS, 0.66),
    Step(0.60, "insight"),
    Step(0.75, NATS, 0.80),
    Step(0.90, NATS),
)
# Each start of a service costs seconds: in the small size each falls once, at the same time.
FEW_STEPS = (
    Step(0.10, NATS),
    Step(0.25, NATS, 0.40),
    Step(0.50, "insight"),
    Step(0.50, "sales"),
    Step(0.75, NATS, 0.85),
)


async def disturb(cluster: Cluster, load: Load, steps: tuple[Step, ...]) -> list[str]:
    """Run the steps while the load runs; give what was done, in order."""
    moments = [(step.at, step.part, "kill") for step in steps]
    moments += [(max(step.back, step.at), step.part, "revive") for step in steps]
    told: list[str] = []
    started = time.monotonic()
    # Sorting is stable: of one share, what is killed comes before what is started.
    for share, part, what in sorted(moments, key=lambda moment: moment[0]):
        await _until_done(load, share)
        await asyncio.to_thread(cluster.kill if what == "kill" else cluster.revive, part)
        told.append(f"{time.monotonic() - started:7.1f} s  {load.done:6}  {what} {part}")
    return told


async def _until_done(load: Load, share: float) -> None:
    """Wait for a share of the work; what waits for a killed part must not wait for ever."""
    last, since = load.done, time.monotonic()
    while load.done < share * load.changes and not load.finished:
        if load.done != last:
            last, since = load.done, time.monotonic()
        if time.monotonic() - since > _IDLE_SECONDS_MAX:
            return
        await asyncio.sleep(_POLL_SECONDS)
