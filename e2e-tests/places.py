"""Where somebody may learn that there is a deal, or see its name: every place the public door has.

What is not there for whoever asks must not differ from what is nowhere, in status, words or counts.
"""

import csv
import io
import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import httpx
from firms import SECONDS_MAX, Person, eventually, post

DEALS, LINES = "/v1/opportunities", "/v1/opportunityLines"
REFERENCES = "/v1/references"
OPPORTUNITY = "sales.banyan/Opportunity"
LINE = "sales.banyan/OpportunityLine"
REFERENCE = "party.banyan/Reference"


@dataclass(frozen=True)
class Deal:
    """A deal, with what belongs to it.

    Attributes:
        word: stands in its name, in that of its line and in no other record.
        organization_id: its customer.
        line_id: what it is about.
    """

    id: str
    word: str
    organization_id: str
    line_id: str

    @property
    def path(self) -> str:
        return f"{DEALS}/{self.id}"


@dataclass(frozen=True)
class Looker:
    """Somebody who looks for deals of others.

    Attributes:
        own: a deal of theirs, which may refer to others.
        reference: the key of the deals' custom field that refers to another.
        document_id: a document of theirs.
    """

    http: Person
    own: Deal
    reference: str
    document_id: str

    def records(self, path: str, **asked: Any) -> list[dict[str, Any]]:
        """Give what a list has on its first page."""
        answer = self.http.get(path, params={"pageSize": 1000, **asked})
        assert answer.status_code == 200, answer.text
        return answer.json().get(path.rpartition("/")[2], [])

    def ids(self, path: str, **asked: Any) -> set[str]:
        return {record["id"] for record in self.records(path, **asked)}

    def total(self, **asked: Any) -> dict[str, Any]:
        answer = self.http.get(f"{DEALS}:summarize", params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refers(self, attempt: Callable[[str], httpx.Response], target: str) -> bool:
        """Tell whether something may refer to a record, or is refused as if it were nowhere."""
        answer = attempt(target)
        if answer.status_code in (200, 201):
            return True
        nowhere = str(uuid.uuid4())
        assert refusal(answer, target) == refusal(attempt(nowhere), nowhere)
        reasons = [wrong["reason"] for wrong in answer.json().get("violations", [])]
        assert reasons == ["REFERENCE_NOT_FOUND"], answer.text
        return False


def refusal(answer: httpx.Response, target: str) -> tuple[int, dict[str, Any]]:
    """Give what a refusal says, but for the id it is about and its trace."""
    told = answer.json()
    assert told.pop("trace")
    told = {key: str(value).replace(target, "the id") for key, value in told.items()}
    return answer.status_code, told


# --- the places


def by_id(who: Looker, deal: Deal) -> bool:
    answer = who.http.get(deal.path)
    if answer.status_code == 200:
        return answer.json()["id"] == deal.id
    assert answer.status_code == 404
    nowhere = str(uuid.uuid4())
    for suffix in ("", "?readMask=id"):
        found = who.http.get(f"{deal.path}{suffix}")
        unknown = who.http.get(f"{DEALS}/{nowhere}{suffix}")
        assert refusal(found, deal.id) == refusal(unknown, nowhere)
    return False


def by_list(who: Looker, deal: Deal) -> bool:
    return deal.id in who.ids(DEALS)


def by_filter(who: Looker, deal: Deal) -> bool:
    """Whatever the filter speaks of: the record, its name, what it refers to."""
    found = {
        deal.id in who.ids(DEALS, filter=text)
        for text in (
            f'id = "{deal.id}"',
            f'anyOf(id, "{deal.id}", "{who.own.id}")',
            f'name : "{deal.word}"',
            f'organizationId = "{deal.organization_id}"',
        )
    }
    assert len(found) == 1
    return found.pop()


def by_pages(who: Looker, deal: Deal) -> bool:
    """By the pages of a list, and by how many there are."""
    found: list[str] = []
    asked = {"pageSize": 1, "includeTotalSize": True, "orderBy": "name desc"}
    answer: dict[str, Any] = {}
    while not found or "nextPageToken" in answer:
        token = answer.get("nextPageToken", "")
        answer = who.http.get(DEALS, params=asked | {"pageToken": token}).json()
        (record,) = answer["opportunities"]
        found.append(record["id"])
    assert answer["totalSize"] == len(found) == len(set(found))
    return deal.id in found


def by_total(who: Looker, deal: Deal) -> bool:
    """By counts, sums and the groups there are."""
    told = who.total(filter=f'name : "{deal.word}"', measures="count,sum:amount,max:amount")
    count = int(told["totals"]["values"]["count"])
    groups = who.total(groupBy="organizationId").get("groups", [])
    assert (deal.organization_id in {g["keys"]["organizationId"] for g in groups}) == bool(count)
    if not count:
        nothing = who.total(filter='name : "nowhere"', measures="count,sum:amount,max:amount")
        assert told["totals"]["values"] == nothing["totals"]["values"]
    return count == 1


def by_search(who: Looker, deal: Deal) -> bool:
    answer = who.http.get("/v1/search", params={"query": deal.word})
    assert answer.status_code == 200, answer.text
    hits = answer.json().get("hits", [])
    assert {hit["resourceId"] for hit in hits} <= {deal.id, deal.line_id}
    return deal.id in {hit["resourceId"] for hit in hits}


def by_line(who: Looker, deal: Deal) -> bool:
    """By what is a part of it."""
    found = deal.line_id in who.ids(LINES, filter=f'opportunityId = "{deal.id}"')
    status = who.http.get(f"{LINES}/{deal.line_id}").status_code
    assert (status == 200) == found
    return found


def by_line_search(who: Looker, deal: Deal) -> bool:
    asked = {"query": deal.word, "resourceTypes": LINE}
    hits = who.http.get("/v1/search", params=asked).json().get("hits", [])
    return [hit["resourceId"] for hit in hits] == [deal.line_id]


def by_export(who: Looker, deal: Deal) -> bool:
    rows = exported(who.http, OPPORTUNITY, columns=["id", "name"])
    assert {row["id"] for row in rows} == who.ids(DEALS)
    return deal.word in "".join(row["name"] for row in rows)


def by_reference(who: Looker, deal: Deal) -> bool:
    """By naming it where a record is referred to: in a field, and in one of the firm's own."""

    def in_field(target: str) -> httpx.Response:
        return who.http.patch(who.own.path, json={"previousOpportunityId": target})

    def in_own_field(target: str) -> httpx.Response:
        return who.http.patch(who.own.path, json={"customFields": {who.reference: target}})

    def of_document(target: str) -> httpx.Response:
        body = {"documentId": who.document_id, "target": f"opportunities/{target}"}
        answer = who.http.post("/v1/documentLinks", json=body)
        if answer.status_code == 201:
            who.http.delete(f"/v1/documentLinks/{answer.json()['id']}").raise_for_status()
        return answer

    ways = (in_field, in_own_field, of_document)
    found = {way.__name__: who.refers(way, deal.id) for way in ways}
    cleared = {"previousOpportunityId": None, "customFields": {who.reference: None}}
    assert who.http.patch(who.own.path, json=cleared).status_code == 200
    assert len(set(found.values())) == 1, found
    return found["in_field"]


def by_title(who: Looker, deal: Deal) -> bool:
    """By the name of what a record of one's own refers to, in a list as in a file."""
    asked = f'opportunityId = "{deal.id}" AND ownerUserId = "{who.http.user_id}"'
    (reference,) = who.records(REFERENCES, filter=asked)
    rows = exported(who.http, REFERENCE, columns=["id", "opportunityId.name"], filter=asked)
    (written,) = [row["opportunityId.name"] for row in rows]
    # What a list shows was heard of from the deal's service, a moment before.
    return deal.word in reference.get("opportunityName", "") or deal.word in written


def by_audit(who: Looker, deal: Deal) -> bool:
    asked = {"filter": f'resourceId = "{deal.id}"'}

    def listed() -> int:
        return len(who.records("/v1/auditRecords", **asked))

    def more_than_listed() -> int:
        told = who.http.get("/v1/auditRecords:summarize", params=asked).json()
        return int(told["totals"]["values"]["count"]) - listed()

    eventually(more_than_listed, 0)  # the audit hears of changes all the while
    return listed() > 0


PLACES: dict[str, Callable[[Looker, Deal], bool]] = {
    "Get": by_id,
    "List": by_list,
    "filters": by_filter,
    "pages": by_pages,
    "Summarize": by_total,
    "Search": by_search,
    "lines": by_line,
    "Search for lines": by_line_search,
    "export": by_export,
    "references": by_reference,
    "titles": by_title,
    "audit": by_audit,
}


def told_of(who: Looker, deal: Deal, places: Collection[str] = PLACES.keys()) -> set[str]:
    """Name the places that tell somebody of a deal."""
    return {place for place in places if PLACES[place](who, deal)}


# --- files


def exported(http: httpx.Client, kind: str, **fields: Any) -> list[dict[str, str]]:
    """Export records as somebody; give the rows of the file."""
    job = run_export(http, kind, **fields)
    assert job["status"] == "DONE", job
    content = http.get(f"/v1/documents/{job['documentId']}/content").content
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def run_export(http: httpx.Client, kind: str, **fields: Any) -> dict[str, Any]:
    """Run an export to its end, whatever that is."""
    made = post(http, "/v1/exportJobs", {"name": "out", "resourceType": kind, **fields})
    path = f"/v1/exportJobs/{made['id']}"
    job = post(http, f"{path}:start", {})
    until = time.monotonic() + SECONDS_MAX
    while job["status"] in ("QUEUED", "RUNNING"):
        assert time.monotonic() < until, job
        time.sleep(0.02)
        job = http.get(path).json()
    return job
