"""The declaration of a noun."""

import functools
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from banyan.api.v1 import options_pb2
from google.api import resource_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from sqlalchemy.types import TypeEngine

from chassis.access import SHARES
from chassis.custom.fields import CUSTOM_FIELDS
from chassis.resources.around import Around
from chassis.resources.columns import column_name
from chassis.rpc import Call, Method, methods_of, service_name

if TYPE_CHECKING:
    from chassis.resources.here import Resources

# What every noun may begin with; these mean the same everywhere and are set by the chassis.
OUTPUT_FIELDS = frozenset(
    {"etag", "create_time", "update_time", "delete_time", "creator_user_id", SHARES}
)
HEADER_FIELDS = OUTPUT_FIELDS | {
    "id",
    "external_id",
    "owner_user_id",
    "org_unit_id",
    CUSTOM_FIELDS,
}
_HEADER_FILTERABLE = HEADER_FIELDS - {"etag", SHARES, CUSTOM_FIELDS}
_HEADER_SORTABLE = frozenset({"id", "create_time", "update_time"})

# A business verb on one record: changes it or refuses, and gives the facts it establishes. It gets
# record, request and surroundings.
Verb = Callable[[Any, Any, Around], Iterable[Message] | None]
# A method that is more than a change of one record.
Custom = Callable[["Resources", Any, Call], Awaitable[Message]]


@dataclass(frozen=True)
class Hooks:
    """The places where a noun's rules join its standard verbs. Values in, values or errors out.

    The last argument of most is an `Around`: who acts, when, and the records that are referred to.

    Attributes:
        complete: fills a new record in from what is stored; the last argument is for remembering
            it between the records of a batch.
        prepare_create: completes a record about to be made.
        prepare_update: completes a record about to be changed; gets it as it was and as it will be.
        validate: refuses a record whose fields contradict each other.
        before_delete: refuses a delete.
        authorize: refuses a verb on a record beyond what permissions say.
        published_events: facts of the business to publish with a change (old is None on create).
    """

    complete: Callable[["Resources", Call, Any, dict[Any, Any]], Awaitable[None]] | None = None
    prepare_create: Callable[[Any, Around], None] | None = None
    prepare_update: Callable[[Any, Any, Around], None] | None = None
    validate: Callable[[Any, Around], None] | None = None
    before_delete: Callable[[Any, Around], None] | None = None
    authorize: Callable[[str, Any, Around], None] | None = None
    published_events: Callable[[str, Any, Any], Iterable[Message]] | None = None


@dataclass(frozen=True)
class Unique:
    """A key no two living records of a tenant share."""

    columns: tuple[str, ...]
    across_tenants: bool = False


def unique(*columns: str, across_tenants: bool = False) -> Unique:
    """Declare a key no two living records of a tenant share, or of the whole installation."""
    return Unique(columns, across_tenants)


@dataclass(frozen=True)
class Derived:
    """Private columns that follow from a record; they are written with every state of it.

    Attributes:
        columns: their names and types.
        values: gives what stands in them, in their order.
    """

    columns: Mapping[str, TypeEngine[Any]]
    values: Callable[[Any], Sequence[Any]]


_NOTHING_DERIVED = Derived({}, lambda _: ())


@dataclass(frozen=True)
class Noun:
    """A noun: its message and what differs from the usual.

    Attributes:
        message: the record's type; its gRPC service is ``<Message>Service`` in the same file.
        private_keys: unique keys of private columns, or across tenants; others are in the contract.
        defaults: what a field is on a new record that does not say.
        private: columns that are not in the contract, null until something writes them.
        derived: columns that are not in the contract either, for finding records by.
        hooks: the rules.
        reads: reference fields, to nouns of the same service, whose records the rules need.
        verbs: business verbs that change one record, by method name.
        methods: other business verbs, and standard verbs replaced, by method name.
        without: standard verbs it does not have, each with the reason.
    """

    message: type[Message]
    private_keys: tuple[Unique, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    private: Mapping[str, TypeEngine[Any]] = field(default_factory=dict[str, TypeEngine[Any]])
    derived: Derived = _NOTHING_DERIVED
    hooks: Hooks = field(default_factory=Hooks)
    reads: tuple[str, ...] = ()
    verbs: Mapping[str, Verb] = field(default_factory=dict[str, Verb])
    methods: Mapping[str, Custom] = field(default_factory=dict[str, Custom])
    without: Mapping[str, str] = field(default_factory=dict[str, str])

    @functools.cached_property
    def descriptor(self) -> Descriptor:
        """Give the message's descriptor."""
        message: Any = self.message
        return message.DESCRIPTOR

    @functools.cached_property
    def grpc_service(self) -> ServiceDescriptor:
        """Give the noun's gRPC service."""
        return self.descriptor.file.services_by_name[f"{self.descriptor.name}Service"]

    @functools.cached_property
    def keys(self) -> tuple[Unique, ...]:
        """List its unique keys beside `id` and `external_id`."""
        told = (key.split(",") for key in self.options.unique)
        return (*(unique(*map(column_name, names)) for names in told), *self.private_keys)

    @functools.cached_property
    def service(self) -> str:
        """Name the Banyan service that owns it."""
        return service_name(self.grpc_service)

    @functools.cached_property
    def rpcs(self) -> list[Method]:
        """List its methods."""
        return methods_of(self.grpc_service)

    @functools.cached_property
    def name(self) -> str:
        """Name it in permissions and commands: ``party.Source``."""
        return f"{self.service}.{self.descriptor.name}"

    @functools.cached_property
    def resource(self) -> resource_pb2.ResourceDescriptor:
        """Give its google.api.resource: type, singular, plural."""
        options: Any = self.descriptor.GetOptions()
        return options.Extensions[resource_pb2.resource]

    @functools.cached_property
    def options(self) -> options_pb2.NounOptions:
        """Give its (banyan.api.v1.noun)."""
        options: Any = self.descriptor.GetOptions()
        return options.Extensions[options_pb2.noun]

    @functools.cached_property
    def table_name(self) -> str:
        """Name its table: the singular in snake_case."""
        return snake(self.descriptor.name)

    @functools.cached_property
    def fields(self) -> dict[str, FieldDescriptor]:
        """Give its fields by name."""
        return dict(self.descriptor.fields_by_name)

    @functools.cached_property
    def soft_delete(self) -> bool:
        """Tell whether a delete keeps the row."""
        return self.options.soft_delete

    @functools.cached_property
    def tree_parent(self) -> str:
        """Name the field that makes its records a tree, "" when they are none."""
        return self.options.tree_parent

    @functools.cached_property
    def part_of(self) -> str:
        """Name the field of the record it is a part of, "" when it is none."""
        return self.options.part_of

    @functools.cached_property
    def is_logged(self) -> bool:
        """Tell whether each change of a record is in the log; of what is only mirrored none is."""
        return any(method.verb == "Create" for method in self.rpcs)

    def field_options(self, name: str) -> options_pb2.FieldOptions:
        """Give a field's (banyan.api.v1.field); the header fields' are implied."""
        if name in HEADER_FIELDS:
            return options_pb2.FieldOptions(
                filterable=name in _HEADER_FILTERABLE, sortable=name in _HEADER_SORTABLE
            )
        options: Any = self.fields[name].GetOptions()
        return options.Extensions[options_pb2.field]


def snake(name: str) -> str:
    """Turn OrgUnit into org_unit."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
