"""Bytes as they are, of any length: what a method takes or gives in parts, in one piece.

A rule of the contract whose body is a field of bytes takes the body of the request as it is. The
method is called once for each part, with its `offset`, which the reply before has told, and the
last time with `finish`; a part is as long as the contract lets the field be.

A rule whose response_body is a field of bytes gives that field as it is, stretch by stretch of
`offset` and `size`. Its reply says `total_size`, `media_type`, `name` and `etag`; what it says and
the request asks for alike is asked for in the stretches that follow, so that all of them are of one
version.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote

from buf.validate import validate_pb2
from google.protobuf.message import Message
from starlette.types import Receive

from chassis import errors
from gateway.routes import Route

Headers = list[tuple[bytes, bytes]]
Ask = Callable[[Message], Awaitable[Any]]
# Of a whole body, with what an earlier request has sent of it.
CONTENT_BYTES_MAX = 200 * 1024 * 1024
# Behind the end of everything: the reply says how long it is, and nothing is read.
_BEHIND = 2**63 - 1
_RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})")
_NOT_PLAIN = re.compile(r'[^ -~]|["%/\\]')


async def upload(ask: Ask, route: Route, request: Any, receive: Receive) -> Message:
    """Send a body in parts; give the reply to the last.

    Raises:
        Invalid: BODY_TOO_LARGE; what came before stays with the method.
    """
    longest = _rules(route, route.body).bytes.max_len
    part: Any = type(request)()
    async for data, last in _parts(receive, longest, request.offset):
        part.CopyFrom(request)
        setattr(part, route.body, data)
        part.finish = last
        reply = await ask(part)
        request.offset = reply.offset
        if last:
            return reply
    raise AssertionError("a body has a last part")


def check_length(headers: dict[bytes, bytes]) -> None:
    """Refuse a body that announces that it is too long, before any of it is read.

    Raises:
        Invalid: BODY_TOO_LARGE.
    """
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > CONTENT_BYTES_MAX:
        raise errors.Invalid("BODY_TOO_LARGE", limit=CONTENT_BYTES_MAX)


async def _parts(receive: Receive, longest: int, total: int) -> AsyncIterator[tuple[bytes, bool]]:
    """Cut a body into parts, each with whether it is the last; an empty body is one empty part."""
    waiting = bytearray()
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise errors.Unavailable("CLIENT_GONE")
        chunk: bytes = event.get("body", b"")
        total += len(chunk)
        if total > CONTENT_BYTES_MAX:
            raise errors.Invalid("BODY_TOO_LARGE", limit=CONTENT_BYTES_MAX)
        waiting += chunk
        while len(waiting) > longest:
            yield bytes(waiting[:longest]), False
            del waiting[:longest]
        if not event.get("more_body"):
            yield bytes(waiting), True
            return


async def download(
    ask: Ask, route: Route, request: Any, headers: dict[bytes, bytes]
) -> tuple[int, Headers, AsyncIterator[bytes]]:
    """Give status, headers and body of an answer that is bytes as they are, or a range of them.

    Raises:
        Invalid: RANGE_NOT_SATISFIABLE.
    """
    request.offset = _BEHIND
    told = await ask(request)
    for name in route.request.fields_by_name:
        if name not in (*route.own, *route.variables) and hasattr(told, name):
            setattr(request, name, getattr(told, name))
    asked = _range(headers, told.etag, told.total_size)
    first, end = asked or (0, told.total_size)
    body = _stretches(ask, route, request, first, end)
    # What cannot be read at all is refused in words; later the connection can only break off.
    begin = await anext(body, b"")
    found: Headers = [
        (b"content-type", (told.media_type or "application/octet-stream").encode()),
        (b"content-length", str(end - first).encode()),
        (b"content-disposition", attachment(told.name).encode()),
        (b"accept-ranges", b"bytes"),
        (b"etag", f'"{told.etag}"'.encode()),
    ]
    if asked is None:
        return 200, found, _after(begin, body)
    found.append((b"content-range", f"bytes {first}-{end - 1}/{told.total_size}".encode()))
    return 206, found, _after(begin, body)


def _range(headers: dict[bytes, bytes], etag: str, total: int) -> tuple[int, int] | None:
    """Read which range is asked for, as first byte and the one behind the last; None for all.

    What is no single range, or is of another version, is not asked for (RFC 9110, 14.2).
    """
    asked = _RANGE.fullmatch(headers.get(b"range", b"").strip())
    condition = headers.get(b"if-range", b"").strip()
    if asked is None or condition not in (b"", f'"{etag}"'.encode()):
        return None
    first, last = asked.groups()
    if not first and not last:
        return None
    if first and last and int(last) < int(first):
        return None
    begin = int(first) if first else max(0, total - int(last))
    end = min(total, int(last) + 1) if first and last else total
    if begin >= end:
        raise errors.Invalid("RANGE_NOT_SATISFIABLE", size=total)
    return begin, end


async def _stretches(
    ask: Ask, route: Route, request: Any, offset: int, end: int
) -> AsyncIterator[bytes]:
    longest = _rules(route, "size").int64.lte
    while offset < end:
        request.offset, request.size = offset, min(longest, end - offset)
        reply = await ask(request)
        data: bytes = getattr(reply, route.response_body)
        if not data:  # it told of more
            raise errors.Internal("INTERNAL")
        yield data
        offset += len(data)


async def _after(begin: bytes, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begin
    async for data in body:
        yield data


def _rules(route: Route, name: str) -> Any:
    """Give what the contract says a field of the request may be."""
    options: Any = route.request.fields_by_name[name].GetOptions()
    return options.Extensions[validate_pb2.field]


def attachment(name: str) -> str:
    """Let browsers save a file under its name (RFC 6266), and never show it."""
    if not name:
        return "attachment"
    plain = _NOT_PLAIN.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
