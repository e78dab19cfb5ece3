"""What the library does when NATS dies must neither end a consumer nor hold up the relay."""

import asyncio
from types import SimpleNamespace

import pytest
from banyan.api.v1 import change_pb2

from chassis.events import Consumer, ConsumerRunner, Relay, relay


async def nothing(event, transaction) -> None:
    raise AssertionError("there was no event")


class Silence:
    """Gives nothing, as when nothing came in time."""

    def __init__(self) -> None:
        self.fetched = 0

    async def batch(self, seconds):
        self.fetched += 1
        if self.fetched == 3:
            raise asyncio.CancelledError
        return []


async def test_a_wait_that_gives_nothing_is_followed_by_the_next(world):
    database, broker = world.host.databases["party"], world.host.brokers["party"]
    runner = ConsumerRunner(Consumer("idle", ("party.source.*",), nothing), database, broker)
    silence = Silence()
    with pytest.raises(asyncio.CancelledError):
        await runner._loop(silence)
    assert silence.fetched == 3


async def test_a_consumer_subscribes_again_whatever_went_wrong(world, monkeypatch):
    database, broker = world.host.databases["party"], world.host.brokers["party"]
    runner = ConsumerRunner(Consumer("again", ("party.source.*",), nothing), database, broker)
    subscribed = []

    async def subscribe(source):
        subscribed.append(source)
        if len(subscribed) == 2:
            raise asyncio.CancelledError
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(runner, "_subscribe", subscribe)
    with pytest.raises(asyncio.CancelledError):
        await runner._run_source("party")
    assert subscribed == ["party", "party"]


async def test_an_acknowledgement_that_never_comes_ends_the_session(world, monkeypatch):
    """The relay then connects anew and sends again, under the same ids."""

    async def publish(subject, payload, headers):
        return asyncio.get_running_loop().create_future()

    monkeypatch.setattr(relay, "ACKNOWLEDGE_SECONDS", 0.01)
    broker = SimpleNamespace(service="party", publish=publish)
    waiting = Relay(world.host.address, broker)
    change = change_pb2.Change(id="01a20d32-31d4-76a6-9740-af4a32836846")
    change.record.type_url = "type.googleapis.com/banyan.party.v1.Source"
    with pytest.raises(TimeoutError):
        await waiting._publish([(1, "t", change.SerializeToString())])
