"""The bare side: what the service asked PostgreSQL, asked again by 16 connections and nothing else.

What it asked is not written down here: PostgreSQL logs the statements of one request while it is
answered, with their parameters, and they are replayed as the service's own role behind the same
row-level security.
"""

import asyncio
import contextlib
import datetime
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import asyncpg

from chassis.database.address import Address
from chassis.hosting.local import ADMIN, DATABASE
from journeys.client import CLIENTS
from journeys.machine import Platform

Statements = list["Statement"]
Action = Callable[[asyncpg.Connection], Awaitable[object]]
_PREFIX = "\x1f%u\x1f%a\x1f"
_EXECUTED = re.compile(
    r"\x1f(\w+)\x1fbanyan \w+\x1fLOG:  execute [^:]+: ([^\x1f]*?)\n"
    r"(?:\x1f\w+\x1f[^\x1f]*\x1fDETAIL:  [Pp]arameters: ([^\x1f]*?)\n)?(?=\x1f|\Z)"
)
_PARAMETER = re.compile(r"\$\d+ = (NULL|'(?:[^']|'')*')")
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}]+)')


@dataclass(frozen=True)
class Statement:
    """A statement as the log has it.

    Attributes:
        login: the role that ran it.
        values: its parameters as text, None for NULL.
    """

    login: str
    sql: str
    values: tuple[str | None, ...]


class Bare:
    """Connections of the services' own roles, and one of the administrator."""

    def __init__(self, platform: Platform, tenant_id: str) -> None:
        url = f"postgresql://127.0.0.1:{platform.database_port}/{DATABASE}"
        self.address = Address(url, platform.home / "secrets" / "database")
        self._tenant_id = tenant_id
        self._log = platform.home / "logs" / "postgres.log"
        self._logins: dict[str, list[asyncpg.Connection]] = {}
        self.admin: asyncpg.Connection

    async def open(self) -> None:
        """Connect as the administrator."""
        self.admin = await asyncpg.connect(self.address.dsn_of(ADMIN))

    async def close(self) -> None:
        """Close all connections."""
        for connections in (*self._logins.values(), [self.admin]):
            for connection in connections:
                await connection.close()

    async def connections(self, login: str) -> list[asyncpg.Connection]:
        """Give the connections of a role, opened when they are first asked for."""
        if login not in self._logins:
            self._logins[login] = [await self._connect(login) for _ in range(CLIENTS)]
        return self._logins[login]

    async def _connect(self, login: str) -> asyncpg.Connection:
        connection = await asyncpg.connect(
            self.address.dsn_of(login), statement_cache_size=512, server_settings={"jit": "off"}
        )
        await connection.execute("SELECT set_config('app.tenant', $1, false)", self._tenant_id)
        return connection

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask as the administrator, whom no wall stops."""
        return await self.admin.fetch(sql, *arguments)

    # --- recording

    async def recorded(self, acts: list[Callable[[], Awaitable[object]]]) -> list[Statements]:
        """Give the statements the services' pools ran for each of some requests."""
        found: list[Statements] = []
        async with self._logging():
            for act in acts:
                begin = self._log.stat().st_size
                await act()
                with self._log.open("rb") as file:
                    file.seek(begin)
                    text = file.read().decode()
                found.append(
                    [
                        Statement(login, sql, tuple(map(_text, _PARAMETER.findall(values))))
                        for login, sql, values in _EXECUTED.findall(text)
                    ]
                )
        return found

    @contextlib.asynccontextmanager
    async def _logging(self) -> AsyncGenerator[None]:
        """Let PostgreSQL log every statement meanwhile."""
        await self.admin.execute(f"ALTER SYSTEM SET log_line_prefix = '{_PREFIX}'")
        await self.admin.execute("ALTER SYSTEM SET log_statement = 'all'")
        await self._reload("all")
        try:
            yield
        finally:
            await self.admin.execute("ALTER SYSTEM RESET ALL")
            await self._reload("none")

    async def _reload(self, expected: str) -> None:
        await self.admin.execute("SELECT pg_reload_conf()")
        while await self.admin.fetchval("SHOW log_statement") != expected:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)  # the other connections learn of it as they come by

    # --- replaying

    async def replays(self, recorded: list[Statements]) -> tuple[str, Action]:
        """Give the role that ran them, and what replays requests in turn on one connection.

        Raises:
            AssertionError: they ran as several roles, or nothing was recorded.
        """
        (login,) = {one.login for statements in recorded for one in statements}
        (connection, *_) = await self.connections(login)
        prepared: list[list[tuple[str, list[Any]]]] = [
            [(one.sql, await _arguments(connection, one)) for one in statements]
            for statements in recorded
        ]
        turn = 0

        async def replay(own: asyncpg.Connection) -> None:
            nonlocal turn
            turn += 1
            for sql, arguments in prepared[turn % len(prepared)]:
                await own.fetch(sql, *arguments)

        return login, replay

    async def rate(self, login: str, action: Action, seconds: float) -> float:
        """Run an action on 16 connections at once; give how many a second ended."""
        done = 0
        end = time.perf_counter() + seconds

        async def run(connection: asyncpg.Connection) -> None:
            nonlocal done
            while time.perf_counter() < end:
                await action(connection)
                done += 1

        await asyncio.gather(*(run(connection) for connection in await self.connections(login)))
        return done / seconds


async def _arguments(connection: asyncpg.Connection, statement: Statement) -> list[Any]:
    types = (await connection.prepare(statement.sql)).get_parameters()
    return [
        None if text is None else _value(kind.name, text)
        for kind, text in zip(types, statement.values, strict=True)
    ]


def _text(literal: str) -> str | None:
    return None if literal == "NULL" else literal[1:-1].replace("''", "'")


def _value(kind: str, text: str) -> Any:
    """Make of a parameter's text what asyncpg wants of its type."""
    if kind.endswith("[]"):
        inner = [quoted or plain for quoted, plain in _ELEMENT.findall(text)]
        return [_value(kind.removesuffix("[]"), one) for one in inner]
    match kind:
        case "int2" | "int4" | "int8":
            return int(text)
        case "numeric":
            return Decimal(text)
        case "bool":
            return text == "t"
        case "date":
            return datetime.date.fromisoformat(text)
        case "timestamptz":
            return datetime.datetime.fromisoformat(text)
        case _:
            return text
