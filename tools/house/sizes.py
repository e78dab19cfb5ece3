"""Sizes: function and file limits, lines per chassis package, percentiles of function length.

Lines are counted as they stand in the file, docstrings included and decorators not; a function's
lines hold those of the functions inside it.
"""

import ast
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from house.files import File, Finding

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
PACKAGE_LINES_GUIDE = 500
GUIDES = {"resources": 1500, "testing": 800}
_CHASSIS = "libs/chassis/src/chassis/"
_DECISION = re.compile(r"^\W*guide: chassis\.(\w+)", re.MULTILINE)


def long_functions(file: File) -> Iterator[Finding]:
    """Find functions over the limit; what a command drafts (migrations) is exempt."""
    if not file.is_python or file.is_migration:
        return
    for node, lines in function_lines(file):
        if lines > FUNCTION_LINES_MAX:
            yield file.finding(
                node, f"{node.name}() has {lines} lines, {FUNCTION_LINES_MAX} at most: split it"
            )


def long_file(file: File) -> Iterator[Finding]:
    """Find files over the limit."""
    lines = len(file.text.splitlines())
    if file.is_python and not file.is_migration and lines > FILE_LINES_MAX:
        yield file.finding(0, f"{lines} lines, {FILE_LINES_MAX} at most: split it by its jobs")


def function_lines(file: File) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """Give every function with its number of lines."""
    for node in file.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, (node.end_lineno or node.lineno) - node.lineno + 1


def percentiles(files: Iterable[File]) -> str:
    """Say median, ninth decile and longest function of the shipped Python."""
    lengths = [
        lines
        for file in files
        if file.is_shipped and not file.is_migration
        for _, lines in function_lines(file)
    ]
    if len(lengths) < 2:
        return "functions: too few to measure"
    ninth = statistics.quantiles(lengths, n=10, method="inclusive")[-1]
    return (
        f"functions: {len(lengths)}, median {statistics.median(lengths):.0f},"
        f" p90 {ninth:.0f}, max {max(lengths)} lines"
    )


def package_lines(root: Path, files: Iterable[File]) -> dict[str, int]:
    """Count the lines per chassis package as ruff formats them: dense lines do not help.

    Raises:
        subprocess.CalledProcessError: ruff cannot read a file.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in files:
            inside = file.path.removeprefix(_CHASSIS)
            if inside != file.path and "/" in inside and file.is_python:
                place = folder / inside
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(file.text, encoding="utf-8")
        ruff = Path(sys.prefix) / "bin" / "ruff"
        subprocess.run(
            [ruff, "format", "--quiet", "--no-cache", "--config", root / "pyproject.toml", folder],
            check=True,
            capture_output=True,
            text=True,
        )
        return {
            package.name: sum(
                len(path.read_text(encoding="utf-8").splitlines()) for path in package.rglob("*.py")
            )
            for package in sorted(folder.iterdir())
        }


def guide_of(package: str) -> int:
    """Give the number of lines a chassis package should stay under."""
    return GUIDES.get(package, PACKAGE_LINES_GUIDE)


def decided(files: Iterable[File]) -> set[str]:
    """Name the chassis packages that a decision page lets over their guide."""
    return {
        package
        for file in files
        if file.path.startswith("docs/decisions/") and file.path.endswith(".md")
        for package in _DECISION.findall(file.text)
    }


def over_guide(sizes: dict[str, int], excused: set[str]) -> Iterator[Finding]:
    """Find packages over their guide that no decision page explains."""
    for package, lines in sizes.items():
        if lines > guide_of(package) and package not in excused:
            yield Finding(
                _CHASSIS + package,
                0,
                f"{lines} lines, guide {guide_of(package)}: shorten it, or write a page in"
                f" docs/decisions with the line `guide: chassis.{package}`",
            )
