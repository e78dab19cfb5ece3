"""Passwords: argon2id, computed beside the event loop.

One hash takes about 64 MiB and tens of milliseconds (argon2-cffi's defaults, RFC 9106 low memory),
so only a few run at a time; whoever comes later waits.
"""

import asyncio
import functools

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

AT_A_TIME = 4
_hasher = PasswordHasher()


@functools.cache
def _turns(_: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
    return asyncio.Semaphore(AT_A_TIME)


async def hashed(password: str) -> str:
    """Give what is stored of a password."""
    async with _turns(asyncio.get_running_loop()):
        return await asyncio.to_thread(_hasher.hash, password)


async def matches(stored: str, password: str) -> bool:
    """Tell whether a password is the one that was stored.

    Without a stored one it takes as long and says no, so that nobody learns who has an account.
    """
    async with _turns(asyncio.get_running_loop()):
        return await asyncio.to_thread(_verify, stored, password)


def _verify(stored: str, password: str) -> bool:
    try:
        _hasher.verify(stored or _nobody(), password)
    except (Argon2Error, InvalidHashError):
        return False
    return bool(stored)


@functools.cache
def _nobody() -> str:
    return _hasher.hash("a password nobody has")
