"""What a service has at hand: its nouns with their rows, its database, ways to others."""

import time
from collections.abc import Iterator, Mapping, Sequence

from google.protobuf.message import Message

from chassis.access import Caller, KeyRing
from chassis.custom.definitions import NONE, Definitions, Fields
from chassis.custom.fields import CUSTOM_FIELDS, keys_in
from chassis.database import Database
from chassis.events import Objects
from chassis.resources.answers import Answers
from chassis.resources.columns import reference_type
from chassis.resources.noun import Noun
from chassis.resources.pages import PageTokens
from chassis.resources.requests import Requests
from chassis.resources.resource import Resource
from chassis.rpc import Call, Channels
from chassis.rpc.registry import contract_methods
from chassis.telemetry import new_trace_parent

BACKGROUND_SECONDS = 30


class Resources(Mapping[type[Message], Resource]):
    """The nouns of one service with their rows: what business methods get beside request and call.

    ``here[user_pb2.User]`` gives the resource of a noun of this service.
    """

    def __init__(
        self,
        database: Database,
        nouns: Sequence[Noun],
        tokens: PageTokens,
        keys: KeyRing,
        channels: Channels,
        objects: Objects,
        definitions: Definitions,
    ) -> None:
        self.definitions = definitions
        self.database = database
        self.objects = objects
        self.channels = channels
        self.requests = Requests(database)
        self.answers = Answers(database)
        self.key_ring = keys
        self.nouns = tuple(nouns)
        self.tokens = tokens
        self.kinds_read = {
            reference_type(noun.fields[name]) for noun in nouns for name in noun.reads
        }
        self._by_message = {noun.message: Resource(noun, self) for noun in nouns}
        self._by_type = {r.noun.resource.type: r for r in self._by_message.values()}

    def __getitem__(self, message: type[Message]) -> Resource:
        return self._by_message[message]

    def __iter__(self) -> Iterator[type[Message]]:
        return iter(self._by_message)

    def __len__(self) -> int:
        return len(self._by_message)

    def call_of(self, method: str, tenant_id: str, on_behalf_of: str = "") -> Call:
        """Give the call under which the service itself acts in the background.

        Args:
            method: the path of the method it stands for, whose action the change is named after.
        """
        return Call(
            method=next(m for m in contract_methods(self.database.schema) if m.path == method),
            caller=Caller(tenant_id, service=self.database.schema, on_behalf_of=on_behalf_of),
            channels=self.channels,
            deadline=time.monotonic() + BACKGROUND_SECONDS,
            trace_parent=new_trace_parent(),
        )

    async def fields_of(self, tenant_id: str, noun: Noun, since: float = 0) -> Fields:
        """Give the custom fields a firm has given to a noun, by key.

        Args:
            since: as in `Definitions.of`.
        """
        if CUSTOM_FIELDS not in noun.fields or not tenant_id:
            return NONE
        return await self.definitions.of(tenant_id, noun.resource.type, since)

    async def fields_named(self, call: Call, noun: Noun, *texts: str) -> Fields:
        """Give the custom fields of a noun for what names some; none where none is named."""
        keys = keys_in(" ".join(texts))
        if not keys:
            return NONE
        fields = await self.fields_of(call.tenant_id, noun)
        if keys <= fields.keys():
            return fields
        return await self.fields_of(call.tenant_id, noun, call.started)  # one may be a moment old

    def of_type(self, resource_type: str) -> Resource | None:
        """Give the resource of a type, None when it is another service's."""
        return self._by_type.get(resource_type)
