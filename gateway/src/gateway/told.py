"""What the contract's comments say, as descriptions of the OpenAPI document."""

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

import orjson
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from chassis.json import short_enum_name
from chassis.json.fields import enum_of

# Of requests that every noun has alike; a comment in the contract comes first.
_ASKED = {
    "page_size": "How many at most; 50 where it is not said, 1,000 at most.",
    "page_token": "The nextPageToken of the page before; everything else is asked as it was.",
    "filter": (
        'AIP-160: `stage = "won" AND amount > 1000`, `name : "lamp"`, `NOT closeDate:*`,'
        ' `anyOf(stage, "won", "lost")`, `subtree(orgUnitId, "…")`,'
        ' `ancestor(orgUnitId, "TEAM")`, `customFields.seats > 3`. OR binds tighter than AND.'
    ),
    "order_by": "Up to five fields: `closeDate desc, name`.",
    "read_mask": "The fields to give, separated by commas; all when it is empty.",
    "include_total_size": "Count what the filter selects, up to 10,000.",
    "show_deleted": "Give those that were deleted, too.",
    "update_mask": (
        "The fields to change, separated by commas: `name,customFields.seats`. Those that the body"
        " has when it is empty, `*` for all."
    ),
    "etag": "The version that is meant; refused with 409 when there is another by now.",
}


@functools.cache
def _comments() -> Mapping[str, str]:
    file = resources.files("banyan").joinpath("comments.json")
    return orjson.loads(file.read_bytes())


def of(full_name: str) -> dict[str, str]:
    """Give a description of what has a full name; nothing where the contract says nothing."""
    text = _comments().get(full_name)
    return {"description": text} if text else {}


def of_field(field: FieldDescriptor) -> dict[str, str]:
    """Describe a field, an enum's with its values."""
    parts = [_comments().get(field.full_name, "")]
    whole: Any = field.containing_type
    if whole.name.endswith("Request") and not parts[0]:
        parts = [_ASKED.get(field.name, "")]
    if field.type == FieldDescriptor.TYPE_ENUM:
        parts += _values(enum_of(field))
    text = "\n".join(part for part in parts if part)
    return {"description": text} if text else {}


def _values(enum: EnumDescriptor) -> list[str]:
    """Give a line for each value the contract says something of."""
    values = [value.name for value in enum.values]
    told = ((name, _comments().get(f"{enum.full_name}.{name}")) for name in values)
    return [f"- {short_enum_name(enum, name)}: {text}" for name, text in told if text]
