"""Reading and writing one noun's rows: statements built once, a change with every write."""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.message import Message
from sqlalchemy.dialects import postgresql

from chassis import errors
from chassis.access import Reach
from chassis.database import TENANT_ID, Database, Record, Transaction
from chassis.events import ChangeDraft, draft_change
from chassis.resources.columns import TITLE_SORT_KEY, VERSION
from chassis.resources.noun import Noun
from chassis.resources.pages import Cursor, SortKey, seek
from chassis.resources.query import Query, Question
from chassis.resources.reach import place_of, within
from chassis.resources.requests import Request
from chassis.resources.sql import Sql
from chassis.resources.statements import Statements
from chassis.resources.table import (
    field_columns,
    reader,
    writer,
)
from chassis.resources.titles import See, Title, sort_key, title_of
from chassis.rpc import PAGE_BYTES_MAX, Call

COUNT_MAX = 10_000
# So few records are as good as never as much as a page may hold.
_NOT_WEIGHED = 50
# The records that rules read, by reference field.
Relied = Mapping[str, Message]
_NOTHING: Relied = {}
_DIALECT = postgresql.dialect()
_MASKS_KEPT = 200


class Connection(Protocol):
    """What both a transaction and a single statement's connection can do."""

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Record]:
        """Run SQL and give its rows."""
        ...


@dataclass(frozen=True)
class Page:
    """One page of rows: messages, and the cursor of the last when there are more."""

    messages: list[Any]
    next: Cursor | None


class Store:
    """The rows of one noun."""

    def __init__(self, noun: Noun, database: Database, nouns: Sequence[Noun]) -> None:
        self.noun = noun
        self.database = database
        self.query = Query(noun)
        self._nouns = tuple(nouns)
        self._schema = database.schema
        self.table = f"{self._schema}.{noun.table_name}"
        self._columns = field_columns(noun)
        self._write = writer(noun)
        self._readers: dict[tuple[str, ...], tuple[str, tuple[Title, ...], Any]] = {}
        self._all = tuple(noun.fields)
        self._place = place_of(noun, self._schema)
        write = Statements(noun, self._schema, self.stored(), nouns)
        self._inserts = {with_request: write.insert(with_request) for with_request in (0, 1)}
        self._updates = {with_request: write.update(with_request) for with_request in (0, 1)}
        self._deletes = {with_request: write.delete(with_request) for with_request in (0, 1)}

    # --- reading

    async def get(
        self,
        tenant_id: str,
        record_id: str,
        reach: Reach,
        names: tuple[str, ...] = (),
        see: See | None = None,
    ) -> Any:
        """Give one record within reach.

        Raises:
            NotFound: not there, or not there for this caller.
        """
        found = await self.find(tenant_id, record_id, reach, names, see)
        if found is None:
            raise errors.NotFound("NOT_FOUND", resource=self.noun.name, id=record_id)
        return found

    async def find(
        self,
        tenant_id: str,
        record_id: str,
        reach: Reach,
        names: tuple[str, ...] = (),
        see: See | None = None,
    ) -> Any:
        """Give one record within reach, None when there is none.

        Args:
            names: the fields to read; all when empty.
            see: how far the reader sees other nouns, for the titles of what is referred to.
        """
        select, titles, read = self._reader(names or self._all)
        sql = Sql([record_id])
        joins = self._joins(titles, see, sql)
        scope = within(reach, self._place, sql)
        statement = f"SELECT {select} FROM {self.table} t{joins} WHERE t.id = $1::uuid"
        if scope:
            statement += f" AND {scope}"
        rows = await self.database.read(tenant_id, statement, *sql.arguments)
        return read(rows[0]) if rows else None

    async def where(
        self,
        tenant_id: str,
        condition: str,
        *arguments: Any,
        connection: Connection | None = None,
    ) -> list[Any]:
        """Give the records for which SQL over the row ``t`` holds, in the order of their ids.

        Args:
            connection: the transaction to read in; by itself otherwise.
        """
        select, titles, read = self._reader(self._all)
        joins = self._joins(titles, None, Sql())
        sql = f"SELECT {select} FROM {self.table} t{joins} WHERE {condition} ORDER BY t.id"
        if connection is not None:
            return [read(row) for row in await connection.fetch(sql, *arguments)]
        return [read(row) for row in await self.database.read(tenant_id, sql, *arguments)]

    async def hold(self, record_id: str, transaction: Transaction) -> None:
        """Let nobody else change a record until the transaction ends; read it after that."""
        await transaction.fetch(f"SELECT 1 FROM {self.table} WHERE id = $1 FOR UPDATE", record_id)

    async def titles_of(
        self, tenant_id: str, ids: Sequence[str], names: tuple[str, ...], see: See
    ) -> dict[str, Any]:
        """Give records by id with nothing but these titles of what they refer to."""
        select, titles, read = self._reader(("id", *names))
        sql = Sql([list(ids)])
        joins = self._joins(titles, see, sql)
        rows = await self.database.read(
            tenant_id,
            # Ids the planner does not see: with those it sees it plans anew at every call.
            f"SELECT {select} FROM {self.table} t{joins}"
            " WHERE t.id = ANY((SELECT $1::uuid[])::uuid[])",
            *sql.arguments,
        )
        return {record.id: record for record in map(read, rows)}

    async def page(
        self,
        tenant_id: str,
        question: Question,
        *,
        keys: Sequence[SortKey],
        size: int,
        cursor: Cursor | None,
        names: tuple[str, ...] = (),
        make: Callable[..., Any] | None = None,
        see: See | None = None,
    ) -> Page:
        """Give one page in an order.

        Args:
            make: makes each message; the `add` of a repeated field fills that field.

        Where records are long it is shorter than asked for (AIP-158): it fits into a message.

        A first key that may be null splits the list in two, values before nulls, so that each part
        follows an index; the second part is read only when the first does not fill the page.
        """
        select, titles, read = self._reader(names or self._all)
        order_columns = ", ".join(_selected(key) for key in keys)
        select += f", {order_columns}"
        parts = [False, True] if keys[0].nullable else [None]
        if cursor is not None and keys[0].nullable and cursor.values[0] is None:
            parts = [True]
        rows: list[Record] = []
        for null_part in parts:
            sql = Sql()
            joins = self._joins(titles, see, sql)
            after = cursor if null_part is not True or parts == [True] else None
            where = self._where(question, keys, after, null_part, sql)
            order = ", ".join(f"{k.sql} {_direction(k)}" for k in keys[1:])
            # Without a null in it the first column needs no NULLS LAST, so any index serves it.
            first = f"{keys[0].sql} {'DESC' if keys[0].descending else 'ASC'}"
            order = f"{first}, {order}" if order else first
            # A limit the planner sees: with one it does not know it plans anew at every call.
            limit = size + 1 - len(rows)
            rest = f"{where} ORDER BY {order} LIMIT {limit}"
            statement = f"SELECT {select} FROM {self.table} t{joins}{rest}"
            if not keys[0].indexed:  # all rows are gone through: their titles need not be
                page = f"(SELECT t.* FROM {self.table} t{rest}) t"
                statement = f"SELECT {select} FROM {page}{joins} ORDER BY {order}"
            rows += await self.database.read(tenant_id, statement, *sql.arguments)
            if len(rows) > size:
                break
        found = _messages(rows[:size], read, make or self.noun.message)
        more = len(rows) > len(found)
        following = Cursor(tuple(rows[len(found) - 1][-len(keys) :])) if more else None
        return Page(found, following)

    async def count(self, tenant_id: str, question: Question) -> int:
        """Count what a list would give, up to one more than 10,000."""
        sql = Sql()
        where = self._where(question, (), None, None, sql)
        statement = (
            f"SELECT count(*) FROM (SELECT 1 FROM {self.table} t{where}"
            f" LIMIT {COUNT_MAX + 1}) counted"
        )
        rows = await self.database.read(tenant_id, statement, *sql.arguments)
        return rows[0][0]

    def condition(self, question: Question, sql: Sql) -> str:
        """Give the condition of the rows a question is about; "" for all."""
        parts = [
            within(question.reach, self._place, sql),
            self.query.hiding(question.hidden).condition(
                question.filter, sql, question.profile, question.fields
            ),
            "t.delete_time IS NULL" if self.noun.soft_delete and not question.show_deleted else "",
        ]
        return " AND ".join(part for part in parts if part)

    def _where(
        self,
        question: Question,
        keys: Sequence[SortKey],
        cursor: Cursor | None,
        null_part: bool | None,
        sql: Sql,
    ) -> str:
        parts = [self.condition(question, sql)]
        if null_part is not None:
            parts.append(f"{keys[0].sql} IS {'' if null_part else 'NOT '}NULL")
        if cursor is not None:
            parts.append(seek(keys, cursor, sql))
        found = [part for part in parts if part]
        return " WHERE " + " AND ".join(found) if found else ""

    def _reader(self, names: tuple[str, ...]) -> tuple[str, tuple[Title, ...], Any]:
        """Give select list, titles to join and row reader of a mask; compiled once per mask."""
        known = self._readers.get(names)
        if known is None:
            select: list[str] = []
            titles: list[Title] = []
            for name in names:
                if name == "etag":
                    select.append(f"t.{VERSION}")
                elif name in self._columns:
                    select += [p.select.format(c=f"t.{p.name}") for p in self._columns[name]]
                else:
                    titles.append(title_of(self.noun, name, self._nouns))
                    select.append(titles[-1].select)
            known = (", ".join(select), tuple(titles), reader(self.noun, names))
            if len(self._readers) < _MASKS_KEPT:
                self._readers[names] = known
        return known

    def _joins(self, titles: Sequence[Title], see: See | None, sql: Sql) -> str:
        return "".join(title.join(self._schema, see, sql) for title in titles)

    # --- writing

    async def insert(
        self,
        call: Call,
        new: Any,
        *,
        facts: Iterable[Message] = (),
        request: Request | None = None,
        relied: Relied = _NOTHING,
        connection: Connection | None = None,
    ) -> bool:
        """Write a new record, its change and its request id, in one statement.

        Args:
            relied: the records its rules read, by reference field.
            connection: the transaction to write in; by itself otherwise.

        Returns:
            False when one of `relied` has another version by now; nothing is written then.
        """
        draft = self.draft(call, "create", new, facts=facts)
        values = self._values(call.tenant_id, new, relied, draft, request)
        sql = self._inserts[request is not None]
        if connection is not None:
            return bool(await connection.fetch(sql, *values))
        return bool(await self.database.write(call.tenant_id, sql, *values))

    async def insert_many(
        self,
        call: Call,
        records: Sequence[tuple[Any, Relied]],
        transaction: Transaction,
        facts_of: Callable[[Any], Iterable[Message]],
    ) -> bool:
        """Write new records and their changes, sent together.

        Args:
            records: each with the records its rules read.

        Returns:
            False when one of these has another version by now; the caller then undoes the rest.
        """
        rows = [
            self._values(
                call.tenant_id,
                new,
                relied,
                self.draft(call, "create", new, facts=facts_of(new)),
                None,
            )
            for new, relied in records
        ]
        await transaction.executemany(self._inserts[0], rows)
        if not self.noun.reads:
            return True
        written = await transaction.fetchrow(
            f"SELECT count(*) FROM {self.table} WHERE id = ANY($1::uuid[])",
            [new.id for new, _ in records],
        )
        return written is not None and written[0] == len(records)

    async def mirror(self, records: Iterable[Any], transaction: Transaction) -> None:
        """Write records made of other services' changes, each once; they are no changes of ours."""
        columns = self.stored()[1:]
        names = ", ".join(name for name, _ in columns)
        values = ", ".join(f"${i}::{pg}" for i, (_, pg) in enumerate(columns, 2))
        await transaction.executemany(
            f"INSERT INTO {self.table} ({TENANT_ID}, {names}) VALUES ($1, {values})"
            f" ON CONFLICT ({TENANT_ID}, id) DO NOTHING",
            [(transaction.tenant_id, *self.row(record)) for record in records],
        )

    async def update(
        self,
        call: Call,
        verb: str,
        old: Any,
        new: Any,
        *,
        facts: Iterable[Message] = (),
        request: Request | None = None,
        relied: Relied = _NOTHING,
        connection: Connection | None = None,
    ) -> bool:
        """Write a changed record if it still has the version it was read with.

        Args:
            relied: the records its rules read, by reference field.
            connection: the transaction to write in; by itself otherwise.

        Returns:
            False when somebody else was faster, with it or with one of `relied`; nothing is written
            then.
        """
        draft = self.draft(call, verb, new, old=old, facts=facts)
        values = self._values(call.tenant_id, new, relied, draft, request)
        sql = self._updates[request is not None]
        if connection is not None:
            return bool(await connection.fetch(sql, *values))
        return bool(await self.database.write(call.tenant_id, sql, *values))

    async def delete(
        self, call: Call, old: Any, gone: Any, *, request: Request | None = None
    ) -> bool:
        """Remove a row for good, keeping its last state in the change; False as in `update`."""
        draft = self.draft(call, "delete", gone, old=old)
        values: list[Any] = [call.tenant_id, old.id, *_change_values(draft)]
        if request is not None:
            values += request.values
        sql = self._deletes[request is not None]
        return bool(await self.database.write(call.tenant_id, sql, *values))

    def draft(
        self,
        call: Call,
        verb: str,
        new: Any,
        *,
        old: Any = None,
        facts: Iterable[Message] = (),
    ) -> ChangeDraft:
        """Describe the change of a write."""
        return draft_change(
            call.caller,
            self.noun.resource.type,
            verb,
            new,
            old=old,
            now=datetime.datetime.now(datetime.UTC),
            trace_parent=call.trace_parent,
            facts=facts,
        )

    def _values(
        self,
        tenant_id: str,
        new: Any,
        relied: Relied,
        draft: ChangeDraft,
        request: Request | None,
    ) -> list[Any]:
        values: list[Any] = [tenant_id, *self.row(new)]
        for name in self.noun.reads:
            record: Any = relied.get(name)
            values += (None, None) if record is None else (record.id, int(record.etag))
        values += _change_values(draft)
        if request is not None:
            values += request.values
        return values

    def row(self, record: Any) -> list[Any]:
        """Give a record's column values, in the order of `stored` after the tenant."""
        values = [*self._write(record), int(record.etag)]
        if title := self.noun.options.title:
            values.append(sort_key(getattr(record, title)))
        values += self.noun.derived.values(record)
        return values

    def stored(self) -> list[tuple[str, str]]:
        """List the written columns with their types, in the order of `_values`."""
        columns = [(p.name, p.pg) for parts in self._columns.values() for p in parts]
        columns.append((VERSION, "bigint"))
        if self.noun.options.title:
            columns.append((TITLE_SORT_KEY, "text"))
        columns += [(n, t.compile(_DIALECT)) for n, t in self.noun.derived.columns.items()]
        return [(TENANT_ID, "uuid"), *columns]


def _messages(
    rows: Sequence[Record], read: Callable[..., Any], make: Callable[..., Any]
) -> list[Any]:
    """Make messages of rows, of as many as a page may hold."""
    if len(rows) <= _NOT_WEIGHED:
        return [read(row, make) for row in rows]
    found: list[Any] = []
    left = PAGE_BYTES_MAX
    for row in rows:
        found.append(read(row, make))
        left -= found[-1].ByteSize()
        if left <= 0:
            break
    return found


def _change_values(draft: ChangeDraft) -> tuple[Any, ...]:
    return (
        draft.id,
        draft.resource_type,
        draft.resource_id,
        draft.version,
        draft.verb,
        draft.payload,
    )


def _direction(key: SortKey) -> str:
    """Give the direction of a key, nulls last both ways."""
    if key.descending:
        return "DESC NULLS LAST" if key.nullable else "DESC"
    return "ASC"


def _selected(key: SortKey) -> str:
    """Select a sort value in a form that survives JSON."""
    return f"{key.sql}::text" if key.pg == "uuid" else key.sql
