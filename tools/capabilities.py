"""Write docs/capabilities.md: which tests prove which capability of the product.

A capability has an id (``FIN-15``). A test proves it by naming it: in its name (``test_fin_15_…``),
its docstring, or a comment in it or right above it. What stands elsewhere in the file, such as in
the file's own docstring, the file proves as a whole. `PTY-04..06` and `PTY-04 to PTY-06` name
three. An id that does not exist is a finding, and nothing is written then.

`--check` fails when the page is not what the tests say.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from house import File, Finding, files_of

ROOT = Path(__file__).resolve().parent.parent
PAGE = "docs/capabilities.md"
# Capabilities are numbered from 1 within their group, without gaps.
GROUPS = {
    "PLT": ("Platform and administration", 34),
    "PTY": ("Customers, contacts, partners, competitors, suppliers", 34),
    "CAT": ("Catalogue and stock", 11),
    "SAL": ("Leads, opportunities, sales", 65),
    "MKT": ("Marketing", 23),
    "CTR": ("Contracts, service levels, satisfaction", 14),
    "PRJ": ("Projects, risks, participation", 21),
    "FIN": ("Money, budgets, assets", 35),
    "NTF": ("Notifications and messages", 12),
    "INS": ("Insight: business map, KPIs, reports, search", 18),
}
# What looks like an id and is none.
_OTHERS = {"GMT", "UTC", "UTF"}
_ID = re.compile(
    r"\b(?P<group>[A-Z]{3})-(?P<first>\d+)"
    r"(?:(?:\.\.(?:(?P=group)-)?| to (?P=group)-)(?P<last>\d+))?\b"
)
_ID_IN_NAME = re.compile(rf"_(?P<group>{'|'.join(GROUPS).lower()})_(?P<number>\d\d)(?=_|$)")


@dataclass(frozen=True, order=True)
class Proof:
    """A test that names a capability; line 0 and no test stand for the whole file."""

    capability: str
    path: str
    line: int
    test: str


def capabilities_in(text: str) -> Iterator[tuple[str, bool]]:
    """Give every capability a text names, ranges unrolled, and whether it exists."""
    for found in _ID.finditer(text):
        group, first, last = found["group"], found["first"], found["last"] or found["first"]
        if group not in GROUPS and (group in _OTHERS or len(first) != 2):
            continue
        if first > last or not len(first) == len(last) == 2:
            yield found[0], False
            continue
        for number in range(int(first), int(last) + 1):
            yield f"{group}-{number:02}", number in _numbers(group)


def _numbers(group: str) -> range:
    return range(1, GROUPS[group][1] + 1) if group in GROUPS else range(0)


def is_test_file(file: File) -> bool:
    """Tell whether pytest collects the file."""
    return file.is_python and file.parts[-1].startswith("test_")


def texts_of(file: File) -> Iterator[tuple[int, str]]:
    """Give line and text of all that can name a capability: docstrings, comments, test names."""
    yield from file.comments
    for node in file.nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.body[0].lineno if node.body else 1), ast.get_docstring(node) or ""
    for name, lines in tests_of(file).items():
        for found in _ID_IN_NAME.finditer(name):
            yield lines[-1], f"{found['group']}-{found['number']}".upper()


def tests_of(file: File) -> dict[str, range]:
    """Give the tests of a file with their lines, the comment right above them included."""
    lines = ["", *file.text.splitlines()]
    found: dict[str, range] = {}
    for node in file.nodes:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("test_"):
            begin = min(part.lineno for part in (node, *node.decorator_list))
            while lines[begin - 1].lstrip().startswith("#"):
                begin -= 1
            found[node.name] = range(begin, (node.end_lineno or begin) + 1)
    return found


def read(files: Iterable[File]) -> tuple[list[Proof], list[Finding]]:
    """Read from the test files what they prove, and which ids they name that do not exist."""
    proofs: set[Proof] = set()
    findings: set[Finding] = set()
    for file in filter(is_test_file, files):
        tests = tests_of(file)
        for line, text in texts_of(file):
            test = next((name for name, lines in tests.items() if line in lines), "")
            for capability, exists in capabilities_in(text):
                if exists:
                    begin = tests[test].start if test else 0
                    proofs.add(Proof(capability, file.path, begin, test))
                else:
                    findings.add(file.finding(line, f"there is no capability {capability}"))
    return sorted(proofs), sorted(findings)


def page(proofs: Sequence[Proof]) -> str:
    """Write the page: the counts first, then every proven capability with its tests."""
    by_id = {name: list(found) for name, found in groupby(proofs, lambda p: p.capability)}
    proven = {group: sum(name.startswith(group) for name in by_id) for group in GROUPS}
    rows = [
        f"| [{group}](#{group.lower()}) | {title} | {proven[group]} | {count} |\n"
        for group, (title, count) in GROUPS.items()
    ]
    total = sum(count for _, count in GROUPS.values())
    return "".join(
        (
            "<!-- Written by `make capabilities` from the tests: do not edit. -->\n",
            "# What the tests prove\n\n",
            "Every capability of the product has an id, and the tests that prove it, or a part\n",
            "of it, name it. This page is what they say; a file without test names stands as\n",
            "a whole.\n\n",
            "| group | what it is about | proven | of |\n|---|---|---:|---:|\n",
            *rows,
            f"| | all | **{len(by_id)}** | **{total}** |\n",
            *(_section(group, by_id) for group in GROUPS),
        )
    )


def _section(group: str, by_id: dict[str, list[Proof]]) -> str:
    names = [f"{group}-{number:02}" for number in _numbers(group)]
    missing = ", ".join(_runs([n for n in _numbers(group) if f"{group}-{n:02}" not in by_id]))
    proven = "".join(_entry(name, by_id[name]) for name in names if name in by_id)
    return (
        f"\n## {group}\n"
        + (f"\n{proven}" if proven else "")
        + (f"\nNo test yet: {missing}.\n" if missing else "")
    )


def _runs(numbers: Sequence[int]) -> Iterator[str]:
    """Write neighbours as one: 01, 03..05."""
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        first, *rest = (number for _, number in run)
        yield f"{first:02}..{rest[-1]:02}" if rest else f"{first:02}"


def _entry(name: str, proofs: Sequence[Proof]) -> str:
    lines = [f"- **{name}**\n"]
    for path, found in groupby(proofs, lambda proof: proof.path):
        tests = ", ".join(f"`{proof.test}`" for proof in found if proof.test)
        lines.append(f"  - [{path}](../{path}){': ' if tests else ''}{tests}\n")
    return "".join(lines)


def main() -> int:
    """Write the page, or with --check compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args()
    proofs, findings = read(files_of(ROOT))
    for finding in findings:
        print(finding)
    if findings:
        return 1
    target, text = ROOT / PAGE, page(proofs)
    if not options.check:
        target.write_text(text, encoding="utf-8")
        print(f"{PAGE}: {len({proof.capability for proof in proofs})} capabilities proven")
    elif not target.exists() or target.read_text(encoding="utf-8") != text:
        print(f"{PAGE} is not what the tests say: run `make capabilities`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
