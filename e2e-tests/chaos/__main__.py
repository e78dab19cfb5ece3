"""`make chaos`: 10,000 changes, or BANYAN_CHAOS_CHANGES, while NATS and services are killed."""

import os
import sys
import tempfile
from pathlib import Path

from chaos.run import Report, run

CHANGES = 10_000
_SHOWN = 10


def main() -> int:
    """Run it, print what happened and what holds; 1 when anything is missing."""
    changes = int(os.environ.pop("BANYAN_CHAOS_CHANGES", CHANGES))
    with tempfile.TemporaryDirectory(prefix="banyan-chaos-") as folder:
        report = run(Path(folder) / "home", changes, tell=lambda text: print(text, flush=True))
    show(report)
    return 1 if report.wrong else 0


def show(report: Report) -> None:
    """Print the tables."""
    print("\nwhat happened       done  what")
    print("\n".join(report.disturbances))
    print()
    for name, count in sorted(report.counts.items()):
        print(f"{name:45} {count:8}")
    print()
    for check in report.checks:
        print(f"{check.name:28} {check.seen:28} {'WRONG' if check.wrong else 'ok'}")
        for wrong in check.wrong[:_SHOWN]:
            print(f"    {wrong[:2000]}")
        if len(check.wrong) > _SHOWN:
            print(f"    and {len(check.wrong) - _SHOWN} more")
    print("\n" + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items()))


if __name__ == "__main__":
    sys.exit(main())
