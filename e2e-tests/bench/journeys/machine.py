"""What processes cost: processor time and memory, as the kernel counts them."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """Processor seconds so far, of Banyan's process and of PostgreSQL's."""

    banyan: float
    database: float

    def since(self, before: "Spent") -> "Spent":
        """Give what came in between."""
        return Spent(self.banyan - before.banyan, self.database - before.database)


class Platform:
    """The processes of one `banyan up`, found by what it leaves in its folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.pid = int((home / "up.lock").read_text())
        lines = (home / "data" / "postgres" / "postmaster.pid").read_text().splitlines()
        self.postmaster, self.database_port = int(lines[0]), int(lines[3])

    def spent(self) -> Spent:
        """Read the processor time; of connections that are closed it is in their parent's."""
        database = 0.0
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                parent, seconds = _times(folder)
                if self.postmaster in (parent, int(folder.name)):
                    database += seconds
        return Spent(_times(Path(f"/proc/{self.pid}"))[1], database)


def _times(folder: Path) -> tuple[int, float]:
    """Give the parent of a process, and its seconds; nothing of one that has ended."""
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0.0
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / _TICK


def load_average() -> float:
    """Give the load of the last minute, of everybody on this machine."""
    return os.getloadavg()[0]
