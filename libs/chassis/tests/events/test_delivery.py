"""Every change takes effect exactly once, whatever is delivered twice, cut short or broken."""

import asyncio
import uuid

import pytest
from banyan.party.v1 import source_pb2

from chassis import errors
from chassis.events import Relay
from chassis.events.relay import Reading


def once(ids):
    return dict.fromkeys(ids, 1)


async def test_every_change_takes_effect_once(counting, make, person):
    counter = counting()
    ids = await make(30)
    async with counter.running():
        ids |= await make(30)
        await counter.until_affected(person.tenant_id, ids)
        fence = await make()  # what comes after all of them: nothing is still on its way
        await counter.until_affected(person.tenant_id, fence)
    assert await counter.effects(person.tenant_id) == once(ids | fence)


async def test_the_effect_of_an_event_is_in_its_own_tenant(counting, make, person, world):
    counter = counting()
    ids = await make(3)
    stranger = await world.person(await world.tenant())
    async with counter.running():
        await counter.until_affected(person.tenant_id, ids)
    assert await counter.effects(stranger.tenant_id) == {}


async def test_the_same_events_applied_again_have_no_effect(counting, make, person):
    counter = counting()
    ids = await make(10)
    async with counter.running():
        await counter.until_affected(person.tenant_id, ids)
    mine = [event for event in counter.seen if event.tenant_id == person.tenant_id]
    handled = len(counter.seen)
    runner = counter.runner()
    await runner.apply(person.tenant_id, mine)
    await runner.apply(person.tenant_id, mine[:3] + mine[:3])
    await asyncio.gather(*(runner.apply(person.tenant_id, mine) for _ in range(4)))
    assert len(counter.seen) == handled
    assert await counter.effects(person.tenant_id) == once(ids)


async def test_events_applied_by_many_at_once_take_effect_once(counting, make, person):
    first, second = counting(), counting()
    ids = await make(10)
    async with first.running():
        await first.until_affected(person.tenant_id, ids)
    mine = [event for event in first.seen if event.tenant_id == person.tenant_id]
    backwards = mine[::-1]
    runner = second.runner()
    attempts = (
        runner.apply(person.tenant_id, batch + batch) for batch in (mine, backwards, mine, mine[5:])
    )
    for failed in await asyncio.gather(*attempts, return_exceptions=True):
        # Opposite orders may deadlock; the loser is delivered again.
        assert failed is None or isinstance(failed, errors.Conflict)
    await runner.apply(person.tenant_id, mine)
    assert await second.effects(person.tenant_id) == once(ids)


@pytest.mark.parametrize("at", [1, 7, 20])
async def test_a_runner_cut_off_in_the_middle_is_continued_by_the_next(counting, make, person, at):
    reached = asyncio.Event()
    counter = counting()
    ids = await make(20)

    async def stop_here(event):
        mine = [e for e in counter.seen if e.tenant_id == person.tenant_id]
        if event.tenant_id == person.tenant_id and len(mine) == at:
            reached.set()
            await asyncio.Event().wait()

    counter.before = stop_here
    async with counter.running() as task:
        await asyncio.wait_for(reached.wait(), 30)
        await counter.end(task)
        counter.before = None
        task = counter.start()
        await counter.until_affected(person.tenant_id, ids)
        await counter.end(task)
    assert await counter.effects(person.tenant_id) == once(ids)


async def test_two_runners_of_one_consumer_share_the_work(counting, make, person):
    counter = counting()
    async with counter.running(), counter.running():
        ids = await make(40)
        await counter.until_affected(person.tenant_id, ids)
    assert await counter.effects(person.tenant_id) == once(ids)


async def test_what_the_relay_publishes_twice_takes_effect_once(
    counting, make, person, world, relay_role
):
    counter = counting()
    async with counter.running():
        ids = await make(10)
        await counter.until_affected(person.tenant_id, ids)

        first = await relay_role.fetchval(
            "SELECT min(sequence) - 1 FROM party.change WHERE tenant_id = $1", person.tenant_id
        )
        relay = Relay(world.host.address, world.host.brokers["party"])
        async with asyncio.timeout(10):
            assert await relay.drain(Reading(first), relay_role, relay_role) >= 10
        fence = await make()
        await counter.until_affected(person.tenant_id, fence)
    assert await counter.effects(person.tenant_id) == once(ids | fence)


async def test_what_the_stream_delivers_twice_takes_effect_once(counting, make, person, world):
    """Beyond the stream's own window for duplicates: the same event under another message id."""
    counter = counting()
    broker = world.host.brokers["party"]
    async with counter.running():
        ids = await make(5)
        await counter.until_affected(person.tenant_id, ids)
        for event in [e for e in counter.seen if e.tenant_id == person.tenant_id]:
            await (await broker.publish(event.subject, event.payload, {"ce-id": event.id}))
        fence = await make()
        await counter.until_affected(person.tenant_id, fence)
    assert await counter.effects(person.tenant_id) == once(ids | fence)


async def test_what_fails_five_times_is_set_aside_while_the_rest_takes_effect(
    counting, make, person
):
    counter = counting()
    (poison,) = await make()
    failures = []

    async def fail(event):
        if event.change.resource_id == poison:
            failures.append(event.id)
            raise ValueError("the rule of this test")

    counter.before = fail
    async with counter.running():
        ids = await make(10)
        await counter.until_affected(person.tenant_id, ids)
        dead = await counter.until_dead(person.tenant_id)
        later = await make(3)
        await counter.until_affected(person.tenant_id, later)
        assert await counter.dead(person.tenant_id) == dead
    assert await counter.effects(person.tenant_id) == once(ids | later)
    ((event_id, (attempts, replayed, error)),) = dead.items()
    assert set(failures) == {event_id}
    assert (attempts, replayed) == (5, False)
    assert "the rule of this test" in error


async def test_a_dead_letter_takes_effect_once_when_replayed(counting, make, person, world):
    counter = counting()
    (poison,) = await make()

    async def fail(event):
        if event.change.resource_id == poison:
            raise ValueError("not yet")

    counter.before = fail
    async with counter.running():
        ((event_id, _),) = (await counter.until_dead(person.tenant_id)).items()
    runner = counter.runner()
    with pytest.raises(ValueError, match="not yet"):
        await runner.replay(person.tenant_id, event_id)
    assert not (await counter.dead(person.tenant_id))[event_id][1], "it may be tried again"
    counter.before = None
    with pytest.raises(errors.NotFound):
        await runner.replay(await world.tenant(), event_id)
    await runner.replay(person.tenant_id, event_id)
    assert await counter.effects(person.tenant_id) == {poison: 1}
    assert (await counter.dead(person.tenant_id))[event_id][1]
    with pytest.raises(errors.NotFound) as caught:
        await runner.replay(person.tenant_id, event_id)
    assert caught.value.reason == "DEAD_LETTER_NOT_FOUND"
    assert await counter.effects(person.tenant_id) == {poison: 1}


@pytest.mark.parametrize(
    "failure",
    [errors.Unavailable("DATABASE_UNAVAILABLE"), ConnectionRefusedError()],
    ids=["unavailable", "connection refused"],
)
async def test_what_fails_because_something_is_away_is_never_set_aside(
    counting, make, person, failure
):
    counter = counting()
    (held,) = await make()
    failures = []

    async def fail(event):
        if event.change.resource_id == held and len(failures) < 9:
            failures.append(event.id)
            raise failure

    counter.before = fail
    async with counter.running():
        await counter.until_affected(person.tenant_id, {held})
    assert len(failures) == 9
    assert await counter.dead(person.tenant_id) == {}
    assert await counter.effects(person.tenant_id) == {held: 1}


async def test_a_failing_effect_leaves_nothing_behind(counting, make, person, world):
    """Effect and inbox row are one transaction: half an effect would be there for ever."""
    counter = counting()
    (poison,) = await make()
    count = counter._count

    async def effect_then_fail(event, transaction):
        await count(event, transaction)
        if event.change.resource_id == poison:
            raise LookupError("after the effect")

    counter._count = effect_then_fail
    async with counter.running():
        ((event_id, _),) = (await counter.until_dead(person.tenant_id)).items()
    assert await counter.effects(person.tenant_id) == {}
    seen = await world.host.databases["party"].read(
        person.tenant_id,
        "SELECT 1 FROM party.inbox WHERE consumer = $1 AND event_id = $2",
        *(counter.name, event_id),
    )
    assert seen == []


@pytest.mark.parametrize(
    ("named", "headers"),
    [
        ("own", {}),
        ("own", {"ce-id": "not an id"}),
        ("not-a-tenant", {"ce-id": str(uuid.uuid4())}),
    ],
    ids=["no id", "no uuid", "no tenant"],
)
async def test_an_event_nobody_can_take_in_does_not_block_what_follows(
    counting, person, world, named, headers
):
    noun = f"x{uuid.uuid4().hex[:8]}"
    counter = counting(subjects=(f"party.{noun}.*",))
    broker = world.host.brokers["party"]
    where = person.tenant_id if named == "own" else named
    async with counter.running():
        await (await broker.publish(f"banyan.{where}.party.{noun}.made", b"", headers))
        good = str(uuid.uuid4())
        subject = f"banyan.{person.tenant_id}.party.{noun}.made"
        for _ in range(10):  # enough for the bad one to be tried its five times in between
            good = str(uuid.uuid4())
            await (await broker.publish(subject, b"", {"ce-id": good}))
            await counter.until_affected(person.tenant_id, {good})


async def test_changes_of_one_record_arrive_in_order(counting, make, person, world):
    counter = counting(subjects=("party.source.*",))
    ids = await make(4)
    async with counter.running():

        async def change(record_id: str) -> None:
            for number in range(8):
                source = source_pb2.Source(id=record_id, note=f"note {number}")
                request = source_pb2.UpdateSourceRequest(source=source)
                request.update_mask.paths.append("note")
                await world.call("UpdateSource", request, person)

        await asyncio.gather(*(change(record_id) for record_id in ids))

        async def all_there() -> bool:
            return await counter.effects(person.tenant_id) == dict.fromkeys(ids, 9)

        await counter.until(all_there)
    versions: dict[str, list[int]] = {}
    for event in counter.seen:
        if event.tenant_id == person.tenant_id:
            versions.setdefault(event.change.resource_id, []).append(event.change.version)
    assert versions == {record_id: list(range(1, 10)) for record_id in ids}
