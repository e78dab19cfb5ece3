"""Headers that become part of a call: once-only keys, versions, time, language, trace, token."""

import re

import pytest

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
CHANGING = [
    ("POST", "/v1/sources", {"name": "b"}),
    ("PATCH", "/v1/sources/a", {"name": "b"}),
    ("DELETE", "/v1/sources/a", None),
    ("POST", "/v1/sources/a:undelete", {}),
]


def violations(answer) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    return {v["path"]: v["reason"] for v in answer.json()["violations"]}


async def ask(http, verb, path, body, headers):
    content = {} if body is None else {"json": body}
    return await http.request(verb, path, headers=headers, **content)


@pytest.mark.parametrize(("verb", "path", "body"), CHANGING)
async def test_an_idempotency_key_is_the_request_id(http, behind, verb, path, body):
    key = "any text, ünd more " + "x" * 180
    answer = await ask(http, verb, path, body, {"idempotency-key": key.encode()})
    assert answer.is_success, answer.text
    assert behind.request.request_id == key


async def test_an_idempotency_key_has_two_hundred_characters_at_most(http, behind):
    headers = {"idempotency-key": "x" * 201}
    answer = await http.post("/v1/sources", json={}, headers=headers)
    assert violations(answer) == {"requestId": "STRING_MAX_LEN"}
    assert behind.calls == []


async def test_an_idempotency_key_means_nothing_to_a_question(http, behind):
    assert (await http.get("/v1/sources/a", headers={"idempotency-key": "k"})).status_code == 200
    assert not hasattr(behind.request, "request_id")


@pytest.mark.parametrize("name", ["requestId", "request_id"])
async def test_a_body_may_say_the_same_request_id_as_the_header(http, behind, name):
    headers = {"idempotency-key": "k"}
    await http.post("/v1/sources/a:undelete", json={name: "k"}, headers=headers)
    assert behind.request.request_id == "k"


@pytest.mark.parametrize("name", ["requestId", "request_id"])
@pytest.mark.parametrize("said", ["l", "", 5, {"k": []}, ["k"]])
async def test_a_body_with_another_request_id_than_the_header_is_refused(http, behind, name, said):
    headers = {"idempotency-key": "k"}
    answer = await http.post("/v1/sources/a:undelete", json={name: said}, headers=headers)
    assert violations(answer) == {"requestId": "CONTRADICTS_HEADER"}
    assert behind.calls == []


@pytest.mark.parametrize("header", ['"3"', 'W/"3"', "3"])
@pytest.mark.parametrize(("verb", "path", "body"), CHANGING[1:])
async def test_if_match_is_the_etag(http, behind, verb, path, body, header):
    await ask(http, verb, path, body, {"if-match": header})
    target = behind.request.source if verb == "PATCH" else behind.request
    assert target.etag == "3"


@pytest.mark.parametrize(("verb", "path", "body"), CHANGING[1:])
async def test_if_match_any_asks_for_no_version(http, behind, verb, path, body):
    await ask(http, verb, path, body, {"if-match": "*"})
    target = behind.request.source if verb == "PATCH" else behind.request
    assert target.etag == ""


async def test_if_match_does_not_change_the_etag_into_a_field(http, behind):
    await http.patch("/v1/sources/a", json={"note": "b"}, headers={"if-match": '"3"'})
    assert list(behind.request.update_mask.paths) == ["note"]


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("PATCH", "/v1/sources/a", {"etag": "4"}),
        ("POST", "/v1/sources/a:undelete", {"etag": "4"}),
        ("DELETE", "/v1/sources/a?etag=4", None),
    ],
)
async def test_an_etag_that_contradicts_if_match_is_refused(http, behind, verb, path, body):
    answer = await ask(http, verb, path, body, {"if-match": '"3"'})
    assert violations(answer) == {"etag": "CONTRADICTS_HEADER"}
    assert behind.calls == []


@pytest.mark.parametrize(("header", "seconds"), [("0.25", 0.25), ("300", 300), (None, None)])
async def test_the_request_timeout_is_the_time_of_the_call(http, behind, header, seconds):
    headers = {} if header is None else {"x-request-timeout": header}
    await http.get("/v1/sources", headers=headers)
    assert behind.calls[0].timeout == seconds


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("soon", "NOT_A_NUMBER"),
        ("", "NOT_A_NUMBER"),
        ("5s", "NOT_A_NUMBER"),
        ("0", "OUT_OF_RANGE"),
        ("-1", "OUT_OF_RANGE"),
        ("300.1", "OUT_OF_RANGE"),
        ("inf", "OUT_OF_RANGE"),
        ("nan", "OUT_OF_RANGE"),
    ],
)
async def test_a_request_timeout_that_is_none_is_refused(http, behind, header, reason):
    answer = await http.get("/v1/sources", headers={"x-request-timeout": header})
    assert violations(answer) == {"x-request-timeout": reason}
    assert behind.calls == []


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-CN", "zh-CN"),
        ("zh", "zh-CN"),
        ("ZH-hans-cn", "zh-CN"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("fr, zh;q=0.5", "zh-CN"),
        ("en;q=0.2, zh;q=0.9", "zh-CN"),
        ("zh;q=0.2, en;q=0.9", "en"),
        ("zh;q=0", "en"),
        ("zh;q=0, fr", "en"),
        ("zh;q=high", "en"),
        ("zhuang", "en"),
        (",,;q=,", "en"),
    ],
)
async def test_the_language_is_the_one_the_reader_likes_best(http, behind, header, language):
    await http.get("/v1/sources", headers={"accept-language": header})
    assert behind.calls[0].metadata["accept-language"] == language


async def test_a_known_trace_is_carried_on(http, behind):
    answer = await http.get("/v1/sources", headers={"traceparent": PARENT})
    assert behind.calls[0].metadata["traceparent"].split("-")[1] == TRACE
    assert answer.headers["traceresponse"].split("-")[1] == TRACE


async def test_a_refusal_names_the_trace_it_was_asked_in(http):
    answer = await http.get("/nowhere", headers={"traceparent": PARENT})
    assert answer.json()["trace"] == TRACE


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        PARENT.upper(),
        PARENT + "-more",
        PARENT[:-1],
        PARENT.replace("00-", "01-", 1),
        f"00-{'0' * 32}-b7ad6b7169203331-01",
    ],
)
async def test_a_malformed_trace_is_replaced_by_a_new_one(http, behind, header):
    await http.get("/v1/sources", headers={"traceparent": header})
    sent = behind.calls[0].metadata["traceparent"]
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", sent)
    assert sent.split("-")[1] not in (TRACE, "0" * 32)


async def test_every_request_without_a_trace_gets_its_own(http):
    traces = {(await http.get("/nowhere")).json()["trace"] for _ in range(3)}
    assert len(traces) == 3


async def test_the_token_is_passed_on_as_it_came(http, behind):
    await http.get("/v1/sources", headers={"authorization": "Bearer a.b.c"})
    assert behind.calls[0].metadata["authorization"] == "Bearer a.b.c"


async def test_without_a_token_none_is_made_up(http, behind):
    await http.get("/v1/sources")
    assert "authorization" not in behind.calls[0].metadata


async def test_the_peer_is_the_one_who_connected_whatever_the_headers_claim(http, behind):
    claims = {"x-peer": "1.1.1.1", "x-forwarded-for": "1.1.1.1", "forwarded": "for=1.1.1.1"}
    await http.get("/v1/sources", headers=claims)
    assert behind.calls[0].metadata["x-peer"] == "192.0.2.7"
    assert set(behind.calls[0].metadata) == {"traceparent", "accept-language", "x-peer"}
