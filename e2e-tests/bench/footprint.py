"""The platform as a whole: what it weighs and how fast it starts."""

import os
import time
from pathlib import Path

from rows import Row
from running import BIN, process, wait_ready

from chassis.hosting import installed_services
from chassis.hosting.local import LocalServers, free_ports


def memory() -> Row:
    """Weigh this process, which hosts every service; the benchmark itself is in the figure."""
    return Row("platform in one process: PSS in MB", pss_mb(os.getpid()), 250, at_most=400)


def pss_mb(pid: int) -> float:
    """Weigh a process: its own memory, and its share of what it shares with others."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return pss / 1024


def start(home: Path) -> Row:
    """Start `banyan up` twice in a new folder; the second start counts."""
    elapsed = 0.0
    for _ in range(2):
        port = next(free_ports())
        started = time.perf_counter()
        with process(str(BIN / "banyan"), "up", BANYAN_HOME=str(home), BANYAN_PORT=str(port)) as up:
            wait_ready(f"http://127.0.0.1:{port}", up)
            elapsed = time.perf_counter() - started
    LocalServers(home, installed_services()).remove()
    return Row("warm start to ready, seconds", elapsed, 6, at_most=15)
