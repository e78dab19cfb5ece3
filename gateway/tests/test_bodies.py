"""What a body may be, and how it and the path become one request."""

import json

import pytest

JSON = {"content-type": "application/json"}
MEBIBYTE = 1024 * 1024


def violations(answer) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    assert answer.json()["reason"] == "INVALID_FIELDS"
    return {v["path"]: v["reason"] for v in answer.json()["violations"]}


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    """Give a source whose name nests this deep, itself counted."""
    return (f'{{"name":{opening * (depth - 1)}1{closing * (depth - 1)}}}').encode()


def sized(size: int) -> bytes:
    """Give a source of exactly this many bytes."""
    return b'{"note":"' + b"x" * (size - len(b'{"note":""}')) + b'"}'


async def test_the_body_fills_the_field_the_contract_names(http, behind):
    await http.post("/v1/sources", json={"name": "来源", "retired": True})
    assert behind.request.source.name == "来源"
    assert behind.request.source.retired is True


async def test_both_spellings_of_a_field_are_read(http, behind):
    await http.post("/v1/sources", json={"externalId": "7", "owner_user_id": "u"})
    assert behind.request.source.external_id == "7"
    assert behind.request.source.owner_user_id == "u"


async def test_a_field_in_both_spellings_is_refused(http):
    answer = await http.post("/v1/sources", json={"externalId": "7", "external_id": "8"})
    assert violations(answer) == {"source.externalId": "FIELD_GIVEN_TWICE"}


async def test_a_body_of_one_mebibyte_is_read(http, behind):
    await http.post("/v1/sources", content=sized(MEBIBYTE), headers=JSON)
    assert len(behind.request.source.note) == MEBIBYTE - len(b'{"note":""}')


async def test_one_byte_more_than_a_mebibyte_is_refused(http, behind):
    answer = await http.post("/v1/sources", content=sized(MEBIBYTE + 1), headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["reason"] == "BODY_TOO_LARGE"
    assert answer.json()["metadata"] == {"limit": str(MEBIBYTE)}
    assert behind.calls == []


async def test_a_body_that_announces_no_length_is_limited_all_the_same(http, behind):
    async def endless():
        while True:
            yield b" " * 65536

    answer = await http.post("/v1/sources", content=endless(), headers=JSON)
    assert answer.status_code == 413
    assert behind.calls == []


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
async def test_nesting_beyond_the_limit_is_refused(http, opening, closing):
    body = nested(34, opening, closing)
    answer = await http.post("/v1/sources", content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["reason"] == "TOO_DEEP"
    assert answer.json()["metadata"] == {"limit": "32"}


async def test_nesting_at_the_limit_reaches_the_parser(http):
    answer = await http.post("/v1/sources", content=nested(32), headers=JSON)
    assert violations(answer) == {"source.name": "NOT_A_STRING"}


@pytest.mark.parametrize("body", [b"[" * 500_000, b'{"a":' * 200_000, b"[{" * 400_000])
async def test_nesting_that_never_closes_is_refused_before_parsing(http, body):
    answer = await http.post("/v1/sources", content=body, headers=JSON)
    assert answer.json()["reason"] == "TOO_DEEP"


@pytest.mark.parametrize(
    "text", ["[" * 5000, "{" * 5000, "]}" * 5000, '\\"[' * 5000, "\\\\" * 5000 + "[{"]
)
async def test_brackets_inside_a_string_are_no_nesting(http, behind, text):
    await http.post("/v1/sources", json={"name": "a", "note": text})
    assert behind.request.source.note == text


async def test_a_wide_body_is_not_a_deep_one(http):
    wide = {"name": [{"a": []} for _ in range(20_000)]}
    answer = await http.post("/v1/sources", json=wide)
    assert violations(answer) == {"source.name": "NOT_A_STRING"}


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "Application/JSON ;a=b"]
)
async def test_json_is_read_whatever_its_parameters(http, behind, kind):
    await http.post("/v1/sources", content=b'{"name":"a"}', headers={"content-type": kind})
    assert behind.request.source.name == "a"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""]
)
async def test_another_content_type_is_refused(http, behind, kind):
    answer = await http.post("/v1/sources", content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415
    assert answer.json()["reason"] == "UNSUPPORTED_MEDIA_TYPE"
    assert answer.json()["metadata"] == {"given": kind}
    assert behind.calls == []


@pytest.mark.parametrize(
    "body", [b"{", b'{"name":}', b"{'name':'a'}", b'{"name":"\xff"}', b"{}{}", b'{"a":NaN}', b"\0"]
)
async def test_what_is_not_json_is_refused(http, behind, body):
    answer = await http.post("/v1/sources", content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["reason"] == "MALFORMED_JSON"
    assert behind.calls == []


@pytest.mark.parametrize("body", ["[]", "null", '"a"', "1", "true"])
async def test_json_that_is_no_object_is_refused(http, body):
    answer = await http.post("/v1/sources", content=body, headers=JSON)
    assert violations(answer) == {"": "NOT_AN_OBJECT"}


@pytest.mark.parametrize(("verb", "path"), [("POST", "/v1/sources"), ("PATCH", "/v1/sources/a")])
async def test_a_missing_body_is_refused_where_one_is_needed(http, verb, path):
    answer = await http.request(verb, path)
    assert answer.status_code == 400
    assert answer.json()["reason"] == "BODY_MISSING"


async def test_every_wrong_field_is_named_by_its_path(http, behind):
    body = {"name": 5, "colour": "red", "retired": "no", "createTime": "yesterday"}
    answer = await http.post("/v1/sources", json=body)
    assert violations(answer) == {
        "source.name": "NOT_A_STRING",
        "source.colour": "UNKNOWN_FIELD",
        "source.retired": "NOT_A_BOOLEAN",
        "source.createTime": "INVALID_TIMESTAMP",
    }
    assert behind.calls == []


async def test_the_path_gives_the_id(http, behind):
    await http.patch("/v1/sources/a", json={"name": "b"})
    assert behind.request.source.id == "a"


async def test_a_body_may_repeat_the_id_of_the_path(http, behind):
    await http.patch("/v1/sources/a", json={"id": "a", "name": "b"})
    assert behind.request.source.id == "a"


@pytest.mark.parametrize(
    ("verb", "path", "field"),
    [("PATCH", "/v1/sources/a", "source.id"), ("POST", "/v1/sources/a:undelete", "id")],
)
@pytest.mark.parametrize("given", ["b", "", 5, False, {}])
async def test_a_body_that_names_another_record_than_the_path_is_refused(
    http, behind, verb, path, field, given
):
    answer = await http.request(verb, path, content=json.dumps({"id": given}), headers=JSON)
    assert violations(answer) == {field: "CONTRADICTS_PATH"}
    assert behind.calls == []


async def test_a_null_id_leaves_the_word_to_the_path(http, behind):
    await http.post("/v1/sources/a:undelete", json={"id": None, "etag": "3"})
    assert behind.request.id == "a"
    assert behind.request.etag == "3"


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
async def test_a_body_that_no_rule_reads_changes_nothing(http, behind, verb):
    await http.request(verb, "/v1/sources/a", json={"id": "b", "etag": "7"})
    assert behind.request.id == "a"
    assert getattr(behind.request, "etag", "") == ""
