"""Who sees, shares and changes what, through the public door (PLT-16)."""

from typing import Any

import httpx
from firms import eventually, post
from places import DEALS, LINES, OPPORTUNITY, PLACES, Deal, Looker, exported, told_of
from teams import cny, refused

# What is shared is the record with its parts; its history stays with those whose record it is.
SHARED_PLACES = PLACES.keys() - {"audit"}
# Where an answer needs nothing that services hear from each other a moment later.
AT_ONCE = SHARED_PLACES - {"Search", "Search for lines", "titles"}


def shared(who: Looker, deal: Deal, verb: str = "share", **fields: Any) -> httpx.Response:
    return who.http.post(f"{deal.path}:{verb}", json=fields)


def test_everybody_is_told_of_their_own_deals_and_of_no_others(teams):
    """PLT-16, PLT-30, PLT-31: a leader of the team's; nobody that there is one they do not see."""
    deal = teams.seller.own
    for who in (teams.seller, teams.leader):
        eventually(lambda who=who: told_of(who, deal), PLACES.keys())
    for who in (teams.colleague, teams.other_leader):
        assert told_of(who, deal) == set()
        places = PLACES.keys() - {"titles"}  # they refer to another's deal
        eventually(lambda who=who, places=places: told_of(who, who.own, places), places)


def test_what_refers_to_a_customer_one_does_not_see_does_not_name_it(teams):
    """PLT-16: nor does trying to refer to one tell that it is there."""
    seller, colleague = teams.seller, teams.colleague
    theirs = seller.own.organization_id
    body = {"name": "Handed over", "pipelineId": teams.pipeline, "organizationId": theirs}
    deal = post(teams.admin, DEALS, body | {"ownerUserId": colleague.http.user_id})
    path = f"{DEALS}/{deal['id']}"
    eventually(lambda: "organizationName" in teams.admin.get(path).json(), True)
    seen = colleague.http.get(path).json()
    assert (seen["organizationId"], seen.get("organizationName")) == (theirs, None)
    columns = ["organizationId", "organizationId.name", "organizationId.externalId"]
    rows = exported(colleague.http, OPPORTUNITY, columns=columns, filter=f'id = "{deal["id"]}"')
    assert rows == [dict(zip(columns, (theirs, "", ""), strict=True))]

    def named(target: str) -> httpx.Response:
        return colleague.http.patch(colleague.own.path, json={"organizationId": target})

    assert not colleague.refers(named, theirs)
    teams.admin.delete(path).raise_for_status()


def test_the_page_token_of_another_leads_to_ones_own_records(teams):
    asked = {"pageSize": 1, "orderBy": "name"}
    token = teams.leader.http.get(DEALS, params=asked).json()["nextPageToken"]
    answer = teams.other_leader.http.get(DEALS, params=asked | {"pageToken": token})
    found = {deal["id"] for deal in answer.json().get("opportunities", [])}
    assert found <= {teams.other_leader.own.id}
    assert "nextPageToken" not in answer.json()


# --- sharing


def test_what_is_shared_is_seen_and_changed_everywhere_until_it_is_not(teams):
    """PLT-16: that record with its lines, and neither another of its owner's nor its customer."""
    seller, colleague = teams.seller, teams.colleague
    deal, person = teams.deal(seller.http), {"userId": colleague.http.user_id}
    for who in (seller, colleague):
        teams.refer(who, deal)
    eventually(lambda: told_of(seller, deal), PLACES.keys())
    assert told_of(colleague, deal) == set()

    assert shared(seller, deal, access="READ", **person).status_code == 200
    assert told_of(colleague, deal, AT_ONCE) == AT_ONCE
    eventually(lambda: told_of(colleague, deal), SHARED_PLACES)
    assert told_of(colleague, seller.own) == set()
    assert "organizationName" not in colleague.http.get(deal.path).json()
    line = f"{LINES}/{deal.line_id}"
    for path in (deal.path, line):
        assert refused(colleague.http.patch(path, json=changed_of(path))) == "OUTSIDE_REACH"
    more = {"opportunityId": deal.id, "description": "more", "quantity": "1", "unitPrice": cny("5")}
    assert refused(colleague.http.post(LINES, json=more)) == "OUTSIDE_REACH"

    assert shared(seller, deal, access="WRITE", **person).status_code == 200
    for path in (deal.path, line):
        answer = colleague.http.patch(path, json=changed_of(path))
        assert answer.status_code == 200, answer.text
    added = post(colleague.http, LINES, more)
    assert added["ownerUserId"] == seller.http.user_id, "a line is whose the deal is"
    for attempt in (
        shared(colleague, deal, access="READ", userId=teams.guest.user_id),
        shared(colleague, deal, "unshare", **person),
        colleague.http.delete(deal.path),
        colleague.http.delete(line),
        colleague.http.patch(deal.path, json={"ownerUserId": colleague.http.user_id}),
        colleague.http.patch(deal.path, json={"orgUnitId": teams.branch}),
    ):
        assert refused(attempt) == "OUTSIDE_REACH"
    assert seller.http.get(deal.path).json()["ownerUserId"] == seller.http.user_id

    assert shared(seller, deal, "unshare", **person).status_code == 200
    assert told_of(colleague, deal, AT_ONCE) == set()
    eventually(lambda: told_of(colleague, deal), set())


def test_what_is_shared_with_a_unit_reaches_whom_it_was_all_shut_to_below_it(teams):
    """PLT-16: in a branch of the team that it is shared with; and nobody beside it."""
    seller, guest = teams.seller, teams.guest
    deal, unit = teams.deal(seller.http), {"orgUnitId": teams.east}

    def seen() -> list[set[str]]:
        asked = {"query": deal.word, "resourceTypes": OPPORTUNITY}
        hits = guest.get("/v1/search", params=asked).json().get("hits", [])
        deals = guest.get(DEALS).json().get("opportunities", [])
        lines = guest.get(LINES).json().get("opportunityLines", [])
        return [
            *({record["id"] for record in found} for found in (deals, lines)),
            {hit["resourceId"] for hit in hits},
        ]

    assert seen() == [set(), set(), set()]
    assert shared(seller, deal, access="READ", **unit).status_code == 200
    eventually(seen, [{deal.id}, {deal.line_id}, {deal.id}])
    assert told_of(teams.other_leader, deal, AT_ONCE) == set()
    asked = {"filter": f'sharedWith("{teams.east}")'}
    for who in (guest, seller.http):
        (found,) = who.get(DEALS, params=asked).json()["opportunities"]
        assert found["shares"] == [unit | {"access": "READ"}]
    assert shared(seller, deal, "unshare", **unit).status_code == 200
    eventually(seen, [set(), set(), set()])


def changed_of(path: str) -> dict[str, Any]:
    return {"quantity": "2"} if path.startswith(LINES) else {"note": "changed"}


def test_a_shared_document_is_read_and_written_with_its_versions(teams):
    """PLT-16, PLT-21."""
    seller, colleague = teams.seller.http, teams.colleague.http
    document = post(seller, "/v1/documents", {"name": "Offer.txt"})["id"]
    path = f"/v1/documents/{document}"
    seller.put(f"{path}/content", content=b"first").raise_for_status()
    asked = {"filter": f'documentId = "{document}"'}

    def statuses(http: httpx.Client) -> list[Any]:
        versions = http.get("/v1/documentVersions", params=asked).json()
        return [
            http.get(path).status_code,
            http.get(f"{path}/content").status_code,
            len(versions.get("documentVersions", [])),
        ]

    def written(http: httpx.Client, text: bytes) -> int:
        return http.put(f"{path}/content", content=text).status_code

    person = {"userId": colleague.user_id}
    assert statuses(colleague) == [404, 404, 0]
    assert written(colleague, b"mine") == 404
    post(seller, f"{path}:share", person | {"access": "READ"})
    assert statuses(colleague) == [200, 200, 1]
    assert written(colleague, b"mine") == 403
    post(seller, f"{path}:share", person | {"access": "WRITE"})
    assert written(colleague, b"second") == 200
    assert seller.get(f"{path}/content").content == b"second"
    assert statuses(colleague) == [200, 200, 2]
    post(seller, f"{path}:unshare", person)
    assert statuses(colleague)[:2] == [404, 404]
    assert written(colleague, b"mine") == 404
