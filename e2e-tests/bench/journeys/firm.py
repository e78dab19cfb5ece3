"""The firm the journeys are measured in, made through the public door as a firm would make it."""

import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from running import START_SECONDS_MAX, Banyan

from chassis.hosting import Settings
from chassis.hosting.cli import local_token
from journeys.names import Customer, customer

BATCH = 1000
TEAMS, SELLERS = 8, 40
CURRENCY = "CNY"
STAGES = (
    ("new", 10, "OPEN", 20),
    ("qualified", 30, "OPEN", 20),
    ("proposed", 60, "OPEN", 15),
    ("won", 100, "WON", 25),
    ("lost", 0, "LOST", 20),
)
"""Key, probability in percent, outcome, and how many of a hundred deals stand there."""
OPEN = [key for key, _, outcome, _ in STAGES if outcome == "OPEN"]
_NOTE = "Asked for a visit of the plant before the budget of the year is gone; buys by tender."


@dataclass
class Firm:
    """A firm with customers and deals.

    Attributes:
        open_deals: ids of deals in a stage they may leave, with the stage.
        customers: what was invented, in the order of `organizations`.
    """

    banyan: Banyan
    teams: list[str] = field(default_factory=list)
    sellers: list[str] = field(default_factory=list)
    pipeline: str = ""
    organizations: list[str] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    deals: list[str] = field(default_factory=list)
    open_deals: list[tuple[str, str]] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def token(self) -> str:
        """Sign a token of the administrator; it is good for ten minutes."""
        return local_token(Settings(home=self.banyan.home))

    def http(self) -> httpx.Client:
        """Give a client signed in as the administrator."""
        headers = {"authorization": f"Bearer {self.token()}"}
        return httpx.Client(base_url=self.banyan.url, headers=headers, timeout=60)

    def prepare(self) -> None:
        """Make teams, sellers and a pipeline."""
        with self.http() as http:
            top = self._founded(http)["user"]["orgUnitId"]
            for number in range(TEAMS):
                unit = {"name": f"Team {number}", "kind": "TEAM", "sells": True, "orgUnitId": top}
                self.teams.append(post(http, "orgUnits", unit)["id"])
            for number in range(SELLERS):
                person = {
                    "displayName": f"Seller {number}",
                    "email": f"seller-{number}@example.com",
                    "orgUnitId": self.teams[number % TEAMS],
                }
                self.sellers.append(post(http, "users", person)["id"])
            stages = [
                {"key": key, "name": key.capitalize(), "probability": odds, "outcome": outcome}
                for key, odds, outcome, _ in STAGES
            ]
            pipeline = {"name": "Direct", "stages": stages, "preferred": True}
            self.pipeline = post(http, "pipelines", pipeline)["id"]

    def _founded(self, http: httpx.Client) -> Any:
        """Wait until the firm is founded, which may be after the door is open; give who one is."""
        until = time.monotonic() + START_SECONDS_MAX
        while not (answer := http.get("/v1/access:self")).is_success:
            assert time.monotonic() < until, answer.text
            time.sleep(0.1)
        return answer.json()

    def place(self, number: int) -> dict[str, str]:
        """Say whose a record is: sellers in turn, each in their team."""
        seller = number % SELLERS
        return {"ownerUserId": self.sellers[seller], "orgUnitId": self.teams[seller % TEAMS]}

    def organization(self, number: int) -> dict[str, Any]:
        """Invent a customer with all that may be known of one."""
        found = customer(self.chance)
        self.customers.append(found)
        made: dict[str, Any] = self.place(number) | {
            "externalId": f"C-{number:06}",
            "name": found.name,
            "roles": ["customer"],
            "industry": found.industry,
            "website": f"https://www.c{number:06}.example.com",
            "phone": f"+86 512 {number:08}",
            "email": f"office@c{number:06}.example.com",
            "countryCode": found.country_code,
            "city": found.city,
            "taxId": f"91320583MA{number:08}",
            "employeeCount": int(self.chance.lognormvariate(5, 1.2)),
            "annualRevenue": money(self.chance.lognormvariate(17, 1.5)),
            "foundedYear": self.chance.randint(1950, 2025),
            "note": _NOTE,
            "active": True,
            "activityReason": "buys regularly",
            "activityDate": day(self.chance),
            "defaultCurrencyCode": CURRENCY,
            "defaultSalesTax": "vat13",
            "paymentTermsDays": 30,
        }
        if self.organizations:
            made["parentOrganizationId"] = self.chance.choice(self.organizations)
        return made

    def deal(self, number: int) -> dict[str, Any]:
        """Invent a deal with one of the customers; one that has ended has a day when."""
        at = self.chance.randrange(len(self.organizations))
        (stage,) = self.chance.choices(STAGES, weights=[stage[3] for stage in STAGES])
        return self.place(number) | {
            "externalId": f"D-{number:06}",
            "name": f"{self.customers[at].brand} {self.chance.randint(5, 400)} seats",
            "organizationId": self.organizations[at],
            "pipelineId": self.pipeline,
            "stage": stage[0],
            "amount": money(self.chance.lognormvariate(11, 1.3)),
            "openDate": day(self.chance),
            "closeDate": day(self.chance, 2026),
            "salesObjective": "Two hundred seats for the plant by the end of June",
        }

    def fill(self, organizations: int, deals: int) -> list[str]:
        """Make customers and deals by BatchCreate; give a line about each of the two."""

        def made_deals(replies: list[Any]) -> None:
            self.deals += [one["id"] for one in replies]
            self.open_deals += [(one["id"], one["stage"]) for one in replies
                                if one["stage"] in OPEN]  # fmt: skip

        def made_organizations(replies: list[Any]) -> None:
            self.organizations += [one["id"] for one in replies]

        return [
            self._batches("organization", organizations, self.organization, made_organizations),
            self._batches("opportunity", deals, self.deal, made_deals),
        ]

    def _batches(
        self,
        noun: str,
        count: int,
        invent: Callable[[int], Any],
        made: Callable[[list[Any]], None],
    ) -> str:
        plural = {"organization": "organizations", "opportunity": "opportunities"}[noun]
        waited, done = 0.0, 0
        while done < count:
            size = min(BATCH, count - done)
            requests = [{noun: invent(number)} for number in range(done, done + size)]
            with self.http() as http:
                started = time.perf_counter()
                reply = post(http, f"{plural}:batchCreate", {"requests": requests})
                waited += time.perf_counter() - started
            assert not reply.get("errors"), reply["errors"][0]
            made(reply[plural])
            done += size
            if done % 10_000 == 0 or done == count:
                print(f"  {plural}: {done:,}, {done / waited:,.0f}/s", file=sys.stderr, flush=True)
        return f"{count:,} {plural} by BatchCreate, {count / waited:,.0f}/s"

    def new_deals(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Invent deals as a seller enters them; `prefix` begins their external ids."""
        number = 0
        while True:
            number += 1
            yield self.deal(number) | {
                "externalId": f"{prefix}-{number}",
                "stage": self.chance.choice(OPEN),
            }


def post(http: httpx.Client, path: str, body: Any) -> Any:
    """POST to the contract and give the answer.

    Raises:
        AssertionError: it was refused.
    """
    answer = http.post(f"/v1/{path}", json=body)
    assert answer.is_success, answer.text
    return answer.json()


def money(amount: float) -> dict[str, str]:
    """Give an amount in the firm's currency."""
    return {"currencyCode": CURRENCY, "amount": f"{amount:.2f}"}


def day(chance: random.Random, year: int = 2025) -> str:
    """Give a day of a year."""
    return f"{year}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
