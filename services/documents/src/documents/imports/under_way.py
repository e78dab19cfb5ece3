"""What an import is about to write, noted before it is written.

A process may die, or a job fail, between writing a stretch and noting it. Whoever goes on, or takes
the job back, finds out here what was written all the same.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from banyan.documents.v1 import import_job_pb2

from chassis.database import Transaction
from chassis.resources import Resources
from documents.imports.known import Known, Sought
from documents.imports.nouns import noun_called
from documents.imports.rows import same, value_of

_Effect = import_job_pb2.ImportEffects.Effect
_ID = ("id",)


class UnderWay:
    """What one job is about to write.

    Attributes:
        written: what an earlier try has written and no step tells yet.
    """

    def __init__(
        self,
        here: Resources,
        tenant_id: str,
        job_id: str,
        ask: Callable[[Any, Any], Awaitable[Any]],
    ) -> None:
        self._here = here
        self._tenant_id = tenant_id
        self._job_id = job_id
        self._ask = ask
        self.written: list[_Effect] = []

    async def begin(self, intended: Iterable[_Effect]) -> None:
        """Note what is about to be written."""
        await self._keep([*self.written, *intended])

    async def find_out(self) -> None:
        """Find out what an earlier try has written of what it was about to write."""
        rows = await self._here.database.read(
            self._tenant_id,
            "SELECT under_way FROM documents.import_job WHERE id = $1",
            self._job_id,
        )
        kept = rows[0][0] if rows else None
        if not kept:
            return
        effects = import_job_pb2.ImportEffects.FromString(kept).effects
        there = await self._there([effect for effect in effects if not effect.etag])
        for effect in effects:
            found = there.get((effect.noun, effect.id))
            if not effect.etag and is_written(effect, found):
                effect.etag = _version(effect)
            effect.ClearField("after")
        self.written = [effect for effect in effects if effect.etag]
        await self._keep(self.written)

    async def end(self, transaction: Transaction) -> None:
        """Forget it all with what notes it."""
        await transaction.fetch(
            "UPDATE documents.import_job SET under_way = NULL WHERE id = $1", self._job_id
        )

    async def _keep(self, effects: Iterable[_Effect]) -> None:
        kept = import_job_pb2.ImportEffects(effects=effects).SerializeToString()
        await self._here.database.write(
            self._tenant_id,
            "UPDATE documents.import_job SET under_way = $2 WHERE id = $1",
            *(self._job_id, kept),
        )

    async def _there(self, effects: Iterable[_Effect]) -> dict[tuple[str, str], Any]:
        """Give the records that effects speak of as they are now."""
        known = Known(self._ask)
        sought: list[Sought] = []
        paths: dict[str, set[str]] = {}
        for effect in effects:
            sought.append(Sought(noun_called(effect.noun), _ID, (effect.id,)))
            paths.setdefault(effect.noun, set()).update(effect.paths)
        await known.look_up(sought, paths)
        return {(one.noun.name, one.values[0]): known.there.get(one.key) for one in sought}


def intended(noun: str, message: Any, there: Any, paths: Iterable[str]) -> _Effect:
    """Say what is about to be written.

    Args:
        message: the record as it is to be.
        there: as it is; None when it is not there.
        paths: the fields that change.
    """
    effect = _Effect(noun=noun, id=message.id)
    if there is not None:
        effect.before = there.SerializeToString()
        effect.after = message.SerializeToString()
        effect.paths.extend(paths)
    return effect


def is_written(effect: _Effect, found: Any) -> bool:
    """Tell whether a record is as it was about to be written.

    A change is written as the version that follows, or not at all; whoever wrote that version
    instead wrote something else.

    Args:
        found: the record as it is now; None when it is not there.
    """
    if found is None or not effect.paths:
        return found is not None
    after: Any = noun_called(effect.noun).noun.message.FromString(effect.after)
    return int(found.etag) >= int(_version(effect)) and any(
        same(value_of(after, path), value_of(found, path)) for path in effect.paths
    )


def _version(effect: _Effect) -> str:
    """Give the version that a record has once it is written."""
    if not effect.paths:
        return "1"
    before: Any = noun_called(effect.noun).noun.message.FromString(effect.before)
    return str(int(before.etag) + 1)
