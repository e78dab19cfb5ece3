"""Places: what may stand, be called and be imported where.

import-linter guards the layers of installed packages; these rules also reach tests, and name the
few calls that belong to one place only.
"""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator

from house.files import File, Finding

GRAB_BAGS = {
    *("common", "core", "helper", "helpers", "manager", "managers"),
    *("misc", "util", "utils"),
}
# Tests of the chassis hold transactions open by hand to show what happens meanwhile.
_COMMITS = ("libs/chassis/src/chassis/database/", "libs/chassis/tests/", "tools/", "e2e-tests/")
_PRINTS = ("tools/", "e2e-tests/", "libs/chassis/src/chassis/hosting/cli")
# What a service adds to the command line `banyan`: it talks to people and knows where Banyan is.
COMMANDS = "commands.py"
_PRODUCT = ("libs/", "services/", "gateway/", "protos/", "charts/", "tools/", "e2e-tests/")
# Cut in two, so that this file does not break its own rule.
_DESIGN = re.compile("shared" + r"/(mission|design|data|hooks)\b")
_ABOVE = re.compile(r"\.\./" + "shared")


def grab_bag_names(file: File) -> Iterator[Finding]:
    """Find rooms whose name says nothing about what is in them."""
    if file.path.startswith("libs/api/"):
        return
    for part in file.parts:
        if part.split(".")[0].lower() in GRAB_BAGS:
            yield file.finding(0, f"`{part}` says nothing: name the room after its job")


def stray_commits(file: File) -> Iterator[Finding]:
    """Find commits outside the one place that commits."""
    if not file.is_python or file.path.startswith(_COMMITS):
        return
    for call in _calls(file):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit":
            yield file.finding(call, ".commit() outside chassis.database: the edge commits")


def stray_prints(file: File) -> Iterator[Finding]:
    """Find prints in what runs as a service."""
    if not file.is_python or file.path.startswith(_PRINTS) or "tests" in file.parts:
        return
    if file.parts[-1] == COMMANDS:
        return
    for call in _calls(file):
        if isinstance(call.func, ast.Name) and call.func.id == "print":
            yield file.finding(call, "print() in a service: write a structured log line")


def hosting_questions(file: File) -> Iterator[Finding]:
    """Find code that could ask how it is hosted; only a composition root may hold it."""
    outside = file.is_shipped and file.parts[0] in ("services", "gateway")
    if not outside or file.parts[-1] in ("service.py", COMMANDS):
        return
    for node, module in imports(file):
        if _within(module, "chassis.hosting"):
            yield file.finding(node, "imports chassis.hosting: only service.py may")


def shipped_testing(file: File) -> Iterator[Finding]:
    """Find shipped code that leans on the test kit."""
    if not file.is_shipped or file.path.startswith("libs/chassis/src/chassis/testing/"):
        return
    for node, module in imports(file):
        if _within(module, "chassis.testing"):
            yield file.finding(node, "imports chassis.testing: only tests may")


def foreign_services(file: File, services: Iterable[str]) -> Iterator[Finding]:
    """Find imports of another service: services meet in the contract, at run time."""
    if not file.is_python or file.parts[0] not in ("libs", "services", "gateway"):
        return
    own = file.parts[1] if file.parts[0] == "services" else file.parts[0]
    foreign = {*services, "gateway"} - {own}
    for node, module in imports(file):
        if module.split(".")[0] in foreign:
            yield file.finding(node, f"imports {module}: call its stub or hear its events")


def design_mentions(file: File) -> Iterator[Finding]:
    """Find product files that lean on the folder beside the repository, which nobody else has."""
    if not file.path.startswith((*_PRODUCT, "Makefile")):
        return
    for number, line in enumerate(file.text.splitlines(), 1):
        if _DESIGN.search(line) or (file.is_python and _ABOVE.search(line)):
            yield file.finding(number, "leans on a folder outside the repository")


def unguarded_services(services: Iterable[str], pyproject: str) -> Iterator[Finding]:
    """Find services that the import contracts do not name."""
    tool = tomllib.loads(pyproject).get("tool", {}).get("importlinter", {})
    guarded = set(tool.get("root_packages", ()))
    by_id = {contract.get("id"): contract for contract in tool.get("contracts", ())}
    layers = " ".join(by_id.get("services", {}).get("layers", ())).replace("|", " ").split()
    nouns = by_id.get("nouns", {}).get("source_modules", ())
    for service in sorted(services):
        if not (service in guarded and service in layers and service in nouns):
            yield Finding(
                "pyproject.toml",
                0,
                f"name {service} in [tool.importlinter]: root_packages, services, nouns",
            )


def imports(file: File) -> Iterator[tuple[ast.AST, str]]:
    """Give every absolute import as the dotted names it may bind."""
    for node in file.nodes:
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def _calls(file: File) -> Iterator[ast.Call]:
    return (node for node in file.nodes if isinstance(node, ast.Call))


def _within(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")
