"""A firm sets up its people and sells, through the public door (PLT-16, PLT-33, SAL-07, SAL-14)."""

import time
import uuid

import httpx
import pytest
from firms import Firm, permissions, post
from running import Banyan

STAGES = [
    {"key": "new", "name": "New", "probability": 10, "outcome": "OPEN"},
    {
        "key": "offered",
        "name": "Offered",
        "probability": 50,
        "outcome": "OPEN",
        "entryRule": 'opportunity.organization_id != ""',
        "entryHint": "Say who the customer is.",
    },
    {"key": "won", "name": "Won", "probability": 100, "outcome": "WON"},
    {"key": "lost", "name": "Lost", "probability": 0, "outcome": "LOST"},
]
SELLING = ("sales.Lead", "sales.Opportunity", "party.Organization", "party.Contact")


class Sellers(Firm):
    """Two teams under the top unit, roles for selling and leading."""

    def __init__(self, banyan: Banyan, admin: httpx.Client) -> None:
        super().__init__(banyan, admin)
        self.east, self.west = self.unit("East"), self.unit("West")
        reads = ("sales.Pipeline", "identity.User", "identity.OrgUnit", "party.Source")
        read = permissions(reads, "read", "ALL")
        self.seller = self.role("Seller", permissions(SELLING, "*", "OWN") + read)
        self.leader = self.role("Leader", permissions(SELLING, "*", "SUBTREE") + read)
        body = {"name": f"Direct {uuid.uuid4()}", "stages": STAGES, "preferred": True}
        self.pipeline = post(admin, "/v1/pipelines", body)["id"]


@pytest.fixture
def firm(banyan):
    with banyan.client() as admin:
        yield Sellers(banyan, admin)


def test_a_lead_becomes_a_won_deal_that_the_right_people_see(firm):
    """SAL-01, SAL-04, SAL-07, PLT-16: from a call of the API to a figure that opens."""
    seller, colleague = (firm.person(firm.east, firm.seller) for _ in range(2))
    leader, other = firm.person(firm.east, firm.leader), firm.person(firm.west, firm.leader)
    lead = post(
        seller,
        "/v1/leads",
        {
            "name": "20 licences",
            "companyName": "昆山精密",
            "contactName": "李娜",
            "expectedAmount": {"currencyCode": "CNY", "amount": "240000.00"},
        },
    )
    done = post(seller, f"/v1/leads/{lead['id']}:convert", {"pipelineId": firm.pipeline})
    assert done["status"] == "CONVERTED", done
    deal = f"/v1/opportunities/{done['opportunityId']}"
    assert seller.get(deal).json()["weightedAmount"]["amount"] == "24000.00"
    assert leader.get(deal).json()["organizationName"] == "昆山精密"
    for nobody in (colleague, other):
        assert nobody.get(deal).status_code == 404
        assert nobody.get("/v1/opportunities").json() == {}
        totals = nobody.get("/v1/opportunities:summarize?measures=count").json()["totals"]
        assert totals["values"]["count"] == "0"

    moved = seller.patch(deal, json={"stage": "offered"})
    assert moved.status_code == 200, moved.text
    assert seller.patch(deal, json={"stage": "won"}).json()["reason"] == "USE_WIN_OR_LOSE"
    won = post(seller, f"{deal}:win", {"reason": "price"})
    assert (won["stage"], won["outcome"], won["weightedAmount"]["amount"]) == (
        "won",
        "WON",
        "240000.00",
    )
    query = {"groupBy": 'ancestor(orgUnitId,"TEAM")', "measures": "count,sum:amount"}
    group = leader.get("/v1/opportunities:summarize", params=query).json()["groups"][0]
    assert group["values"]["sum:amount"] == {"currencyCode": "CNY", "amount": "240000.00"}
    opened = leader.get("/v1/opportunities", params={"filter": group["filter"]}).json()
    assert [o["id"] for o in opened["opportunities"]] == [done["opportunityId"]]


def test_a_stage_says_what_it_asks_for(firm):
    """SAL-06."""
    seller = firm.person(firm.east, firm.seller)
    deal = post(seller, "/v1/opportunities", {"name": "No name yet", "pipelineId": firm.pipeline})
    refused = seller.patch(f"/v1/opportunities/{deal['id']}", json={"stage": "offered"})
    assert refused.status_code == 422
    assert "Say who the customer is." in refused.json()["title"]


def test_whoever_is_disabled_is_out_within_two_seconds(firm):
    """PLT-16."""
    seller = firm.person(firm.east, firm.seller)
    assert seller.get("/v1/opportunities").status_code == 200
    post(firm.admin, f"/v1/users/{seller.user_id}:disable", {})
    until = time.monotonic() + 2
    while seller.get("/v1/opportunities").status_code != 401:
        assert time.monotonic() < until


def test_every_step_is_in_the_audit(firm):
    """PLT-30."""
    deal = post(firm.admin, "/v1/opportunities", {"name": "Audited", "pipelineId": firm.pipeline})
    post(firm.admin, f"/v1/opportunities/{deal['id']}:lose", {"reason": "no budget"})
    query = {"filter": f'resourceId = "{deal["id"]}"', "orderBy": "version"}
    until = time.monotonic() + 10
    while True:
        found = firm.admin.get("/v1/auditRecords", params=query).json().get("auditRecords", [])
        if len(found) == 2 or time.monotonic() > until:
            break
    assert [(r["version"], r["verb"]) for r in found] == [("1", "create"), ("2", "lose")]
    changed = {f["path"]: f.get("newValue") for f in found[1]["fields"]}
    assert changed["outcome"] == '"LOST"'
