"""What must hold afterwards, without a hand: nothing lost, nothing twice, nothing left over."""

import asyncio
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import nats
import nats.errors
from banyan.api.v1 import change_pb2

from chaos.cluster import Cluster
from chaos.load import Load
from chassis.access import KeyRing
from chassis.rpc import Channels, WireChannel, acting

READER = "insight"  # as whom logs and streams are read
SETTLED_SECONDS_MAX = 60
_POLL_SECONDS = 0.1
_PAGE = 5000
_NAMED = 5
_SHOWN = 700
_FALLEN = ("background work ended", "unforeseen", "Traceback")
_READ = "/banyan.api.v1.ChangeService/ReadChanges"


@dataclass
class Check:
    """One thing that must hold; `wrong` names what is not so."""

    name: str
    seen: str
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Waiting:
    """What is still on its way."""

    unpublished: int
    unaudited: int
    lag: int
    unacknowledged: int

    def __bool__(self) -> bool:
        return any((self.unpublished, self.unaudited, self.lag, self.unacknowledged))


class Checker:
    """Looks at a cluster's logs, streams and audit."""

    def __init__(self, cluster: Cluster, load: Load) -> None:
        self.cluster = cluster
        self._load = load
        self._writers = [name for name in cluster.kept if name != READER]

    async def settle(self, hurry_seconds: float = 0) -> tuple[float, Waiting | None]:
        """Wait until nothing is on its way; give the seconds, and what never arrived.

        Args:
            hurry_seconds: NATS gives what a killed consumer held to the next one after the
                consumer's 30 s; this makes it wait less, where the check must be short.
        """
        started = time.monotonic()
        database = await asyncpg.connect(self.cluster.admin_dsn)
        events = await self._events()
        try:
            while waiting := await self._waiting(database, events.jetstream()):
                if time.monotonic() - started > SETTLED_SECONDS_MAX:
                    return time.monotonic() - started, waiting
                if hurry_seconds:
                    await self._hurry(events.jetstream(), hurry_seconds)
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            await events.close()
            await database.close()
        return time.monotonic() - started, None

    async def _events(self) -> Any:
        settings = self.cluster.settings
        return await nats.connect(
            settings.nats_url,
            user=READER,
            password=(settings.nats_passwords / READER).read_text().strip(),
        )

    async def _waiting(self, database: Any, stream: Any) -> Waiting:
        logged = [await self._count(database, f"{name}.change") for name in self._writers]
        unpublished = [
            await self._count(
                database, f"{name}.change WHERE sequence > (SELECT position FROM {name}.relay)"
            )
            for name in self.cluster.kept
        ]
        audited = await self._count(database, f"{READER}.audit_record")
        infos = [i for name in self._writers for i in await stream.consumers_info(f"banyan-{name}")]
        return Waiting(
            unpublished=sum(unpublished),
            unaudited=sum(logged) - audited,
            lag=sum(info.num_pending for info in infos),
            unacknowledged=sum(info.num_ack_pending for info in infos),
        )

    async def _hurry(self, stream: Any, seconds: float) -> None:
        for name in self._writers:
            for info in await stream.consumers_info(f"banyan-{name}"):
                if info.config.ack_wait != seconds:  # a service that starts sets its own
                    await stream.add_consumer(f"banyan-{name}", info.config, ack_wait=seconds)

    @staticmethod
    async def _count(database: Any, what: str) -> int:
        return await database.fetchval(f"SELECT count(*) FROM {what}")

    # --- the table of results

    async def checks(self, late: Waiting | None) -> list[Check]:
        """Look at everything; `late` is what had not arrived in time."""
        database = await asyncpg.connect(self.cluster.admin_dsn)
        try:
            changes = {name: await self._changes(database, name) for name in self._writers}
            return [
                self._acknowledged(),
                Check("kept as acknowledged", self._records, await self._load.compare()),
                self._versions(changes),
                await self._read_over_the_wire(changes),
                await self._audit(database, changes),
                await self._titles(database),
                Check("nothing on its way", "settled", [str(late)] if late else []),
                await self._dead_letters(database),
                self._ended(),
            ]
        finally:
            await database.close()

    @property
    def _records(self) -> str:
        return f"{len(self._load.records)} records"

    def _acknowledged(self) -> Check:
        load = self._load
        wrong = list(load.failures)
        if load.done != load.changes:
            wrong.append(f"{load.changes - load.done} changes were not acknowledged")
        return Check("acknowledged, once each", f"{load.done} of {load.changes} changes", wrong)

    @staticmethod
    async def _changes(database: Any, service: str) -> list[Any]:
        return await database.fetch(
            "SELECT id::text, resource_type, resource_id::text, version"
            f" FROM {service}.change ORDER BY sequence"
        )

    def _versions(self, changes: dict[str, list[Any]]) -> Check:
        """Every record has the versions 1..n, and n is what was acknowledged."""
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for rows in changes.values():
            for _, kind, record_id, version in rows:
                found[kind, record_id].append(version)
        wrong = _gaps(found)
        for kept in self._load.records:
            if len(found[kept.resource_type, kept.id]) != kept.version:
                wrong.append(f"{kept.id}: {found[kept.resource_type, kept.id]} not {kept.version}")
        total = sum(len(rows) for rows in changes.values())
        return Check("logs without a gap", f"{total} changes", wrong)

    async def _read_over_the_wire(self, changes: dict[str, list[Any]]) -> Check:
        """ReadChanges gives each logged change once."""
        wrong: list[str] = []
        read = 0
        for name, rows in changes.items():
            ids = await self._read_changes(name)
            read += len(ids)
            wrong += _differences(f"{name}: ReadChanges", Counter(row[0] for row in rows), ids)
        return Check("ReadChanges gives the log", f"{read} changes", wrong)

    async def _read_changes(self, service: str) -> list[str]:
        channels = Channels(KeyRing(self.cluster.settings.keys))
        channels.connect("api", WireChannel(self.cluster.target(service), "api"))
        read: Any = channels.to("api").unary_unary(_READ)
        ids: list[str] = []
        after = ""
        try:
            with acting(READER):
                while True:
                    page = await read(
                        change_pb2.ReadChangesRequest(service=service, after=after, page_size=_PAGE)
                    )
                    if not page.changes:
                        return ids
                    ids += [change.id for change in page.changes]
                    after = page.next_after
        finally:
            await channels.close()

    async def _audit(self, database: Any, changes: dict[str, list[Any]]) -> Check:
        """The audit has each change once, and of each record the versions 1..n."""
        rows = await database.fetch(
            "SELECT id::text, resource_type, resource_id::text, version_"
            f" FROM {READER}.audit_record"
        )
        logged = Counter(row[0] for found in changes.values() for row in found)
        wrong = _differences("audit", logged, [row[0] for row in rows])
        versions: dict[tuple[str, str], list[int]] = defaultdict(list)
        for _, kind, record_id, version in rows:
            versions[kind, record_id].append(version)
        return Check("audited exactly once", f"{len(rows)} records", wrong + _gaps(versions))

    async def _titles(self, database: Any) -> Check:
        """Sales knows every organization by its newest name."""
        rows = await database.fetch(
            "SELECT resource_id::text, title, version FROM sales.title"
            " WHERE resource_type = 'party.banyan/Organization'"
        )
        known = {record_id: (title, version) for record_id, title, version in rows}
        customers = [k for k in self._load.records if k.collection == "organizations"]
        wrong = [
            f"{kept.id}: {known.get(kept.id)} instead of version {kept.version}"
            for kept in customers
            if known.get(kept.id) != (kept.fields["name"], kept.version)
        ]
        return Check("titles in sales", f"{len(rows)} organizations", wrong)

    async def _dead_letters(self, database: Any) -> Check:
        wrong: list[str] = []
        for name in self.cluster.kept:
            rows = await database.fetch(f"SELECT consumer, subject, error FROM {name}.dead_letter")
            wrong += [f"{name}: {tuple(row)}" for row in rows]
        return Check("no dead letters", f"{len(wrong)} dead letters", wrong)

    def _ended(self) -> Check:
        """No process and no background work ended, nothing unforeseen was logged."""
        wrong = [f"{name} ended; see its log" for name in self.cluster.ended()]
        for name in self.cluster.services:
            lines = self.cluster.log(name).read_text(errors="replace").splitlines()
            wrong += [
                f"{name}: {line[:_SHOWN]} ... {line[-_SHOWN:]}"
                for line in lines
                if any(sign in line for sign in _FALLEN)
            ]
        return Check("nothing fell over", f"{len(self.cluster.services)} processes", wrong)


def _gaps(versions: dict[tuple[str, str], list[int]]) -> list[str]:
    return [
        f"{kind} {record_id}: versions {sorted(found)}"
        for (kind, record_id), found in versions.items()
        if sorted(found) != list(range(1, len(found) + 1))
    ]


def _differences(where: str, wanted: Counter[str], ids: list[str]) -> list[str]:
    found = Counter(ids)
    missing, more = wanted - found, found - wanted
    told = [f"{where}: {missing.total()} missing: {list(missing)[:_NAMED]}"] if missing else []
    return told + ([f"{where}: {more.total()} too many: {list(more)[:_NAMED]}"] if more else [])
