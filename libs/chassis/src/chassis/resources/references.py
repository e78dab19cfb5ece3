"""References: a record may only point at what exists, and what its writer may see."""

import asyncio
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from banyan.api.v1 import options_pb2
from google.api import resource_pb2
from google.protobuf import field_mask_pb2

from chassis import errors
from chassis.access import Reach
from chassis.access.withheld import resource_of
from chassis.database import Database
from chassis.ids import is_id
from chassis.resources.columns import reference_type
from chassis.resources.noun import Noun
from chassis.resources.query import ORG_UNIT
from chassis.resources.reach import place_of, within
from chassis.resources.sql import Sql
from chassis.resources.titles import mirrored, mirrored_kinds, see_of
from chassis.rpc import Call, Method
from chassis.rpc.registry import contract_methods

# The title of a record that is there; True when it was not read, None when there is no record.
Title = str | bool | None
_UNKNOWN = object()
# Ids that one filter holds.
_IDS_AT_ONCE = 300


def record_key(kind: str, target: str) -> tuple[str, str]:
    """Give the key under which a record that rules needed is remembered."""
    return (f"record of {kind}", target)


def is_seen(call: Call, noun: Noun, record: Any) -> bool:
    """Tell whether a record that was read without asking whose it is, is there for the caller."""
    reach = call.reach(noun.name, "read") or Reach()
    deleted = noun.soft_delete and record.HasField("delete_time")
    return not deleted and reach.covers(record)


class References:
    """Checks the references of one noun before a write, outside any transaction."""

    def __init__(self, noun: Noun, database: Database, nouns: Sequence[Noun]) -> None:
        self._noun = noun
        self._database = database
        self._local = {other.resource.type: other for other in nouns}
        self._mirrored = mirrored_kinds(nouns) - {ORG_UNIT}  # units are in the profile
        self._kinds = {name: reference_type(field) for name, field in noun.fields.items()}

    async def missing(
        self,
        call: Call,
        record: Any,
        names: Iterable[str],
        remembered: dict[tuple[str, str], Any] | None = None,
    ) -> list[errors.FieldViolation]:
        """Name the fields of a record whose well-formed reference is not there for the caller.

        Args:
            remembered: gets the title of each record that is there, by type and id; None for what
                is not, and True where the title was not read.
        """
        known = {} if remembered is None else remembered
        keys = {name: (self._kinds[name], getattr(record, name)) for name in names}
        asked: dict[tuple[str, str], None] = {}
        for name, key in keys.items():
            if key not in known and is_id(key[1]):
                title = self._at_hand(call, name, key, known)
                if title is _UNKNOWN:
                    asked[key] = None
                else:
                    known[key] = title
        if asked:
            mirror = await self._mirrored_here(call, asked)
            known.update({key: title for key, title, deleted in mirror if deleted is False})
            left = [key for key in asked if key not in known]
            found = await asyncio.gather(*(self._found(call, *key) for key in left))
            known.update(zip(left, found, strict=True))
        return [
            errors.FieldViolation(f"{self._noun.table_name}.{name}", "REFERENCE_NOT_FOUND")
            for name, key in keys.items()
            if known.get(key, True) is None
        ]

    async def is_there(
        self, call: Call, kind: str, target: str, known: dict[tuple[str, str], Any]
    ) -> bool:
        """Tell whether a record of any kind is there for the caller.

        Args:
            known: gets what was found, as in `missing`.
        """
        if (kind, target) not in known:
            known[kind, target] = await self._found(call, kind, target)
        return known[kind, target] is not None

    async def get_to_know(
        self,
        call: Call,
        records: Iterable[Any],
        names: Iterable[str],
        known: dict[tuple[str, str], Any],
    ) -> None:
        """Look up what many records refer to, all of a kind at once; `missing` then knows it."""
        asked: dict[str, set[str]] = {}
        fields = [name for name in names if self._kinds[name] != ORG_UNIT]
        for record in records:
            for name in fields:
                key = (self._kinds[name], getattr(record, name))
                unknown = key not in known and record_key(*key) not in known
                mine = name == "owner_user_id" and key[1] == call.caller.person_id
                if unknown and not mine and is_id(key[1]):
                    asked.setdefault(key[0], set()).add(key[1])
        for kind, ids in asked.items():
            found = await self._found_many(call, kind, sorted(ids))
            known.update({(kind, target): found.get(target) for target in ids if found is not None})

    async def titles(self, call: Call, kind: str, ids: Sequence[str]) -> dict[str, str]:
        """Give what those records are called that the caller sees, as far as it is known."""
        titled = _getter(kind)
        if titled is None or titled[1] in call.fields(resource_of(kind)).hidden:
            return {}
        mirror = await self._mirrored_here(call, ((kind, target) for target in ids))
        found: dict[str, Title] = {target: title for (_, target), title, _ in mirror}
        if left := [target for target in ids if target not in found]:
            found.update(await self._found_many(call, kind, left) or {})
        return {target: title for target, title in found.items() if isinstance(title, str)}

    async def _mirrored_here(
        self, call: Call, keys: Iterable[tuple[str, str]]
    ) -> list[tuple[tuple[str, str], str, bool | None]]:
        """Give type and id, title and whether it is deleted of what the mirror has.

        For references only a yes counts: what it has not heard of, or has out of the caller's
        reach, is asked for at its owner. A yes may be as old as an event takes.
        """
        ids: dict[str, list[str]] = {}
        for kind, target in keys:
            if kind in self._mirrored:
                ids.setdefault(kind, []).append(target)
        if not ids or call.caller.is_service:
            return []
        sql, schema, see = Sql(), self._database.schema, see_of(call)
        parts = [mirrored(kind, ids[kind], schema, see, sql) for kind in sorted(ids)]
        rows = await self._database.read(call.tenant_id, " UNION ALL ".join(parts), *sql.arguments)
        return [((kind, target), title, deleted) for kind, target, title, deleted in rows]

    async def _found_many(
        self, call: Call, kind: str, ids: Sequence[str]
    ) -> Mapping[str, Title] | None:
        """Give the titles of those that are there for the caller; None where to ask singly."""
        if kind in self._local:
            return await self._titles_here(call, self._local[kind], ids)
        listing = _lister(kind)
        if listing is None or call.caller.is_service:
            return None
        method, title, plural, mask = listing
        channel: Any = call.channels.to(method.service)
        found: dict[str, Title] = {}
        for start in range(0, len(ids), _IDS_AT_ONCE):
            wanted = ", ".join(f'"{target}"' for target in ids[start : start + _IDS_AT_ONCE])
            request: Any = method.request_type(
                filter=f"anyOf(id, {wanted})", page_size=_IDS_AT_ONCE, read_mask=mask
            )
            try:
                reply = await channel.unary_unary(method.path)(request)
            except errors.Forbidden:
                return {}
            for record in getattr(reply, plural):
                found[record.id] = getattr(record, title) if title else True
        return found

    def _at_hand(
        self, call: Call, name: str, key: tuple[str, str], known: Mapping[tuple[str, str], Any]
    ) -> Any:
        """Answer without asking anybody where that is possible; else _UNKNOWN."""
        kind, target = key
        if kind == ORG_UNIT and call.tenant is not None and target in call.tenant.unit_kinds:
            return True
        if name == "owner_user_id" and target == call.caller.person_id:
            return True
        read = known.get(record_key(kind, target))
        if read is None or kind not in self._local:
            return _UNKNOWN
        noun = self._local[kind]
        return title_in(read, noun) if is_seen(call, noun, read) else None

    async def _found(self, call: Call, kind: str, target: str) -> Title:
        if kind == ORG_UNIT:
            return True if await self._unit_is_there(call, target) else None
        if kind in self._local:
            return await self._found_here(call, self._local[kind], target)
        return await self._found_elsewhere(call, kind, target)

    async def _unit_is_there(self, call: Call, unit_id: str) -> bool:
        """Look into the mirror of the OBS anew; a unit made a moment ago had not reached it."""
        if call.tenant is None:
            return call.caller.is_service
        return unit_id in (await call.fresh_profile()).unit_kinds

    async def _found_here(self, call: Call, noun: Noun, target: str) -> Title:
        return (await self._titles_here(call, noun, [target])).get(target)

    async def _titles_here(self, call: Call, noun: Noun, ids: Sequence[str]) -> Mapping[str, Title]:
        """Give the titles of this service's own records that are there for the caller."""
        reach = call.reach(noun.name, "read") or Reach()
        sql = Sql([list(ids)])
        scope = within(reach, place_of(noun, self._database.schema), sql)
        title = f"t.{noun.options.title}" if noun.options.title else "true"
        statement = (
            f"SELECT t.id::text, {title} FROM {self._database.schema}.{noun.table_name} t"
            # Ids the planner does not see: with those it sees it plans anew at every call.
            " WHERE t.id = ANY((SELECT $1::uuid[])::uuid[])"
        )
        if scope:
            statement += f" AND {scope}"
        if noun.soft_delete:
            statement += " AND t.delete_time IS NULL"
        rows = await self._database.read(call.tenant_id, statement, *sql.arguments)
        return {row[0]: row[1] for row in rows}

    async def _found_elsewhere(self, call: Call, kind: str, target: str) -> Title:
        """Ask the owner, with the rights of whoever calls."""
        get = _getter(kind)
        if get is None:
            return None  # nobody owns such records, so there is none
        method, title, mask = get
        channel: Any = call.channels.to(method.service)
        request: Any = method.request_type(id=target, read_mask=mask)
        try:
            record = await channel.unary_unary(method.path)(request)
        except (errors.NotFound, errors.Forbidden):
            return None
        if "delete_time" in mask.paths and record.HasField("delete_time"):
            return None
        return getattr(record, title) if title else True


def title_in(record: Any, noun: Noun) -> Title:
    """Give what people know a record by; True when its noun has no such field."""
    return getattr(record, noun.options.title) if noun.options.title else True


@functools.cache
def _lister(kind: str) -> tuple[Method, str, str, field_mask_pb2.FieldMask] | None:
    """Give how many records of a type are looked up at their owner: method, title, plural, mask."""
    get = _getter(kind)
    if get is None:
        return None
    getting, title, mask = get
    lists = [m for m in contract_methods(getting.service) if m.verb == "List"]
    listing = next((m for m in lists if m.resource == getting.resource), None)
    if listing is None:
        return None
    options: Any = getting.response_type.DESCRIPTOR.GetOptions()
    plural: str = options.Extensions[resource_pb2.resource].plural
    return listing, title, plural, mask


@functools.cache
def _getter(kind: str) -> tuple[Method, str, field_mask_pb2.FieldMask] | None:
    """Give how a record of a type is looked up at its owner: method, title field, what to read."""
    service, _, name = kind.replace(".banyan/", "/").partition("/")
    method = next((m for m in contract_methods(service) if m.name == f"Get{name}"), None)
    if method is None:
        return None
    message = method.response_type.DESCRIPTOR
    options: Any = message.GetOptions()
    title: str = options.Extensions[options_pb2.noun].title
    paths = ["id", *(n for n in (title, "delete_time") if n in message.fields_by_name)]
    return method, title, field_mask_pb2.FieldMask(paths=paths)
