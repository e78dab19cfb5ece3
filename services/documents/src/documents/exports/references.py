"""What records refer to, as far as whoever exports sees it: asked for once, many at a time."""

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf import field_mask_pb2

from chassis import errors
from chassis.resources.kinds import nouns
from documents.acting import OnBehalfOf
from documents.exports.columns import Column
from documents.nouns import method_of

# Ids in one question, within what a filter may hold.
_AT_ONCE = 300
_KEPT_MAX = 50_000


class References:
    """The records that the columns of an export look into.

    Attributes:
        seen: by type and id; None for what is not there for whoever exports.
    """

    def __init__(self, person: OnBehalfOf, columns: Iterable[Column]) -> None:
        self._person = person
        self._columns = [column for column in columns if column.beyond]
        self._paths: dict[str, set[str]] = {}
        for column in self._columns:
            self._paths.setdefault(column.kind, {"id"}).add(column.beyond[0].name)
        self._hidden: set[str] = set()
        self.seen: dict[tuple[str, str], Any] = {}

    async def look_up(self, records: Sequence[Any]) -> None:
        """Get to know what some records refer to."""
        if len(self.seen) > _KEPT_MAX:
            self.seen.clear()
        wanted: dict[str, set[str]] = {}
        for column in self._columns:
            ids = (target for record in records for target in column.targets(record))
            wanted.setdefault(column.kind, set()).update(ids)
        for kind, ids in wanted.items():
            unknown = sorted(target for target in ids if (kind, target) not in self.seen)
            for start in range(0, len(unknown), _AT_ONCE):
                await self._ask(kind, unknown[start : start + _AT_ONCE])

    async def _ask(self, kind: str, ids: list[str]) -> None:
        noun = nouns()[kind]
        listing = method_of(noun, "List")
        if listing is None or kind in self._hidden:
            return
        self.seen.update(dict.fromkeys((kind, target) for target in ids))
        quoted = ", ".join(f'"{target}"' for target in ids)
        request: Any = listing.request_type(
            filter=f"anyOf(id, {quoted})",
            page_size=_AT_ONCE,
            read_mask=field_mask_pb2.FieldMask(paths=sorted(self._paths[kind])),
        )
        try:
            reply = await self._person.ask(listing, request)
        except errors.Forbidden:
            self._hidden.add(kind)
            return
        for record in getattr(reply, noun.resource.plural):
            self.seen[kind, record.id] = record
