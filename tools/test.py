"""Everything CI runs: `make test`.

Lint, and the tests in stages, each a pytest of its own with servers of its own, two stages at a
time. Every stage runs even when one before it failed; its output comes when it is over. The summary
at the end names each with its seconds, and the exit status is 1 when anything failed. Twenty-five
minutes are the limit for all of it: what still runs then is stopped and has failed.

BANYAN_TEST_ARGS: further arguments for every pytest, such as ``-k etag -x``.
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS_MAX = 25 * 60
# Stages at a time; a third would only make the others wait on two cores.
WORKERS = 2
RUNNING: list[subprocess.Popen[bytes]] = []
PRINTING = threading.Lock()
# After an interrupt pytest takes its servers down; this is how long it may take.
GRACE_SECONDS = 30
PYTEST_NOTHING_SELECTED = 5
# The longest first, so that the others run beside it.
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
    """Run one stage until the deadline; its output is printed when it is over."""
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        # A session of its own, so that stopping it reaches what it started.
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        RUNNING.append(process)
        try:
            status = process.wait(timeout=max(deadline - begun, 1))
            verdict = verdict_of(status)
        except subprocess.TimeoutExpired:
            stop(process)
            verdict = "FAILED (out of time)"
        output.seek(0)
        with PRINTING:
            print(f"\n--- {name}: {shlex.join(command[1:])}\n{output.read()}", flush=True)
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


def main() -> int:
    """Run all stages and sum up."""
    begun = time.monotonic()
    deadline = begun + SECONDS_MAX
    extra = shlex.split(os.environ.get("BANYAN_TEST_ARGS", ""))
    commands = {"lint": [sys.executable, "tools/lint.py"]}
    for name, (folder, *options) in STAGES.items():
        # One file that cannot be imported must not hide the results of the others.
        pytest = (sys.executable, "-m", "pytest", "--continue-on-collection-errors")
        commands[name] = [*pytest, folder, *options, *extra]
    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            begun_stages = [pool.submit(run, *one, deadline) for one in commands.items()]
            stages = [stage.result() for stage in begun_stages]
    except KeyboardInterrupt:
        for process in RUNNING:
            stop(process)
        raise
    print("\n--- summary")
    for stage in stages:
        print(f"{stage.name:<10} {stage.verdict:<22} {stage.seconds:7.1f} s")
    failed = [stage.name for stage in stages if stage.failed]
    verdict = f"FAILED: {', '.join(failed)}" if failed else "passed"
    print(f"test {verdict} in {time.monotonic() - begun:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
