"""Messages to plain values: straight-line source is written per message type and compiled."""

import base64
import functools
import math
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from chassis.json import wellknown
from chassis.json.fields import enum_name, enum_of, is_map, message_of

Encoder = Callable[[Any], Any]

_INT64 = {
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_UINT64,
    FieldDescriptor.TYPE_SINT64,
    FieldDescriptor.TYPE_FIXED64,
    FieldDescriptor.TYPE_SFIXED64,
}
_FLOATS = {FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE}


@functools.cache
def encoder_of(descriptor: Descriptor) -> Encoder:
    """Give the function that turns a message of this type into plain values.

    Types may contain themselves, so inner encoders are bound at their first call.
    """
    special = wellknown.ENCODERS.get(descriptor.full_name)
    if special is not None:
        return special
    if descriptor.full_name in wellknown.WRAPPERS:
        value, helper = _value_expression(descriptor.fields_by_name["value"])
        source = f"lambda m: {value.format(f='helper', v='m.value')}"
        return eval(source, {"helper": helper})  # noqa: S307 (fixed source)
    names: dict[str, Any] = {}
    lines = ["def encode(m):", "    d = {}"]
    for field in descriptor.fields:
        lines += _field_lines(field, names)
    lines.append("    return d")
    # The source is made of field names of a compiled descriptor only.
    exec("\n".join(lines), names)  # noqa: S102
    return names["encode"]


def short_enum_name(enum: EnumDescriptor, name: str) -> str:
    """Strip the type's prefix from a value's name: OUTCOME_WON becomes WON."""
    prefix = _upper_snake(enum.name) + "_"
    return name.removeprefix(prefix)


def _upper_snake(name: str) -> str:
    letters: list[str] = []
    for index, letter in enumerate(name):
        if letter.isupper() and index and not name[index - 1].isupper():
            letters.append("_")
        letters.append(letter.upper())
    return "".join(letters)


def _field_lines(field: FieldDescriptor, names: dict[str, Any]) -> list[str]:
    access = f"m.{field.name}"
    key = repr(field.json_name)
    if is_map(field):
        return _map_lines(field, names, access, key)
    value, helper = _value_expression(field)
    if helper is not None:
        names[f"f_{field.name}"] = helper
    convert = value.format(f=f"f_{field.name}", v="v")
    if field.is_repeated:
        items = "list(r)" if convert == "v" else f"[{convert} for v in r]"
        return [f"    r = {access}", f"    if r: d[{key}] = {items}"]
    if field.has_presence:
        return [
            f"    if m.HasField({field.name!r}):",
            f"        v = {access}; d[{key}] = {convert}",
        ]
    return [f"    v = {access}", f"    if v: d[{key}] = {convert}"]


def _map_lines(field: FieldDescriptor, names: dict[str, Any], access: str, key: str) -> list[str]:
    entry = message_of(field).fields_by_name
    value, helper = _value_expression(entry["value"])
    names[f"f_{field.name}"] = helper
    convert = value.format(f=f"f_{field.name}", v="v")
    text = "k" if entry["key"].type == FieldDescriptor.TYPE_STRING else "map_key(k)"
    names["map_key"] = _map_key
    return [
        f"    r = {access}",
        f"    if r: d[{key}] = {{{text}: {convert} for k, v in r.items()}}",
    ]


def _value_expression(field: FieldDescriptor) -> tuple[str, Any]:
    """Give the expression for one value, with the helper it needs bound as {f}."""
    if field.type in _INT64:
        return "str({v})", None
    if field.type in _FLOATS:
        return "{f}({v})", _float
    if field.type == FieldDescriptor.TYPE_BYTES:
        return "{f}({v})", _bytes
    if field.type == FieldDescriptor.TYPE_ENUM:
        if enum_name(field) == "google.protobuf.NullValue":
            return "None", None
        table = {
            number: short_enum_name(enum_of(field), value.name)
            for number, value in enum_of(field).values_by_number.items()
        }
        return "{f}.get({v}, {v})", table
    if field.type in (FieldDescriptor.TYPE_MESSAGE, FieldDescriptor.TYPE_GROUP):
        return "{f}({v})", _late(message_of(field))
    return "{v}", None


def _late(descriptor: Descriptor) -> Encoder:
    """Bind an inner encoder now when it is known to end, at the first call otherwise."""
    if descriptor.full_name in wellknown.ENCODERS:
        return wellknown.ENCODERS[descriptor.full_name]
    return lambda message: encoder_of(descriptor)(message)


def _map_key(key: Any) -> str:
    if key is True:
        return "true"
    if key is False:
        return "false"
    return str(key)


def _float(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _bytes(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
