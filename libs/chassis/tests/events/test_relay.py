"""The relay misses no change, whoever commits last, and writes no row of the log again."""

from chassis.events.relay import Reading


def test_numbers_that_were_skipped_are_missing_until_they_appear():
    reading = Reading(10)
    reading.read([11, 14])
    assert (reading.seen, reading.position, sorted(reading.missing)) == (14, 11, [12, 13])
    reading.read([13])
    assert (reading.seen, reading.position, sorted(reading.missing)) == (14, 11, [12])
    reading.read([12])
    assert (reading.seen, reading.position, reading.missing) == (14, 14, {})


def test_a_missing_number_is_given_up_only_after_all_that_was_open_has_ended():
    reading = Reading(0)
    reading.read([2])
    assert reading.open_transactions(oldest=70, following=90) == []  # now it is known: before 90
    assert reading.open_transactions(oldest=89, following=95) == []
    assert reading.open_transactions(oldest=90, following=99) == [1]
    reading.read([1])
    assert (reading.position, reading.missing) == (2, {})


async def test_a_change_that_commits_late_is_published(counting, make, tenant, begin):
    """A number drawn first and committed last: what came after it did not hide it."""
    counter = counting()
    async with counter.running(), begin() as (held,):
        late = await held.write()
        made = await make()
        await counter.until_affected(tenant, made)
        assert late not in {event.id for event in counter.seen}
        await held.commit()

        async def published() -> bool:
            return late in {event.id for event in counter.seen}

        await counter.until(published)


async def test_a_number_whose_transaction_was_rolled_back_does_not_hold_the_relay(
    make, begin, relay_role, until
):
    async with begin() as (held,):
        await held.write()
        await make()
        await held.rollback()

    async def caught_up() -> bool:
        return await relay_role.fetchval(
            "SELECT (SELECT position FROM party.relay) >= max(sequence) FROM party.change"
        )

    await until(caught_up)
