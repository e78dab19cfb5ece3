"""`make bench-journeys`: what people do all day, against what they use today.

16 clients over the public HTTP API of a `banyan up` of its own, 100,000 organizations and 50,000
deals; the median of three runs, a bare baseline of the same statements beside each.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from rows import Row, report, show
from running import one_process

from chassis.hosting import installed_services
from chassis.hosting.local import LocalServers
from journeys import importing, reading, writing
from journeys.firm import Firm
from journeys.measuring import Bench

REPORT = Path(".banyan/bench-journeys.json")
TOPICS = ("reading", "writing", "importing")


def main() -> int:
    """Found a firm, measure, print the table, write the report; 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topics", nargs="*", help=f"of {', '.join(TOPICS)}; all when none")
    parser.add_argument("--organizations", type=int, default=100_000)
    parser.add_argument("--deals", type=int, default=50_000)
    parser.add_argument("--rows", type=int, default=10_000, help="of the file that is imported")
    parser.add_argument("--seconds", type=float, default=4, help="of a run")
    options = parser.parse_args()
    if unknown := set(options.topics) - set(TOPICS):
        parser.error(f"no topic called {', '.join(unknown)}")
    with tempfile.TemporaryDirectory(prefix="banyan-journeys-") as folder:
        home = Path(folder) / "home"
        servers = LocalServers(home, installed_services())
        try:
            with one_process(home, servers) as banyan:
                firm = Firm(banyan)
                firm.prepare()
                print("\n".join(firm.fill(options.organizations, options.deals)), flush=True)
                rows = uvloop.run(measure(firm, options))
        finally:
            servers.remove()
    return report(rows, REPORT)


async def measure(firm: Firm, options: argparse.Namespace) -> list[Row]:
    """Measure topics, the reading first: it knows how many deals there are."""
    bench = Bench(firm, options.seconds)
    await bench.bare.open()
    rows = [await heard(bench)]
    await bench.tidy()
    for topic in options.topics or TOPICS:
        started = time.perf_counter()
        match topic:
            case "reading":
                made = await reading.measure(bench)
            case "writing":
                made = await writing.measure(bench)
            case _:
                made = await importing.measure(bench, options.rows)
        show(made)
        rows += made
        print(f"{topic}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    rows.append(importing.memory(bench))
    show(rows[-1:])
    await bench.bare.close()
    return rows


async def heard(bench: Bench) -> Row:
    """Wait until every consumer has taken in what the filling changed."""
    started = time.perf_counter()
    await bench.quiet()
    seconds = time.perf_counter() - started
    row = Row("Every consumer has heard of the filling, seconds after it", seconds)
    show([row])
    return row


if __name__ == "__main__":
    sys.exit(main())
