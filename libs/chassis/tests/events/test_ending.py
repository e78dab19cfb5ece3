"""Background work ends when it is told to, whatever swallows a cancellation on its way."""

import asyncio
import contextlib

import pytest

from chassis.events import ConsumerRunner
from chassis.tasks import end


async def stubborn(times, done):
    """Swallow so many cancellations, as `wait_for` of Python 3.11 may."""
    while times:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        times -= 1
    try:
        await asyncio.Event().wait()
    finally:
        done.append(True)


async def begun(*works):
    tasks = [asyncio.create_task(work) for work in works]
    await asyncio.sleep(0)
    return tasks


def taking_in():
    """Find the tasks in which consumers take in events."""
    kind = ConsumerRunner.__name__
    return {t for t in asyncio.all_tasks() if t.get_coro().__qualname__.startswith(kind)}


async def test_what_swallows_a_cancellation_is_cancelled_again():
    done = []
    tasks = await begun(stubborn(0, done), stubborn(1, done))
    await end(tasks)
    assert [task.cancelled() for task in tasks] == [True, True]
    assert done == [True, True]


async def test_whoever_is_cancelled_while_others_end_waits_for_them_first():
    done = []
    tasks = await begun(stubborn(1, done))
    (ending,) = await begun(end(tasks))
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert done == [True]


async def test_nothing_to_end_is_ended_at_once():
    await end([])


@pytest.mark.parametrize("steps", [0, 1, 5, 20, 50])
async def test_a_consumer_ends_wherever_its_start_is(counting, steps):
    """While it asks the broker for its place, a cancellation is swallowed now and then."""
    counter = counting(subjects=("party.source.create", "sales.opportunity.create"))
    before = taking_in()
    for begin in range(steps, 3 * steps + 1):
        task = counter.start()
        for _ in range(begin):
            await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await counter.end(task)
        assert taking_in() == before
