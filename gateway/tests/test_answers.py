"""What comes back: records, problems, and the headers every answer has."""

import re

import pytest
from banyan.party.v1 import source_pb2

from chassis import errors

SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
REFUSALS = [
    (errors.Invalid("INVALID_FIELDS"), 400),
    (errors.Unauthenticated("TOKEN_INVALID"), 401),
    (errors.Forbidden("NOT_ALLOWED"), 403),
    (errors.NotFound("NOT_FOUND", id="a"), 404),
    (errors.AlreadyExists("ALREADY_EXISTS", key="name"), 409),
    (errors.Conflict("BUSY_RECORD"), 409),
    (errors.Conflict("STALE_ETAG", given=1, current=2), 412),
    (errors.FailedPrecondition("NOT_DELETED"), 422),
    (errors.Exhausted("TOO_MANY"), 429),
    (errors.Internal("INTERNAL"), 500),
    (errors.Unavailable("DATABASE_BUSY"), 503),
    (errors.DeadlineExceeded("DEADLINE_EXCEEDED", seconds=1), 504),
    (errors.Error("UNHEARD_OF"), 500),
]


async def test_a_record_is_json_with_its_etag(http, behind, source_id):
    behind.reply = source_pb2.Source(id=source_id, etag="7", external_id="x", name="来源")
    answer = await http.get(f"/v1/sources/{source_id}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["etag"] == '"7"'
    body = {"id": source_id, "etag": "7", "externalId": "x", "name": "来源"}
    assert answer.json() == body


async def test_a_list_has_no_etag(http, behind):
    behind.reply = source_pb2.ListSourcesResponse(next_page_token="t")
    answer = await http.get("/v1/sources")
    assert answer.json() == {"nextPageToken": "t"}
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("POST", "/v1/sources", 201),
        ("PATCH", "/v1/sources/a", 200),
        ("POST", "/v1/sources/a:undelete", 200),
        ("DELETE", "/v1/sources/a", 200),
    ],
)
async def test_only_what_is_made_is_created(http, behind, verb, path, status):
    behind.reply = source_pb2.Source(etag="1")
    body = {} if verb == "DELETE" else {"json": {}}
    answer = await http.request(verb, path, **body)
    assert answer.status_code == status
    assert answer.headers["etag"] == '"1"'


@pytest.mark.parametrize(("error", "status"), REFUSALS, ids=lambda v: getattr(v, "reason", v))
async def test_every_refusal_is_a_problem_with_its_status(http, behind, error, status):
    behind.reply = error
    answer = await http.get("/v1/sources")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert re.fullmatch("[0-9a-f]{32}", problem.pop("trace"))
    assert problem.pop("metadata", {}) == error.metadata
    assert problem == {
        "type": f"urn:banyan:error:{error.reason}",
        "title": errors.sentence(error.reason, error.metadata),
        "status": status,
        "reason": error.reason,
    }


async def test_violations_are_named_as_json_has_them_and_explained(http, behind):
    behind.reply = errors.Invalid(
        "INVALID_FIELDS",
        violations=[
            errors.FieldViolation("source.owner_user_id", "NOT_AN_ID"),
            errors.FieldViolation("source.name", "RULE_WITHOUT_A_SENTENCE", "must be short"),
            errors.FieldViolation("source.note", "ANOTHER_RULE"),
        ],
    )
    answer = await http.get("/v1/sources", headers={"accept-language": "zh-CN"})
    assert answer.json()["violations"] == [
        {
            "path": "source.ownerUserId",
            "reason": "NOT_AN_ID",
            "description": errors.sentence("NOT_AN_ID", {}, "zh-CN"),
        },
        {
            "path": "source.name",
            "reason": "RULE_WITHOUT_A_SENTENCE",
            "description": "must be short",
        },
        {"path": "source.note", "reason": "ANOTHER_RULE", "description": "ANOTHER_RULE"},
    ]


async def test_a_problem_speaks_the_reader_s_language(http):
    chinese = await http.get("/nowhere", headers={"accept-language": "zh-CN"})
    english = await http.get("/nowhere", headers={"accept-language": "zh;q=0, fr"})
    assert chinese.json()["title"] == "/nowhere 处没有内容。"
    assert english.json()["title"] == "There is nothing at /nowhere."


@pytest.mark.parametrize(("seconds", "header"), [(1, "1"), (0.2, "1"), (2.5, "3")])
async def test_when_to_try_again_is_said_in_whole_seconds(http, behind, seconds, header):
    behind.reply = errors.Exhausted("TOO_MANY", retry_after=seconds)
    assert (await http.get("/v1/sources")).headers["retry-after"] == header


async def test_when_to_try_again_is_left_out_when_unknown(http, behind):
    behind.reply = errors.Unavailable("DATABASE_UNAVAILABLE")
    assert "retry-after" not in (await http.get("/v1/sources")).headers


async def test_only_who_is_unknown_is_asked_for_a_token(http, behind):
    behind.reply = errors.Unauthenticated("TOKEN_INVALID")
    assert (await http.get("/v1/sources")).headers["www-authenticate"] == "Bearer"
    behind.reply = errors.Forbidden("NOT_ALLOWED")
    assert "www-authenticate" not in (await http.get("/v1/sources")).headers


async def test_what_nobody_foresaw_tells_its_trace_and_nothing_else(http, behind):
    behind.reply = RuntimeError("password=hunter2")
    answer = await http.get("/v1/sources")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    problem = answer.json()
    assert problem["reason"] == "INTERNAL"
    assert problem["metadata"] == {"trace": problem["trace"]}
    assert answer.headers["traceresponse"].split("-")[1] == problem["trace"]


async def test_after_a_failure_the_next_request_is_served(http, behind):
    behind.reply = RuntimeError("once")
    await http.get("/v1/sources")
    behind.reply = None
    assert (await http.get("/v1/sources")).status_code == 200


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/v1/sources"),
        ("POST", "/v1/sources"),
        ("PUT", "/v1/sources"),
        ("GET", "/nowhere"),
        ("GET", "/healthz"),
        ("HEAD", "/healthz"),
        ("POST", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
    ],
)
async def test_every_answer_has_the_safe_headers_once(http, verb, path):
    answer = await http.request(verb, path)
    found = {name: answer.headers.get_list(name) for name in SAFE}
    assert found == {name: [value] for name, value in SAFE.items()}


async def test_a_failure_has_the_safe_headers_too(http, behind):
    behind.reply = RuntimeError("unforeseen")
    answer = await http.get("/v1/sources")
    assert {name: answer.headers[name] for name in SAFE} == SAFE


async def test_the_process_is_alive_even_when_a_part_is_not_well(http, health):
    health.parts = {"database": False}
    answer = await http.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({"database": True, "events": True}, 200),
        ({"database": True, "events": False}, 503),
        ({"database": False}, 503),
    ],
)
async def test_the_process_is_ready_when_all_its_parts_are_well(http, health, parts, status):
    health.parts = parts
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()) == (status, parts)


async def test_metrics_are_in_the_text_format_of_prometheus(http):
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert re.search(r"^# TYPE banyan_\w+ \w+$", answer.text, re.MULTILINE)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json"])
async def test_what_operations_ask_is_only_read(http, path):
    assert (await http.post(path)).status_code == 404
