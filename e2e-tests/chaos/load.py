"""People at work: creates and updates through the public door, repeated until acknowledged."""

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from chaos.cluster import Cluster

PEOPLE = 16
ACKNOWLEDGED_SECONDS_MAX = 90
_TOKEN_SECONDS = 240
_RETRY_SECONDS = (0.02, 0.05, 0.1, 0.2)
_VERSIONS_MAX = 9
# Collection, type, out of 100 records.
_NOUNS = (
    ("sources", "party.banyan/Source", 34),
    ("organizations", "party.banyan/Organization", 30),
    ("opportunities", "sales.banyan/Opportunity", 30),
    ("orgUnits", "identity.banyan/OrgUnit", 6),
)
_PIPELINE = {
    "name": "Chaos",
    "stages": [
        {"key": "qualified", "name": "Qualified", "probability": 20, "outcome": "OPEN"},
        {"key": "won", "name": "Won", "probability": 100, "outcome": "WON"},
        {"key": "lost", "name": "Lost", "outcome": "LOST"},
    ],
}


@dataclass
class Kept:
    """A record as it was acknowledged last."""

    collection: str
    resource_type: str
    versions: int
    id: str = ""
    version: int = 0
    fields: dict[str, Any] = field(default_factory=dict)


class Load:
    """Makes a number of changes, and remembers what was acknowledged.

    Attributes:
        done: acknowledged changes.
        failures: what must not happen, in words.
        counts: retries and their reasons.
    """

    def __init__(self, cluster: Cluster, changes: int, seed: int = 7) -> None:
        self._cluster = cluster
        self._random = random.Random(seed)
        self.changes = changes
        self.done = 0
        self.records: list[Kept] = []
        self.failures: list[str] = []
        self.counts: Counter[str] = Counter()
        self.slowest = 0.0
        self.finished = False
        self._token = ""
        self._token_until = 0.0
        self._unit_id = ""
        self._customers: list[str] = []

    async def run(self) -> None:
        """Make all changes, several people at a time; each record is one person's."""
        limits = httpx.Limits(max_connections=4 * PEOPLE, max_keepalive_connections=4 * PEOPLE)
        async with httpx.AsyncClient(
            base_url=self._cluster.url, timeout=60, limits=limits, trust_env=False
        ) as http:
            try:
                await self._prepare(http)
                plans = self._plans()
                async with asyncio.TaskGroup() as group:
                    for _ in range(PEOPLE):
                        group.create_task(self._person(http, plans))
            finally:
                self.finished = True

    async def _prepare(self, http: httpx.AsyncClient) -> None:
        """Make what opportunities and units need; it is no part of the count."""
        pipeline = await self._acknowledged(
            http, "POST", "/v1/pipelines", _PIPELINE, str(uuid.uuid4())
        )
        assert pipeline is not None, self.failures
        units = await http.get("/v1/orgUnits", headers=self._headers(""))
        self._unit_id = units.json()["orgUnits"][0]["id"]

    def _plans(self) -> Iterator[Kept]:
        """Give records to make, with how many versions each, until the changes are spent."""
        left = self.changes
        weights = [weight for *_, weight in _NOUNS]
        while left:
            collection, kind, _ = self._random.choices(_NOUNS, weights)[0]
            versions = min(left, self._random.randint(1, _VERSIONS_MAX))
            left -= versions
            yield Kept(collection, kind, versions)

    async def _person(self, http: httpx.AsyncClient, plans: Iterator[Kept]) -> None:
        for kept in plans:
            while kept.version < kept.versions and await self._change(http, kept):
                if kept.version == 1:
                    self.records.append(kept)

    # --- one change

    async def _change(self, http: httpx.AsyncClient, kept: Kept) -> bool:
        """Make the next change of a record; False when it was not acknowledged as it should be."""
        given = self._fields(kept)
        verb, path, key = "POST", f"/v1/{kept.collection}", str(uuid.uuid4())
        if kept.version:
            verb, path = "PATCH", f"{path}/{kept.id}"
            if self._random.random() < 0.2:
                key = ""  # an update may be repeated without: what changes nothing is no change
        if key and self._random.random() < 0.1:
            await self._lose_answer(http, verb, path, given, key)
        record = await self._acknowledged(http, verb, path, given, key)
        if record is None:
            return False
        wanted = kept.version + 1
        kept.id = record["id"]
        kept.version = wanted
        kept.fields.update(given)
        if kept.collection == "organizations":
            self._customers.append(kept.id)
        if record["etag"] != str(wanted):
            self._fail(f"{verb} {path} {key}: version {record['etag']} instead of {wanted}")
            return False
        self.done += 1
        return True

    def _fields(self, kept: Kept) -> dict[str, Any]:
        if kept.version:
            more = {"note": f"{kept.version + 1} {self._random.random()}"}
            if self._random.random() < 0.3:
                more["name"] = f"记录 {uuid.uuid4()}"
            return more
        given: dict[str, Any] = {"name": f"记录 {uuid.uuid4()}"}
        if kept.collection == "orgUnits":
            given |= {"kind": "TEAM", "orgUnitId": self._unit_id}
        if kept.collection == "opportunities" and self._customers:
            given["organizationId"] = self._random.choice(self._customers)
        return given

    async def _acknowledged(
        self, http: httpx.AsyncClient, verb: str, path: str, body: dict[str, Any], key: str
    ) -> dict[str, Any] | None:
        """Ask under one key until it is acknowledged; None when refused for good."""
        started = time.monotonic()
        for attempt in range(1_000_000):
            if time.monotonic() - started > ACKNOWLEDGED_SECONDS_MAX:
                break
            if attempt:
                pause = _RETRY_SECONDS[min(attempt, len(_RETRY_SECONDS)) - 1]
                await asyncio.sleep(pause)
            try:
                headers = self._headers(key)
                answer = await http.request(verb, path, json=body, headers=headers)
            except httpx.TransportError as error:
                self.counts[f"cut off: {type(error).__name__}"] += 1
                continue
            if answer.is_success:
                self.slowest = max(self.slowest, time.monotonic() - started)
                return answer.json()
            reason = f"{answer.status_code} {answer.json().get('reason', '')}"
            self.counts[f"refused: {reason}"] += 1
            if answer.status_code != 503 and reason != "409 BUSY_RECORD":
                self._fail(f"{verb} {path} {key}: {answer.text}")
                return None
        self._fail(f"{verb} {path} {key}: not acknowledged in {ACKNOWLEDGED_SECONDS_MAX} s")
        return None

    async def _lose_answer(
        self, http: httpx.AsyncClient, verb: str, path: str, body: dict[str, Any], key: str
    ) -> None:
        """Ask and hang up, somewhere between the first byte and the answer."""
        headers = self._headers(key)
        try:
            async with asyncio.timeout(self._random.uniform(0.001, 0.05)):
                await http.request(verb, path, json=body, headers=headers)
            self.counts["asked twice"] += 1
        except TimeoutError:
            self.counts["answer lost"] += 1
        except httpx.TransportError as error:
            self.counts[f"cut off: {type(error).__name__}"] += 1

    def _headers(self, key: str) -> dict[str, str]:
        if time.monotonic() > self._token_until:
            self._token = self._cluster.token()
            self._token_until = time.monotonic() + _TOKEN_SECONDS
        headers = {"authorization": f"Bearer {self._token}"}
        return {**headers, "idempotency-key": key} if key else headers

    def _fail(self, what: str) -> None:
        self.failures.append(what)

    # --- afterwards

    async def compare(self) -> list[str]:
        """Read every acknowledged record again; tell which are not as they were acknowledged."""
        wrong: list[str] = []
        left = iter(self.records)

        async def reader(http: httpx.AsyncClient) -> None:
            for kept in left:
                path = f"/v1/{kept.collection}/{kept.id}"
                answer = await http.get(path, headers=self._headers(""))
                found = answer.json()
                wanted = {**kept.fields, "etag": str(kept.version)}
                if answer.status_code != 200 or any(found.get(n) != v for n, v in wanted.items()):
                    wrong.append(f"{path}: {answer.text} instead of {wanted}")

        async with (
            httpx.AsyncClient(base_url=self._cluster.url, timeout=60, trust_env=False) as http,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(PEOPLE):
                group.create_task(reader(http))
        return wrong
