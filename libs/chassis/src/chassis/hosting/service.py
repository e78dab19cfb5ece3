"""A service is a value; a target is a list of services."""

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message
from sqlalchemy import MetaData

from chassis.database.migrations import Schema
from chassis.events import Consumer, Timer
from chassis.resources import Noun, Resources, metadata_of
from chassis.resources.jobs import Job
from chassis.resources.saga import Saga
from chassis.rpc import Call

if TYPE_CHECKING:
    from chassis.hosting.host import Front

Method = Callable[[Resources, Any, Call], Awaitable[Message]]


def _none(_: Resources) -> tuple[()]:
    return ()


@dataclass(frozen=True)
class Service:
    """What a service consists of: its composition root is a value of this type.

    Attributes:
        name: also its schema, its import package and its part of event subjects.
        nouns: what it owns.
        methods: handlers of gRPC services that are not a noun's, by ``/package.Service/Method``.
        consumers: what it does about events of others.
        timers: what it does when something is due.
        sagas: what it makes happen in several services, whole or not at all.
        jobs: long work that goes on after the call that began it.
        front: runs until cancelled, for a service with a door of its own (the gateway).
    """

    name: str
    nouns: tuple[Noun, ...] = ()
    methods: Mapping[str, Method] = field(default_factory=dict[str, Method])
    consumers: Callable[[Resources], Sequence[Consumer]] = _none
    timers: Callable[[Resources], Sequence[Timer]] = _none
    sagas: tuple[Saga, ...] = ()
    jobs: tuple[Job, ...] = ()
    front: "Callable[[Front], Awaitable[None]] | None" = None

    @property
    def has_database(self) -> bool:
        """Tell whether it keeps anything."""
        return bool(self.nouns)

    @functools.cached_property
    def metadata(self) -> MetaData:
        """Describe the tables of its nouns."""
        return metadata_of(self.name, self.nouns)

    @property
    def schema(self) -> Schema:
        """Give what of it lies in the database."""
        file = import_module(self.name).__file__
        assert file is not None, f"{self.name} is not a package with a file"
        return Schema(self.name, self.metadata, Path(file).parent / "migrations")


def installed_services() -> dict[str, Service]:
    """Find the services installed here by the entry-point group ``banyan.services``."""
    found = {point.name: point.load() for point in entry_points(group="banyan.services")}
    return dict(sorted(found.items()))
