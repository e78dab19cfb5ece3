"""The firm the bench measures in: references that exist, deals with every plain field set.

What is compared with bare asyncpg is compared with the statement the service itself runs: it is
recorded while it runs, with its arguments.
"""

import asyncio
import contextlib
import itertools
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import asyncpg
from banyan.sales.v1 import opportunity_pb2
from rows import settled

from chassis.database import Role
from chassis.rpc.registry import contract_methods
from chassis.tasks import end
from chassis.testing import Person, World

STAGES = (
    ("new", "OUTCOME_OPEN", 10),
    ("qualified", "OUTCOME_OPEN", 30),
    ("proposed", "OUTCOME_OPEN", 50),
    ("won", "OUTCOME_WON", 100),
    ("lost", "OUTCOME_LOST", 0),
)
ORGANIZATIONS = 85
DEALS = 2_000
NOTE = "They want two hundred licences for Kunshan before the budget of the year is gone"
_ANALYZE = "ANALYZE sales.opportunity, sales.title, sales.pipeline, sales.lead"
_CHANGES = "SELECT count(*) FROM {0}.change WHERE sequence > (SELECT position FROM {0}.relay)"


class Firm:
    """A tenant with references, and the bare connections beside its service.

    Attributes:
        person: its administrator, with the rights identity itself gives, so that a service in
            another process says the same.
        bare: a connection as the service has it, behind row-level security.
        owner: a connection that owns the tables, without row-level security.
    """

    def __init__(self, world: World, tenant_id: str) -> None:
        self.world = world
        self.host = world.host
        self.tenant_id = tenant_id
        self.person: Person = world.administrator(tenant_id)
        self.store = world.host.here["sales"][opportunity_pb2.Opportunity].store
        self.organizations: list[str] = []
        self.contacts: list[str] = []
        self.sources: list[str] = []
        self.pipeline = self.lead = self.first = ""
        self.ids: list[str] = []
        self.bare: asyncpg.Connection
        self.owner: asyncpg.Connection
        self._number = itertools.count()
        self._methods = {method.name: method for method in contract_methods()}

    # --- calls

    def caller(self, name: str) -> Callable[[Any], Awaitable[Any]]:
        """Give a method as a servicer in process is called, found once as a stub finds it."""
        method = self._methods[name]
        channel: Any = self.host.channels.to(method.service)
        call, metadata = channel.unary_unary(method.path), self.person.metadata
        return lambda request: call(request, metadata=metadata)

    async def call(self, name: str, **fields: Any) -> Any:
        """Call a method with its request's fields."""
        return await self.caller(name)(self._methods[name].request_type(**fields))

    async def recorded(self, name: str, **fields: Any) -> tuple[str, tuple[Any, ...]]:
        """Call a method and give the one statement it read with, and its arguments."""
        database = self.host.databases["sales"]
        read, seen = database.read, list[tuple[str, tuple[Any, ...]]]()

        async def recording(tenant_id: str, sql: str, *arguments: Any) -> Any:
            seen.append((sql, arguments))
            return await read(tenant_id, sql, *arguments)

        database.read = recording
        try:
            await self.call(name, **fields)
        finally:
            del database.read  # the method of the class is seen again
        ((sql, arguments),) = seen
        return sql, arguments

    # --- what there is

    async def prepare(self, organizations: int = ORGANIZATIONS) -> None:
        """Make what deals refer to, one deal, and wait for the titles; open the connections."""
        stages = [
            {"key": key, "name": key, "outcome": outcome, "probability": odds}
            for key, outcome, odds in STAGES
        ]
        pipeline = {"name": "Licences", "stages": stages, "preferred": True}
        self.pipeline = (await self.call("CreatePipeline", pipeline=pipeline)).id
        self.lead = (await self.call("CreateLead", lead={"name": "A word at the fair"})).id
        makers = {"Organization": organizations, "Contact": organizations // 2, "Source": 8}
        for noun, count in makers.items():
            made = await asyncio.gather(
                *(
                    self.call(f"Create{noun}", **{noun.lower(): {"name": f"{noun} no. {n:04}"}})
                    for n in range(count)
                )
            )
            getattr(self, f"{noun.lower()}s").extend(record.id for record in made)
        address = self.host.address
        self.owner = await asyncpg.connect(address.dsn("sales", Role.OWNER))
        self.bare = await asyncpg.connect(
            address.dsn("sales", Role.APP), statement_cache_size=512, server_settings={"jit": "off"}
        )
        await self.bare.execute("SELECT set_config('app.tenant', $1, false)", self.tenant_id)
        try:
            await settled(self._titled)
        except TimeoutError:
            raise AssertionError(f"titles did not come: {await self._behind()}") from None
        self.first = (await self.create()).id

    async def _titled(self) -> bool:
        wanted = [*self.organizations, *self.contacts, *self.sources]
        found = "SELECT count(*) FROM sales.title WHERE resource_id = ANY($1::uuid[])"
        return await self.bare.fetchval(found, wanted) == len(wanted)

    async def close(self) -> None:
        """Close the bare connections."""
        await self.bare.close()
        await self.owner.close()

    def deal(self) -> opportunity_pb2.Opportunity:
        """Give a new deal with every plain field set that a caller may set."""
        n = next(self._number)
        deal = opportunity_pb2.Opportunity(
            external_id=f"crm-{n:08}",
            owner_user_id=self.person.user_id,
            org_unit_id=self.person.org_unit_id,
            name=f"{20 + n % 300} licences for Kunshan, lot {n:06}",
            organization_id=self.organizations[n % len(self.organizations)],
            contact_id=self.contacts[n % len(self.contacts)],
            pipeline_id=self.pipeline,
            stage=STAGES[n % 3][0],
            amount={"currency_code": "CNY", "amount": f"{1000 + n * 7919 % 900_000}.50"},
            open_date={"year": 2026, "month": 1 + n % 6, "day": 1 + n % 28},
            close_date={"year": 2026, "month": 7 + n % 6, "day": 1 + n % 28},
            source_id=self.sources[n % len(self.sources)],
            lead_id=self.lead,
            sales_objective="Two hundred seats for the plant in Kunshan by the end of June",
            note=NOTE,
        )
        if self.first:
            deal.previous_opportunity_id = self.first
        return deal

    async def create(self) -> Any:
        """Create a deal under a request id."""
        return await self.call(
            "CreateOpportunity", opportunity=self.deal(), request_id=str(uuid.uuid4())
        )

    async def batch(self, count: int) -> Any:
        """Create many deals at once; all of them must go in."""
        rows = [{"opportunity": self.deal()} for _ in range(count)]
        reply = await self.call("BatchCreateOpportunities", requests=rows)
        assert not reply.errors, reply.errors[0]
        self.ids += [deal.id for deal in reply.opportunities]
        return reply

    async def multiply(self, rows: int) -> None:
        """Put rows like the first deal into the table behind the service's back, and ANALYZE.

        Amounts and dates are scattered, stages and owners (20 of them) evenly spread.
        """
        stages = [key for key, outcome, _ in STAGES if outcome == "OUTCOME_OPEN"]
        other = {
            "id": "('01900000-0000-7000-8000-' || lpad(to_hex(g), 12, '0'))::uuid",
            "external_id": "'row-' || g",
            "owner_user_id": "('01900000-0000-7000-9000-' || lpad((g % 20)::text, 12, '0'))::uuid",
            "name": "'Deal ' || g",
            "title_sort_key": "'deal ' || lpad(g::text, 9, '0')",
            "organization_id": "($3::uuid[])[1 + g % array_length($3::uuid[], 1)]",
            "stage": "($4::text[])[1 + g % array_length($4::text[], 1)]",
            "amount": "(hashint4(g) & 16777215)::numeric / 10",
            "close_date": "date '2026-01-01' + (hashint4(g + 1) & 511)",
        }
        names = [name for name, _ in self.store.stored()]
        values = ", ".join(other.get(name, f"t.{name}") for name in names)
        await self.owner.execute("SET work_mem = '64MB'")
        await self.owner.execute(
            f"INSERT INTO sales.opportunity ({', '.join(names)}) SELECT {values}"
            " FROM sales.opportunity t, generate_series(1, $5::int) g"
            " WHERE t.tenant_id = $1::uuid AND t.id = $2::uuid",
            *(self.tenant_id, self.first, self.organizations, stages, rows),
            timeout=120,
        )
        await self.owner.execute(_ANALYZE)

    # --- background

    @contextlib.asynccontextmanager
    async def paused(self) -> AsyncGenerator[None]:
        """Run without relays, consumers, timers and sagas, and start them again afterwards.

        They are separate tasks that nobody who waits for an answer waits for; in this process
        they would run between the steps of what is measured, on the same loop.
        """
        await self.all_quiet()
        await end(self.host.background.values())
        try:
            yield
        finally:
            for database in self.host.databases.values():
                database.on_commit.clear()  # the relay that is gone
            for service in self.host.services.values():
                self.host._run_background(service)

    async def all_quiet(self) -> None:
        """Wait until every change is published and every consumer has taken in its events."""

        async def is_quiet() -> bool:
            return not await self._behind()

        await settled(is_quiet)

    async def _behind(self) -> list[str]:
        """Say which relays and consumers have something before them, and what has ended."""
        found = [f"{name} ended" for name, task in self.host.background.items() if task.done()]
        for name, broker in self.host.brokers.items():
            relay = await asyncpg.connect(self.host.address.dsn(name, Role.RELAY))
            try:
                if waiting := await relay.fetchval(_CHANGES.format(name)):
                    found.append(f"{name}.relay: {waiting}")
            finally:
                await relay.close()
            stream = await broker.ensure_stream(name)
            found += [
                f"{c.name}: {c.num_pending} to take, {c.num_ack_pending} taken, {c.num_waiting}"
                for c in await broker.stream.consumers_info(stream)
                if c.num_pending or c.num_ack_pending
            ]
        return found


async def found(world: World) -> Firm:
    """Found the firm most is measured in."""
    firm = Firm(world, await world.tenant())
    await firm.prepare()
    for _ in range(DEALS // 1000):
        await firm.batch(1000)
    await firm.owner.execute(_ANALYZE)
    await firm.all_quiet()
    return firm
