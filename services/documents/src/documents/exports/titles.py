"""Titles of what records refer to, where the records do not say them themselves."""

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf import field_mask_pb2

from chassis import errors
from documents.acting import OnBehalfOf
from documents.exports.columns import Column
from documents.nouns import method_of, nouns

# Ids in one question, within what a filter may hold.
_AT_ONCE = 300
_KEPT_MAX = 50_000


class Titles:
    """Titles as one person sees them, asked for once and many at a time."""

    def __init__(self, person: OnBehalfOf) -> None:
        self._person = person
        self._known: dict[tuple[str, str], str] = {}
        self._hidden: set[str] = set()

    def of(self, kind: str, target: str) -> str:
        """Give a title that was looked up, "" where the person sees none."""
        return self._known.get((kind, target), "")

    async def look_up(self, columns: Iterable[Column], records: Sequence[Any]) -> None:
        """Get to know the titles that some columns show for some records."""
        if len(self._known) > _KEPT_MAX:
            self._known.clear()
        wanted: dict[str, set[str]] = {}
        for column in columns:
            if column.titles_of:
                ids = (target for record in records for target in column.read(record))
                wanted.setdefault(column.titles_of, set()).update(ids)
        for kind, ids in wanted.items():
            unknown = sorted(target for target in ids if (kind, target) not in self._known)
            for start in range(0, len(unknown), _AT_ONCE):
                await self._ask(kind, unknown[start : start + _AT_ONCE])

    async def _ask(self, kind: str, ids: list[str]) -> None:
        self._known.update(dict.fromkeys(((kind, target) for target in ids), ""))
        noun = nouns().get(kind)
        title = noun.options.title if noun is not None else ""
        listing = method_of(noun, "List") if noun is not None else None
        if noun is None or listing is None or not title or kind in self._hidden:
            return
        quoted = ", ".join(f'"{target}"' for target in ids)
        request: Any = listing.request_type(
            filter=f"anyOf(id, {quoted})",
            page_size=_AT_ONCE,
            read_mask=field_mask_pb2.FieldMask(paths=[title]),
        )
        if noun.soft_delete:
            request.show_deleted = True
        try:
            reply = await self._person.ask(listing, request)
        except errors.Forbidden:
            self._hidden.add(kind)
            return
        for record in getattr(reply, noun.resource.plural):
            self._known[kind, record.id] = getattr(record, title)
