"""Lines per chassis package against their guides, and percentiles."""

from pathlib import Path

from house import File, sizes

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "libs/chassis/src/chassis"


def test_lines_are_counted_as_formatted() -> None:
    files = [
        File(f"{PACKAGE}/json/a.py", "x = 1; y = 2\n"),
        File(f"{PACKAGE}/json/deep/b.py", "z = 3\n"),
        File(f"{PACKAGE}/rpc/c.py", "x = 1\n"),
        File(f"{PACKAGE}/__init__.py", "x = 1\n"),
        File("services/party/src/party/source.py", "x = 1\n"),
    ]
    assert sizes.package_lines(ROOT, files) == {"json": 3, "rpc": 1}


def test_over_a_guide_needs_a_decision_page() -> None:
    lines = {"json": 501, "rpc": 500, "resources": 1500, "testing": 801}
    page = File("docs/decisions/0009-kit.md", "# Kit\n\n- guide: chassis.testing (one suite)\n")
    elsewhere = File("docs/kit.md", "guide: chassis.json\n")
    found = list(sizes.over_guide(lines, sizes.decided([page, elsewhere])))
    assert [finding.path for finding in found] == [f"{PACKAGE}/json"]
    assert "guide: chassis.json" in found[0].text


def test_percentiles_are_of_shipped_functions() -> None:
    text = "".join(f"def f{n}():\n" + "    x = 1\n" * n for n in range(1, 11))
    files = [
        File("services/party/src/party/source.py", text),
        File("services/party/tests/test_a.py", "def f():\n" + "    x = 1\n" * 50),
    ]
    assert sizes.percentiles(files) == "functions: 10, median 6, p90 10, max 11 lines"
    assert sizes.percentiles([]) == "functions: too few to measure"
