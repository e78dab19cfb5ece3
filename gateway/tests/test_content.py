"""Bytes as they are: uploads in parts of the contract's size, downloads and ranges of them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from banyan.documents.v1 import document_pb2
from google.protobuf.message import Message

from chassis import errors
from gateway import content
from gateway.app import build_app
from gateway.content import attachment

PART = 4 * 1024 * 1024
LIMIT = 10 * 1024 * 1024
DOCUMENT = "0195d3a0-0000-7000-8000-000000000001"
PATH = f"/v1/documents/{DOCUMENT}/content"
SERVICE = "/banyan.documents.v1.DocumentService/"
TEXT = b"abcdefghij"


@pytest.fixture(autouse=True)
def _limit(monkeypatch):
    monkeypatch.setattr(content, "CONTENT_BYTES_MAX", LIMIT)


@dataclass
class Shelf:
    """Stands for the channels to documents: one document with its versions, and what was asked."""

    versions: list[bytes] = field(default_factory=list)
    begun: bytes = b""
    name: str = "offer.pdf"
    media_type: str = "application/pdf"
    calls: list[Any] = field(default_factory=list)
    metadata: list[Any] = field(default_factory=list)
    timeouts: list[float | None] = field(default_factory=list)
    refuse_after: int = 1_000_000
    refusal: Exception = field(default_factory=lambda: errors.Unavailable("SERVICE_UNAVAILABLE"))

    def to(self, service: str) -> "Shelf":
        assert service == "documents"
        return self

    def unary_unary(self, path: str) -> Any:
        answer = {"WriteDocumentContent": self.write, "ReadDocumentContent": self.read}

        async def call(request: Any, *, timeout=None, metadata=None) -> Message:  # noqa: ASYNC109
            copied = type(request)()
            copied.CopyFrom(request)
            self.calls.append(copied)
            self.metadata.append(metadata)
            self.timeouts.append(timeout)
            await asyncio.sleep(0)  # as every call lets others go first
            if len(self.calls) > self.refuse_after:
                raise self.refusal
            return answer[path.removeprefix(SERVICE)](copied)

        return call

    def write(self, request: Any) -> Message:
        self.begun = self.begun if request.offset else b""
        if request.offset != len(self.begun):
            wanted = len(self.begun)
            raise errors.Conflict("WRONG_OFFSET", given=request.offset, wanted=wanted)
        assert len(request.data) <= PART
        self.begun += request.data
        reply = document_pb2.WriteDocumentContentResponse(offset=len(self.begun))
        if request.finish:
            self.versions.append(self.begun)
            reply.document.id = request.id
            reply.document.current_version = len(self.versions)
        return reply

    def read(self, request: Any) -> Message:
        number = request.version_number or len(self.versions)
        data = self.versions[number - 1]
        assert request.size <= PART
        return document_pb2.ReadDocumentContentResponse(
            data=data[request.offset : request.offset + (request.size or PART)],
            total_size=len(data),
            media_type=self.media_type,
            name=self.name,
            version_number=number,
            etag=hashlib.sha256(data).hexdigest(),
        )


@pytest.fixture
def behind() -> Shelf:
    return Shelf()


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


# --- uploads


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (0, [0]),
        (1, [1]),
        (PART - 1, [PART - 1]),
        (PART, [PART]),
        (PART + 1, [PART, 1]),
        (2 * PART, [PART, PART]),
        (2 * PART + 7, [PART, PART, 7]),
    ],
)
async def test_a_body_goes_in_parts_of_which_the_last_finishes(http, behind, size, parts):
    data = bytes(range(251)) * (size // 251 + 1)
    answer = await http.put(PATH, content=data[:size], headers={"authorization": "Bearer me"})
    assert answer.status_code == 200
    assert answer.json() == {
        **({"offset": str(size)} if size else {}),
        "document": {"id": DOCUMENT, "currentVersion": "1"},
    }
    assert [len(call.data) for call in behind.calls] == parts
    assert [call.finish for call in behind.calls] == [False] * (len(parts) - 1) + [True]
    assert {call.id for call in behind.calls} == {DOCUMENT}
    assert behind.versions == [data[:size]]
    assert {metadata["authorization"] for metadata in behind.metadata} == {"Bearer me"}
    assert set(behind.timeouts) == {300}


async def test_a_body_of_any_type_in_any_pieces_is_taken_as_it_is(http, behind):
    await http.put(PATH, content=pieces(b"{", b"", b"no json"), headers={"content-type": "x/y"})
    assert behind.versions == [b"{no json"]


async def test_digest_and_version_go_along_with_every_part(http, behind):
    data = b"a" * (PART + 1)
    digest = hashlib.sha256(data).hexdigest()
    await http.put(f"{PATH}?sha256={digest}", content=data, headers={"if-match": '"7"'})
    assert [(call.sha256, call.etag) for call in behind.calls] == [(digest, "7")] * 2


async def test_a_broken_upload_goes_on_where_the_refusal_says(http, behind):
    behind.begun = b"abc"
    refused = await http.put(f"{PATH}?offset=5", content=b"fg")
    assert refused.status_code == 409
    assert refused.json()["metadata"] == {"given": "5", "wanted": "3"}
    answer = await http.put(f"{PATH}?offset=3", content=b"defg")
    assert answer.json()["offset"] == "7"
    assert behind.versions == [b"abcdefg"]


async def test_a_body_that_announces_too_much_is_not_read(http, behind):
    answer = await http.put(PATH, content=b"x" * (LIMIT + 1))
    assert answer.status_code == 413
    assert answer.json()["reason"] == "BODY_TOO_LARGE"
    assert answer.json()["metadata"] == {"limit": str(LIMIT)}
    assert behind.calls == []


async def test_a_body_that_announces_nothing_ends_at_the_limit(http, behind):
    async def endless():
        while True:
            yield b"x" * 1024 * 1024

    answer = await http.put(PATH, content=endless())
    assert answer.status_code == 413
    assert [len(call.data) for call in behind.calls] == [PART, PART]
    assert not any(call.finish for call in behind.calls)
    assert behind.versions == []


async def test_the_limit_is_of_the_whole_and_not_of_what_is_left(http, behind):
    behind.begun = b"x" * (LIMIT - 1)
    assert (await http.put(f"{PATH}?offset={LIMIT - 1}", content=b"yz")).status_code == 413
    assert (await http.put(f"{PATH}?offset={LIMIT - 1}", content=b"y")).status_code == 200


async def test_whoever_leaves_in_the_middle_finishes_nothing(behind, health):
    app = build_app(behind, ready=health)
    events = [
        {"type": "http.request", "body": b"x" * (PART + 1), "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return events.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope("PUT"), receive, send)
    assert [len(call.data) for call in behind.calls] == [PART]
    assert behind.versions == []
    assert sent[0]["status"] == 503


@pytest.mark.parametrize("query", ["finish=true", "data=YQ==", "id=x", "colour=red"])
async def test_what_the_door_says_itself_nobody_else_says(http, behind, query):
    answer = await http.put(f"{PATH}?{query}", content=b"a")
    assert answer.status_code == 400
    assert [v["reason"] for v in answer.json()["violations"]] == ["UNKNOWN_FIELD"]
    assert behind.calls == []


# --- downloads


async def test_content_is_an_attachment_under_its_name(http, behind):
    behind.versions, behind.name = [TEXT], "报价 “A”.pdf"
    answer = await http.get(PATH)
    assert (answer.status_code, answer.content) == (200, TEXT)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-length"] == "10"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"] == f'"{hashlib.sha256(TEXT).hexdigest()}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"__ _A_.pdf\"; filename*=UTF-8''"
        "%E6%8A%A5%E4%BB%B7%20%E2%80%9CA%E2%80%9D.pdf"
    )


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.txt", "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt"),
        ('a"; b="c', "attachment; filename=\"a_; b=_c\"; filename*=UTF-8''a%22%3B%20b%3D%22c"),
        ("a\r\nb: c", "attachment; filename=\"a__b: c\"; filename*=UTF-8''a%0D%0Ab%3A%20c"),
        ("../a\\b", "attachment; filename=\".._a_b\"; filename*=UTF-8''..%2Fa%5Cb"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("", "attachment"),
    ],
)
def test_no_name_says_more_than_a_name(name, header):
    assert attachment(name) == header


async def test_a_page_is_saved_and_never_shown(http, behind):
    behind.versions, behind.media_type = [b"<script>"], "text/html"
    answer = await http.get(PATH)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_content_without_a_type_is_bytes(http, behind):
    behind.versions, behind.media_type = [b""], ""
    answer = await http.get(PATH)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-length"] == "0"


async def test_all_parts_are_of_one_version_whatever_comes_meanwhile(behind, health):
    behind.versions = [b"a" * (PART + 5)]
    original = behind.read

    def overtaken(request: Any) -> Message:
        reply = original(request)
        behind.versions.append(b"another")
        return reply

    behind.read = overtaken
    app = build_app(behind, ready=health)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://banyan"
    ) as http:
        assert (await http.get(PATH)).content == b"a" * (PART + 5)
    assert [call.version_number for call in behind.calls] == [0, 1, 1]
    assert [call.size for call in behind.calls][1:] == [PART, 5]


async def test_a_version_is_asked_for_by_its_number(http, behind):
    behind.versions = [b"first", b"second"]
    assert (await http.get(f"{PATH}?versionNumber=1")).content == b"first"


@pytest.mark.parametrize(
    ("asked", "range_", "data"),
    [
        ("bytes=0-0", "bytes 0-0/10", b"a"),
        ("bytes=2-4", "bytes 2-4/10", b"cde"),
        ("bytes=0-", "bytes 0-9/10", TEXT),
        ("bytes=7-", "bytes 7-9/10", b"hij"),
        ("bytes=7-99", "bytes 7-9/10", b"hij"),
        ("bytes=-3", "bytes 7-9/10", b"hij"),
        ("bytes=-99", "bytes 0-9/10", TEXT),
    ],
)
async def test_a_range_is_given_alone(http, behind, asked, range_, data):
    behind.versions = [TEXT]
    answer = await http.get(PATH, headers={"range": asked})
    assert (answer.status_code, answer.content) == (206, data)
    assert answer.headers["content-range"] == range_
    assert answer.headers["content-length"] == str(len(data))
    assert behind.calls[-1].size == len(data)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=99-", "bytes=-0"])
async def test_a_range_beyond_the_end_is_told_the_length(http, behind, asked):
    behind.versions = [TEXT]
    answer = await http.get(PATH, headers={"range": asked})
    assert answer.status_code == 416
    assert answer.json()["reason"] == "RANGE_NOT_SATISFIABLE"
    assert answer.headers["content-range"] == "bytes */10"


@pytest.mark.parametrize(
    "asked", ["bytes=4-2", "bytes=-", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b"]
)
async def test_what_is_no_single_range_is_not_asked_for(http, behind, asked):
    behind.versions = [TEXT]
    answer = await http.get(PATH, headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, TEXT)


async def test_a_range_of_another_version_is_not_asked_for(http, behind):
    behind.versions = [TEXT]
    etag = f'"{hashlib.sha256(TEXT).hexdigest()}"'
    for condition, status in ((etag, 206), ('"other"', 200)):
        headers = {"range": "bytes=2-4", "if-range": condition}
        assert (await http.get(PATH, headers=headers)).status_code == status


async def test_what_cannot_be_read_is_refused_in_words(http, behind):
    behind.versions, behind.refuse_after = [TEXT], 1
    answer = await http.get(PATH)
    assert (answer.status_code, answer.json()["reason"]) == (503, "SERVICE_UNAVAILABLE")
    behind.calls, behind.refuse_after = [], 0
    behind.refusal = errors.NotFound("NOT_FOUND", resource="documents.Document", id=DOCUMENT)
    assert (await http.get(PATH)).status_code == 404


async def test_what_breaks_in_the_middle_breaks_the_answer_off(http, behind):
    """The length was announced, so nobody takes what came for the whole."""
    behind.versions, behind.refuse_after = [b"a" * (PART + 5)], 2
    with pytest.raises(errors.Unavailable):
        await http.get(PATH)


async def test_nobody_reads_on_for_somebody_who_has_left(behind, health):
    behind.versions = [b"a" * (3 * PART)]
    app = build_app(behind, ready=health)
    events = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return events.pop(0)

    async def send(_: Any) -> None:
        return None

    await app(scope("GET"), receive, send)
    assert len(behind.calls) < 4


def scope(method: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "headers": [],
        "client": ("192.0.2.7", 4711),
    }
