"""Operators see what could not take effect, and let it once its cause is mended."""

import asyncio
import dataclasses
import json
import os
import uuid

import pytest
from banyan.party.v1 import source_pb2
from typer.testing import CliRunner

from chassis.events import Consumer, ConsumerRunner
from chassis.hosting import dead_letters, installed_services
from chassis.hosting.settings import Settings

COUNT = (
    "INSERT INTO party.title (tenant_id, resource_type, resource_id, title, version)"
    " VALUES ($1, $2, $3, '', 1) ON CONFLICT (tenant_id, resource_type, resource_id)"
    " DO UPDATE SET version = title.version + 1"
)


class Desk:
    """An operator's desk: a consumer of party that fails as long as it is broken."""

    def __init__(self, world, tenant_id):
        self.world, self.tenant_id = world, tenant_id
        self.name = f"test_{uuid.uuid4().hex[:10]}"
        self.broken = True
        self.consumer = Consumer(self.name, ("party.source.create",), self.handle)

    async def handle(self, events, transaction):
        for event in events:
            if event.tenant_id == self.tenant_id:
                if self.broken:
                    raise ValueError("the cause")
                await transaction.fetch(COUNT, self.tenant_id, self.name, event.change.resource_id)

    async def source(self):
        request = source_pb2.CreateSourceRequest(source={"name": f"source {uuid.uuid4()}"})
        administrator = self.world.administrator(self.tenant_id)
        return await self.world.call("CreateSource", request, administrator)

    async def letters_of(self, records):
        """Run the consumer until as many are set aside, then no longer."""
        made = [await self.source() for _ in range(records)]
        host = self.world.host
        runner = ConsumerRunner(self.consumer, host.databases["party"], host.brokers["party"])
        task = asyncio.create_task(runner.run())
        database = host.databases["party"]
        waiting = "SELECT 1 FROM party.dead_letter WHERE consumer = $1"
        while len(await database.read(self.tenant_id, waiting, self.name)) < records:
            assert not task.done()
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return made, await self.letters()

    async def letters(self):
        said = await self.run("list", "--json")
        mine = f"party.{self.name}"
        return [letter for letter in json.loads(said.stdout) if letter["consumer"] == mine]

    async def run(self, *arguments):
        """Run the command as its own process would: with an event loop of its own."""
        said = await asyncio.to_thread(CliRunner().invoke, dead_letters.app, arguments)
        assert said.exit_code in (0, 1), said.exception
        return said

    async def effects(self):
        rows = await self.world.host.databases["party"].read(
            self.tenant_id,
            "SELECT resource_id::text, version FROM party.title WHERE resource_type = $1",
            self.name,
        )
        return {row[0]: row[1] for row in rows}


@pytest.fixture
async def desk(world, request, monkeypatch):
    """Where the database is given by its address, or `banyan up` runs from a folder."""
    for name in [name for name in os.environ if name.startswith("BANYAN_")]:
        monkeypatch.delenv(name)  # what steers the tests is no setting
    if getattr(request, "param", "") == "folder":
        monkeypatch.setenv("BANYAN_HOME", str(world.settings.home))
    else:
        monkeypatch.setenv("BANYAN_DATABASE_URL", world.settings.database_url)
        monkeypatch.setenv("BANYAN_DATABASE_PASSWORDS", str(world.settings.database_passwords))
    made = Desk(world, await world.tenant())
    services = installed_services()
    party = dataclasses.replace(services["party"], consumers=lambda _: (made.consumer,))
    monkeypatch.setattr(dead_letters, "installed_services", lambda: services | {"party": party})
    return made


@pytest.mark.parametrize("desk", ["folder", "address"], indirect=True)
async def test_a_dead_letter_is_seen_and_takes_effect_once_when_its_cause_is_mended(desk):
    (source,), (letter,) = await desk.letters_of(1)
    assert letter["tenant_id"] == desk.tenant_id
    assert letter["subject"] == f"banyan.{desk.tenant_id}.party.source.create"
    assert (letter["attempts"], letter["replay_time"]) == (5, None)
    assert letter["error"] == "ValueError('the cause')"

    (shown,) = json.loads((await desk.run("show", letter["event_id"])).stdout)
    assert shown["tells"]["record"]["name"] == source.name
    assert shown["tells"]["verb"] == "create"
    assert shown | letter == shown

    again = await desk.run("replay", letter["consumer"])
    assert str(again.exception) == "1 failed again and wait as before"
    assert "the cause" in again.stdout
    assert await desk.effects() == {}

    desk.broken = False
    done = await desk.run("replay", letter["consumer"], "--event", letter["event_id"])
    assert done.stdout == f"replayed {letter['event_id']}\n"
    assert await desk.effects() == {source.id: 1}
    assert await desk.letters() == []
    (kept,) = json.loads((await desk.run("show", letter["event_id"])).stdout)
    assert kept["replay_time"] is not None

    second = await desk.run("replay", letter["consumer"], "--event", letter["event_id"])
    assert letter["event_id"] in str(second.exception)
    assert second.exit_code != 0
    assert await desk.effects() == {source.id: 1}


async def test_all_that_waits_of_a_consumer_is_replayed_and_of_others_nothing(desk):
    made, letters = await desk.letters_of(3)
    desk.broken = False
    other = await desk.run("replay", "party.another", "--event", letters[0]["event_id"])
    assert isinstance(other.exception, ValueError)
    assert await desk.effects() == {}
    done = await desk.run("replay", f"party.{desk.name}")
    assert done.stdout.splitlines() == [f"replayed {letter['event_id']}" for letter in letters]
    assert await desk.effects() == {source.id: 1 for source in made}


async def test_a_consumer_that_is_no_more_is_said_to_be(desk, monkeypatch):
    _, (letter,) = await desk.letters_of(1)
    monkeypatch.setattr(dead_letters, "installed_services", installed_services)
    refused = await desk.run("replay", letter["consumer"])
    assert f"there is no consumer party.{desk.name} now" in str(refused.exception)


async def test_an_event_that_was_never_set_aside_is_neither_shown_nor_replayed(desk):
    unknown = str(uuid.uuid4())
    assert json.loads((await desk.run("show", unknown)).stdout) == []
    refused = await desk.run("replay", "party.titles", "--event", unknown)
    assert str(refused.exception) == f"There is no event {unknown} waiting to be replayed."


async def test_the_list_for_people_has_a_line_for_each(desk):
    _, (letter,) = await desk.letters_of(1)
    said = (await desk.run("list")).stdout.splitlines()
    (line,) = [line for line in said if line.startswith(letter["consumer"])]
    assert letter["event_id"] in line
    assert line.endswith("ValueError('the cause')")


def test_where_nothing_runs_it_says_so(tmp_path):
    with pytest.raises(ValueError, match="start `banyan up`, or set BANYAN_HOME"):
        dead_letters._address(Settings(home=tmp_path))


def test_what_this_version_cannot_read_is_shown_as_it_is():
    assert dead_letters._told("banyan.t.party.fact.never_heard_of", b"\x00\xff") == "AP8="
    assert dead_letters._told("banyan.t.sales.fact.opportunity_won", b"") == {}
