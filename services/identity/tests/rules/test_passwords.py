"""Passwords are kept so that whoever finds the hashes cannot use them (PLT-16)."""

import asyncio

import argon2
import pytest

from identity import passwords

RFC_9106_LOW_MEMORY = argon2.profiles.RFC_9106_LOW_MEMORY


@pytest.fixture(autouse=True)
def _as_in_the_product(monkeypatch):
    # The service tests beside these make hashing cheap for the whole run.
    monkeypatch.setattr(passwords, "_hasher", argon2.PasswordHasher())


async def test_only_the_password_itself_matches():
    stored = await passwords.hashed("correct horse")
    assert await passwords.matches(stored, "correct horse")
    for other in ("", "correct horse ", "Correct horse", "\0"):
        assert not await passwords.matches(stored, other)


async def test_what_is_stored_costs_whoever_guesses_what_the_rfc_advises():
    parameters = argon2.extract_parameters(await passwords.hashed("x"))
    assert parameters.type == argon2.Type.ID
    assert parameters.memory_cost >= RFC_9106_LOW_MEMORY.memory_cost
    assert parameters.time_cost >= RFC_9106_LOW_MEMORY.time_cost


async def test_one_password_is_stored_in_two_ways():
    assert await passwords.hashed("x") != await passwords.hashed("x")


@pytest.mark.parametrize("stored", ["", "not a hash", "$argon2id$broken"])
async def test_where_nothing_is_stored_nothing_matches(stored):
    for password in ("", "x", "a password nobody has"):
        assert not await passwords.matches(stored, password)


async def test_only_a_few_are_computed_at_a_time(monkeypatch):
    """Each takes 64 MiB: a crowd at the door must not take the memory of the house."""
    running, most = 0, 0

    async def slowly(*_):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return False

    monkeypatch.setattr(passwords.asyncio, "to_thread", slowly)
    await asyncio.gather(*(passwords.matches("", "x") for _ in range(20)))
    assert most == passwords.AT_A_TIME
