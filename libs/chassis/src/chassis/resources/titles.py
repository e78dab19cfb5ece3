"""Titles: the order in which people expect them, and the titles of what a record refers to.

The embedded PostgreSQL has no ICU, so a sort key is computed when a title is written: pinyin for
Chinese, folded Latin for the rest. Titles of other services' records are kept in a mirror, by
version and fed by their events; whoever may not see a record does not see its title either.
"""

import functools
import itertools
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from banyan.api.v1 import options_pb2

from chassis.access import Reach
from chassis.access.withheld import resource_of
from chassis.database import TENANT_ID, Transaction
from chassis.events import Consumer, Event
from chassis.resources.columns import reference_type
from chassis.resources.noun import Noun, snake
from chassis.resources.reach import Place, of_kind, place_of, within
from chassis.resources.shares import is_opened, mirror_shares
from chassis.resources.sql import Sql
from chassis.rpc import Call

if TYPE_CHECKING:
    from chassis.resources.here import Resources

# How far the reader sees records of a noun ("party.Organization"); None is not at all.
See = Callable[[str], Reach | None]
# What is known of the titles of records, by type and id.
Titles = dict[tuple[str, str], Any]
KEY_LENGTH_MAX = 200


@functools.lru_cache(maxsize=10_000)
def sort_key(title: str) -> str:
    """Give the key by which a title is sorted; equal for titles that differ in case or accents."""
    if title.isascii():
        return title.casefold()[:KEY_LENGTH_MAX]
    letters = unicodedata.normalize("NFKD", romanised(title))
    folded = "".join(c for c in letters if not unicodedata.combining(c))
    return folded.casefold()[:KEY_LENGTH_MAX]


def romanised(text: str) -> str:
    """Write Chinese in a text as pinyin, each syllable a word; the rest stays as it is."""
    if text.isascii():
        return text
    # The dictionaries take a while and some memory to load: only who has Chinese names needs them.
    from pypinyin.seg.simpleseg import seg

    return " ".join(itertools.chain.from_iterable(map(_syllables, seg(text))))


@functools.lru_cache(maxsize=50_000)
def _syllables(word: str) -> tuple[str, ...]:
    """Give the pinyin of a word of the dictionary; names of firms are made of few of them."""
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(word))


@dataclass(frozen=True)
class Title:
    """The title behind one reference field.

    Attributes:
        field: the field that shows it.
        source: the reference field.
        kind: the type of the record referred to.
        target: that noun, when its table is in the same schema.
    """

    field: str
    source: str
    kind: str
    target: Noun | None

    @property
    def select(self) -> str:
        """Give the expression that reads it."""
        column = self.target.options.title if self.target is not None else "title"
        return f"title_{self.field}.{column}"

    def join(self, schema: str, see: See | None, sql: Sql) -> str:
        """Join it, from its own table or the mirror, within the reader's reach."""
        alias = f"title_{self.field}"
        if self.target is not None:
            table, key, more = self.target.table_name, "id", ""
            place = place_of(self.target, schema, alias)
        else:
            table, key = "title", "resource_id"
            more = f" AND {alias}.resource_type = '{self.kind}'"
            place = _mirrored_place(self.kind, schema, alias)
        if see is not None:
            reach = see(resource_of(self.kind)) or Reach()
            scope = within(reach, place, sql)
            more += f" AND {scope}" if scope else ""
        return (
            f" LEFT JOIN {schema}.{table} {alias} ON {alias}.{TENANT_ID} = t.{TENANT_ID}"
            f" AND {alias}.{key} = t.{self.source}{more}"
        )


def title_of(noun: Noun, field: str, nouns: Sequence[Noun]) -> Title:
    """Read what a `title_of` field shows."""
    source = noun.field_options(field).title_of
    kind = reference_type(noun.fields[source])
    target = next((other for other in nouns if other.resource.type == kind), None)
    return Title(field, source, kind, target)


def mirrored_kinds(nouns: Sequence[Noun]) -> frozenset[str]:
    """Give the types of other services' records whose titles the nouns of a service show."""
    return frozenset(
        title.kind
        for noun in nouns
        for field in noun.fields
        if noun.field_options(field).title_of
        and (title := title_of(noun, field, nouns)).target is None
    )


def mirrored(kind: str, ids: Sequence[str], schema: str, see: See, sql: Sql) -> str:
    """Give the query of type, id, title and whether it is deleted of what the mirror has.

    It gives what a reader sees; whether a record is deleted may be null, which is not known.
    """
    scope = within(see(resource_of(kind)) or Reach(), _mirrored_place(kind, schema, "t"), sql)
    return (
        f"SELECT t.resource_type, t.resource_id::text, t.title, t.deleted FROM {schema}.title t"
        # Ids the planner does not see: with those it sees it plans anew at every call.
        f" WHERE t.resource_type = '{kind}'"
        f" AND t.resource_id = ANY((SELECT {sql.bind(ids, 'uuid[]')})::uuid[])"
        f"{scope and f' AND {scope}'}"
    )


async def doubt(schema: str, kind: str, record_id: str, transaction: Transaction) -> None:
    """Let a mirrored record be asked for at its owner until its own next event is here."""
    await transaction.fetch(
        f"UPDATE {schema}.title SET deleted = NULL WHERE resource_type = $1 AND resource_id = $2",
        *(kind, record_id),
    )


def _mirrored_place(kind: str, schema: str, alias: str) -> Place:
    kinds = of_kind(kind) if is_opened(kind) else ""
    return Place(alias, f"{schema}.share", "resource_id", kinds)


def title_consumers(here: "Resources") -> list[Consumer]:
    """Give the consumer that keeps the mirror of the titles this service shows, if it shows any."""
    kinds = mirrored_kinds(here.nouns)
    if not kinds:
        return []
    subjects = tuple(sorted(map(_subject, kinds)))
    return [Consumer("titles", subjects, functools.partial(_mirror, here.database.schema))]


def _subject(kind: str) -> str:
    service, _, noun = kind.partition(".banyan/")
    return f"{service}.{snake(noun)}.*"


async def _mirror(schema: str, events: Sequence[Event], transaction: Transaction) -> None:
    """Keep the titles of changed records, unless something newer is kept already."""
    rows: dict[tuple[str, str], tuple[Any, ...]] = {}
    for event in sorted(events, key=lambda event: event.change.version):
        row = _title_row(event)
        rows[row[:2]] = row  # one statement writes a row once
    await transaction.fetch(
        f"INSERT INTO {schema}.title AS kept ({TENANT_ID}, resource_type, resource_id, title,"
        " version, owner_user_id, org_unit_id, deleted) SELECT $1, * FROM unnest($2::text[],"
        " $3::uuid[], $4::text[], $5::bigint[], $6::uuid[], $7::uuid[], $8::boolean[])"
        f" ON CONFLICT ({TENANT_ID}, resource_type, resource_id) DO UPDATE"
        " SET title = excluded.title, version = excluded.version,"
        " owner_user_id = excluded.owner_user_id, org_unit_id = excluded.org_unit_id,"
        " deleted = excluded.deleted"
        " WHERE kept.version < excluded.version",
        *(transaction.tenant_id, *zip(*rows.values(), strict=True)),
    )
    await mirror_shares(f"{schema}.title", events, transaction)


def _title_row(event: Event) -> tuple[Any, ...]:
    change, record = event.change, event.record
    options: Any = record.DESCRIPTOR.GetOptions()
    title: str = options.Extensions[options_pb2.noun].title
    owner, unit = getattr(record, "owner_user_id", ""), getattr(record, "org_unit_id", "")
    return (
        *(change.resource_type, change.resource_id, getattr(record, title), change.version),
        *(owner or None, unit or None, _is_deleted(event)),
    )


def _is_deleted(event: Event) -> bool:
    if "delete_time" in event.record.DESCRIPTOR.fields_by_name:
        return event.record.HasField("delete_time")
    return event.change.verb == "delete"


def see_of(call: Call) -> See:
    """Give how far a caller sees each noun."""
    return lambda noun: call.reach(noun, "read")
