"""Two teams that sell, for the journeys about who sees, shares and changes what."""

import uuid
from typing import Any

import httpx
from firms import Firm, Person, permissions, post
from places import DEALS, LINES, OPPORTUNITY, REFERENCES, Deal, Looker
from running import Banyan

STAGES = [
    {"key": "new", "name": "New", "probability": 10, "outcome": "OPEN"},
    {"key": "won", "name": "Won", "probability": 100, "outcome": "WON"},
    {"key": "lost", "name": "Lost", "probability": 0, "outcome": "LOST"},
]
WORK = ("sales.*", "party.*", "documents.*", "insight.AuditRecord")
READ_BY_ALL = ("sales.Pipeline", "identity.User", "identity.OrgUnit")


def cny(amount: str) -> dict[str, str]:
    return {"currencyCode": "CNY", "amount": amount}


class Teams(Firm):
    """Two teams, one with a branch below it; sellers, a leader, and a guest to whom all is shut."""

    def __init__(self, banyan: Banyan, admin: httpx.Client) -> None:
        super().__init__(banyan, admin)
        read = permissions(READ_BY_ALL, "read", "ALL")
        roles = {
            scope: self.role(scope, permissions(WORK, "*", scope) + read)
            for scope in ("OWN", "SUBTREE", "SHARED")
        }
        self.east, self.west = self.unit("East"), self.unit("West")
        self.branch = self.unit("Branch", self.east)
        self.pipeline = post(admin, "/v1/pipelines", {"name": self.word(), "stages": STAGES})["id"]
        self.reference = f"rival{uuid.uuid4().hex[:12]}"
        target = {"resourceType": OPPORTUNITY}
        post(admin, "/v1/customFields", {
            "resourceType": OPPORTUNITY, "key": self.reference, "type": "REFERENCE",
            "referenceTarget": target,
        })  # fmt: skip
        self.seller, self.colleague, self.leader, self.other_leader = (
            self.looker(self.person(unit, roles[scope]))
            for unit, scope in (
                *((self.east, "OWN"), (self.branch, "OWN")),
                *((self.east, "SUBTREE"), (self.west, "SUBTREE")),
            )
        )
        for who in (self.seller, self.colleague, self.leader, self.other_leader):
            self.refer(who, self.seller.own)
        self.guest = self.person(self.branch, roles["SHARED"])

    @staticmethod
    def word() -> str:
        return f"q{uuid.uuid4().hex[:12]}"

    def deal(self, http: httpx.Client, **fields: Any) -> Deal:
        """Make a deal with a customer and a line."""
        word = self.word()
        customer = post(http, "/v1/organizations", {"name": self.word()})["id"]
        body = {"name": f"Deal {word}", "pipelineId": self.pipeline, "amount": cny("1000")}
        deal = post(http, DEALS, body | {"organizationId": customer} | fields)["id"]
        line = {"opportunityId": deal, "description": word, "quantity": "1", "unitPrice": cny("5")}
        return Deal(deal, word, customer, post(http, LINES, line)["id"])

    def looker(self, http: Person) -> Looker:
        document = post(http, "/v1/documents", {"name": "a paper"})["id"]
        return Looker(http, self.deal(http), self.reference, document)

    def refer(self, who: Looker, deal: Deal) -> None:
        """Let somebody have a record of their own that refers to a deal of another."""
        body = {"organizationId": who.own.organization_id, "opportunityId": deal.id}
        about = {"direction": "RECEIVED", "kind": "CHECK", "ownerUserId": who.http.user_id}
        post(self.admin, REFERENCES, body | about)


def refused(answer: httpx.Response) -> str:
    """Give why somebody may not."""
    assert answer.status_code == 403, answer.text
    return answer.json()["reason"]


def reasons(answer: httpx.Response) -> list[str]:
    """Give what is wrong with a request."""
    assert answer.status_code == 400, answer.text
    return [wrong["reason"] for wrong in answer.json()["violations"]]
