"""Every rule on single files finds its planted fault and leaves clean code alone.

Faults are put together from pieces where the text itself would break a rule in this file.
"""

from collections.abc import Callable, Iterator

import pytest
from house import File, Finding, check_files, marks, places, sizes

Rule = Callable[[File], Iterator[Finding]]

RULE_FILE = "services/party/src/party/source.py"
TEST_FILE = "services/party/tests/rules/test_source.py"
MIGRATION = "services/party/src/party/migrations/0001_a.py"
LATER = "TO" + "DO"
BESIDE = "shared" + "/design"

FAULTS: list[tuple[Rule, str, str, int]] = [
    (sizes.long_functions, RULE_FILE, "def f():\n" + "    x = 1\n" * 60, 1),
    (sizes.long_functions, TEST_FILE, "class A:\n async def f():\n" + "  x = 1\n" * 60, 2),
    (sizes.long_file, RULE_FILE, "x = 1\n" * 501, 0),
    (places.grab_bag_names, "services/party/src/party/utils.py", "", 0),
    (places.grab_bag_names, "gateway/web/src/common/button.tsx", "", 0),
    (places.stray_commits, RULE_FILE, "session.commit()\n", 1),
    (places.stray_commits, "libs/chassis/src/chassis/events/relay.py", "await a.b.commit()\n", 1),
    (places.stray_prints, RULE_FILE, "x = 1\nprint(x)\n", 2),
    (places.hosting_questions, RULE_FILE, "import chassis.hosting.local\n", 1),
    (places.hosting_questions, "gateway/src/gateway/app.py", "from chassis import hosting\n", 1),
    (places.shipped_testing, RULE_FILE, "from chassis.testing import kit\n", 1),
    (places.design_mentions, "protos/banyan/a.proto", f"\n// see {BESIDE}/x.md\n", 2),
    (places.design_mentions, "Makefile", f"\tcat /work/{BESIDE}/x\n", 1),
    (places.design_mentions, RULE_FILE, 'p = "../sha' + 'red/a.csv"\n', 1),
    (marks.blanket_ignores, RULE_FILE, "x = 1  # type: ignore\n", 1),
    (marks.blanket_ignores, RULE_FILE, "x = 1  # noqa\n", 1),
    (marks.blanket_ignores, RULE_FILE, "# ruff: noqa\n", 1),
    (marks.blanket_ignores, RULE_FILE, "x = 1  # pyright: ignore\n", 1),
    (marks.blanket_ignores, RULE_FILE, "# pyright: basic\n", 1),
    (marks.blanket_ignores, RULE_FILE, "# pyright: off\n", 1),
    (marks.blanket_ignores, RULE_FILE, "# pyright: reportUnknownMemberType=false\n", 1),
    (marks.unfinished_work, RULE_FILE, f"x = 1  # {LATER}: more\n", 1),
    (marks.unfinished_work, RULE_FILE, f'"""{LATER} write."""\n', 1),
    (marks.unfinished_work, "protos/banyan/a.proto", f"// {LATER}\n", 1),
    (marks.silent_skips, TEST_FILE, "pytest.skip()\n", 1),
    (marks.silent_skips, TEST_FILE, "pytest.skip('')\n", 1),
    (marks.silent_skips, TEST_FILE, "@pytest.mark.skip\ndef test_x(): ...\n", 1),
    (marks.silent_skips, TEST_FILE, "@pytest.mark.skipif(True)\ndef test_x(): ...\n", 1),
    (marks.registry_names, "web/lock.yaml", "a: https://registry.npm" + "js.org/a\n", 1),
    (marks.registry_names, "requirements.lock", "\n--index-url https://py" + "pi.org/simple\n", 2),
    (marks.secrets, "charts/key.pem", "-----BEGIN PRIVATE" + " KEY-----\n", 1),
    (marks.secrets, "charts/key.pem", "-----BEGIN EC PRIVATE" + " KEY-----\n", 1),
]

CLEAN: list[tuple[Rule, str, str]] = [
    (sizes.long_functions, RULE_FILE, "def f():\n" + "    x = 1\n" * 59),
    (
        sizes.long_functions,
        "services/party/src/party/migrations/0001_a.py",
        "def f():\n" + " a\n" * 99,
    ),
    (sizes.long_functions, "libs/api/src/banyan/a_pb2.py", "def f():\n" + " a\n" * 99),
    (sizes.long_file, RULE_FILE, "x = 1\n" * 500),
    (places.grab_bag_names, "services/party/src/party/commonality.py", ""),
    (places.stray_commits, "libs/chassis/src/chassis/database/database.py", "session.commit()\n"),
    (places.stray_commits, "libs/chassis/tests/events/test_a.py", "await held.commit()\n"),
    (places.stray_commits, RULE_FILE, "hash = commit()\n"),
    (places.stray_prints, "libs/chassis/src/chassis/hosting/cli.py", "print(1)\n"),
    (places.stray_prints, "tools/lint.py", "print(1)\n"),
    (places.stray_prints, TEST_FILE, "print(1)\n"),
    (places.hosting_questions, "services/party/src/party/service.py", "import chassis.hosting\n"),
    (places.hosting_questions, TEST_FILE, "import chassis.hosting\n"),
    (places.shipped_testing, TEST_FILE, "import chassis.testing\n"),
    (places.design_mentions, "gateway/web/src/a.ts", 'import x from "../sha' + 'red/button"\n'),
    (places.design_mentions, "docs/decisions/0001-a.md", f"{BESIDE}/quality.md\n"),
    (marks.blanket_ignores, RULE_FILE, "x = 1  # type: ignore[arg-type]\ny = 2  # noqa: S102\n"),
    (marks.blanket_ignores, RULE_FILE, "x = 1  # pyright: ignore[reportAny]\ny = '# noqa'\n"),
    (marks.unfinished_work, RULE_FILE, f"currency = '{LATER}'\n"),
    (marks.silent_skips, TEST_FILE, "pytest.skip('no export here')\nskip = pytest.skip\n"),
    (marks.silent_skips, TEST_FILE, "@pytest.mark.skipif(True, reason='r')\ndef test_x(): ...\n"),
    (marks.registry_names, "requirements.lock", "pypinyin==0.55 --hash=sha256:00\n"),
    (marks.secrets, "README.md", "a PRIVATE" + " KEY is read from a file\n"),
]


@pytest.mark.parametrize(("rule", "path", "text", "line"), FAULTS)
def test_finds_the_planted_fault(rule: Rule, path: str, text: str, line: int) -> None:
    found = list(rule(File(path, text)))
    assert [(finding.path, finding.line) for finding in found] == [(path, line)]


@pytest.mark.parametrize(("rule", "path", "text"), CLEAN)
def test_leaves_clean_files_alone(rule: Rule, path: str, text: str) -> None:
    assert list(rule(File(path, text))) == []


def test_a_service_imports_no_other() -> None:
    services = ["party", "sales"]
    faults = {
        RULE_FILE: "from sales.lead import Lead\n",
        TEST_FILE: "import gateway\n",
        "gateway/src/gateway/app.py": "import party\n",
        "libs/chassis/src/chassis/rpc/call.py": "def f():\n    import party.source\n",
    }
    for path, text in faults.items():
        found = list(places.foreign_services(File(path, text), services))
        assert [finding.path for finding in found] == [path]
    clean = File(RULE_FILE, "from party.source import SOURCE\nfrom banyan.sales.v1 import a\n")
    assert list(places.foreign_services(clean, services)) == []


def test_every_service_stands_in_the_import_contracts() -> None:
    pyproject = """
        [tool.importlinter]
        root_packages = ["chassis", "party", "sales"]
        [[tool.importlinter.contracts]]
        id = "services"
        layers = ["gateway | party | sales", "chassis"]
        [[tool.importlinter.contracts]]
        id = "nouns"
        source_modules = ["party"]
    """
    assert list(places.unguarded_services(["party"], pyproject)) == []
    found = list(places.unguarded_services(["party", "sales"], pyproject))
    assert [finding.text.split()[1] for finding in found] == ["sales"]


def test_findings_read_as_path_and_line() -> None:
    (finding,) = check_files([File(RULE_FILE, "\nprint(1)\n")], ["party"])
    assert str(finding) == f"{RULE_FILE}:2: print() in a service: write a structured log line"


def test_what_does_not_parse_is_left_to_ruff() -> None:
    assert check_files([File(RULE_FILE, "def (:\n")], ["party"]) == []
