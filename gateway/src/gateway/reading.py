"""Requests from HTTP: path, query, headers and body become one message of the contract."""

import re
from typing import Any, cast
from urllib.parse import parse_qsl

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from chassis import errors
from chassis.errors import FieldViolation
from chassis.json import codec_of, present_fields
from chassis.json.codec import parse
from chassis.json.decode import json_fields
from chassis.json.fields import message_name
from chassis.json.wellknown import snake
from gateway.routes import Route

DEPTH_MAX = 32
KEY_LENGTH_MAX = 200
_BOOLEANS = {"true": True, "false": False}
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_ALIKE = bytes.maketrans(b"[]", b"{}")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def request_of(
    route: Route, values: list[str], query: bytes, headers: dict[bytes, bytes], body: bytes
) -> Message:
    """Build the request of a route.

    Raises:
        Invalid: names every field that is unknown, of the wrong kind, or said twice differently.
    """
    fields: dict[str, Any] = {}
    if route.body == "*":
        fields = {key: value for key, value in _body(body or b"{}").items() if value is not None}
    elif route.body and not route.takes_bytes:
        if not body:
            raise errors.Invalid("BODY_MISSING")
        fields[route.body] = _body(body)
    if query:
        _add_query(route, query, fields)
    for path, value in zip(route.variables, values, strict=True):
        _add_variable(fields, path, value)
    _add_headers(route, headers, fields)
    if route.verb == "PATCH" and route.body not in ("", "*"):
        _add_mask(route, fields)
    return codec_of(route.method.request_type).from_value(fields)


def check_depth(body: bytes) -> None:
    """Refuse deep nesting before a parser spends anything on it.

    Strings go first, then everything but brackets, then innermost pairs, a level at a time.
    """
    brackets = _STRING.sub(b"", body).translate(_ALIKE, _NOT_BRACKETS)
    for _ in range(DEPTH_MAX):
        if not brackets:
            return
        brackets = brackets.replace(b"{}", b"")
    if brackets.startswith(b"{"):
        raise errors.Invalid("TOO_DEEP", limit=DEPTH_MAX)


def _body(body: bytes) -> dict[str, Any]:
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX:
        check_depth(body)
    value = parse(body)
    if not isinstance(value, dict):
        raise errors.Invalid("INVALID_FIELDS", violations=[FieldViolation("", "NOT_AN_OBJECT")])
    return cast("dict[str, Any]", value)


def _add_query(route: Route, query: bytes, fields: dict[str, Any]) -> None:
    """Read the query's parameters as fields of the request, each by its type."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise errors.Invalid("INVALID_QUERY") from None
    problems: list[FieldViolation] = []
    for name, text in pairs:
        field = route.request.fields_by_name.get(snake(name))
        if field is None or not _in_query(route, field):
            problems.append(FieldViolation(name, "UNKNOWN_FIELD", metadata={"field": name}))
        elif field.is_repeated:
            fields.setdefault(field.name, []).append(_typed(field, text))
        elif field.name in fields:
            problems.append(FieldViolation(field.name, "FIELD_GIVEN_TWICE"))
        else:
            fields[field.name] = _typed(field, text)
    if problems:
        raise errors.Invalid("INVALID_FIELDS", violations=problems)


def _in_query(route: Route, field: FieldDescriptor) -> bool:
    if route.body == "*" or field.name == route.body or field.name in route.own:
        return False
    simple = message_name(field) in ("", "google.protobuf.FieldMask")
    return simple and field.name not in route.variables


def _typed(field: FieldDescriptor, text: str) -> Any:
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _BOOLEANS.get(text, text)
    return text


def _add_variable(fields: dict[str, Any], path: str, value: str) -> None:
    """Put a path variable where it belongs; a body that says otherwise is refused."""
    *outer, name = path.split(".")
    for part in outer:
        fields = fields.setdefault(part, {})
    if fields.get(name) not in (None, value):
        raise errors.invalid_field(path, "CONTRADICTS_PATH", given=value)
    fields[name] = value


def _add_headers(route: Route, headers: dict[bytes, bytes], fields: dict[str, Any]) -> None:
    key = headers.get(b"idempotency-key")
    if key and "request_id" in route.request.fields_by_name:
        text = key.decode("utf-8", "replace")
        if len(text) > KEY_LENGTH_MAX:
            raise errors.invalid_field("request_id", "STRING_MAX_LEN", max_len=KEY_LENGTH_MAX)
        # What stands in the body may be anything at all; its type is looked at later.
        said = [fields[name] for name in ("request_id", "requestId") if name in fields]
        if any(value != text for value in said):
            raise errors.invalid_field("request_id", "CONTRADICTS_HEADER")
        if not said:
            fields["request_id"] = text
    etag = headers.get(b"if-match", b"").decode("latin-1").removeprefix("W/").strip('"')
    if not etag or etag == "*" or route.method.verb == "Create":
        return
    target = fields if "etag" in route.request.fields_by_name else fields.get(route.body)
    if isinstance(target, dict):
        record = cast("dict[str, Any]", target)
        if record.get("etag") not in (None, etag):
            raise errors.invalid_field("etag", "CONTRADICTS_HEADER")
        record["etag"] = etag


def _add_mask(route: Route, fields: dict[str, Any]) -> None:
    """Let a PATCH change what its body mentions, null included."""
    body: dict[str, Any] = fields[route.body]
    known = json_fields(route.body_message)
    if "update_mask" not in fields:
        fixed = {path.rpartition(".")[2] for path in route.variables} | {"etag"}
        named = [n for n in present_fields(route.body_message, body) if n not in fixed]
        # Nothing mentioned is nothing changed; an empty mask would mean all that is set.
        fields["update_mask"] = ",".join(named) or "etag"
    # Null clears: what the mask names and the body leaves null is unset.
    for name in [key for key, value in body.items() if value is None and key in known]:
        del body[name]
