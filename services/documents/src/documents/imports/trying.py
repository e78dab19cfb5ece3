"""What a dry run would have made: it counts as there, though nobody but the run knows of it."""

from collections.abc import Iterable, Sequence, Set
from typing import Any

from banyan.api.v1 import batch_pb2
from google.protobuf.message import Message

from chassis.custom.fields import key_of
from chassis.json.fields import is_set
from chassis.resources.columns import reference_type
from chassis.rpc import Method
from documents.imports.custom import Custom
from documents.imports.mapping import RecordMap
from documents.imports.nouns import ImportNoun
from documents.imports.rows import Planned


class Trial:
    """The records of a dry run, as they would be made.

    Args:
        kinds: the resource types of records that are spoken of again; others are not kept.
    """

    def __init__(self, kinds: Set[str]) -> None:
        self._kinds = kinds
        # By resource type and id, written down: there are as many as there are rows.
        self._made: dict[str, dict[str, bytes]] = {}
        self._changed: dict[str, dict[str, bytes]] = {}
        # By resource type and fields, the values of unique keys and whose they are.
        self._keys: dict[tuple[str, str], dict[tuple[Any, ...], str]] = {}

    def plan(self, planned: Planned) -> None:
        """Keep a record as its row says it is, until more is known of it."""
        kind, record = planned.map.noun.noun.resource.type, planned.message
        if record.id in self._made.get(kind, ()):
            return  # it is known as it would be made
        kept = self._made if planned.there is None else self._changed
        if kind in self._kinds:
            kept.setdefault(kind, {})[record.id] = record.SerializeToString()

    def keep(self, planned: Planned, record: Any) -> None:
        """Keep a record as it would be made."""
        kind = planned.map.noun.noun.resource.type
        if kind in self._kinds:
            self._made.setdefault(kind, {})[record.id] = record.SerializeToString()

    def taken(self, planned: Planned, record: Any) -> str:
        """Name a unique key of a record that would be made and another has; else take them all."""
        noun = planned.map.noun.noun
        keys: dict[str, tuple[Any, ...]] = {}
        for unique in noun.options.unique:
            names = unique.split(",")
            if all(is_set(record, name) for name in names):
                keys[unique] = tuple(_plain(getattr(record, name)) for name in names)
        for unique, values in keys.items():
            owners = self._keys.setdefault((noun.resource.type, unique), {})
            if owners.get(values, record.id) != record.id:
                return unique.replace(",", "_")
        for unique, values in keys.items():
            self._keys[noun.resource.type, unique][values] = record.id
        return ""

    def record(self, noun: ImportNoun, record_id: str) -> Any:
        """Give a record, as far as it was kept."""
        for kept in (self._made, self._changed):
            found = kept.get(noun.noun.resource.type, {}).get(record_id)
            if found is not None:
                return noun.noun.message.FromString(found)
        return noun.noun.message(id=record_id)

    def assumed(self, records: Iterable[Planned]) -> list[batch_pb2.AssumedRecord]:
        """Give what some records refer to and only this run would make."""
        ids = sorted({target for one in records for target in one.needs})
        return [
            batch_pb2.AssumedRecord(resource_type=kind, record=kept[target])
            for kind, kept in self._made.items()
            for target in ids
            if target in kept
        ]

    def is_real(self, one: Planned) -> bool:
        """Tell whether neither a record nor what it refers to is of this run's making."""
        ids = (one.message.id, *one.needs)
        return all(kept.keys().isdisjoint(ids) for kept in self._made.values())


def _plain(value: Any) -> Any:
    return value.SerializeToString() if isinstance(value, Message) else value


def spoken_of_again(records: Sequence[RecordMap], custom: Custom) -> Set[str]:
    """Name the resource types that records of a map refer to, or that several of them are of."""
    kinds = [record.noun.noun.resource.type for record in records]
    found = {kind for kind in kinds if kinds.count(kind) > 1}
    for record in records:
        for name, _ in record.fields:
            if key := key_of(name):
                target = custom[record.noun.name][key].field.reference_target
                found.add(target.resource_type)
            else:
                found.add(reference_type(record.noun.noun.fields[name]))
    return found


def is_checked(method: Method) -> bool:
    """Tell whether a method can be asked without writing anything (AIP-163)."""
    return "validate_only" in method.request_type.DESCRIPTOR.fields_by_name
