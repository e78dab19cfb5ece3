"""SearchEntry: what is known of a record to find it by, made from the services' changes.

A record has one entry, and a row for each way into its title. Nobody reads an entry as such, so it
is no noun: two plain tables, and a view for what no leakproof operator can look up.
"""

import functools
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.api.v1 import change_pb2
from google.protobuf.descriptor import FieldDescriptor
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from chassis.database import TENANT_ID, Record, Transaction
from chassis.events import Consumer, Event
from chassis.resources import Noun, Resources
from chassis.resources.columns import reference_type
from chassis.resources.kinds import nouns
from chassis.resources.shares import mirror_shares
from chassis.rpc import acting
from insight import heard
from insight.search_text import (
    ENTERED_MAX,
    LISTED,
    beginnings,
    fold,
    grams,
    inside,
    shared,
    spoken,
)

_OWN = "insight"
_READ_CHANGES = "/banyan.api.v1.ChangeService/ReadChanges"
_CHANGES_PAGE = 1000


def describe_tables(metadata: MetaData) -> None:
    """Add the tables of the index to those of the service."""
    Table(
        "search_entry",
        metadata,
        Column(TENANT_ID, UUID(as_uuid=False), primary_key=True),
        Column("resource_type", Text, primary_key=True),
        Column("resource_id", UUID(as_uuid=False), primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("owner_user_id", UUID(as_uuid=False)),
        Column("org_unit_id", UUID(as_uuid=False)),
        Column("whole_id", UUID(as_uuid=False)),  # the record it is a part of, and shared with
        Column("title", Text, nullable=False),
        Column("fields", ARRAY(Text), nullable=False),
        Column("texts", ARRAY(Text), nullable=False),
        # Folded, one line each: the ways into the title in order, those inside words excepted; the
        # title and the other texts.
        Column("beginnings", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("grams", ARRAY(BigInteger), nullable=False),
        Index("search_entry_owner_idx", TENANT_ID, "owner_user_id"),
        Index("search_entry_unit_idx", TENANT_ID, "org_unit_id"),
        Index(
            "search_entry_whole_idx",
            TENANT_ID,
            "whole_id",
            postgresql_where=text("whole_id IS NOT NULL"),
        ),
        # What waits to be sorted in is read by every search, so there must not be much of it.
        Index(
            "search_entry_grams_idx",
            "grams",
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 256},
        ),
    )
    Table(
        "search_beginning",
        metadata,
        Column(TENANT_ID, UUID(as_uuid=False), nullable=False),
        Column("resource_id", UUID(as_uuid=False), nullable=False),
        Column("shared", Integer, nullable=False),
        Column("resource_type", Text, nullable=False),
        Column("beginning", Text(collation="C"), nullable=False),
        Index(
            "search_beginning_key",
            TENANT_ID,
            "resource_type",
            "beginning",
            text("resource_id DESC"),
            unique=True,
            postgresql_include=["shared"],  # so that a page is read out of the index alone
        ),
    )


# --- what of a record is found


@dataclass(frozen=True)
class Searched:
    """A noun that is searched.

    Attributes:
        name: as permissions name it: ``party.Organization``.
        title: the field people know a record by.
        fields: the other fields whose text is found.
        whole: the field of the record it is a part of, and that record's type; "" for neither.
    """

    name: str
    title: str
    fields: tuple[str, ...]
    whole: tuple[str, str]


@functools.cache
def searched() -> dict[str, Searched]:
    """Give what is searched, by resource type: every noun with a title, of services heard."""
    return {
        kind: Searched(noun.name, noun.options.title, _text_fields(noun), _whole(noun))
        for kind, noun in nouns().items()
        if noun.options.title and noun.service != _OWN
    }


def _text_fields(noun: Noun) -> tuple[str, ...]:
    return tuple(
        name
        for name, field in noun.fields.items()
        if name != noun.options.title
        and field.type == FieldDescriptor.TYPE_STRING
        and noun.field_options(name).searchable
    )


def _whole(noun: Noun) -> tuple[str, str]:
    name = noun.part_of
    return (name, reference_type(noun.fields[name])) if name else ("", "")


@dataclass(frozen=True)
class SearchEntry:
    """What a record is found by, at one version; without a title when it is not found any more.

    Attributes:
        texts: the fields with text in them, beside the title.
    """

    resource_type: str
    resource_id: str
    version: int
    owner_user_id: str = ""
    org_unit_id: str = ""
    whole_id: str = ""
    title: str = ""
    texts: tuple[tuple[str, str], ...] = ()

    @functools.cached_property
    def beginnings(self) -> list[str]:
        """List the ways into its title, in order; not inside words."""
        return beginnings(self.title)

    @functools.cached_property
    def body(self) -> list[str]:
        """List its folded texts, the title first."""
        return [fold(line) for line in (self.title, *(text for _, text in self.texts))]

    def grams(self, seed: int) -> set[int]:
        """Give what the pinyin of its title, its end, and the other texts are looked up by."""
        name, *others = self.body
        return grams([name[ENTERED_MAX:], *others, spoken(self.title)], seed)


def entry_of(event: Event) -> SearchEntry | None:
    """Make the entry of a changed record; None when its noun is not searched."""
    change = event.change
    noun = searched().get(change.resource_type)
    if noun is None:
        return None
    record = event.record
    key = (change.resource_type, change.resource_id, change.version)
    if change.verb == "delete" or (
        "delete_time" in record.DESCRIPTOR.fields_by_name and record.HasField("delete_time")
    ):
        return SearchEntry(*key)
    return SearchEntry(
        *key,
        owner_user_id=getattr(record, "owner_user_id", ""),
        org_unit_id=getattr(record, "org_unit_id", ""),
        whole_id=getattr(record, noun.whole[0]) if noun.whole[0] else "",
        title=getattr(record, noun.title),
        texts=tuple(_texts(record, noun.fields)),
    )


def _texts(record: Any, fields: Sequence[str]) -> Iterable[tuple[str, str]]:
    for field in fields:
        value: str | Sequence[str] = getattr(record, field)
        for line in (value,) if isinstance(value, str) else value:
            if line:
                yield field, line


# --- how entries are kept

# The limit keeps the plan to looking each up, however little is known yet of a table that grows.
_KNOWN = """
SELECT asked.resource_type, asked.resource_id::text, e.version, e.title, e.fields, e.texts,
    e.beginnings
FROM unnest($1::text[], $2::uuid[]) AS asked(resource_type, resource_id)
CROSS JOIN LATERAL (
    SELECT version, title, fields, texts, beginnings FROM insight.search_entry
    WHERE resource_type = asked.resource_type AND resource_id = asked.resource_id LIMIT 1
) e
"""
_MOVE = """
UPDATE insight.search_entry e
SET version = n.version, owner_user_id = n.owner_user_id, org_unit_id = n.org_unit_id,
    whole_id = n.whole_id
FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[], $6::uuid[])
    AS n(resource_type, resource_id, version, owner_user_id, org_unit_id, whole_id)
WHERE e.resource_type = n.resource_type AND e.resource_id = n.resource_id
"""
_FORGET = """
DELETE FROM insight.search_beginning
WHERE resource_type = $1 AND resource_id = $2 AND beginning = ANY($3::text[])
"""
_KEEP = """
INSERT INTO insight.search_entry (tenant_id, resource_type, resource_id, version, owner_user_id,
    org_unit_id, whole_id, title, fields, texts, beginnings, body, grams)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::bigint[])
"""
_CHANGE = """
UPDATE insight.search_entry SET version = $4, owner_user_id = $5, org_unit_id = $6, whole_id = $7,
    title = $8, fields = $9, texts = $10, beginnings = $11, body = $12,
    grams = $13::text::bigint[]
WHERE tenant_id = $1 AND resource_type = $2 AND resource_id = $3
"""
_LIST = """
INSERT INTO insight.search_beginning (tenant_id, resource_type, resource_id, beginning, shared)
SELECT $1::uuid, new.resource_type, new.resource_id, way.beginning, way.shared::integer
FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[])
    AS new(resource_type, resource_id, beginnings, shared)
CROSS JOIN unnest(string_to_array(new.beginnings, E'\\n'), string_to_array(new.shared, E'\\n'))
    AS way(beginning, shared)
"""
_EMPTY = (
    "DELETE FROM insight.search_beginning",
    "DELETE FROM insight.search_entry",
)
# Between the lines of `beginnings` and `body`, and around them.
LINE = "\n"
_Key = tuple[str, str]


def seed_of(tenant_id: str) -> int:
    """Give the number that makes a tenant's grams its own; it leaves a bigint's sign alone."""
    return uuid.UUID(tenant_id).int & (1 << 62) - 1


async def take_in(events: Sequence[Event], transaction: Transaction) -> None:
    """Let events of one tenant take effect; of each record only what is newer than is known."""
    newest: dict[_Key, SearchEntry] = {}
    changes = [event for event in events if heard.is_change(event)]
    for event in changes:
        change = event.change
        key = (change.resource_type, change.resource_id)
        if key in newest and newest[key].version >= change.version:
            continue
        entry = entry_of(event)
        if entry is not None:
            newest[key] = entry
    if newest:
        await _write(newest, transaction)
        await mirror_shares("insight.search_entry", changes, transaction)


async def _write(newest: dict[_Key, SearchEntry], transaction: Transaction) -> None:
    # Two that write the same record must not both believe to be the first. So what is not known is
    # not there, and is not looked for again.
    await transaction.lock("search")
    rows = await transaction.fetch(_KNOWN, *zip(*newest, strict=True))
    known = {(row["resource_type"], row["resource_id"]): row for row in rows}
    moved: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    kept: list[tuple[Any, ...]] = []
    old: list[tuple[str, str, list[str]]] = []
    new: list[tuple[str, str, str, str]] = []
    for key, entry in newest.items():
        before = known.get(key)
        if before is not None and before["version"] >= entry.version:
            continue
        if before is not None and _says(before) == (entry.title, entry.texts):
            moved.append(_place(entry))  # most changes are of other fields
        elif before is not None and before["title"] == entry.title:
            changed.append(_row(entry, before["beginnings"], transaction.tenant_id))
        else:
            row = _row(entry, _lines(entry.beginnings), transaction.tenant_id)
            (kept if before is None else changed).append(row)
            new.append((*key, *_ways(entry)))
            if before is not None:
                old.append((*key, _listed(before["title"], before["beginnings"].split(LINE))))
    if moved:
        await transaction.fetch(_MOVE, *zip(*moved, strict=True))
    if old:
        await transaction.executemany(_FORGET, old)
    if changed:
        await transaction.executemany(_CHANGE, changed)
    if kept:
        await transaction.executemany(_KEEP, kept)
    if new:
        await transaction.fetch(_LIST, transaction.tenant_id, *zip(*new, strict=True))


def _says(kept: Record) -> tuple[str, tuple[tuple[str, str], ...]]:
    return kept["title"], tuple(zip(kept["fields"], kept["texts"], strict=True))


def _place(entry: SearchEntry) -> tuple[Any, ...]:
    return (
        *(entry.resource_type, entry.resource_id, entry.version),
        *(entry.owner_user_id or None, entry.org_unit_id or None, entry.whole_id or None),
    )


def _row(entry: SearchEntry, ways: str, tenant_id: str) -> tuple[Any, ...]:
    return (
        *(tenant_id, *_place(entry), entry.title),
        *([field for field, _ in entry.texts], [text for _, text in entry.texts]),
        *(ways, _lines(entry.body)[1:], _literal(list(entry.grams(seed_of(tenant_id))))),
    )


def _literal(numbers: list[int]) -> str:
    # The driver takes three times as long to send as many numbers one by one.
    return f"{{{str(numbers)[1:-1]}}}"


def _ways(entry: SearchEntry) -> tuple[str, str]:
    """Give the ways into a title that are listed, and what they share, a line each."""
    ways = _listed(entry.title, entry.beginnings)
    return LINE.join(ways), LINE.join(map(str, shared(ways)))


def _listed(title: str, ordered: Sequence[str]) -> list[str]:
    ways = [way for way in ordered if way and way[0] in LISTED]
    return ways + inside(fold(title), ways)


def _lines(texts: Sequence[str]) -> str:
    return LINE.join(("", *texts, ""))


def consumer() -> Consumer:
    """Give what keeps the index: every change of every service."""
    return Consumer("search", heard.subjects(), take_in)


async def rebuild(here: Resources) -> None:
    """Throw the index away and make it again from the services' logs, of all tenants.

    What is heard meanwhile takes effect as always. Until the end there is less to be found.
    """
    emptied: set[str] = set()
    for service in heard.services():
        after = ""
        while True:
            with acting(_OWN):
                page = await _read_changes(here, service, after)
            by_tenant: dict[str, list[Event]] = {}
            for change in page.changes:
                by_tenant.setdefault(change.tenant_id, []).append(heard.again(change))
            for tenant_id, events in by_tenant.items():
                async with here.database.transaction(tenant_id) as transaction:
                    for statement in () if tenant_id in emptied else _EMPTY:
                        await transaction.fetch(statement)
                    await take_in(events, transaction)
                emptied.add(tenant_id)
            if not page.changes:
                break
            after = page.next_after


async def _read_changes(
    here: Resources, service: str, after: str
) -> change_pb2.ReadChangesResponse:
    request = change_pb2.ReadChangesRequest(service=service, after=after, page_size=_CHANGES_PAGE)
    channel: Any = here.channels.to(service)
    return await channel.unary_unary(_READ_CHANGES)(request)
