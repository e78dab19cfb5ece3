"""Sample records made from the contract, so that every noun is tested without code of its own."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

from buf.validate import validate_pb2
from google.api import field_behavior_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis.json import codec_of
from chassis.json.fields import copy_field, enum_of, is_set, message_name
from chassis.resources import Noun
from chassis.resources.columns import behaviors, holds_names, is_reference, reference_type
from chassis.resources.noun import HEADER_FIELDS, OUTPUT_FIELDS

_counter = itertools.count(1)
_F = FieldDescriptor


class Samples:
    """Makes records of a noun that differ in every field.

    Args:
        references: ids of records that reference fields may name, by field.

    Attributes:
        names: resource names for fields that hold such, by field.
    """

    def __init__(self, noun: Noun, references: Mapping[str, str] | None = None) -> None:
        self.noun = noun
        self.references = dict(references or {})
        self.names: dict[str, str] = {}
        self._example = noun.message()
        if noun.options.example:
            self._example = codec_of(noun.message).from_bytes(noun.options.example.encode())

    def writable(self) -> list[str]:
        """List the fields a caller may write and that a sample fills, references left out."""
        return [
            name
            for name, field in self.noun.fields.items()
            if name not in HEADER_FIELDS
            and not is_reference(field)
            and not self.noun.field_options(name).title_of
            and field_behavior_pb2.OUTPUT_ONLY not in behaviors(field)
        ]

    def referring(self) -> list[str]:
        """List the reference fields a caller may write."""
        return [
            name
            for name, field in self.noun.fields.items()
            if is_reference(field)
            and not field.is_repeated
            and name not in OUTPUT_FIELDS
            and field_behavior_pb2.OUTPUT_ONLY not in behaviors(field)
        ]

    def make(self, *, bare: bool = False) -> Any:
        """Make a record; `bare` leaves out what is not required."""
        number = next(_counter)
        record = self.noun.message()
        for name in self.writable():
            if bare and not self.is_required(name):
                continue
            if name in self.names:
                setattr(record, name, self.names[name])
            elif name != self.noun.options.title and is_set(self._example, name):
                copy_field(name, self._example, record)
            else:
                _fill(record, self.noun.fields[name], number)
        for name, target in self.references.items():
            if (not bare or self.is_required(name)) and self._is_free(record, name):
                setattr(record, name, target)
        return record

    def changed(self, record: Any) -> tuple[Any, str]:
        """Give a copy with one field changed, and the field."""
        other = self.make()
        name = next(
            n
            for n in self.writable()
            if getattr(other, n) != getattr(record, n) and not self._is_immutable(n)
        )
        copy = self.noun.message()
        copy.CopyFrom(record)
        copy_field(name, other, copy)
        return copy, name

    def is_required(self, name: str) -> bool:
        """Tell whether a record must have a field."""
        field = self.noun.fields[name]
        group: Any = field.containing_oneof
        if group is not None and group.GetOptions().Extensions[validate_pb2.oneof].required:
            return True
        return field_behavior_pb2.REQUIRED in behaviors(field)

    def is_complete(self) -> bool:
        """Tell whether every reference a record must have can be filled."""
        return all(
            any(member in self.references or member in self.writable() for member in group)
            for name in self.referring()
            if self.is_required(name)
            for group in (self._group_of(name),)
        )

    def _group_of(self, name: str) -> list[str]:
        """Give the fields of which one must be set: those of a oneof, or the field itself."""
        group: Any = self.noun.fields[name].containing_oneof
        return [name] if group is None else [field.name for field in group.fields]

    def _is_free(self, record: Any, name: str) -> bool:
        """Tell whether a field may be set beside what is set: of a oneof only one may."""
        group = self.noun.fields[name].containing_oneof
        return group is None or record.WhichOneof(group.name) is None

    def _is_immutable(self, name: str) -> bool:
        return field_behavior_pb2.IMMUTABLE in behaviors(self.noun.fields[name])


async def samples_for(
    noun: Noun,
    world: Any,
    person: Any,
    under: tuple[str, ...] = (),
    made: dict[str, str] | None = None,
) -> Samples:
    """Give samples whose references name records that exist, made for the purpose.

    Args:
        under: the types that are being made, to which nothing below can refer.
        made: records made for this purpose already, by type; what lies deeper refers to the same.
    """
    samples, made = Samples(noun), {} if made is None else made
    for name in samples.referring():
        kind = reference_type(noun.fields[name])
        if name in HEADER_FIELDS and not samples.is_required(name):
            continue
        if kind == "identity.banyan/OrgUnit":
            samples.references[name] = person.org_unit_id
            continue
        target = world.nouns.get(kind)
        if target is None or kind in (noun.resource.type, *under):
            continue
        if kind in made and made[kind] not in samples.references.values():
            samples.references[name] = made[kind]
            continue
        create = next((m for m in target.rpcs if m.verb == "Create"), None)
        if create is not None:
            inner = await samples_for(target, world, person, (*under, noun.resource.type), made)
            if not inner.is_complete():  # it would have to refer to what is only being made
                continue
            request = create.request_type(**{target.table_name: inner.make()})
            made[kind] = samples.references[name] = (
                await world.call(create.path, request, person)
            ).id
    for name, field in noun.fields.items():
        if holds_names(field):
            target, record_id = next(iter(samples.references.items()))
            kind = world.nouns[reference_type(noun.fields[target])].resource
            samples.names[name] = f"{kind.pattern[0].partition('/')[0]}/{record_id}"
    await _titles_heard(noun, samples, world, person)
    return samples


async def _titles_heard(noun: Noun, samples: Samples, world: Any, person: Any) -> None:
    """Wait until the titles of what samples refer to have come from their own services."""
    database = world.host.here[noun.service].database
    own = {other.resource.type for other in world.host.here[noun.service].nouns}
    awaited = {
        samples.references[source]
        for field in noun.fields
        if (source := noun.field_options(field).title_of) in samples.references
        and reference_type(noun.fields[source]) not in own
    }
    while awaited:
        rows = await database.read(
            person.tenant_id,
            f"SELECT resource_id::text FROM {noun.service}.title WHERE resource_id = ANY($1)",
            list(awaited),
        )
        awaited -= {row[0] for row in rows}
        await asyncio.sleep(0.002)


def _rules(field: FieldDescriptor) -> Any:
    options: Any = field.GetOptions()
    return options.Extensions[validate_pb2.field]


def _fill(record: Any, field: FieldDescriptor, number: int) -> None:
    name = field.name
    if field.is_repeated:
        if field.type == _F.TYPE_STRING:
            rules = _rules(field).repeated.items.string
            getattr(record, name).append(_text(name, rules, number))
        return
    kind = message_name(field)
    if kind:
        _fill_message(getattr(record, name), kind, number)
    elif field.type == _F.TYPE_STRING:
        setattr(record, name, _text(name, _rules(field).string, number))
    elif field.type == _F.TYPE_BOOL:
        setattr(record, name, number % 2 == 0)
    elif field.type == _F.TYPE_ENUM:
        values = [value.number for value in enum_of(field).values if value.number]
        setattr(record, name, values[number % len(values)])
    else:
        setattr(record, name, _number(field, number))


def _text(name: str, rules: Any, number: int) -> str:
    """Give a text that keeps the field's rules; where a pattern says more, the rule's example."""
    if rules.email:
        return f"{name}.{number:06}@example.com"
    if examples := list(getattr(rules, "in")) or list(rules.example):
        return examples[number % len(examples)]
    return f"{name} {number:06}"


def _number(field: FieldDescriptor, number: int) -> int:
    rules = _rules(field).int32
    if rules.HasField("gte") and rules.HasField("lte"):
        return rules.gte + number % (rules.lte - rules.gte + 1)
    return number % 100


def _fill_message(target: Any, kind: str, number: int) -> None:
    if kind == "google.protobuf.Timestamp":
        target.seconds = 1_700_000_000 + number
    elif kind == "google.type.Date":
        target.year, target.month, target.day = 2026, number % 12 + 1, number % 28 + 1
    elif kind == "google.type.Decimal":
        target.value = f"0.{number % 90 + 10}"
    elif kind == "google.protobuf.Duration":
        target.seconds = number
    elif kind == "banyan.type.v1.Money":
        target.currency_code, target.amount = "CNY", f"{number}.50"
