"""The files the rules look at, and what a rule gives back."""

import ast
import functools
import io
import os
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What a tree holds that nobody wrote; only used where git cannot tell.
_UNWRITTEN = {".git", ".venv", ".banyan", "node_modules", "__pycache__"}
_WRITTEN = ("libs/chassis/", "services/", "gateway/", "tools/", "e2e-tests/")


@dataclass(frozen=True, order=True)
class Finding:
    """One broken rule; line 0 stands for the whole file."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.text}"


@dataclass(frozen=True)
class File:
    """A file with its text, by its path from the root (``services/party/src/party/source.py``)."""

    path: str
    text: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The path, cut at its slashes."""
        return tuple(self.path.split("/"))

    @property
    def is_python(self) -> bool:
        """True for Python that people write, so not for the generated stubs in libs/api."""
        return self.path.endswith(".py") and self.path.startswith(_WRITTEN)

    @property
    def is_shipped(self) -> bool:
        """True for Python that runs in the product: no tests, no tools."""
        return (
            self.is_python and "src" in self.parts and self.parts[0] not in ("tools", "e2e-tests")
        )

    @property
    def is_migration(self) -> bool:
        """True for migrations, which are drafted by a command and as long as the tables ask."""
        return "migrations" in self.parts[:-1]

    @functools.cached_property
    def tree(self) -> ast.Module | None:
        """The parsed source; None where it does not parse (ruff says so)."""
        try:
            return ast.parse(self.text)
        except SyntaxError:
            return None

    @functools.cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the parsed source."""
        return tuple(ast.walk(self.tree)) if self.tree else ()

    @functools.cached_property
    def comments(self) -> tuple[tuple[int, str], ...]:
        """Line and text of every Python comment."""
        try:
            tokens = list(tokenize.generate_tokens(io.StringIO(self.text).readline))
        except (tokenize.TokenError, SyntaxError):
            return ()
        return tuple((t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT)

    def finding(self, where: ast.AST | int, text: str) -> Finding:
        """Give a finding at a node or line of this file."""
        line = where if isinstance(where, int) else getattr(where, "lineno", 0)
        return Finding(self.path, line, text)


def files_of(root: Path) -> list[File]:
    """Read every text file that is tracked, or would be: new files count before their commit."""
    found: list[File] = []
    for path in sorted(set(_paths(root))):
        place = root / path
        if place.is_symlink() or not place.is_file():
            continue  # deleted, but not yet in the index
        try:
            found.append(File(path, place.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # pictures, fonts, descriptors
    return found


def _paths(root: Path) -> Iterator[str]:
    # A runner works as root on a checkout that belongs to somebody else.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        yield from _walked(root)
    else:
        yield from (path for path in listed.stdout.split("\0") if path)


def _walked(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _UNWRITTEN]
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()
