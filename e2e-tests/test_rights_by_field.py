"""What a role keeps from its holders of any record of a noun, through the public door (PLT-16)."""

from typing import Any

import httpx
import pytest
from firms import eventually, permissions, post
from places import DEALS, LINE, LINES, OPPORTUNITY, exported, run_export
from teams import READ_BY_ALL, WORK, Teams, cny, reasons, refused

HIDDEN = ("amount", "weighted_amount", "organization_id", "note", "custom_fields.margin")


class Clerk:
    """Somebody from whom a role keeps some fields of every deal, and a deal that has them all."""

    def __init__(self, teams: Teams) -> None:
        self.teams, self.word, self.margin = teams, teams.word(), "m" + teams.word()
        self.hidden = [*HIDDEN[:-1], f"custom_fields.{self.margin}"]
        self.place = "p" + teams.word()
        for key, kind in ((self.margin, "INTEGER"), (self.place, "TEXT")):
            field = {"resourceType": OPPORTUNITY, "key": key, "type": kind, "filterable": True}
            post(teams.admin, "/v1/customFields", field)
        unit, customs = teams.unit("North"), {self.margin: 12, self.place: "Ulm"}
        self.deal = teams.deal(
            teams.admin, orgUnitId=unit, note=f"They owe us {self.word}", customFields=customs
        )
        changed = {"note": f"Still {self.word}", "amount": cny("2000"), "closeDate": "2030-01-01"}
        changed["customFields"] = {self.margin: 13}
        for path, body in ((self.deal.path, changed), (f"{LINES}/{self.deal.line_id}", {})):
            teams.admin.patch(path, json=body | {"orgUnitId": unit}).raise_for_status()
        allowed = permissions(WORK, "*", "SUBTREE") + permissions(READ_BY_ALL, "read", "ALL")
        self.open_role = teams.role("Open", allowed)
        rule = {"resource": "sales.Opportunity", "fields": self.hidden, "access": "HIDDEN"}
        self.http = teams.person(unit, teams.role("Blind", allowed, fieldRules=[rule]))
        self.unit = unit

    def own_of(self, found: dict[str, Any]) -> dict[str, Any]:
        """Give what stands in the two custom fields; other journeys have defined more."""
        mine = (self.margin, self.place)
        return {key: value for key, value in found["customFields"].items() if key in mine}

    def seen(self) -> list[dict[str, Any]]:
        """Give the deal as by its id and as in a list."""
        (listed,) = self.http.get(DEALS).json()["opportunities"]
        return [self.http.get(self.deal.path).json(), listed]


@pytest.fixture(scope="module")
def clerk(teams):
    return Clerk(teams)


def test_what_a_role_hides_is_neither_shown_nor_asked_about(teams, clerk):
    """PLT-16: gone are the fields, what shows their titles, and the one of the firm's own."""
    gone = {"amount", "weightedAmount", "organizationId", "organizationName", "note"}
    path = clerk.deal.path
    eventually(lambda: gone <= teams.admin.get(path).json().keys(), True)
    for found in clerk.seen():
        assert found.keys() == teams.admin.get(path).json().keys() - gone
        assert clerk.own_of(found) == {clerk.place: "Ulm"}
    margin = f"customFields.{clerk.margin}"
    for asked in (
        *({"filter": text} for text in (
            "amount > 0", 'amount.currencyCode = "CNY"', "NOT weightedAmount:*",
            f'name : "x" OR organizationId = "{clerk.deal.organization_id}"',
            f"{margin} > 1", f"custom_fields.{clerk.margin} = 13",
        )),
        *({"orderBy": text} for text in ("amount", "name, weightedAmount desc")),
        *({"readMask": text} for text in ("amount", "name,note", margin, "organizationName")),
    ):  # fmt: skip
        assert reasons(clerk.http.get(DEALS, params=asked)) == ["FIELD_HIDDEN"], asked
    for asked in (
        {"groupBy": "organizationId"},
        {"groupBy": "stage", "measures": "count,sum:amount"},
        {"measures": "max:weightedAmount"},
        {"filter": "amount > 0"},
    ):
        answer = clerk.http.get(f"{DEALS}:summarize", params=asked)
        assert reasons(answer) == ["FIELD_HIDDEN"], asked
    assert reasons(clerk.http.get(path, params={"readMask": "amount"})) == ["FIELD_HIDDEN"]
    (found,) = clerk.http.get(
        DEALS, params={"filter": f'customFields.{clerk.place} = "Ulm"'}
    ).json()["opportunities"]
    assert found["id"] == clerk.deal.id


def test_what_a_role_hides_is_not_written_and_stays_as_it_is(teams, clerk):
    """PLT-16: whether named, given in a whole record, or in a new one."""
    path, customer = clerk.deal.path, teams.seller.own.organization_id
    hidden = (
        {"amount": cny("1")},
        {"amount": None},
        {"note": "mine"},
        {"organizationId": customer},
        {"customFields": {clerk.margin: 1}},
        {"customFields": {clerk.margin: None}},
    )
    for body in hidden:
        answer = clerk.http.patch(path, json={"name": "New", **body})
        assert refused(answer) == "FIELD_NOT_WRITABLE", body
        new = {"name": "New", "pipelineId": teams.pipeline, **body}
        if None not in (*body.values(), body.get("customFields", {}).get(clerk.margin, "")):
            assert refused(clerk.http.post(DEALS, json=new)) == "FIELD_NOT_WRITABLE", body
    before = teams.admin.get(path).json()
    (seen, _) = clerk.seen()
    for answer in (
        clerk.http.patch(path, params={"updateMask": "*"}, json=seen | {"etag": ""}),
        clerk.http.patch(
            path, json={"closeDate": "2031-01-01", "customFields": {clerk.place: "Bonn"}}
        ),
    ):
        assert answer.status_code == 200, answer.text
        assert not {"amount", "note", "organizationId"} & answer.json().keys()
    after = teams.admin.get(path).json()
    for name in ("amount", "weightedAmount", "note", "organizationId"):
        assert after[name] == before[name]
    assert clerk.own_of(after) == {clerk.margin: 13, clerk.place: "Bonn"}


def test_what_a_role_hides_is_in_no_file(teams, clerk):
    """PLT-16, PLT-20: neither below a heading nor as one; a column that names it is refused."""
    (row,) = exported(clerk.http, OPPORTUNITY)
    headings = {heading.partition(".")[0] for heading in row}
    assert {"id", "name", "stage", "customFields"} <= headings
    assert not headings & {"amount", "weightedAmount", "organizationId", "note"}
    assert clerk.word not in str(row)
    assert "2000" not in str(row)
    assert clerk.margin not in row["customFields"]
    assert clerk.place in row["customFields"]
    (full,) = exported(teams.admin, OPPORTUNITY, filter=f'id = "{clerk.deal.id}"')
    assert {"amount", "note", "organizationId.name"} <= full.keys()


def test_an_export_that_names_what_is_hidden_is_refused_for_it(clerk):
    """PLT-16, PLT-20: in a column, behind a reference, of the firm's own, in what it asks for."""
    margin = f"customFields.{clerk.margin}"
    asked = [
        *((OPPORTUNITY, {"columns": ["id", name]}) for name in ("amount", "organizationId.name")),
        (OPPORTUNITY, {"columns": ["id", margin]}),
        (LINE, {"columns": ["id", "opportunityId.amount"]}),
        *((OPPORTUNITY, {"filter": f"{name} > 0"}) for name in ("amount", margin)),
        (OPPORTUNITY, {"orderBy": "amount"}),
    ]
    for kind, fields in asked:
        assert refusal_of_export(clerk.http, kind, **fields) == "FIELD_HIDDEN", fields


def refusal_of_export(http: httpx.Client, kind: str, **fields: Any) -> str:
    """Give why there is no file: when it is asked for, or in the end."""
    made = http.post("/v1/exportJobs", json={"name": "out", "resourceType": kind, **fields})
    if made.status_code == 400:
        return ",".join(reasons(made))
    job = run_export(http, kind, **fields)
    return job.get("errorReason", job["status"])


def test_what_a_role_hides_neither_finds_a_deal_nor_is_told_by_its_history(teams, clerk):
    """PLT-16, PLT-30, PLT-31."""
    path = {"filter": f'resourceId = "{clerk.deal.id}" AND version = 2'}

    def found(http: httpx.Client, word: str) -> list[str]:
        asked = {"query": word, "resourceTypes": OPPORTUNITY}
        hits = http.get("/v1/search", params=asked).json().get("hits", [])
        return [hit["resourceId"] for hit in hits]

    def told(http: httpx.Client) -> dict[str, str]:
        records = http.get("/v1/auditRecords", params=path).json().get("auditRecords", [])
        return {f["path"]: f.get("newValue", "") for r in records for f in r["fields"]}

    eventually(lambda: found(teams.admin, clerk.word), [clerk.deal.id])
    assert found(clerk.http, clerk.word) == []
    assert found(clerk.http, clerk.deal.word) == [clerk.deal.id]
    changed = {"amount", "weighted_amount", "note", "close_date", "custom_fields"}
    eventually(lambda: told(teams.admin).keys(), changed)
    assert told(clerk.http).keys() == {"close_date"}


def test_a_second_role_gives_back_what_the_first_hides(teams, clerk):
    """PLT-16: rights add up, and are in force at once."""
    held = teams.assign(clerk.http.user_id, clerk.open_role, clerk.unit)
    whole = teams.admin.get(clerk.deal.path).json().keys() - {"organizationName"}
    eventually(lambda: [found.keys() >= whole for found in clerk.seen()], [True, True])
    answer = clerk.http.patch(clerk.deal.path, json={"customFields": {clerk.margin: 14}})
    assert answer.status_code == 200, answer.text
    asked = {"measures": "sum:amount", "groupBy": "organizationId"}
    assert clerk.http.get(f"{DEALS}:summarize", params=asked).status_code == 200
    teams.admin.delete(f"/v1/roleAssignments/{held['id']}").raise_for_status()
    eventually(lambda: ["amount" in found for found in clerk.seen()], [False, False])
