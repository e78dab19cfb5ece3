"""Which files the rules look at."""

import subprocess
from pathlib import Path

import pytest
from house import files_of, services_of


def write(root: Path, *paths: str) -> None:
    """Write empty files."""
    for path in paths:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("", encoding="utf-8")


@pytest.mark.parametrize("with_git", [True, False])
def test_new_files_count_and_installed_ones_do_not(tmp_path: Path, with_git: bool) -> None:
    write(tmp_path, "services/party/pyproject.toml", "services/party/src/a.py", ".venv/b.py")
    (tmp_path / ".gitignore").write_text(".venv/\n", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    if with_git:
        subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    files = files_of(tmp_path)
    assert [file.path for file in files] == [
        ".gitignore",
        "services/party/pyproject.toml",
        "services/party/src/a.py",
    ]
    assert services_of(files) == ["party"]
