"""Custom fields in an import: what the firm has defined, and what a cell means for one of them."""

import datetime
import decimal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from banyan.studio.v1 import custom_field_pb2, picklist_pb2
from google.protobuf import struct_pb2

from chassis import errors
from chassis.custom.definitions import Definition, Fields
from chassis.custom.fields import CUSTOM_FIELDS, key_of, merge, settle
from chassis.custom.value import INTEGER_MAX
from chassis.ids import is_id
from chassis.json.wellknown import decode_value, encode_timestamp
from chassis.resources import Resources
from documents.imports.cells import Reading, instant_in, number_in, text_in
from documents.imports.mapping import ImportMap
from documents.imports.rows import Planned
from documents.lists import parted
from documents.tables import Cell
from documents.tables.values import read_boolean, read_date, read_text

_Field = custom_field_pb2.CustomField
# The custom fields that the nouns of a map have, by noun and key.
Custom = Mapping[str, Fields]
_WITH_HABITS = (_Field.TYPE_INTEGER, _Field.TYPE_DECIMAL, _Field.TYPE_DATE, _Field.TYPE_TIMESTAMP)


async def custom_of(here: Resources, tenant_id: str, wanted: ImportMap, since: float) -> Custom:
    """Give what the firm has defined for the nouns of a map.

    Args:
        since: as in `Definitions.of`.

    Raises:
        FailedPrecondition: MAP_CUSTOM_FIELD_UNKNOWN.
    """
    nouns = {record.noun.name: record.noun.noun for record in wanted.records}
    found = {name: await here.fields_of(tenant_id, noun, since) for name, noun in nouns.items()}
    for record in wanted.records:
        for key in record.custom_keys:
            if key not in found[record.noun.name]:
                raise errors.FailedPrecondition(
                    "MAP_CUSTOM_FIELD_UNKNOWN", noun=record.noun.name, field=key
                )
    return found


@dataclass
class CustomReading(Reading):
    """How the cells of one column are read into a custom field."""

    definition: Definition = attribute(kw_only=True)

    def _reader(self) -> Callable[[Cell, Reading], struct_pb2.Value]:
        read, definition = _READERS[self.definition.field.type], self.definition
        return lambda cell, reading: decode_value(read(cell, reading, definition))


def has_habits(definition: Definition) -> bool:
    """Tell whether other cells of a column help to read one."""
    return definition.field.type in _WITH_HABITS


def as_held(
    value: struct_pb2.Value, held: struct_pb2.Value, definition: Definition
) -> struct_pb2.Value:
    """Give a value as a record has it already where both mean the same: 5 is 5.00."""
    if definition.field.type != _Field.TYPE_DECIMAL:
        return value
    is_same = decimal.Decimal(value.string_value) == decimal.Decimal(held.string_value)
    return held if is_same else value


def misfits(planned: Planned, fields: Fields) -> list[errors.FieldViolation]:
    """Name what is wrong with the custom fields that a row writes, as its service will."""
    noun, there = planned.map.noun, planned.there
    if not fields and not planned.message.HasField(CUSTOM_FIELDS):
        return []
    if there is None:
        new: Any = noun.noun.message()
        new.CopyFrom(planned.message)
        return settle(new, None, fields, noun.field)
    new = noun.noun.message()
    new.CopyFrom(there)
    written = [path for path in planned.changed if key_of(path)]
    for path in written:
        merge(path, planned.message, new)
    told = {f"{noun.field}.{path}" for path in written}
    wrong = settle(new, there, fields, noun.field)
    return [one for one in wrong if one.path.partition("[")[0] in told]


def _text(cell: Cell, reading: Reading, _: Definition) -> str:
    return text_in(cell, reading)


def _integer(cell: Cell, reading: Reading, _: Definition) -> int:
    number = number_in(cell, reading)
    if number != number.to_integral_value():
        raise errors.Invalid("NOT_AN_INTEGER")
    if abs(number) > INTEGER_MAX:
        raise errors.Invalid("OUT_OF_RANGE", low=str(-INTEGER_MAX), high=str(INTEGER_MAX))
    return int(number)


def _decimal(cell: Cell, reading: Reading, _: Definition) -> str:
    return f"{number_in(cell, reading):f}"


def _date(cell: Cell, reading: Reading, _: Definition) -> str:
    day: datetime.date = read_date(cell, reading.profile)
    return day.isoformat()


def _timestamp(cell: Cell, reading: Reading, _: Definition) -> str:
    return encode_timestamp(instant_in(cell, reading))


def _boolean(cell: Cell, _: Reading, __: Definition) -> bool:
    return read_boolean(cell)


def _entry(cell: Cell, _: Reading, definition: Definition) -> str:
    return _key(read_text(cell).strip(), definition.picklist)


def _entries(cell: Cell, _: Reading, definition: Definition) -> list[str]:
    return [_key(text, definition.picklist) for text in parted(read_text(cell))]


def _reference(cell: Cell, _: Reading, __: Definition) -> str:
    text = read_text(cell).strip()
    if not is_id(text):
        raise errors.Invalid("NOT_AN_ID")
    return text


def _key(text: str, picklist: picklist_pb2.Picklist | None) -> str:
    """Give the key of the entry that a text names: by its key, or by its label in any language.

    A retired entry is read too: a record may have it, and keep it.
    """
    picklist = picklist or picklist_pb2.Picklist()
    entries = sorted(picklist.entries, key=lambda entry: entry.retired)
    wanted = text.casefold()
    labels = ((entry, (entry.label_en, entry.label_zh)) for entry in entries)
    named = (entry.key for entry, names in labels if wanted in [n.casefold() for n in names])
    found = text if any(entry.key == text for entry in entries) else next(named, "")
    if not found and not picklist.open:
        raise errors.Invalid("NOT_IN_PICKLIST", found=text, picklist=picklist.name)
    return found or text


_READERS: dict[int, Callable[[Cell, Reading, Definition], Any]] = {
    _Field.TYPE_TEXT: _text,
    _Field.TYPE_LONG_TEXT: _text,
    _Field.TYPE_INTEGER: _integer,
    _Field.TYPE_DECIMAL: _decimal,
    _Field.TYPE_DATE: _date,
    _Field.TYPE_TIMESTAMP: _timestamp,
    _Field.TYPE_BOOLEAN: _boolean,
    _Field.TYPE_PICKLIST: _entry,
    _Field.TYPE_MULTI_PICKLIST: _entries,
    _Field.TYPE_REFERENCE: _reference,
}
