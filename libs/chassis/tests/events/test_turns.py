"""Who waits goes first: crowds step back while long work is done, and what comes alone does not."""

import asyncio

from chassis import turns
from chassis.turns import CROWD, Turns


async def test_a_crowd_goes_on_when_the_work_is_done_and_not_before():
    mine, done = Turns(), []

    async def after() -> None:
        await mine.after_others(CROWD)
        done.append("crowd")

    with mine.long_work():
        waiting = asyncio.create_task(after())
        for _ in range(20):
            await asyncio.sleep(0)
        done.append("work")
    await waiting
    assert done == ["work", "crowd"]


async def test_work_that_follows_at_once_is_the_same_work():
    mine, done = Turns(), []

    async def after() -> None:
        await mine.after_others(CROWD)
        done.append("crowd")

    with mine.long_work():
        waiting = asyncio.create_task(after())
        await asyncio.sleep(0)
    with mine.long_work():
        await asyncio.sleep(2 * turns.PAUSE_SECONDS)
        done.append("work")
    await waiting
    assert done == ["work", "crowd"]


async def test_what_comes_alone_goes_on():
    mine = Turns()
    with mine.long_work():
        await asyncio.wait_for(mine.after_others(CROWD - 1), turns.STEP_BACK_SECONDS / 2)


async def test_nobody_steps_back_for_long(monkeypatch):
    monkeypatch.setattr(turns, "STEP_BACK_SECONDS", 0.01)
    mine = Turns()
    with mine.long_work():
        await asyncio.wait_for(mine.after_others(CROWD), 10)
