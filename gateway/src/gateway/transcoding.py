"""REST to RPC: one ASGI application over the table of routes."""

import asyncio
import functools
import re
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf import empty_pb2
from opentelemetry.trace import SpanKind
from starlette.types import Receive, Scope, Send

from chassis import errors
from chassis.json import codec_of
from chassis.rpc import Channels
from chassis.telemetry import log, new_trace_parent, span, trace_id
from gateway.content import Ask, check_length, download, upload
from gateway.problems import problem
from gateway.reading import request_of
from gateway.routes import Route, Routes

BODY_BYTES_MAX = 1024 * 1024
# An upload's last call reads all of it once more; nothing else takes so long.
CONTENT_SECONDS = 300
Headers = list[tuple[bytes, bytes]]
# Status, headers and body of what is sent; a body in pieces says its length in its headers.
Answer = tuple[int, Headers, bytes | AsyncIterator[bytes]]
_TRACE_PARENT = re.compile(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_ZEROS = re.compile(rb"-(0{32}|0{16})-")
SAFE_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]


class Transcoder:
    """Answers every path of the contract; the methods run behind the channels."""

    def __init__(self, channels: Channels, routes: Routes) -> None:
        self._routes = routes
        self._channels = channels
        self._calls: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        language = negotiated(headers.get(b"accept-language", b"").decode("latin-1"))
        parent = headers.get(b"traceparent", b"")
        known = _TRACE_PARENT.fullmatch(parent) and not _ZEROS.search(parent)
        inside = parent.decode() if known else new_trace_parent()
        try:
            route, values = self._find(scope["method"], scope["raw_path"].decode("latin-1"))
            with span(f"{route.verb} {route.path}", inside, SpanKind.SERVER) as inside:
                ask = self._ask(scope, route, headers, language, inside)
                answer = await self._answer(scope, route, values, headers, receive, ask)
        except errors.Error as error:
            answer = problem(error, language, inside)
        except Exception:
            trace = trace_id(inside)
            log.exception("unforeseen", path=scope["path"], trace=trace)
            answer = problem(errors.Internal("INTERNAL", trace=trace), language, inside)
        status, found, body = answer
        found += SAFE_HEADERS
        found.append((b"traceresponse", inside.encode()))
        if isinstance(body, bytes):
            found.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": found})
        if isinstance(body, bytes):
            await send({"type": "http.response.body", "body": body})
        else:
            await _send_pieces(body, receive, send)

    async def _answer(
        self,
        scope: Scope,
        route: Route,
        values: list[str],
        headers: dict[bytes, bytes],
        receive: Receive,
        ask: Ask,
    ) -> Answer:
        if route.takes_bytes:
            check_length(headers)
            request = request_of(route, values, scope["query_string"], headers, b"")
            reply = await upload(ask, route, request, receive)
            return self._rendered(route, reply)
        body = await _read(route, headers, receive)
        request = request_of(route, values, scope["query_string"], headers, body)
        if route.gives_bytes:
            return await download(ask, route, request, headers)
        return self._rendered(route, await ask(request))

    def _ask(
        self,
        scope: Scope,
        route: Route,
        headers: dict[bytes, bytes],
        language: str,
        trace_parent: str,
    ) -> Ask:
        """Give what calls the method behind a route, in the name of whoever sent the request."""
        metadata = {
            "traceparent": trace_parent,
            "accept-language": language,
            "x-peer": scope["client"][0] if scope.get("client") else "",
        }
        if authorization := headers.get(b"authorization"):
            metadata["authorization"] = authorization.decode("ascii", "replace")
        seconds = _timeout(headers) or (CONTENT_SECONDS if route.takes_bytes else None)
        return functools.partial(self._call(route), timeout=seconds, metadata=metadata)

    def _find(self, verb: str, path: str) -> tuple[Route, list[str]]:
        routes, values = self._routes.find(path)
        if not routes:
            raise errors.NotFound("ROUTE_NOT_FOUND", path=path)
        route = routes.get(verb)
        if route is None:
            raise errors.Invalid("METHOD_NOT_ALLOWED", allow=", ".join(sorted(routes)))
        return route, values

    def _call(self, route: Route) -> Any:
        path = route.method.path
        if path not in self._calls:
            channel: Any = self._channels.to(route.method.service)
            self._calls[path] = channel.unary_unary(path)
        return self._calls[path]

    def _rendered(self, route: Route, reply: Any) -> Answer:
        if route.method.response_type is empty_pb2.Empty:
            return 204, [], b""
        headers: Headers = [(b"content-type", b"application/json")]
        if etag := getattr(reply, "etag", ""):
            headers.append((b"etag", f'"{etag}"'.encode()))
        status = 201 if route.method.verb == "Create" else 200
        return status, headers, codec_of(route.method.response_type).to_bytes(reply)


async def _send_pieces(pieces: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Send a body piece by piece, as long as somebody takes it.

    What goes wrong here breaks the connection off; the length that was announced tells.
    """
    gone = asyncio.ensure_future(receive())
    try:
        async for piece in pieces:
            if gone.done():
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


@functools.lru_cache(maxsize=1000)
def negotiated(header: str) -> str:
    """Choose the language of sentences by Accept-Language; English when none fits."""
    wanted: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if quality > 0:
            wanted.append((-quality, tag.lower()))
    for _, tag in sorted(wanted, key=lambda pair: pair[0]):
        for language in errors.languages():
            if tag and tag.split("-")[0] == language.lower().split("-")[0]:
                return language
    return "en"


def _timeout(headers: dict[bytes, bytes]) -> float | None:
    text = headers.get(b"x-request-timeout")
    if text is None:
        return None
    try:
        seconds = float(text.replace(b"_", b"?"))  # Python reads 1_0 as a number, nobody else does
    except ValueError:
        raise errors.invalid_field("x-request-timeout", "NOT_A_NUMBER") from None
    if not 0 < seconds <= 300:
        raise errors.invalid_field("x-request-timeout", "OUT_OF_RANGE", low=0, high=300)
    return seconds


async def _read(route: Route, headers: dict[bytes, bytes], receive: Receive) -> bytes:
    """Read the body within its limit, whatever length it announces."""
    chunks: list[bytes] = []
    total = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise errors.Unavailable("CLIENT_GONE")
        chunk: bytes = event.get("body", b"")
        total += len(chunk)
        if total > BODY_BYTES_MAX:
            raise errors.Invalid("BODY_TOO_LARGE", limit=BODY_BYTES_MAX)
        chunks.append(chunk)
        if not event.get("more_body"):
            break
    body = b"".join(chunks)
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if body and route.body and kind != b"application/json":
        raise errors.Invalid("UNSUPPORTED_MEDIA_TYPE", given=kind.decode("latin-1"))
    return body
