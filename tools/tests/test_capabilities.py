"""What a test names it proves, on a page that is never older than the tests."""

import sys
from pathlib import Path

import capabilities
import pytest
from capabilities import capabilities_in, page, read
from house import File

PATH = "services/party/tests/rules/test_x.py"


def proven(text: str, path: str = PATH) -> list[tuple[str, str]]:
    """Give each capability with the test that proves it."""
    proofs, findings = read([File(path, text)])
    assert findings == []
    return [(proof.capability, proof.test) for proof in proofs]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SAL-47, SAL-49: a call.", ["SAL-47", "SAL-49"]),
        ("(PTY-04..06)", ["PTY-04", "PTY-05", "PTY-06"]),
        ("(PTY-04 to PTY-06)", ["PTY-04", "PTY-05", "PTY-06"]),
        ("PTY-04..PTY-05.", ["PTY-04", "PTY-05"]),
        ("PTY-04 to 10 people", ["PTY-04"]),
        ("SAL-65, INS-18", ["SAL-65", "INS-18"]),
        ("UTF-16, SHA-256, AIP-155, XPLT-01", []),
    ],
)
def test_ids_and_ranges_are_read(text: str, names: list[str]) -> None:
    assert list(capabilities_in(text)) == [(name, True) for name in names]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("ABC-12", "ABC-12"),
        ("CAT-12", "CAT-12"),
        ("CAT-00", "CAT-00"),
        ("CAT-1", "CAT-1"),
        ("CAT-001", "CAT-001"),
        ("CAT-10..12", "CAT-12"),
        ("CAT-03..01", "CAT-03..01"),
        ("CAT-01..99999999999", "CAT-01..99999999999"),
    ],
)
def test_what_does_not_exist_is_a_finding(text: str, wrong: str) -> None:
    _, findings = read([File(PATH, f'def test_it():\n    """{text}."""\n')])
    assert [str(finding) for finding in findings] == [f"{PATH}:2: there is no capability {wrong}"]


@pytest.mark.parametrize(
    "text",
    [
        'def test_it():\n    """FIN-15."""\n',
        "async def test_it():\n    # FIN-15\n    assert 1\n",
        "# FIN-15\n@parametrize\ndef test_it(): ...\n",
        "@parametrize\n# FIN-15\ndef test_it(): ...\n",
    ],
)
def test_a_test_proves_what_it_says(text: str) -> None:
    assert proven(f"import x\n\n{text}\n\ndef test_other(): ...\n") == [("FIN-15", "test_it")]


def test_a_name_says_it_too() -> None:
    assert proven("def test_fin_15_is_split(): ...") == [("FIN-15", "test_fin_15_is_split")]
    _, findings = read([File(PATH, "def test_fin_36(): ...")])
    assert [finding.text for finding in findings] == ["there is no capability FIN-36"]


def test_what_stands_outside_tests_counts_for_the_file() -> None:
    text = '"""Rules (FIN-15)."""\n\n# FIN-16\n\n\ndef test_it(): ...\n'
    assert proven(text) == [("FIN-15", ""), ("FIN-16", "")]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("services/party/src/party/source.py", '"""FIN-15."""'),
        ("services/party/tests/rules/conftest.py", '"""FIN-15."""'),
        ("docs/test_it.md", "FIN-15"),
        (PATH, 'text = "FIN-15"'),
    ],
)
def test_nothing_but_tests_proves_anything(path: str, text: str) -> None:
    assert proven(text, path) == []


def test_the_page_counts_and_lists() -> None:
    text = "# CAT-01\n\ndef test_b(): 1  # CAT-01\ndef test_a(): 1  # CAT-01, CAT-11\n"
    written = page(read([File(PATH, text)])[0])
    assert "| [CAT](#cat) | Catalogue and stock | 2 | 11 |\n" in written
    assert "No test yet: 01..23." in written.split("## MKT\n")[1]
    assert "| | all | **2** | **267** |\n" in written
    link = f"[{PATH}](../{PATH})"
    assert written.split("## CAT\n")[1].split("\n## ")[0] == (
        f"\n- **CAT-01**\n  - {link}: `test_b`, `test_a`\n- **CAT-11**\n  - {link}: `test_a`\n"
        "\nNo test yet: 02..10.\n"
    )


def test_a_stale_page_fails_and_an_unknown_id_writes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*options: str) -> int:
        monkeypatch.setattr(sys, "argv", ["capabilities.py", *options])
        return capabilities.main()

    monkeypatch.setattr(capabilities, "ROOT", tmp_path)
    test, written = tmp_path / PATH, tmp_path / "docs" / "capabilities.md"
    test.parent.mkdir(parents=True)
    written.parent.mkdir()
    test.write_text('"""CAT-01."""', encoding="utf-8")
    assert (run("--check"), run(), run("--check")) == (1, 0, 0)
    test.write_text('"""CAT-02."""', encoding="utf-8")
    assert run("--check") == 1
    assert "run `make capabilities`" in capsys.readouterr().out
    before = written.read_text(encoding="utf-8")
    test.write_text('"""CAT-12."""', encoding="utf-8")
    assert (run(), run("--check")) == (1, 1)
    assert written.read_text(encoding="utf-8") == before
    assert f"{PATH}:1: there is no capability CAT-12" in capsys.readouterr().out
