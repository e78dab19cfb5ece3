"""Records that rules read, kept in memory between calls.

A rule of a deal needs its pipeline, and nearly always the same one. What is kept may be out of
date: every write therefore names the versions its rules relied on, in the statement itself, and
writes nothing when one of them is another by now. Whoever wrote in vain, or was refused for what
was read before this call, forgets and reads again.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

SIZE = 4_000


class Kept:
    """The records of one noun that rules read lately, by tenant and id."""

    def __init__(self, find: Callable[[str, str], Awaitable[Any]]) -> None:
        self._find = find
        self._records: OrderedDict[tuple[str, str], tuple[float, Any]] = OrderedDict()

    async def get(self, tenant_id: str, record_id: str) -> Any:
        """Give a record, not to be changed and perhaps out of date; None when there is none."""
        kept = self.at_hand(tenant_id, record_id)
        if kept is not None:
            return kept
        begun = time.monotonic()
        found = await self._find(tenant_id, record_id)
        if found is not None:
            self.keep(tenant_id, found, begun)
        return found

    def at_hand(self, tenant_id: str, record_id: str) -> Any:
        """Give a record as `get` does, None when it is not kept."""
        kept = self._records.get((tenant_id, record_id))
        return None if kept is None else kept[1]

    def keep(self, tenant_id: str, record: Any, read: float) -> None:
        """Keep a record as it was at an instant of `time.monotonic`."""
        self._records[tenant_id, record.id] = (read, record)
        if len(self._records) > SIZE:
            self._records.popitem(last=False)

    def forget(self, tenant_id: str, record_id: str, before: float = float("inf")) -> bool:
        """Read it again the next time, if it was read before an instant of `time.monotonic`."""
        kept = self._records.get((tenant_id, record_id))
        if kept is None or kept[0] >= before:
            return False
        del self._records[tenant_id, record_id]
        return True
