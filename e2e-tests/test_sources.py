"""Sources of leads, through the public door (SAL-02, PLT-17, PLT-32)."""

import uuid

import pytest


@pytest.fixture
def http(banyan):
    with banyan.client() as client:
        yield client


def name() -> str:
    return f"来源 {uuid.uuid4()}"


def test_a_source_is_kept_changed_deleted_and_brought_back(http):
    """SAL-02."""
    title = name()
    made = http.post("/v1/sources", json={"name": title, "kind": "fair"})
    assert made.status_code == 201, made.text
    source = made.json()
    assert source["name"] == title
    assert made.headers["etag"] == '"1"'

    changed = http.patch(f"/v1/sources/{source['id']}", json={"retired": True, "kind": None})
    assert changed.json()["retired"] is True
    assert "kind" not in changed.json()
    assert changed.json()["etag"] == "2"

    listed = http.get("/v1/sources", params={"filter": f'name = "{title}"'})
    assert [s["id"] for s in listed.json()["sources"]] == [source["id"]]

    assert http.delete(f"/v1/sources/{source['id']}").json()["deleteTime"]
    assert http.get("/v1/sources", params={"filter": f'name = "{title}"'}).json() == {}
    back = http.post(f"/v1/sources/{source['id']}:undelete", json={})
    assert "deleteTime" not in back.json()


def test_a_name_is_given_once(http):
    """PLT-17: duplicates are refused, with words in the reader's language."""
    title = name()
    assert http.post("/v1/sources", json={"name": title}).status_code == 201
    again = http.post("/v1/sources", json={"name": title}, headers={"accept-language": "zh-CN"})
    assert again.status_code == 409
    assert again.headers["content-type"] == "application/problem+json"
    problem = again.json()
    assert problem["reason"] == "ALREADY_EXISTS"
    assert "已有" in problem["title"]


def test_an_idempotency_key_creates_once(http):
    body = {"name": name()}
    headers = {"idempotency-key": f"any text {uuid.uuid4()}"}
    first = http.post("/v1/sources", json=body, headers=headers)
    second = http.post("/v1/sources", json=body, headers=headers)
    assert first.status_code == 201
    assert first.json() == second.json()


def test_every_wrong_field_is_named_at_once(http):
    """PLT-18."""
    answer = http.post("/v1/sources", json={"name": 5, "colour": "red", "retired": "no"})
    assert answer.status_code == 400
    found = {v["path"]: v["reason"] for v in answer.json()["violations"]}
    assert found == {
        "source.name": "NOT_A_STRING",
        "source.colour": "UNKNOWN_FIELD",
        "source.retired": "NOT_A_BOOLEAN",
    }


def test_a_stale_etag_is_refused(http):
    source = http.post("/v1/sources", json={"name": name()}).json()
    path = f"/v1/sources/{source['id']}"
    http.patch(path, json={"note": "first"})
    stale = http.patch(path, json={"note": "second", "etag": source["etag"]})
    assert stale.status_code == 412
    assert stale.json()["metadata"] == {"given": "1", "current": "2"}


def test_nobody_gets_in_without_a_token(banyan, http):
    """PLT-16."""
    answer = http.get("/v1/sources", headers={"authorization": ""})
    assert answer.status_code == 401
    stranger = banyan.token("--as", str(uuid.uuid4()))
    refused = http.get("/v1/sources", headers={"authorization": f"Bearer {stranger}"})
    assert refused.status_code == 401
    assert refused.json()["reason"] == "SESSION_ENDED"


def test_the_document_describes_what_is_there(http):
    """PLT-09."""
    paths = http.get("/openapi.json").json()["paths"]
    assert {"/v1/sources", "/v1/sources/{id}", "/v1/sources/{id}:undelete"} <= set(paths)
