"""An export of another CRM comes in through the public door, as it is (PLT-16, PLT-18, PLT-19).

The export under `data/` is invented (`data/make_crm_export.py`). BANYAN_EXPORT_DIR names the folder
of a real one of the same shape; what it should add up to is reckoned from its files.
"""

import base64
import csv
import datetime
import io
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import xlsxwriter
import yaml
from crm_export import FILES, MAP, SELF_MADE, Deal, Export, keys_by, totals_by
from running import Banyan, counts

# A real export has thousands of deals, and is taken back one by one.
pytestmark = pytest.mark.timeout(600)
HERE = Path(__file__).resolve().parent
PIPELINE = "sales_pipeline"
JOB_SECONDS_MAX = 300
NUMBERS = ("year_established", "revenue", "employees", "sales_price", "close_value")
DAYS = ("engage_date", "close_date")
HEADINGS = {
    "account": "客户",
    "sector": "行业",
    "year_established": "成立年份",
    "revenue": "年收入",
    "employees": "员工数",
    "office_location": "所在地",
    "subsidiary_of": "母公司",
    "product": "产品",
    "series": "系列",
    "sales_price": "售价",
    "sales_agent": "销售",
    "manager": "经理",
    "regional_office": "区域",
    "opportunity_id": "商机编号",
    "deal_stage": "阶段",
    "engage_date": "接洽日期",
    "close_date": "成交日期",
    "close_value": "成交金额",
}


class Imported:
    """An export that is in Banyan, and the people it brought."""

    def __init__(self, banyan: Banyan, http: httpx.Client, export: Export, job: Any) -> None:
        self.banyan, self.http, self.export, self.job = banyan, http, export, job
        self.deals = export.deals()
        (pipeline,) = self.all("pipelines", 'name = "Sales"')
        self.mine = f'pipelineId = "{pipeline["id"]}"'

    def all(self, collection: str, where: str, http: httpx.Client | None = None) -> list[Any]:
        return list(pages(http or self.http, collection, filter=where))

    def id_of(self, collection: str, key: str) -> str:
        (found,) = self.all(collection, f'externalId = "{key}"')
        return found["id"]

    def ids(self, collection: str, keys: dict[str, str]) -> dict[str, str]:
        """Give what each id stands for, by the external ids of what it may stand for."""
        return {self.id_of(collection, key): meaning for key, meaning in keys.items()}

    def summary(
        self, collection: str, group_by: str, where: str = "", http: httpx.Client | None = None
    ) -> Any:
        query = {"groupBy": group_by, "measures": "count,sum:amount", "filter": where}
        answer = (http or self.http).get(f"/v1/{collection}:summarize", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def pages(http: httpx.Client, collection: str, **query: Any) -> Iterator[Any]:
    token = ""
    while True:
        query |= {"pageSize": 1000, "pageToken": token}
        answer = http.get(f"/v1/{collection}", params=query)
        assert answer.status_code == 200, answer.text
        yield from answer.json().get(collection, ())
        token = answer.json().get("nextPageToken", "")
        if not token:
            return


def post(http: httpx.Client, path: str, body: Any) -> Any:
    answer = http.post(f"/v1/{path}", json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def over(http: httpx.Client, job: Any) -> Any:
    until = time.monotonic() + JOB_SECONDS_MAX
    while job["status"] in ("QUEUED", "RUNNING", "UNDOING"):
        assert time.monotonic() < until, job
        time.sleep(0.1)  # asking all the time would take the processor from the job
        job = http.get(f"/v1/importJobs/{job['id']}").json()
    return job


def run(http: httpx.Client, text: str, files: dict[str, bytes]) -> tuple[Any, list[Any]]:
    """Import files by calls; give the job and its problems."""
    given: list[dict[str, str]] = []
    for name, data in files.items():
        document = post(http, "documents", {"name": name})
        part = {"offset": 0, "data": base64.b64encode(data).decode(), "finish": True}
        post(http, f"documents/{document['id']}:write", part)
        given.append({"name": name, "documentId": document["id"]})
    job = post(http, "importJobs", {"name": "by calls", "map": text, "files": given})
    job = over(http, post(http, f"importJobs/{job['id']}:start", {}))
    where = f'importJobId = "{job["id"]}"'
    return job, list(pages(http, "importProblems", filter=where, orderBy="file,line"))


def take_back(http: httpx.Client, job: Any) -> None:
    """Undo a job, and hold that nothing had to be left."""
    undone = over(http, post(http, f"importJobs/{job['id']}:undo", {}))
    assert undone["status"] == "UNDONE", undone
    where = f'importJobId = "{job["id"]}" AND reason = "TOUCHED_SINCE"'
    assert list(pages(http, "importProblems", filter=where)) == []


def by_command(banyan: Banyan, folder: Path) -> Any:
    """Import with the command people use."""
    report = banyan.report("import", folder, "--map", MAP)
    assert report["problems"] == []
    return report["job"]


@pytest.fixture(scope="module")
def imported(export_folder, banyan) -> Generator[Imported]:
    """Import an export, and undo it when its tests are through: nothing of it is left."""
    with banyan.client() as http:
        job = by_command(banyan, export_folder)
        yield Imported(banyan, http, Export(export_folder), job)
        take_back(http, job)
        for collection in ("organizations", "opportunities", "products", "users"):
            (key, *_) = keys_of(Export(export_folder))[collection]
            assert list(pages(http, collection, filter=f'externalId = "{key}"')) == []


def keys_of(export: Export) -> dict[str, set[str]]:
    return {
        "organizations": {row["account"] for row in export.rows("accounts")},
        "products": {row["product"] for row in export.rows("products")},
        "users": {f"agent {row['sales_agent']}" for row in export.rows("sales_teams")},
        "opportunities": {row["opportunity_id"] for row in export.rows(PIPELINE)},
    }


only_self_made = pytest.mark.parametrize("export_folder", ["self-made"], indirect=True)


def test_the_invented_export_is_what_its_script_makes(tmp_path):
    subprocess.run([sys.executable, HERE / "data" / "make_crm_export.py", tmp_path], check=True)
    for name in FILES:
        assert (tmp_path / f"{name}.csv").read_bytes() == (SELF_MADE / f"{name}.csv").read_bytes()


def test_everything_in_the_files_is_there_once(imported):
    teams = imported.export.rows("sales_teams")
    managers, offices = ({row[n] for row in teams} for n in ("manager", "regional_office"))
    accounts, products = (imported.export.rows(n) for n in ("accounts", "products"))
    people = len(managers) + len(teams)
    wanted = {
        "identity.Role": 2,
        "sales.Pipeline": 1,
        "identity.OrgUnit": len(offices) + len(managers),
        "identity.User": people,
        "identity.Position": people,
        "identity.RoleAssignment": people,
        "party.Organization": len(accounts),
        "catalog.ProductSeries": len({row["series"] for row in products}),
        "catalog.Product": len(products),
        "sales.Opportunity": len(imported.deals),
        "sales.OpportunityLine": len(imported.deals),
    }
    assert counts(imported.job) == {noun: [number, 0, 0] for noun, number in wanted.items()}
    rows = sum(len(imported.export.rows(name)) for name in FILES)
    assert int(imported.job["rowCount"]) == rows


def test_accounts_are_put_right_and_know_their_parents(imported):
    rows = {row["account"]: row for row in imported.export.rows("accounts")}
    found = {
        o["externalId"]: o
        for o in pages(imported.http, "organizations")
        if o.get("externalId") in rows
    }
    assert found.keys() == rows.keys()
    for name, row in rows.items():
        there = found[name]
        assert there.get("parentOrganizationName", "") == row["subsidiary_of"]
        assert there["industry"] == row["sector"].replace("technolgy", "technology")
        assert Decimal(there["annualRevenue"]["amount"]) == Decimal(row["revenue"]) * 1_000_000
        assert there["employeeCount"] == int(row["employees"])
    islands = [name for name, row in rows.items() if row["office_location"] == "Philipines"]
    assert {found[name]["countryCode"] for name in islands} == {"PH"}


BY_DEAL: dict[str, Callable[[Deal], str]] = {
    "stage": lambda deal: deal.stage,
    "quarter(closeDate)": lambda deal: deal.quarter,
    'ancestor(orgUnitId,"OFFICE")': lambda deal: deal.office,
    'ancestor(orgUnitId,"TEAM")': lambda deal: deal.manager,
    "organizationId": lambda deal: deal.account,
}


@pytest.mark.parametrize("term", BY_DEAL)
def test_deals_add_up_as_in_the_files_and_every_group_opens_its_own(imported, term):
    group = BY_DEAL[term]
    offices, managers = ({group_of(deal) for deal in imported.deals} for group_of in (
        BY_DEAL['ancestor(orgUnitId,"OFFICE")'], BY_DEAL['ancestor(orgUnitId,"TEAM")'],
    ))  # fmt: skip
    units = {f"office {name}": name for name in offices}
    units |= {f"team {name}": name for name in managers}
    meant = imported.ids("orgUnits", units) | {
        o["id"]: o.get("externalId", "") for o in pages(imported.http, "organizations")
    }
    answer = imported.summary("opportunities", term, imported.mine)
    wanted, keys = totals_by(imported.deals, group), keys_by(imported.deals, group)
    found: dict[str, tuple[int, Decimal]] = {}
    for one in answer["groups"]:
        value = one["keys"].get(term) or ""
        name = meant.get(value, value)
        found[name] = figures(one)
        opened = imported.all("opportunities", one["filter"])
        assert {deal["externalId"] for deal in opened} == keys[name], name
        assert len(opened) == len(keys[name])
    assert found == wanted
    everything = [deal.amount for deal in imported.deals]
    assert figures(answer["totals"]) == (len(everything), sum(everything))


def test_products_add_up_by_their_lines(imported):
    keys = {row["product"]: row["product"] for row in imported.export.rows("products")}
    meant = imported.ids("products", keys)
    answer = imported.summary("opportunityLines", "productId")
    found = {meant[one["keys"]["productId"]]: figures(one) for one in answer["groups"]
             if one["keys"].get("productId") in meant}  # fmt: skip
    assert found == totals_by(
        imported.deals, lambda deal: deal.product, lambda deal: deal.line_amount
    )
    for one in answer["groups"]:
        if name := meant.get(one["keys"].get("productId") or ""):
            opened = imported.all("opportunityLines", one["filter"])
            wanted = keys_by(imported.deals, lambda deal: deal.product)[name]
            assert {line["externalId"] for line in opened} == wanted


def figures(group: Any) -> tuple[int, Decimal]:
    amount = group["values"]["sum:amount"]
    return int(group["values"]["count"]), Decimal(amount["amount"] if amount else 0)


def test_people_see_what_is_theirs_and_learn_of_nothing_else(imported):
    """PLT-16: by Get, List and Summarize alike, a seller and a manager."""
    seller, manager = imported.deals[0].agent, imported.deals[0].manager
    other = next(deal for deal in imported.deals if deal.manager != manager)
    foreign = imported.id_of("opportunities", other.key)
    colleagues = next(d for d in imported.deals if d.manager == manager and d.agent != seller)
    hidden_from = {f"agent {seller}": imported.id_of("opportunities", colleagues.key)}
    reach = {
        f"agent {seller}": [deal for deal in imported.deals if deal.agent == seller],
        f"manager {manager}": [deal for deal in imported.deals if deal.manager == manager],
    }
    for key, own in reach.items():
        with imported.banyan.client("--as", imported.id_of("users", key)) as http:
            listed = imported.all("opportunities", "", http)
            assert {deal["externalId"] for deal in listed} == {deal.key for deal in own}
            found = imported.summary("opportunities", "stage", "", http)
            assert {one["keys"]["stage"]: figures(one) for one in found["groups"]} == totals_by(
                own, lambda deal: deal.stage
            )
            lines = imported.summary("opportunityLines", "outcome", "", http)["totals"]
            assert figures(lines) == (len(own), sum(deal.line_amount for deal in own))
            asked = f'externalId = "{other.key}"'
            assert imported.all("opportunities", asked, http) == []
            total = imported.summary("opportunities", "stage", asked, http)["totals"]
            assert figures(total) == (0, 0)
            for secret in (foreign, *filter(None, [hidden_from.get(key)])):
                assert http.get(f"/v1/opportunities/{secret}").status_code == 404


def test_people_go_on_selling_at_once(imported):
    """SAL-07: a seller takes in a customer and a deal, moves it and wins it, as their role lets."""
    seller = imported.id_of("users", f"agent {imported.deals[0].agent}")
    with imported.banyan.client("--as", seller) as http:
        customer = post(http, "organizations", {"name": f"Found by a seller {uuid.uuid4()}"})
        (product,) = imported.all("products", f'externalId = "{imported.deals[0].product}"', http)
        made = {"name": "sold at once", "organizationId": customer["id"]}
        deal = post(http, "opportunities", made)
        assert (deal["stage"], deal["ownerUserId"]) == ("prospecting", seller)
        line = {
            "opportunityId": deal["id"], "productId": product["id"], "description": "one",
            "quantity": "1", "unitPrice": product["price"],
        }  # fmt: skip
        line = post(http, "opportunityLines", line)
        moved = http.patch(f"/v1/opportunities/{deal['id']}", json={"stage": "engaging"})
        assert (moved.status_code, moved.json()["probability"]) == (200, 40)
        won = post(http, f"opportunities/{deal['id']}:win", {"reason": "price"})
        assert won["outcome"] == "WON"
        made_here = {"opportunityLines": line, "opportunities": deal, "organizations": customer}
        for path, record in made_here.items():
            assert http.delete(f"/v1/{path}/{record['id']}").status_code in (200, 204)


def as_workbook(path: Path) -> bytes:
    """Write a file as somebody's spreadsheet has it: numbers are numbers, days are days."""
    memory = io.BytesIO()
    with xlsxwriter.Workbook(memory, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Export")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        with path.open(encoding="utf-8", newline="") as file:
            headings, *rows = list(csv.reader(file))
        sheet.write_row(0, 0, headings)
        for line, row in enumerate(rows, 1):
            for column, (name, text) in enumerate(zip(headings, row, strict=True)):
                if name in NUMBERS and text:
                    sheet.write_number(line, column, float(text))
                elif name in DAYS and text:
                    when = datetime.datetime.fromisoformat(text)
                    sheet.write_datetime(line, column, when, day)
                else:
                    sheet.write_string(line, column, text)
    return memory.getvalue()


def as_chinese(path: Path) -> bytes:
    """Write a file as a Chinese spreadsheet exports it: its headings, GB18030, tabs."""
    with path.open(encoding="utf-8", newline="") as file:
        headings, *rows = list(csv.reader(file))
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\r\n")
    writer.writerows([[HEADINGS[name] for name in headings], *rows])
    return text.getvalue().encode("gb18030")


def unchanged(job: Any) -> dict[str, list[int]]:
    """Give the counts of a job that finds everything another one made."""
    return {noun: [0, 0, made] for noun, (made, _, _) in counts(job).items()}


@only_self_made
def test_the_same_as_workbooks_changes_nothing(imported):
    text = MAP.read_text(encoding="utf-8").replace(".csv", ".xlsx")
    files = {f"{name}.xlsx": as_workbook(SELF_MADE / f"{name}.csv") for name in FILES}
    job, problems = run(imported.http, text, files)
    assert (job["status"], problems) == ("DONE", [])
    assert counts(job) == unchanged(imported.job)


@only_self_made
def test_the_same_in_gb18030_with_chinese_headings_changes_nothing(imported):
    wanted = yaml.safe_load(MAP.read_text(encoding="utf-8"))
    for file in wanted["files"]:
        file["headings"] = {chinese: name for name, chinese in HEADINGS.items()}
    text = yaml.safe_dump(wanted, allow_unicode=True, sort_keys=False)
    files = {f"{name}.csv": as_chinese(SELF_MADE / f"{name}.csv") for name in FILES}
    job, problems = run(imported.http, text, files)
    assert (job["status"], problems) == ("DONE", [])
    assert counts(job) == unchanged(imported.job)


# Ten ways in which a row goes wrong: column and what is written there, and what is said of it.
DAMAGE = (
    ("opportunity_id", "", "KEY_EMPTY"),
    ("opportunity_id", "the first row's", "KEY_TWICE"),
    ("sales_agent", "Nobody Known", "RECORD_NOT_FOUND"),
    ("account", "Acme that never was", "RECORD_NOT_FOUND"),
    ("product", "GTX Por", "RECORD_NOT_FOUND"),
    ("close_date", "2017-02-30", "DATE_UNREADABLE"),
    ("close_value", "five hundred", "NUMBER_UNREADABLE"),
    ("deal_stage", "Perhaps", "UNKNOWN_STAGE"),
    ("", "too few", "CELLS_MISSING"),
    ("", "too many", "CELLS_TOO_MANY"),
)


def damaged(rows: list[list[str]]) -> dict[int, tuple[str, str]]:
    """Damage every twentieth row; give what is to be said of its line, and the column."""
    headings, *deals = rows
    wrong: dict[int, tuple[str, str]] = {}
    for number in range(10, len(deals), 20):
        column, written, reason = DAMAGE[len(wrong) % len(DAMAGE)]
        row = deals[number]
        if reason == "CELLS_MISSING":
            row.pop()
        elif reason == "CELLS_TOO_MANY":
            row.append("more")
        else:
            text = deals[0][0] if reason == "KEY_TWICE" else written
            row[headings.index(column)] = text
        wrong[number + 2] = (reason, column)
    return wrong


@only_self_made
def test_good_rows_go_in_and_every_bad_one_is_named_with_its_line(imported):
    """One row of twenty is damaged, in ten ways; the deals are others than those that are there."""
    with (SELF_MADE / f"{PIPELINE}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for row in rows[1:]:
        row[0] = f"second {row[0]}"
    wrong = damaged(rows)
    assert {reason for reason, _ in wrong.values()} == {reason for *_, reason in DAMAGE}
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    files = {f"{name}.csv": (SELF_MADE / f"{name}.csv").read_bytes() for name in FILES[:3]}
    files[f"{PIPELINE}.csv"] = text.getvalue().encode()
    job, problems = run(imported.http, MAP.read_text(encoding="utf-8"), files)
    assert job["status"] == "DONE"
    said = {
        p["line"]: (p["reason"], p.get("column", ""))
        for p in problems
        if p["reason"] != "NEEDED_RECORD_REFUSED"  # the line of a deal that did not go in
    }
    assert said == {str(line): what for line, what in wrong.items()}
    assert {p["file"] for p in problems} == {f"{PIPELINE}.csv"}
    assert all(p["message"] for p in problems)
    assert int(job["refusedRowCount"]) == len(wrong)
    good = {row[0] for line, row in enumerate(rows[1:], 2) if line not in wrong}
    there = imported.all("opportunities", 'externalId = "second*"')
    assert {deal["externalId"] for deal in there} == good
    take_back(imported.http, job)
    assert imported.all("opportunities", 'externalId = "second*"') == []
    assert len(imported.all("opportunities", imported.mine)) == len(imported.deals)
