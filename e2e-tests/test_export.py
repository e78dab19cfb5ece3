"""What is in Banyan goes out through the public door, and comes back as it was (PLT-20, PLT-21).

The records are those of an export of another CRM, an invented one, and with BANYAN_EXPORT_DIR a
real one.
"""

import csv
import hashlib
import io
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
import python_calamine
import yaml
from crm_export import MAP, Export
from running import Banyan, counts

# A real export has thousands of deals, and is taken back one by one.
pytestmark = pytest.mark.timeout(600)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class Stock:
    """Records to export."""

    def __init__(self, banyan: Banyan, http: httpx.Client, export: Export) -> None:
        self.banyan, self.http, self.export = banyan, http, export
        self.deals = export.deals()

    def id_of(self, collection: str, key: str) -> str:
        answer = self.http.get(f"/v1/{collection}", params={"filter": f'externalId = "{key}"'})
        (found,) = answer.json()[collection]
        return found["id"]


@pytest.fixture(scope="module")
def stock(export_folder, banyan) -> Generator[Stock]:
    job = banyan.report("import", export_folder, "--map", MAP)["job"]
    with banyan.client() as http:
        yield Stock(banyan, http, Export(export_folder))
    undone = banyan.report("import", "--undo", job["id"])
    assert [problem["reason"] for problem in undone["problems"]] == []


def test_everything_goes_out_and_comes_back_as_it_was(stock, tmp_path):
    jobs = stock.banyan.report("export", "--all", tmp_path)
    rows = {job["name"]: int(job["rowCount"]) for job in jobs}
    assert rows["sales.Opportunity"] >= len(stock.deals)
    assert rows["sales.OpportunityLine"] >= len(stock.deals)
    assert rows["party.Organization"] >= len(stock.export.rows("accounts"))
    found = stock.banyan.report("import", tmp_path)
    assert found["problems"] == []
    assert counts(found["job"]) == {noun: [0, 0, number] for noun, number in rows.items()}


def test_a_list_of_deals_says_what_the_deals_are(stock, tmp_path):
    """Names and keys of what they refer to stand beside the ids; amounts add up exactly."""
    where = 'stage = "won"'
    stock.banyan.report("export", "sales.Opportunity", tmp_path, "--filter", where)
    rows = {row["externalId"]: row for row in rows_of(tmp_path / "sales.Opportunity.csv")}
    won = {deal.key: deal for deal in stock.deals if deal.stage == "won"}
    assert rows.keys() == won.keys()
    for key, deal in won.items():
        row = rows[key]
        assert row["organizationId.externalId"] == row["organizationId.name"] == deal.account
        assert row["ownerUserId.displayName"] == deal.agent
        assert row["ownerUserId.externalId"] == f"agent {deal.agent}"
        assert (row["amount"], row["stage"]) == (str(deal.amount), "won")


def test_a_workbook_with_chinese_headings_comes_back_as_it_was(stock, tmp_path):
    options = ("--format", "xlsx", "--headings", "chinese", "--order-by", "name desc")
    stock.banyan.report("export", "party.Organization", tmp_path, *options)
    book = python_calamine.CalamineWorkbook.from_path(str(tmp_path / "party.Organization.xlsx"))
    head, *rows = book.get_sheet_by_index(0).to_python()
    assert head[:2] == ["编号", "外部编号"]
    names = [row[head.index("名称")] for row in rows]
    assert {row["account"] for row in stock.export.rows("accounts")} <= set(names)
    found = stock.banyan.report("import", tmp_path)
    assert found["problems"] == []
    assert counts(found["job"]) == {"party.Organization": [0, 0, len(rows)]}


def test_a_seller_gets_out_what_is_theirs(stock, tmp_path):
    """PLT-16: whoever may export gets what their lists show."""
    seller = stock.deals[0].agent
    user = stock.http.get(f"/v1/users/{stock.id_of('users', f'agent {seller}')}").json()
    token = ("--token", stock.banyan.token("--as", user["id"]))
    refused = stock.banyan.command("export", "sales.Opportunity", tmp_path, *token)
    assert (refused.returncode, refused.stdout) == (2, "")
    permissions = [{"resource": "documents.*", "action": "*", "scope": "OWN"}]
    role = made(stock, "roles", name="Exports", permissions=permissions)
    unit = user["orgUnitId"]
    held = made(stock, "roleAssignments", userId=user["id"], roleId=role["id"], orgUnitId=unit)
    stock.banyan.report("export", "sales.Opportunity", tmp_path, *token)
    rows = rows_of(tmp_path / "sales.Opportunity.csv")
    assert {row["externalId"] for row in rows} == {
        deal.key for deal in stock.deals if deal.agent == seller
    }
    assert {row["ownerUserId.displayName"] for row in rows} == {seller}
    for collection, record in (("roleAssignments", held), ("roles", role)):
        assert stock.http.delete(f"/v1/{collection}/{record['id']}").status_code == 200


def made(stock: Stock, collection: str, **fields: Any) -> Any:
    answer = stock.http.post(f"/v1/{collection}", json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_what_was_changed_in_the_file_changes_the_records(banyan, tmp_path):
    """A filter chooses the records, columns their fields; what was not touched stays as it is."""
    with banyan.client() as http:
        for number in range(3):
            record = {"name": f"Messe {number}", "kind": "fair", "externalId": f"ex-c{number}"}
            assert http.post("/v1/sources", json=record).status_code == 201
        options = ("--filter", "externalId = ex-c*", "--columns", "id,externalId,name,kind")
        banyan.report("export", "party.Source", tmp_path, *options)
        rows = sorted(rows_of(tmp_path / "party.Source.csv"), key=lambda row: row["externalId"])
        assert [row["name"] for row in rows] == ["Messe 0", "Messe 1", "Messe 2"]
        rows[0]["name"] = "'=Neu; 改名"
        write(tmp_path / "party.Source.csv", rows)
        found = banyan.report("import", tmp_path)
        assert counts(found["job"]) == {"party.Source": [0, 1, 2]}
        changed = f"/v1/sources/{rows[0]['id']}"
        assert http.get(changed).json()["name"] == "=Neu; 改名"
        assert banyan.report("import", "--undo", found["job"]["id"])["problems"] == []
        assert http.get(changed).json()["name"] == "Messe 0"


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


SOURCES = """
files:
  - file: sources.csv
    records:
      - noun: party.Source
        key: {externalId: "{key}"}
        fields: {name: "{name}", kind: "{kind}"}
"""


def test_rows_that_were_refused_are_mended_and_go_in(banyan, tmp_path):
    given, again = tmp_path / "given", tmp_path / "again"
    given.mkdir()
    (given / "map.yaml").write_text(SOURCES)
    lines = ["key,name,kind", "ex-1,Messe,fair", ",ohne,fair", "ex-3,=SUM(A1),fair", ",'@x,fair"]
    (given / "sources.csv").write_text("\n".join(lines))
    done = banyan.command("import", given, "--refused", again)
    assert done.returncode == 1
    assert "2 rows refused" in done.stdout
    rows = rows_of(again / "sources.csv")
    assert [row["Banyan line"] for row in rows] == ["3", "5"]
    assert [row["name"] for row in rows] == ["ohne", "'@x"]
    for number, row in enumerate(rows):
        row["key"] = f"ex-mended-{number}"
    write(again / "sources.csv", rows)
    found = banyan.report("import", again)
    assert found["problems"] == []
    assert counts(found["job"]) == {"party.Source": [2, 0, 0]}
    with banyan.client() as http:
        params = {"filter": 'externalId = "ex-mended-1"'}
        (source,) = http.get("/v1/sources", params=params).json()["sources"]
        assert source["name"] == "@x"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", "folder"], "say which records"),
        (["export", "--all", "party.Source", "folder"], "say which records"),
        (["export", "party.Unicorn", "folder"], "there are no party.Unicorn"),
        (["export", "party.Source", "folder", "--format", "pdf"], '"pdf" is none of csv, xlsx'),
        (["export", "party.Source", "folder", "--filter", "colour = 1"], "exportJob.filter"),
        (["export", "party.Source", "folder", "--columns", "colour"], "exportJob.columns[0]"),
        (["import", "folder"], "there is no folder/map.yaml"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(banyan, tmp_path, arguments, said):
    done = banyan.command(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_content_goes_up_and_comes_down_as_it_is(banyan):
    """PLT-21: more than a part of it, under a name in Chinese, and from the middle."""
    data = bytes(range(256)) * (9 * 4096) + b"end"
    with banyan.client() as http:
        record = {"name": "报价 «1».pdf", "mediaType": "application/pdf"}
        path = f"/v1/documents/{http.post('/v1/documents', json=record).json()['id']}/content"
        assert http.get(path).status_code == 404
        done = http.put(path, content=io.BytesIO(data)).json()
        digest = hashlib.sha256(data).hexdigest()
        assert done["document"]["sha256"] == digest
        assert (done["offset"], done["document"]["size"]) == (str(len(data)), str(len(data)))
        answer = http.get(path)
        assert answer.content == data
        headers = answer.headers
        assert headers["content-length"] == str(len(data))
        assert headers["content-type"] == "application/pdf"
        assert headers["x-content-type-options"] == "nosniff"
        named = "filename*=UTF-8''%E6%8A%A5%E4%BB%B7%20%C2%AB1%C2%BB.pdf"
        assert headers["content-disposition"].startswith("attachment; ")
        assert headers["content-disposition"].endswith(named)
        part = http.get(path, headers={"range": "bytes=-3"})
        assert (part.status_code, part.content) == (206, b"end")
        assert part.headers["content-range"].endswith(f"/{len(data)}")


def test_the_map_of_an_export_says_how_it_was_written(banyan, tmp_path):
    banyan.report("export", "party.Source", tmp_path, "--encoding", "gb18030")
    (file,) = yaml.safe_load((tmp_path / "map.yaml").read_text())["files"]
    assert (file["file"], file["encoding"]) == ("party.Source.csv", "gb18030")
    assert file["records"][0]["key"] == {"id": "{id}"}
