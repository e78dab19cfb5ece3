"""The rules that stand in the contract (`buf.validate`), checked on every message that comes in."""

import functools

import protovalidate
from google.protobuf.message import Message

from chassis.errors import FieldViolation

_validator = protovalidate.Validator()


def violations_of(message: Message, prefix: str = "") -> list[FieldViolation]:
    """List the rules a message breaks; paths begin with `prefix`."""
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
