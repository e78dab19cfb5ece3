"""Who refers to a record: every reference field of every noun of the service, by its descriptor."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from chassis.database import Transaction
from chassis.json import codec_of
from chassis.resources import Resource, Resources
from chassis.resources.columns import column_name, reference_type


@dataclass(frozen=True)
class Pointer:
    """A field of a noun that may refer to records of a type, itself or inside its messages."""

    resource: Resource
    field: FieldDescriptor

    @property
    def is_plain(self) -> bool:
        """Tell whether it holds one id and nothing else."""
        return self.field.message_type is None and not self.field.is_repeated

    async def records(self, target: str, transaction: Transaction) -> list[Any]:
        """Give the records that refer to a record, deleted ones too, without titles."""
        column = f"t.{column_name(self.field.name)}"
        if self.is_plain:
            condition = f"{column} = $1::uuid"
        elif self.field.message_type is None:
            condition = f"$1::text = ANY({column})"
        else:
            condition = f"position($1::text in {column}::text) > 0"
        return await read(self.resource, transaction, condition, target)


async def read(
    resource: Resource, transaction: Transaction, condition: str, *arguments: Any
) -> list[Any]:
    """Give records as they are stored, to be changed: without the titles of what they refer to."""
    found = await resource.store.where(
        transaction.tenant_id, condition, *arguments, connection=transaction
    )
    for record in found:
        for name in resource.rules.titles:
            record.ClearField(name)
    return found


def copy_of(record: Any) -> Any:
    """Copy a record, to change the copy."""
    other = type(record)()
    other.CopyFrom(record)
    return other


def values_of(record: Message) -> dict[str, Any]:
    """Give a record's values in JSON form by field; None where there is none."""
    plain = codec_of(type(record)).to_value(record)
    return {field.name: plain.get(field.json_name) for field in record.DESCRIPTOR.fields}


def pointers(here: Resources, kind: str) -> Iterator[Pointer]:
    """Give the fields that may refer to records of a type."""
    for resource in here.values():
        for field in resource.noun.fields.values():
            if _refers(field, kind):
                yield Pointer(resource, field)


def _refers(field: FieldDescriptor, kind: str, above: tuple[str, ...] = ()) -> bool:
    message = field.message_type
    if message is None or message.full_name in above:
        return reference_type(field) == kind
    return any(_refers(f, kind, (*above, message.full_name)) for f in message.fields)


def redirect(record: Any, field: FieldDescriptor, kind: str, old: str, new: str) -> None:
    """Let a field refer to another record where it referred to one; no list names it twice."""
    value = getattr(record, field.name)
    if field.message_type is not None:
        messages = value if field.is_repeated else [value] if record.HasField(field.name) else []
        for message in messages:
            for inner in message.DESCRIPTOR.fields:
                if _refers(inner, kind):
                    redirect(message, inner, kind, old, new)
    elif field.is_repeated:
        changed = list(dict.fromkeys(new if one == old else one for one in value))
        del value[:]
        value.extend(changed)
    elif value == old:
        setattr(record, field.name, new)
