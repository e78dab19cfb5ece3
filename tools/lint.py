"""Every static check of the repository: `make lint`.

One line per check with its seconds; the full output only of checks that fail. At the end the lines
per chassis package against their guides, and the percentiles of function length. Exit 1 when
anything fails. `--only NAME` (repeatable) picks checks; paths narrow the house rules to those
files, for a commit hook.
"""

import argparse
import functools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from house import check_files, check_tree, files_of, services_of, sizes

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"
RELEASED = ROOT / "protos" / "released.binpb"
# Two heavy ones at a time; more only make each other wait on two cores.
WORKERS = 2


@dataclass(frozen=True)
class Outcome:
    """What a check found: its output, empty or harmless when `passed`."""

    name: str
    passed: bool
    output: str
    seconds: float


Check = Callable[[], tuple[bool, str]]


def run(*command: str | Path) -> tuple[bool, str]:
    """Run a command in the root; give whether it passed, and what it said."""
    quiet = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | quiet,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout


def buf() -> tuple[bool, str]:
    """Hold the contract against buf's rules, and against the last release once there is one."""
    settings = ("--config", "protos/buf.yaml", "--path", "banyan")
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image.binpb"
        passed, output = run(sys.executable, "tools/proto.py", "--image", image)
        if not passed:
            return False, output
        results = [run(BIN / "buf", "lint", image, *settings)]
        if RELEASED.exists():
            results.append(run(BIN / "buf", "breaking", image, "--against", RELEASED, *settings))
    return all(passed for passed, _ in results), "".join(output for _, output in results)


def house(paths: Sequence[str]) -> tuple[bool, str]:
    """Hold the tree, or only the given files, against the house rules."""
    files = files_of(ROOT)
    services = services_of(files)
    wanted = {Path(os.path.relpath(Path(path).resolve(), ROOT)).as_posix() for path in paths}
    findings = check_files((f for f in files if not wanted or f.path in wanted), services)
    if not wanted or any(path.endswith((".py", ".proto", ".yaml", ".toml")) for path in wanted):
        findings += check_tree(files, services)
    return not findings, "".join(f"{finding}\n" for finding in findings)


def package_sizes() -> tuple[bool, str]:
    """Hold the chassis packages against their guides; all the counts are in the output."""
    files = files_of(ROOT)
    lines = sizes.package_lines(ROOT, files)
    excused = sizes.decided(files)
    findings = list(sizes.over_guide(lines, excused))
    counts = " ".join(
        f"{package} {count}/{sizes.guide_of(package)}{'*' if package in excused else ''}"
        for package, count in lines.items()
    )
    table = f"chassis lines/guide (* decided): {counts}\n{sizes.percentiles(files)}\n"
    return not findings, "".join(f"{finding}\n" for finding in findings) + table


def checks_of(paths: Sequence[str]) -> dict[str, Check]:
    """Name all checks, the slowest first, so that the others run beside it."""
    python = sys.executable
    return {
        "pyright": functools.partial(run, BIN / "pyright"),
        "ruff check": functools.partial(run, BIN / "ruff", "check", "--quiet", "."),
        "ruff format": functools.partial(run, BIN / "ruff", "format", "--check", "--quiet", "."),
        "imports": functools.partial(run, BIN / "lint-imports", "--no-logo"),
        "stubs": functools.partial(run, python, "tools/proto.py", "--check"),
        "capabilities": functools.partial(run, python, "tools/capabilities.py", "--check"),
        "buf": buf,
        "house": functools.partial(house, paths),
        "sizes": package_sizes,
    }


def timed(name: str, check: Check) -> Outcome:
    """Run one check; a check that cannot run has failed, and says why."""
    begun = time.monotonic()
    try:
        passed, output = check()
    except Exception as error:  # any surprise must fail the build, not hide the other checks
        detail = getattr(error, "stderr", None) or ""
        passed, output = False, f"{type(error).__name__}: {error}\n{detail}"
    return Outcome(name, passed, output, time.monotonic() - begun)


def main() -> int:
    """Run the checks and say what they found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="a check; repeat for more")
    parser.add_argument("paths", nargs="*", help="files for the house rules; all when none")
    options = parser.parse_args()
    checks = checks_of(options.paths)
    if unknown := set(options.only or ()) - set(checks):
        parser.error(f"no check called {', '.join(unknown)}; there are {', '.join(checks)}")
    chosen = {name: checks[name] for name in checks if not options.only or name in options.only}
    begun = time.monotonic()
    failed: list[str] = []
    report = ""
    with ThreadPoolExecutor(WORKERS) as pool:
        running = [pool.submit(timed, name, check) for name, check in chosen.items()]
        for future in as_completed(running):
            outcome = future.result()
            word = "ok" if outcome.passed else "FAILED"
            print(f"{outcome.name:<12} {word:<6} {outcome.seconds:6.1f} s", flush=True)
            if outcome.name == "sizes":
                report = outcome.output
            elif not outcome.passed:
                print(outcome.output.rstrip(), flush=True)
            if not outcome.passed:
                failed.append(outcome.name)
    print(report, end="")
    verdict = f"FAILED: {', '.join(failed)}" if failed else "clean"
    print(f"lint {verdict} in {time.monotonic() - begun:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
