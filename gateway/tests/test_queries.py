"""Query parameters become fields of the request, each by its type."""

import pytest


def violations(answer) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    assert answer.json()["reason"] == "INVALID_FIELDS"
    return {v["path"]: v["reason"] for v in answer.json()["violations"]}


@pytest.mark.parametrize("name", ["pageSize", "page_size"])
async def test_a_parameter_is_read_in_both_spellings(http, behind, name):
    await http.get("/v1/sources", params={name: "7"})
    assert behind.request.page_size == 7


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False)])
async def test_a_boolean_parameter_is_true_or_false(http, behind, text, value):
    await http.get(f"/v1/sources?showDeleted={text}")
    assert behind.request.show_deleted is value


async def test_a_mask_is_names_and_commas(http, behind):
    await http.get("/v1/sources?readMask=name,externalId")
    assert list(behind.request.read_mask.paths) == ["name", "external_id"]


async def test_text_is_unescaped_once(http, behind):
    await http.get("/v1/sources?filter=name+%3D+%22a%2526b%22&orderBy=%E5%90%8D")
    assert behind.request.filter == 'name = "a%26b"'
    assert behind.request.order_by == "名"


async def test_an_empty_text_is_given_and_empty(http, behind):
    answer = await http.get("/v1/sources?filter=&pageToken=")
    assert answer.status_code == 200
    assert behind.request.filter == ""


@pytest.mark.parametrize(
    ("query", "path", "reason"),
    [
        ("pageSize=many", "pageSize", "NOT_AN_INTEGER"),
        ("pageSize=", "pageSize", "NOT_AN_INTEGER"),
        ("pageSize=1.5", "pageSize", "NOT_AN_INTEGER"),
        ("pageSize=2147483648", "pageSize", "OUT_OF_RANGE"),
        ("showDeleted=1", "showDeleted", "NOT_A_BOOLEAN"),
        ("showDeleted=True", "showDeleted", "NOT_A_BOOLEAN"),
        ("showDeleted", "showDeleted", "NOT_A_BOOLEAN"),
    ],
)
async def test_a_parameter_of_the_wrong_type_is_refused(http, behind, query, path, reason):
    assert violations(await http.get(f"/v1/sources?{query}")) == {path: reason}
    assert behind.calls == []


@pytest.mark.parametrize("query", ["pageSize=1&pageSize=1", "pageSize=1&page_size=2"])
async def test_a_parameter_given_twice_is_refused(http, query):
    assert violations(await http.get(f"/v1/sources?{query}")) == {"pageSize": "FIELD_GIVEN_TWICE"}


async def test_every_unknown_parameter_is_named(http, behind):
    answer = await http.get("/v1/sources?limit=5&sort=name&pageSize=1")
    assert violations(answer) == {"limit": "UNKNOWN_FIELD", "sort": "UNKNOWN_FIELD"}
    assert behind.calls == []


@pytest.mark.parametrize(
    ("verb", "path", "name"),
    [
        ("GET", "/v1/sources/a", "id"),
        ("POST", "/v1/sources", "source"),
        ("PATCH", "/v1/sources/a", "source"),
        ("POST", "/v1/sources/a:undelete", "etag"),
    ],
)
async def test_what_path_or_body_say_is_no_parameter(http, behind, verb, path, name):
    body = {} if verb == "GET" else {"json": {}}
    answer = await http.request(verb, f"{path}?{name}=1", **body)
    assert violations(answer) == {name: "UNKNOWN_FIELD"}
    assert behind.calls == []


@pytest.mark.parametrize("query", ["filter=%FF", "%FF=1", "filter=%ED%A0%80"])
async def test_a_query_that_is_not_utf8_is_refused(http, query):
    answer = await http.get(f"/v1/sources?{query}")
    assert answer.status_code == 400
    assert answer.json()["reason"] == "INVALID_QUERY"
