"""The reasons a source can refuse with, read from the calls that raise them.

Read are string literals (also both arms of `a if c else b`, and names bound to literals in the same
file) in `errors.X(...)`, `X(...)`, `invalid_field(path, ...)`, `FieldViolation(path, ...)`,
`Refused.one(...)`, and the triples a `Refused` is made of.
"""

import ast
import re
from collections.abc import Collection, Iterator

from house.files import File, Finding
from house.places import imports

_SHAPE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_ERRORS = ("chassis.errors", "chassis.errors.types")
_SECOND = ("invalid_field", "FieldViolation")


def raised_reasons(file: File, classes: Collection[str]) -> Iterator[tuple[ast.AST, str]]:
    """Give every literal reason with its place; `classes` are the error classes of the chassis."""
    if not file.is_shipped:
        return
    modules, names = _bound(file, classes)
    literals = _literals(file)
    refuses = any(isinstance(node, ast.Name) and node.id == "Refused" for node in file.nodes)
    for node in file.nodes:
        if isinstance(node, ast.Call):
            value = _reason_argument(node, modules, names)
        elif refuses and isinstance(node, ast.Tuple):
            value = _triple_reason(node)
        else:
            continue
        if value is not None:
            yield from ((value, text) for text in _texts(value, literals))


def misshaped_reasons(file: File, classes: Collection[str]) -> Iterator[Finding]:
    """Find reasons that are not UPPER_SNAKE."""
    for node, reason in raised_reasons(file, classes):
        if not _SHAPE.fullmatch(reason):
            yield file.finding(node, f"reason {reason!r} is not UPPER_SNAKE")


def _bound(file: File, classes: Collection[str]) -> tuple[set[str], dict[str, str]]:
    """Give the local names of the errors module, and of what it exports."""
    exported = {*classes, *_SECOND}
    modules: set[str] = set()
    names = {"Refused": "Refused"}
    if file.path.startswith("libs/chassis/src/chassis/errors/"):
        names |= {name: name for name in exported}
    aliases = {
        f"{node.module}.{alias.name}": alias.asname
        for node in file.nodes
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for _, dotted in imports(file):
        package, _, name = dotted.rpartition(".")
        local = aliases.get(dotted) or name
        if dotted in _ERRORS:
            modules.add(local)
        elif package in _ERRORS and name in exported:
            names[local] = name
    return modules, names


def _reason_argument(call: ast.Call, modules: set[str], names: dict[str, str]) -> ast.expr | None:
    match call.func:
        case ast.Attribute(value=ast.Name(id="Refused"), attr="one"):
            position = 0
        case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules:
            if not (name[:1].isupper() or name in _SECOND):
                return None  # errors.from_status and the like
            position = 1 if name in _SECOND else 0
        case ast.Name(id=name) if name in names and name != "Refused":
            position = 1 if names[name] in _SECOND else 0
        case _:
            return None
    named = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
    return named[0] if named else next(iter(call.args[position : position + 1]), None)


def _triple_reason(node: ast.Tuple) -> ast.expr | None:
    """Read (path, "REASON", {...}), the form in which a `Refused` carries its problems."""
    if len(node.elts) == 3 and isinstance(node.elts[2], ast.Dict):
        return node.elts[1]
    return None


def _literals(file: File) -> dict[str, list[str]]:
    """Give the strings that names of this file are bound to."""
    found: dict[str, list[str]] = {}
    for node in file.nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).extend(_texts(value, {}))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.setdefault(name, []).extend(_texts(value, {}))
            case _:
                pass
    return found


def _texts(value: ast.expr, literals: dict[str, list[str]]) -> list[str]:
    match value:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=other):
            return _texts(body, literals) + _texts(other, literals)
        case ast.Name(id=name):
            return literals.get(name, [])
        case _:
            return []
