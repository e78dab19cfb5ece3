"""Everything CI runs: `make test`.

Lint, then the tests in stages, each a pytest of its own. Every stage runs even when one before it
failed; the summary at the end names each with its seconds, and the exit status is 1 when anything
failed. Twenty minutes are the limit for all of it: what still runs then is stopped and has failed.

BANYAN_TEST_ARGS: further arguments for every pytest, such as ``-k etag -x``.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS_MAX = 20 * 60
# After an interrupt pytest takes its servers down; this is how long it may take.
GRACE_SECONDS = 30
PYTEST_NOTHING_SELECTED = 5
STAGES = {
    "libs": ("libs/chassis/tests",),
    "services": ("services",),
    "gateway": ("gateway/tests",),
    "tools": ("tools/tests",),
    # bench measures and is run by `make bench`; chaos runs here with its small count.
    "e2e": ("e2e-tests", "--ignore=e2e-tests/bench"),
}


@dataclass(frozen=True)
class Stage:
    """How a stage went, for the summary."""

    name: str
    verdict: str
    seconds: float

    @property
    def failed(self) -> bool:
        """True when the whole run has failed because of it."""
        return self.verdict.startswith("FAILED")


def run(name: str, command: list[str], deadline: float) -> Stage:
    """Run one stage until the deadline, its output going straight to ours."""
    print(f"\n--- {name}: {shlex.join(command[1:])}", flush=True)
    begun = time.monotonic()
    # A session of its own, so that stopping it reaches what it started.
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        status = process.wait(timeout=max(deadline - begun, 1))
        verdict = verdict_of(status)
    except subprocess.TimeoutExpired:
        stop(process)
        verdict = "FAILED (out of time)"
    except KeyboardInterrupt:
        stop(process)
        raise
    return Stage(name, verdict, time.monotonic() - begun)


def verdict_of(status: int) -> str:
    """Say what an exit status means; nothing selected is fine only when somebody selects."""
    if status == 0:
        return "ok"
    if status == PYTEST_NOTHING_SELECTED and os.environ.get("BANYAN_TEST_ARGS"):
        return "nothing selected"
    return f"FAILED ({status})"


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a stage and its children, first politely."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=GRACE_SECONDS)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
        break


def has_tests(folder: Path) -> bool:
    """Tell whether a stage has anything to run yet."""
    return any("node_modules" not in path.parts for path in folder.rglob("test_*.py"))


def main() -> int:
    """Run all stages and sum up."""
    begun = time.monotonic()
    deadline = begun + SECONDS_MAX
    extra = shlex.split(os.environ.get("BANYAN_TEST_ARGS", ""))
    stages = [run("lint", [sys.executable, "tools/lint.py"], deadline)]
    for name, (folder, *options) in STAGES.items():
        if has_tests(ROOT / folder):
            # One file that cannot be imported must not hide the results of the others.
            pytest = (sys.executable, "-m", "pytest", "--continue-on-collection-errors")
            command = [*pytest, folder, *options, *extra]
            stages.append(run(name, command, deadline))
        else:
            stages.append(Stage(name, "no tests yet", 0))
    print("\n--- summary")
    for stage in stages:
        print(f"{stage.name:<10} {stage.verdict:<22} {stage.seconds:7.1f} s")
    failed = [stage.name for stage in stages if stage.failed]
    verdict = f"FAILED: {', '.join(failed)}" if failed else "passed"
    print(f"test {verdict} in {time.monotonic() - begun:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
