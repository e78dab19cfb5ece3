"""Answers that take long, kept for as long as nothing they are made of changes.

A board is asked for again and again while little happens. Its answer is kept with the snapshot of
the database it was made in. Whoever asks again gets it if no change of these nouns has been
committed since, which the log of changes says in one look at an index; so nobody gets less than
what was committed when they asked.
"""

import asyncio
import time
import weakref
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.database import Database

# The snapshot a statement reads in, to be selected beside what is read.
SNAPSHOT = "(SELECT pg_current_snapshot()::text)"
SIZE = 200
BYTES_MAX = 200_000
# After a while without a question the log would have to be read far back.
KEPT_SECONDS = 60.0
# A snapshot sees what began before `xmax` and was not among those under way. Ordered as the index,
# so that the look goes along it and not through all of a tenant.
_LATER = (
    "(SELECT true FROM {schema}.logged WHERE transaction_id >= $1::text::xid8"
    " AND resource_type = ANY($2::text[]) ORDER BY transaction_id DESC, sequence DESC LIMIT 1)"
    " IS TRUE"
)
_UNDER_WAY = (
    " OR (SELECT true FROM {schema}.logged WHERE transaction_id = ANY($3::text[]::xid8[])"
    " AND resource_type = ANY($2::text[]) LIMIT 1) IS TRUE"
)


@dataclass
class _Answer:
    """What was answered, and the snapshot it is known to hold in.

    Attributes:
        since: the instant after which that snapshot was taken.
    """

    message: Any
    snapshot: str
    since: float


class Answers:
    """The answers of one service that are kept, the latest asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers: OrderedDict[tuple[str, bytes], _Answer] = OrderedDict()
        self._turns: weakref.WeakValueDictionary[tuple[str, bytes], asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )

    async def get(
        self,
        tenant_id: str,
        question: bytes,
        kinds: Sequence[str],
        make: Callable[[], Awaitable[tuple[Any, str]]],
    ) -> Any:
        """Give the answer to a question; it is not to be changed.

        Args:
            question: all that the answer depends on besides records.
            kinds: the types of these records; every change of one stands in the log.
            make: gives the answer and the snapshot it was read in.
        """
        key, asked = (tenant_id, question), time.monotonic()
        seen = self._answers.get(key)
        if seen is not None and await self._holds(tenant_id, kinds, seen):
            return self._again(key, seen)
        turn = self._turns.setdefault(key, asyncio.Lock())
        async with turn:  # of many who ask, one makes it for all who asked before it began
            made = self._answers.get(key)
            if made is not None and made.since >= asked:
                return self._again(key, made)
            if made is not None and made is not seen and await self._holds(tenant_id, kinds, made):
                return self._again(key, made)
            self._answers.pop(key, None)
            begun = time.monotonic()
            message, snapshot = await make()
            if message.ByteSize() <= BYTES_MAX:
                self._answers[key] = _Answer(message, snapshot, begun)
            if len(self._answers) > SIZE:
                self._answers.popitem(last=False)
            return message

    def _again(self, key: tuple[str, bytes], answer: _Answer) -> Any:
        if self._answers.get(key) is answer:
            self._answers.move_to_end(key)
        return answer.message

    async def _holds(self, tenant_id: str, kinds: Sequence[str], answer: _Answer) -> bool:
        """Tell whether nothing has been committed since; if so, it is known to hold until now."""
        begun = time.monotonic()
        if begun > answer.since + KEPT_SECONDS:
            return False
        changed, arguments = looks(answer.snapshot, kinds)
        statement = f"SELECT {changed}, {SNAPSHOT}".format(schema=self._database.schema)
        ((is_changed, snapshot),) = await self._database.read(tenant_id, statement, *arguments)
        if is_changed:
            return False
        answer.snapshot, answer.since = snapshot, begun
        return True


def looks(snapshot: str, kinds: Sequence[str]) -> tuple[str, list[Any]]:
    """Give the condition that records of these types have changed since a snapshot."""
    _, after, under_way = snapshot.split(":")
    if not under_way:
        return _LATER, [after, list(kinds)]
    return _LATER + _UNDER_WAY, [after, list(kinds), under_way.split(",")]
