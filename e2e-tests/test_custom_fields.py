"""A firm gives its own fields to nouns of three services, and each holds to them (PLT-26)."""

import time
import uuid

import httpx
import pytest

# Where each noun is made, and what a record of it needs.
NOUNS = {
    "party.banyan/Organization": ("/v1/organizations", {}),
    "catalog.banyan/ProductCategory": ("/v1/productCategories", {}),
    "sales.banyan/Lead": ("/v1/leads", {}),
}
SECONDS_MAX = 30


@pytest.fixture(params=NOUNS)
def noun(request):
    return request.param


def refusals(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 400, answer.text
    return [(wrong["path"], wrong["reason"]) for wrong in answer.json()["violations"]]


def test_a_field_is_defined_filled_in_filtered_by_changed_and_narrowed(banyan, noun):
    path, needed = NOUNS[noun]
    key = f"seats{uuid.uuid4().hex[:12]}"
    with banyan.client() as http:

        def make(seats):
            record = {"name": f"{noun} {uuid.uuid4()}", **needed, "customFields": {key: seats}}
            return http.post(path, json=record)

        field = {"resourceType": noun, "key": key, "type": "INTEGER", "filterable": True}
        defined = http.post("/v1/customFields", json=field)
        assert defined.status_code == 201, defined.text
        made = make(7)
        assert made.status_code == 201, made.text
        record = made.json()
        assert record["customFields"] == {key: 7}
        assert make("seven").status_code == 400

        wanted = {"filter": f"customFields.{key} > 6"}
        (found,) = http.get(path, params=wanted).json().popitem()[1]
        assert found["id"] == record["id"]
        shown = [f["key"] for f in http.get("/v1/definitions").json()["customFields"]]
        assert key in shown

        cleared = http.patch(f"{path}/{record['id']}", json={"customFields": {key: None}})
        assert cleared.status_code == 200, cleared.text
        assert cleared.json().get("customFields", {}) == {}

        limits = {"numberLimits": {"maximum": "5"}}
        narrowed = http.patch(f"/v1/customFields/{defined.json()['id']}", json=limits)
        assert narrowed.status_code == 200, narrowed.text
        until = time.monotonic() + SECONDS_MAX
        while (answer := make(6)).status_code == 201:
            assert time.monotonic() < until, "the new limit is not in force"
        ((place, reason),) = refusals(answer)
        assert place.endswith(f"customFields.{key}")
        assert reason == "ABOVE_MAXIMUM"
