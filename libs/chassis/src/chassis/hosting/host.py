"""Runs a list of services in this process: one dispatcher, their databases, events and doors."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
import grpc
from banyan.api.v1 import change_pb2

from chassis import errors
from chassis.access import Directory, KeyRing, TokenReader
from chassis.custom.definitions import Definitions
from chassis.database import Address, Database, Role
from chassis.events import (
    Broker,
    ConsumerRunner,
    Event,
    Relay,
    Sweeper,
    open_objects,
    readable_changes,
)
from chassis.events.change import READ_CHANGES, parse_position
from chassis.hosting import studio
from chassis.hosting.rights import SUBJECTS, Identity, forget
from chassis.hosting.service import Service
from chassis.hosting.settings import Settings
from chassis.resources import Resources
from chassis.resources.jobs import JobRunner
from chassis.resources.pages import PageTokens
from chassis.resources.saga import SagaRunner
from chassis.resources.titles import title_consumers
from chassis.rpc import (
    PAGE_BYTES_MAX,
    Call,
    Channels,
    Dispatcher,
    Handler,
    LocalChannel,
    Method,
    WireChannel,
    methods_of,
    serve_grpc,
)
from chassis.rpc.registry import contract_methods
from chassis.tasks import end
from chassis.telemetry import log

_CHANGES_PAGE = 500
# How long a start waits for the broker before it goes on without.
CONNECT_SECONDS = 2.0


@dataclass(frozen=True)
class Front:
    """What a door gets: the way to every service, and whether all is well."""

    channels: Channels
    ready: Callable[[], Awaitable[dict[str, bool]]]
    settings: Settings
    port: int


class Host:
    """The services of one process, started together and stopped in reverse order."""

    def __init__(
        self,
        services: Iterable[Service],
        settings: Settings,
        port: int = 0,
        directory_of: Callable[[Identity, Callable[[], bool]], Directory] = Identity.directory,
    ) -> None:
        self.services = {service.name: service for service in services}
        self.settings = settings
        self.port = port
        self.keys = KeyRing(settings.keys)
        self.channels = Channels(self.keys)
        self.identity = Identity(self.channels, next(iter(self.services)))
        self.directory = directory_of(self.identity, self._heard)
        fetch = functools.partial(studio.definitions_of, self.channels, next(iter(self.services)))
        self.definitions = Definitions(fetch, self._heard)
        self.address = Address(settings.database_url, settings.database_passwords)
        self.databases: dict[str, Database] = {}
        self.brokers: dict[str, Broker] = {}
        self.here: dict[str, Resources] = {}
        self.background: dict[str, asyncio.Task[None]] = {}
        # What else has to be done before the process is ready, by name, and whether it is.
        self.steps: dict[str, bool] = {}
        self._servers: list[grpc.aio.Server] = []
        self.grpc_port = 0
        self._listener: Broker | None = None
        self._connecting: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect, serve, relay, consume; returns when calls are answered."""
        for service in self.services.values():
            if service.has_database:
                await self._open(service)
        if self._connecting:
            await asyncio.wait(self._connecting, timeout=CONNECT_SECONDS)
            self._connecting.append(asyncio.create_task(self._hear_changes()))
        dispatcher = self._dispatcher()
        self._connect_channels(dispatcher)
        if self.settings.grpc_listen:
            server, self.grpc_port = await serve_grpc(
                dispatcher, self.settings.grpc_listen, trust_peer=True
            )
            self._servers.append(server)
        for service in self.services.values():
            self._run_background(service)

    async def stop(self) -> None:
        """Answer what is in flight, then close everything."""
        for server in self._servers:
            await server.stop(5)
        await end([*self.background.values(), *self._connecting])
        await self.channels.close()
        for broker in self.brokers.values():
            await broker.close()
        for database in self.databases.values():
            await database.close()

    async def ready(self) -> dict[str, bool]:
        """Tell of each part of this process whether it is well."""
        checks = dict(self.steps)
        for name, database in self.databases.items():
            checks[f"{name}.database"] = await database.ready()
        for name, broker in self.brokers.items():
            checks[f"{name}.events"] = broker.is_connected
        for name, task in self.background.items():
            checks[name] = not task.done()
        return checks

    async def _open(self, service: Service) -> None:
        name = service.name
        self.databases[name] = Database(self.address, name, pool_size=self.settings.database_pool)
        if name == "studio":  # what is defined in this process is in force in it at once
            self.databases[name].on_commit.append(self.definitions.forget_everything)
        broker = Broker(self.settings.nats_url, name, self.settings.nats_passwords)
        self.brokers[name] = broker
        # Writes need the outbox only: a service serves while the broker is away.
        self._connecting.append(asyncio.create_task(broker.connect()))

    def _dispatcher(self) -> Dispatcher:
        handlers: dict[Method, Handler] = {}
        tokens = PageTokens(self.settings.page_token_key.read_bytes())
        for service in self.services.values():
            if not service.has_database:
                continue
            database = self.databases[service.name]
            objects = open_objects(
                self.brokers[service.name],
                self.settings.object_store,
                self.settings.object_store_secrets,
            )
            here = Resources(
                database,
                service.nouns,
                tokens,
                self.keys,
                self.channels,
                objects,
                self.definitions,
            )
            self.here[service.name] = here
            for resource in here.values():
                handlers.update(resource.handlers())
            for method in contract_methods(service.name):
                if method.path in service.methods:
                    run = service.methods[method.path]
                    handlers[method] = functools.partial(run, here)
        changes = change_pb2.DESCRIPTOR.services_by_name["ChangeService"]
        handlers.update(dict.fromkeys(methods_of(changes), self._read_changes))
        return Dispatcher(
            handlers,
            tokens=TokenReader(self.keys),
            directory=self.directory,
            channels=self.channels,
            calls_per_second=self.settings.calls_per_second,
            public_calls_per_second=self.settings.public_calls_per_second,
        )

    def _connect_channels(self, dispatcher: Dispatcher) -> None:
        """Reach the services of this process directly, the others where the table says."""
        elsewhere: Mapping[str, str] = self.settings.where()
        for name in self.services:
            self.channels.connect(name, LocalChannel(dispatcher))
        self.channels.connect("api", LocalChannel(dispatcher))  # the chassis's own methods
        for name, target in elsewhere.items():
            if name not in self.services:
                self.channels.connect(name, WireChannel(target, name))

    def _run_background(self, service: Service) -> None:
        if service.has_database:
            database, broker = self.databases[service.name], self.brokers[service.name]
            relay = Relay(self.address, broker)
            database.on_commit.append(relay.wake)
            self._spawn(f"{service.name}.relay", relay.run())
            here = self.here[service.name]
            sweeper = Sweeper(database, self.address, tuple(service.timers(here)))
            self._spawn(f"{service.name}.timers", sweeper.run())
            if service.sagas:
                runner = SagaRunner(here, service.sagas)
                self._spawn(f"{service.name}.sagas", runner.run(self.address))
            if service.jobs:
                jobs = JobRunner(here, service.jobs)
                self._spawn(f"{service.name}.jobs", jobs.run(self.address))
            for consumer in (*service.consumers(here), *title_consumers(here)):
                taking = ConsumerRunner(consumer, database, broker)
                self._spawn(f"{service.name}.{consumer.name}", taking.run())
        if service.front is not None:
            front = Front(self.channels, self.ready, self.settings, self.port)
            self._spawn(f"{service.name}.door", service.front(front))

    def _spawn(self, name: str, work: Any) -> None:
        async def run() -> None:
            try:
                await work
            except Exception:
                log.exception("background work ended", work=name)
                raise

        self.background[name] = asyncio.create_task(run())

    async def _hear_changes(self) -> None:
        """Listen for what changes rights and definitions; after a gap everything is asked again."""
        for broker in self.brokers.values():

            async def hear(event: Event) -> None:
                forget(self.directory, event)

            async def hear_studio(event: Event) -> None:
                self.definitions.forget(event.tenant_id)

            await broker.connected()
            for subject in SUBJECTS:
                await broker.listen(subject, hear)
            await broker.listen(studio.SUBJECT, hear_studio)
            for forget_all in (
                self.directory.forget_everything,
                self.definitions.forget_everything,
            ):
                forget_all()
                broker.on_reconnect.append(forget_all)
            self._listener = broker
            return

    def _heard(self) -> bool:
        return self._listener is not None and self._listener.is_connected

    async def _read_changes(self, request: Any, call: Call) -> Any:
        """Serve the change log of one of this process's services, of all tenants, by the relay."""
        if request.service not in self.databases:
            raise errors.NotFound("SERVICE_UNKNOWN", service=request.service)
        transaction, sequence = parse_position(request.after)
        connection = await asyncpg.connect(self.address.dsn(request.service, Role.RELAY))
        try:
            rows = await connection.fetch(
                READ_CHANGES.format(schema=request.service),
                transaction,
                sequence,
                request.page_size or _CHANGES_PAGE,
            )
        finally:
            await connection.close()
        return readable_changes(rows, request.after, PAGE_BYTES_MAX)
