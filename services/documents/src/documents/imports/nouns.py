"""Nouns as an import sees them: what the contract says of a record, and how it is written."""

import functools
from dataclasses import dataclass

from google.api import field_behavior_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from chassis import errors
from chassis.custom.fields import CUSTOM_FIELDS, key_of
from chassis.json.wellknown import snake
from chassis.resources import Noun
from chassis.resources.columns import behaviors, reference_type
from chassis.resources.kinds import nouns
from chassis.resources.noun import OUTPUT_FIELDS
from chassis.rpc import Method
from chassis.rpc.registry import contract_methods


@dataclass(frozen=True)
class ImportNoun:
    """One noun.

    Attributes:
        name: as permissions call it: ``sales.Opportunity``.
        noun: what its message says.
        methods: its methods by verb: Create, BatchCreate, Update, Delete, List.
    """

    name: str
    noun: Noun
    methods: dict[str, Method]

    @property
    def field(self) -> str:
        """Name it as requests do: ``opportunity_line``."""
        return self.noun.table_name

    @property
    def refers_to_itself(self) -> bool:
        """Tell whether a record may point at another of its kind."""
        own = self.noun.resource.type
        return any(reference_type(field) == own for field in self.noun.fields.values())

    def is_required(self, name: str) -> bool:
        """Tell whether a record must have a field."""
        return field_behavior_pb2.REQUIRED in behaviors(self.noun.fields[name])

    def field_of(self, name: str) -> FieldDescriptor:
        """Find a field by either spelling.

        Raises:
            Invalid: MAP_FIELD_UNKNOWN; MAP_FIELD_READ_ONLY for a title.
        """
        field = self.noun.fields.get(snake(name))
        if field is None:
            raise errors.Invalid("MAP_FIELD_UNKNOWN", noun=self.name, field=name)
        if self.noun.field_options(field.name).title_of:
            raise errors.Invalid("MAP_FIELD_READ_ONLY", noun=self.name, field=name)
        return field

    def path_of(self, name: str) -> str:
        """Name a field as records do; a custom one as ``custom_fields.seats``.

        Raises:
            Invalid: what `field_of` raises.
        """
        if CUSTOM_FIELDS in self.noun.fields and key_of(name):
            return f"{CUSTOM_FIELDS}.{key_of(name)}"
        return self.field_of(name).name

    def refuse_output(self, name: str) -> None:
        """Refuse a field that nobody can write.

        Raises:
            Invalid: MAP_FIELD_OUTPUT_ONLY.
        """
        if not self.is_written(self.field_of(name).name):
            raise errors.Invalid("MAP_FIELD_OUTPUT_ONLY", noun=self.name, field=name)

    def is_written(self, name: str) -> bool:
        """Tell whether a record's writer says what a field is."""
        field = self.noun.fields[name]
        is_output = field_behavior_pb2.OUTPUT_ONLY in behaviors(field)
        is_told = is_output or bool(self.noun.field_options(name).title_of)
        return not is_told and name not in OUTPUT_FIELDS and name != "id"

    def create_request(self, record: Message) -> Message:
        """Ask for a record to be made."""
        return self.methods["Create"].request_type(**{self.field: record})


@functools.cache
def noun_called(name: str) -> ImportNoun:
    """Find a noun that can be imported: ``party.Organization``.

    Raises:
        Invalid: MAP_NOUN_UNKNOWN, MAP_NOUN_NOT_MADE where the contract lets nobody make one.
    """
    service = name.partition(".")[0]
    methods = {m.verb: m for m in contract_methods(service) if m.resource == name and m.verb}
    if "List" not in methods:
        raise errors.Invalid("MAP_NOUN_UNKNOWN", noun=name)
    if "Create" not in methods:
        raise errors.Invalid("MAP_NOUN_NOT_MADE", noun=name)
    noun = next(noun for noun in nouns().values() if noun.name == name)
    return ImportNoun(name, noun, methods)
