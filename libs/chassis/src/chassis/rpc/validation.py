"""The rules that stand in the contract (`buf.validate`), checked on every message that comes in."""

import functools
from typing import Any

import protovalidate
from buf.validate import validate_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from chassis.errors import FieldViolation

_validator = protovalidate.Validator()


def violations_of(message: Message, prefix: str = "") -> list[FieldViolation]:
    """List the rules a message breaks; paths begin with `prefix`."""
    if not _has_rules(message.DESCRIPTOR.full_name):
        return []
    found: list[FieldViolation] = []
    for violation in _validator.collect_violations(message):
        path = _path(violation.proto.field)
        rule = violation.proto.rule_id or "rule"
        found.append(
            FieldViolation(
                ".".join(part for part in (prefix, path) if part),
                _reason(rule),
                violation.proto.message or rule,
            )
        )
    return found


@functools.cache
def _has_rules(full_name: str) -> bool:
    """Tell whether a message or anything in it has rules: most requests have none."""
    waiting: list[Descriptor] = [descriptor_pool.Default().FindMessageTypeByName(full_name)]
    seen: set[str] = set()
    while waiting:
        descriptor = waiting.pop()
        seen.add(descriptor.full_name)
        options: Any = descriptor.GetOptions()
        if options.HasExtension(validate_pb2.message):
            return True
        for field in descriptor.fields:
            options = field.GetOptions()
            if options.HasExtension(validate_pb2.field):
                return True
            if field.message_type is not None and field.message_type.full_name not in seen:
                waiting.append(field.message_type)
    return False


def _path(field: object) -> str:
    elements = getattr(field, "elements", None) or ()
    parts: list[str] = []
    for element in elements:
        subscript = element.subscript
        index = f"[{subscript.value}]" if subscript is not None else ""
        parts.append(element.field_name + index)
    return ".".join(parts)


@functools.cache
def _reason(rule_id: str) -> str:
    return rule_id.upper().replace(".", "_").replace("-", "_")
