"""Which method a path and a verb lead to."""

from urllib.parse import quote

import pytest

SERVICE = "/banyan.party.v1.SourceService/"


@pytest.mark.parametrize(
    ("verb", "path", "method"),
    [
        ("GET", "/v1/sources", "ListSources"),
        ("POST", "/v1/sources", "CreateSource"),
        ("GET", "/v1/sources/a", "GetSource"),
        ("PATCH", "/v1/sources/a", "UpdateSource"),
        ("DELETE", "/v1/sources/a", "DeleteSource"),
        ("POST", "/v1/sources/a:undelete", "UndeleteSource"),
    ],
)
async def test_verb_and_path_choose_the_method(http, behind, verb, path, method):
    body = {"json": {}} if verb in ("POST", "PATCH") else {}
    answer = await http.request(verb, path, **body)
    assert answer.is_success, answer.text
    [call] = behind.calls
    assert (call.service, call.path) == ("party", SERVICE + method)


async def test_a_verb_after_a_colon_is_not_part_of_the_id(http, behind):
    await http.post("/v1/sources/abc:undelete")
    assert behind.request.id == "abc"


@pytest.mark.parametrize("text", ["a/b", "*", "a:undelete", "客户", "a b", "%", "a%2Fb", "?", ".."])
async def test_an_escaped_segment_is_one_value_whatever_it_holds(http, behind, text):
    await http.get("/v1/sources/" + quote(text, safe="").replace("..", "%2E%2E"))
    assert behind.request.id == text


async def test_an_escaped_colon_begins_no_verb(http, behind):
    answer = await http.post("/v1/sources/abc%3Aundelete")
    assert answer.status_code == 405
    assert behind.calls == []


async def test_a_star_is_an_id_like_any_other(http, behind):
    await http.get("/v1/sources/*")
    assert behind.request.id == "*"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v2/sources",
        "/v1/sources/",
        "/v1/sources/a/b",
        "/v1/sources/a/",
        "/v1//sources",
        "/v1/sources:undelete",
        "/v1/sources/a:restore",
        "/v1/sources/:undelete",
        "/v1/{sources}",
        "/docs",
        "/healthz/",
        "/banyan.party.v1.SourceService/GetSource",
    ],
)
async def test_an_unknown_path_is_not_found(http, behind, path):
    answer = await http.post(path)
    assert answer.status_code == 404
    assert answer.json()["reason"] == "ROUTE_NOT_FOUND"
    assert behind.calls == []


@pytest.mark.parametrize(
    ("verb", "path", "allow"),
    [
        ("PUT", "/v1/sources/a", "DELETE, GET, PATCH"),
        ("DELETE", "/v1/sources", "GET, POST"),
        ("GET", "/v1/sources/a:undelete", "POST"),
        ("OPTIONS", "/v1/sources", "GET, POST"),
    ],
)
async def test_a_wrong_verb_is_told_the_right_ones(http, behind, verb, path, allow):
    answer = await http.request(verb, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allow
    assert answer.json()["reason"] == "METHOD_NOT_ALLOWED"
    assert behind.calls == []
