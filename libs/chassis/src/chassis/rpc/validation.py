"""The rules that stand in the contract (`buf.validate`), checked on every message that comes in."""

import functools
from collections.abc import Sequence
from typing import Any

import protovalidate
from buf.validate import validate_pb2
from google.protobuf import descriptor_pool, duration_pb2
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
        elements = _elements(violation.proto.field)
        path = _path(elements)
        rule = violation.proto.rule_id or "rule"
        names = tuple(element.field_name for element in elements)
        inside = any(e.field_name == "items" for e in _elements(violation.proto.rule))
        found.append(
            FieldViolation(
                ".".join(part for part in (prefix, path) if part),
                _reason(rule),
                violation.proto.message or rule,
                dict(_wanted(message.DESCRIPTOR.full_name, names, inside)),
            )
        )
    return found


@functools.lru_cache(maxsize=2_000)
def _wanted(full_name: str, names: tuple[str, ...], inside: bool) -> tuple[tuple[str, str], ...]:
    """Give what the rules of a field want, for sentences: bounds, choices, an example.

    Args:
        names: the path of the field from the message.
        inside: the rules of what a list holds.
    """
    descriptor: Any = descriptor_pool.Default().FindMessageTypeByName(full_name)
    options: Any = None
    for name in names:
        field = descriptor.fields_by_name.get(name)
        if field is None:  # a choice among fields has a name of its own
            return ()
        descriptor, options = field.message_type, field.GetOptions()
    if options is None:
        return ()
    rules = options.Extensions[validate_pb2.field]
    if inside:
        rules = rules.repeated.items
    kind = rules.WhichOneof("type")
    if kind is None:
        return ()
    return tuple(
        (rule.name, _told(rule.name, wanted))
        for rule, wanted in getattr(rules, kind).ListFields()
        if rule.name != "items"
    )


def _told(rule: str, wanted: Any) -> str:
    """Write what a rule wants for people."""
    if rule == "example":
        return str(wanted[0])
    if isinstance(wanted, duration_pb2.Duration):
        return f"{wanted.seconds} s"
    if isinstance(wanted, str | int | float):
        return str(wanted)
    return ", ".join(map(str, wanted))


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


def _elements(path: object) -> Sequence[Any]:
    return getattr(path, "elements", None) or ()


def _path(elements: Sequence[Any]) -> str:
    parts: list[str] = []
    for element in elements:
        subscript = element.subscript
        index = f"[{subscript.value}]" if subscript is not None else ""
        parts.append(element.field_name + index)
    return ".".join(parts)


@functools.cache
def _reason(rule_id: str) -> str:
    return rule_id.upper().replace(".", "_").replace("-", "_")
