"""What a service has at hand: its nouns with their rows, its database, ways to others."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import Message

from chassis.access import Caller, KeyRing
from chassis.database import Database
from chassis.events import Broker
from chassis.resources.noun import Noun
from chassis.resources.query import PageTokens
from chassis.resources.requests import Requests
from chassis.resources.resource import Resource
from chassis.rpc import Call, Channels
from chassis.rpc.registry import contract_methods
from chassis.telemetry import new_trace_parent

BACKGROUND_SECONDS = 30


@dataclass(frozen=True)
class ObjectStore:
    """Where files lie when not in NATS.

    Attributes:
        url: ``s3://bucket/prefix`` or ``file:///folder``; empty: in NATS.
        secrets: a folder with endpoint, region, access_key_id and secret_access_key, as needed.
    """

    url: str
    secrets: Path


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
        broker: Broker,
        object_store: ObjectStore,
    ) -> None:
        self.database = database
        self.broker = broker
        self.object_store = object_store
        self.channels = channels
        self.requests = Requests(database)
        self.key_ring = keys
        self.nouns = tuple(nouns)
        self.tokens = tokens
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

    def of_type(self, resource_type: str) -> Resource | None:
        """Give the resource of a type, None when it is another service's."""
        return self._by_type.get(resource_type)
