"""The OpenAPI 3.1 document: derived from the contract, true to what the transcoder does."""

import re
from typing import Any

import orjson
from banyan.api.v1 import options_pb2
from buf.validate import validate_pb2
from google.api import field_behavior_pb2, resource_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from chassis.errors import labels
from chassis.json import short_enum_name
from chassis.json.fields import enum_of, is_map, message_name, message_of
from chassis.resources.columns import behaviors, is_reference
from chassis.resources.noun import OUTPUT_FIELDS
from gateway import told
from gateway.content import CONTENT_BYTES_MAX
from gateway.problems import STATUSES
from gateway.routes import Route, Routes

Schema = dict[str, Any]
# A body that is bytes as they are; OpenAPI 3.1 wants no schema for it.
_BYTES: Schema = {"*/*": {}}
_F = FieldDescriptor
_INT64 = {_F.TYPE_INT64, _F.TYPE_SINT64, _F.TYPE_SFIXED64, _F.TYPE_UINT64, _F.TYPE_FIXED64}
_INT32 = {_F.TYPE_INT32, _F.TYPE_SINT32, _F.TYPE_SFIXED32}
_UINT32 = {_F.TYPE_UINT32, _F.TYPE_FIXED32}
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {
        "type": "string", "format": "date-time", "examples": ["2026-03-01T09:30:00Z"],
    },
    "google.protobuf.Duration": {
        "type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,9})?s$", "examples": ["3.5s"],
    },
    "google.type.Date": {"type": "string", "format": "date", "examples": ["2026-03-01"]},
    "google.type.Decimal": {
        "type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,27})(\.[0-9]{1,18})?$",
        "examples": ["12.50"],
    },
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.FieldMask": {"type": "string", "examples": ["name,kind"]},
    "google.protobuf.Any": {"type": "object"},
}  # fmt: skip


def document(routes: Routes) -> bytes:
    """Give the document as JSON."""
    builder = _Builder()
    paths: dict[str, Any] = {}
    for route in routes.all:
        paths.setdefault(_path(route), {})[route.verb.lower()] = builder.operation(route)
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Banyan",
                "version": "1",
                "description": "Customers, sales, projects and money in one system.",
            },
            "paths": paths,
            "components": {
                "schemas": {**builder.schemas, "Problem": _PROBLEM},
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
                },
            },
        }
    )


class _Builder:
    """Collects the schemas that the operations name."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}

    def operation(self, route: Route) -> Schema:
        """Describe one route."""
        method = route.method
        problems = {"default": _problem("Any other refusal")} | {
            str(status): _problem(f"Refused with {status}") for status in STATUSES
        }
        success = "201" if method.verb == "Create" else "200"
        operation: Schema = {
            "operationId": route.name,
            "tags": [method.resource],
            "summary": re.sub(r"(?<=[a-z])(?=[A-Z])", " ", method.name),
            **told.of(method.descriptor.full_name),
            "parameters": self._parameters(route),
            "responses": {success: self._success(route), **problems},
        }
        if route.gives_bytes:
            operation["responses"] |= {
                "206": {"description": "The range that was asked for", "content": _BYTES},
                "416": _problem("There is no such range"),
            }
        if route.takes_bytes:
            limit = f"At most {CONTENT_BYTES_MAX} bytes"
            operation["requestBody"] = {"required": True, "content": _BYTES, "description": limit}
        elif route.body:
            schema = self._message(route.body_message, reading=route.verb)
            body = {"content": {"application/json": {"schema": schema}}}
            operation["requestBody"] = {"required": route.body != "*", **body}
        if method.access != options_pb2.ACCESS_PUBLIC:
            operation["security"] = [{"token": []}]
        return operation

    def _success(self, route: Route) -> Schema:
        if route.gives_bytes:
            return {"description": "All of it", "content": _BYTES}
        schema = self._message(route.method.descriptor.output_type)
        return {"description": "Done", "content": {"application/json": {"schema": schema}}}

    def _parameters(self, route: Route) -> list[Schema]:
        found: list[Schema] = []
        for path in route.variables:
            schema = {"type": "string", "format": "uuid"}
            name = path.rpartition(".")[2]
            found.append({"name": name, "in": "path", "required": True, "schema": schema})
        if route.body != "*":
            for field in route.request.fields:
                simple = message_name(field) in ("", "google.protobuf.FieldMask")
                elsewhere = {*route.variables, *route.own, route.body, "request_id"}
                if simple and field.name not in elsewhere:
                    schema = self._field(field, reading="query")
                    said = {"name": field.json_name, "in": "query", **told.of_field(field)}
                    found.append({**said, "schema": schema})
        if "request_id" in route.request.fields_by_name:
            schema = {"type": "string", "maxLength": 200, "pattern": "^[ -~]*$"}
            found.append({"name": "Idempotency-Key", "in": "header", "schema": schema})
        if route.verb in ("PATCH", "DELETE", "PUT"):
            schema = {"type": "string", "pattern": '^"[0-9]{1,18}"$'}
            found.append({"name": "If-Match", "in": "header", "schema": schema})
        if route.gives_bytes:
            schema = {"type": "string", "pattern": "^bytes=[0-9]*-[0-9]*$"}
            found.append({"name": "Range", "in": "header", "schema": schema})
        return found

    def _message(self, descriptor: Descriptor, reading: str = "") -> Schema:
        """Refer to a message's schema; what is read from callers is closed and knows its musts."""
        if descriptor.full_name in _WELL_KNOWN:
            return _WELL_KNOWN[descriptor.full_name]
        name = descriptor.full_name.removeprefix("banyan.")
        if reading:
            name += {"PATCH": ".Patch"}.get(reading, ".Input")
        if name not in self.schemas:
            self.schemas[name] = {}
            self.schemas[name] = self._object(descriptor, reading)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, descriptor: Descriptor, reading: str) -> Schema:
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for field in descriptor.fields:
            schema = {**self._field(field, reading), **told.of_field(field)}
            header = field.name in OUTPUT_FIELDS - {"etag"}
            output = header or field_behavior_pb2.OUTPUT_ONLY in behaviors(field)
            if output:
                schema = {**schema, "readOnly": True}
            must = field_behavior_pb2.REQUIRED in behaviors(field)
            if reading and reading != "PATCH" and must:
                required.append(field.json_name)
            properties[field.json_name] = schema
        said = told.of(descriptor.full_name)
        found: Schema = {"type": "object", **said, "properties": properties}
        _describe(descriptor, found)
        if required:
            found["required"] = required
        if reading:
            found["additionalProperties"] = False
        return found

    def _field(self, field: FieldDescriptor, reading: str = "") -> Schema:
        if is_map(field):
            value = message_of(field).fields_by_name["value"]
            return {"type": "object", "additionalProperties": self._one(value, reading)}
        schema = self._one(field, reading)
        if field.is_repeated:
            return {"type": "array", "items": schema, **_limits(field, "repeated")}
        return schema

    def _one(self, field: FieldDescriptor, reading: str) -> Schema:
        if field.type == _F.TYPE_MESSAGE:
            return self._message(message_of(field), "" if reading == "query" else reading)
        if field.type == _F.TYPE_ENUM:
            enum = enum_of(field)
            return {"enum": [short_enum_name(enum, v.name) for v in enum.values]}
        schema = dict(_scalar(field))
        if field.name == "id" or is_reference(field):
            schema["format"] = "uuid"
        return {**schema, **_limits(field, schema["type"])}


def _describe(descriptor: Descriptor, schema: Schema) -> None:
    """Give a noun and its fields the names people know them by, and its example."""
    options: Any = descriptor.GetOptions()
    kind: str = options.Extensions[resource_pb2.resource].type
    if not kind:
        return
    noun = kind.replace(".banyan/", ".")
    texts: Any = labels("en")
    schema["title"] = texts["nouns"][noun]["one"]
    names = texts["fields"]
    known = {**names["_header"], **names.get(noun, {})}
    for field in descriptor.fields:
        property_ = schema["properties"][field.json_name]
        # What a reference to a schema says of itself stays as it is; siblings are allowed in 3.1.
        schema["properties"][field.json_name] = {"title": known[field.name], **property_}
    if example := options.Extensions[options_pb2.noun].example:
        schema["examples"] = [orjson.loads(example)]


def _scalar(field: FieldDescriptor) -> Schema:
    if field.type == _F.TYPE_BOOL:
        return {"type": "boolean"}
    if field.type in _INT32:
        return {"type": "integer", "format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1}
    if field.type in _UINT32:
        return {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
    if field.type in _INT64:
        return {"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,19}$"}
    if field.type in (_F.TYPE_DOUBLE, _F.TYPE_FLOAT):
        return {"type": "number"}
    if field.type == _F.TYPE_BYTES:
        return {"type": "string", "contentEncoding": "base64"}
    return {"type": "string"}


def _limits(field: FieldDescriptor, kind: str) -> Schema:
    """Carry over the rules of the contract that JSON Schema has words for."""
    options: Any = field.GetOptions()
    rules = options.Extensions[validate_pb2.field]
    found: Schema = {}
    if kind == "string" and rules.HasField("string"):
        text = rules.string
        words = {"min_len": "minLength", "max_len": "maxLength", "pattern": "pattern"}
        found = {words[n]: getattr(text, n) for n in words if text.HasField(n)}
        if text.example:
            found["examples"] = list(text.example)
    elif kind == "repeated" and rules.HasField("repeated"):
        many = rules.repeated
        words = {"min_items": "minItems", "max_items": "maxItems"}
        found = {words[n]: getattr(many, n) for n in words if many.HasField(n)}
    return found


def _path(route: Route) -> str:
    """Write a template with plain variable names: ``/v1/sources/{id}``."""
    return re.sub(r"\{[a-z_.]*?([a-z_]+)\}", r"{\1}", route.path)


def _problem(description: str) -> Schema:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


_PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "reason", "trace"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:banyan:error:NOT_FOUND"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "reason": {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$"},
        "trace": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        "violations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "reason", "description"],
                "properties": {
                    "path": {"type": "string"},
                    "reason": {"type": "string"},
                    "description": {"type": "string"},
                },
            },
        },
    },
}
