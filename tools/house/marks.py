"""Marks: comments that silence a whole checker, unfinished work, unexplained skips, leaks."""

import ast
import re
from collections.abc import Iterator

from house.files import File, Finding

_BLANKET = (
    (re.compile(r"#\s*type:\s*ignore(?!\[)"), "say which: type: ignore[rule]"),
    (re.compile(r"#\s*(?:ruff:\s*)?noqa(?!\s*:\s*[A-Z])", re.IGNORECASE), "say which: noqa: RULE"),
    (re.compile(r"#\s*pyright:\s*(?:basic|off|standard)\b"), "strict typing holds everywhere"),
    (re.compile(r"#\s*pyright:\s*ignore(?!\[)"), "say which: pyright: ignore[rule]"),
    (re.compile(r"#\s*pyright:\s*report\w+\s*=\s*(?:false|none)"), "ignore the line, not the file"),
    (re.compile(r"#\s*mypy:\s*ignore-errors"), "no file is exempt"),
)
# Cut in two, so that this file does not break its own rules.
_UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
_COMMENT = re.compile(r"(?:^|\s)(?:#|//|/\*|\*|<!--)(?P<text>.*)")
_COMMENTED = (".proto", ".ts", ".tsx", ".js", ".css", ".html", ".yaml", ".yml", ".toml", ".sh")
_SKIPS = {"pytest.skip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail"}
_REGISTRIES = re.compile(
    "|".join(("py" + r"pi\.org", "npm" + "js", "pythonhosted" + r"\.org")), re.IGNORECASE
)
_SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE" + r" KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
)


def blanket_ignores(file: File) -> Iterator[Finding]:
    """Find comments that silence more than one named rule."""
    if not file.is_python:
        return
    for line, comment in file.comments:
        for pattern, advice in _BLANKET:
            if pattern.search(comment):
                yield file.finding(line, f"`{comment[:40]}`: {advice}")


def unfinished_work(file: File) -> Iterator[Finding]:
    """Find comments and docstrings that leave work for later."""
    if file.is_python:
        texts = [*file.comments, *_docstrings(file)]
    elif file.path.endswith(_COMMENTED) and not file.path.startswith("libs/api/"):
        lines = enumerate(file.text.splitlines(), 1)
        texts = [(n, match["text"]) for n, line in lines if (match := _COMMENT.search(line))]
    else:
        return
    for line, text in texts:
        if found := _UNFINISHED.search(text):
            yield file.finding(line, f"{found[0]}: do it, or say in docs what is missing and why")


def _docstrings(file: File) -> Iterator[tuple[int, str]]:
    for node in file.nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node, clean=False)
            if text:
                yield node.body[0].lineno, text


def silent_skips(file: File) -> Iterator[Finding]:
    """Find skipped tests that do not say why."""
    if not file.is_python:
        return
    called = {id(node.func) for node in file.nodes if isinstance(node, ast.Call)}
    for node in file.nodes:
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in _SKIPS:
            if not _has_reason(node, name):
                yield file.finding(node, f"{name} without a reason")
        elif isinstance(node, ast.Attribute) and id(node) not in called:
            # The bare decorator; `pytest.skip` itself may also be passed on as a value.
            name = ast.unparse(node)
            if name in _SKIPS and name != "pytest.skip":
                yield file.finding(node, f"{name} without a reason")


def _has_reason(call: ast.Call, name: str) -> bool:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
    if name in ("pytest.skip", "pytest.mark.skip"):
        given += call.args[:1]
    return any(not (isinstance(value, ast.Constant) and not value.value) for value in given)


def registry_names(file: File) -> Iterator[Finding]:
    """Find addresses of package registries: a checkout installs from whatever index is set up."""
    for number, line in enumerate(file.text.splitlines(), 1):
        if found := _REGISTRIES.search(line):
            yield file.finding(number, f"names a package registry ({found[0]})")


def secrets(file: File) -> Iterator[Finding]:
    """Find keys that somebody committed."""
    for number, line in enumerate(file.text.splitlines(), 1):
        if _SECRETS.search(line):
            yield file.finding(number, "looks like a secret: settings come from the environment")
