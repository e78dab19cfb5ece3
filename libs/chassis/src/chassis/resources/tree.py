"""Nouns that are a tree (OBS, WBS, FBS): where each node stands today, and where it stood.

A node keeps its `path`: the ids from the top down to itself, as text, so that a subtree is one
range of an index. Where it stood on which days are dated edges in ``<noun>_edge``: a move closes
one and opens the next, and no row of anything else is rewritten. Every change of the shape happens
under one lock per tenant and tree; without it two opposite moves make a cycle.
"""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.api.v1 import tree_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import Tree
from chassis.database import TENANT_ID, Database, Transaction
from chassis.resources.around import Around
from chassis.resources.columns import PATH
from chassis.resources.noun import Noun
from chassis.resources.requests import Request
from chassis.resources.sql import subtree_of
from chassis.resources.store import Store
from chassis.rpc import Call

DEPTH_MAX = 64


@dataclass(frozen=True)
class Edge:
    """Where a node stood: under `parent_id` ("" at the top) from a day to the day before another.

    Attributes:
        valid_to: None while it lasts.
    """

    node_id: str
    parent_id: str
    valid_from: datetime.date
    valid_to: datetime.date | None = None


def parents_on(edges: Iterable[Edge], day: datetime.date) -> dict[str, str]:
    """Give each node's parent on a day."""
    return {
        edge.node_id: edge.parent_id
        for edge in edges
        if edge.valid_from <= day and (edge.valid_to is None or day < edge.valid_to)
    }


def move_makes_cycle(
    edges: Sequence[Edge], node_id: str, parent_id: str, since: datetime.date
) -> bool:
    """Tell whether a node put under a parent since a day would stand above itself on any day."""
    others = [edge for edge in edges if edge.node_id != node_id]
    days = {since} | {edge.valid_from for edge in others if edge.valid_from > since}
    # The node itself stands at the top of its own subtree, or the walk upwards would stop below it.
    return any(
        node_id in (parent_id, *Tree({**parents_on(others, day), node_id: ""}).ancestors(parent_id))
        for day in days
    )


class TreeRows:
    """The shape of one noun's tree in the database."""

    def __init__(self, noun: Noun, database: Database) -> None:
        self._noun = noun
        self._database = database
        self._parent = noun.tree_parent
        self._table = f"{database.schema}.{noun.table_name}"
        self._edges = f"{self._table}_edge"

    async def hold(self, transaction: Transaction, *, exclusive: bool) -> None:
        """Keep the shape as it is until the transaction ends; exclusively, to change it."""
        await transaction.lock("tree", self._table, shared=not exclusive)

    async def plant(self, transaction: Transaction, new: Any, around: Around) -> None:
        """Give a new node its place; its row is written and the shape is held."""
        parent_id: str = getattr(new, self._parent)
        above = await self._path(transaction, parent_id) if parent_id else ""
        await self._place(transaction, new.id, above)
        await self._open_edge(transaction, new.id, parent_id, around.today)

    async def check_neighbours(self, transaction: Transaction, node: Any) -> None:
        """Refuse to delete what has living children, and to revive what hangs on a deleted node.

        Raises:
            FailedPrecondition: HAS_CHILDREN, PARENT_DELETED.
        """
        if node.HasField("delete_time"):
            below = await transaction.fetchrow(
                f"SELECT 1 FROM {self._table} WHERE {self._parent} = $1 AND delete_time IS NULL",
                node.id,
            )
            if below is not None:
                raise errors.FailedPrecondition("HAS_CHILDREN", id=node.id)
        elif getattr(node, self._parent):
            await self._path(transaction, getattr(node, self._parent))

    async def move(
        self,
        store: Store,
        call: Call,
        old: Any,
        new: Any,
        request: Any,
        around: Around,
        asked: Callable[[Message], Request] | None,
    ) -> Any:
        """Move a node and all below it, today or from an earlier day on.

        Raises:
            FailedPrecondition: MOVE_INTO_ITSELF, MOVE_IN_FUTURE, MOVE_BEFORE_LAST,
                PARENT_NOT_THERE_YET.
            Conflict: BUSY_RECORD when somebody changed the node meanwhile.
        """
        since = _day(request, around)
        parent_id: str = getattr(new, self._parent)
        if parent_id == getattr(old, self._parent):
            return old
        async with self._database.transaction(call.tenant_id) as transaction:
            await self.hold(transaction, exclusive=True)
            edges = await self._all_edges(transaction)
            self._check_move(edges, new.id, parent_id, since, around)
            before = await self._path(transaction, new.id)
            above = await self._path(transaction, parent_id) if parent_id else ""
            new.etag = str(int(old.etag) + 1)
            new.update_time.FromDatetime(around.now)
            after = _joined(above, new.id)
            fact = tree_pb2.TreeNodeMoved(
                resource_type=self._noun.resource.type,
                node_id=new.id,
                old_path_prefix=before,
                new_path_prefix=after,
            )
            fact.effective_date.year, fact.effective_date.month, fact.effective_date.day = (
                since.year,
                since.month,
                since.day,
            )
            written = await store.update(
                call, "move", old, new, facts=[fact], request=asked and asked(new),
                connection=transaction,
            )  # fmt: skip
            if not written:
                raise errors.Conflict("BUSY_RECORD", retry_after=0.1)
            await self._replant(transaction, before, after)
            await self._check_depth(transaction, after)
            await self._close_edge(transaction, new.id, since)
            await self._open_edge(transaction, new.id, parent_id, since)
        return new

    async def edges(self, tenant_id: str) -> list[Edge]:
        """Give every edge there ever was, the oldest first."""
        return [_edge(row) for row in await self._database.read(tenant_id, self._edge_sql())]

    # --- inside a transaction that holds the shape

    def _check_move(
        self,
        edges: Sequence[Edge],
        node_id: str,
        parent_id: str,
        since: datetime.date,
        around: Around,
    ) -> None:
        if since > around.today:
            raise errors.FailedPrecondition("MOVE_IN_FUTURE", today=str(around.today))
        began = max(edge.valid_from for edge in edges if edge.node_id == node_id)
        if since < began:
            raise errors.FailedPrecondition("MOVE_BEFORE_LAST", last=str(began))
        there = [edge.valid_from for edge in edges if edge.node_id == parent_id]
        if there and since < min(there):
            raise errors.FailedPrecondition("PARENT_NOT_THERE_YET", since=str(min(there)))
        if parent_id and move_makes_cycle(edges, node_id, parent_id, since):
            raise errors.FailedPrecondition("MOVE_INTO_ITSELF", id=node_id)

    async def _path(self, transaction: Transaction, node_id: str) -> str:
        """Give the path of a living node."""
        living = " AND delete_time IS NULL" if self._noun.soft_delete else ""
        row = await transaction.fetchrow(
            f"SELECT {PATH} FROM {self._table} WHERE id = $1{living}", node_id
        )
        if row is None:
            raise errors.FailedPrecondition("PARENT_DELETED", id=node_id)
        return row[0]

    async def _place(self, transaction: Transaction, node_id: str, above: str) -> None:
        path = _joined(above, node_id)
        await transaction.fetch(
            f"UPDATE {self._table} SET {PATH} = $2 WHERE id = $1", node_id, path
        )

    async def _replant(self, transaction: Transaction, before: str, after: str) -> None:
        await transaction.fetch(
            f"UPDATE {self._table} SET {PATH} = $1::text || substr({PATH}, $2)"
            f" WHERE {subtree_of(PATH, '$3::text')}",
            *(after, len(before) + 1, before),
        )

    async def _check_depth(self, transaction: Transaction, prefix: str) -> None:
        row = await transaction.fetchrow(
            f"SELECT max(length({PATH}) - length(replace({PATH}, '.', ''))) FROM {self._table}"
            f" WHERE {subtree_of(PATH, '$1::text')}",
            prefix,
        )
        if row is not None and row[0] > DEPTH_MAX:
            raise errors.FailedPrecondition("TREE_TOO_DEEP", limit=DEPTH_MAX)

    async def _open_edge(
        self, transaction: Transaction, node_id: str, parent_id: str, since: datetime.date
    ) -> None:
        await transaction.fetch(
            f"INSERT INTO {self._edges} ({TENANT_ID}, node_id, parent_id, valid_from)"
            " VALUES ($1, $2, $3, $4)",
            *(transaction.tenant_id, node_id, parent_id or None, since),
        )

    async def _close_edge(self, transaction: Transaction, node_id: str, day: datetime.date) -> None:
        # An edge that began on the very day never was: that day belongs to the last move of it.
        await transaction.fetch(
            f"DELETE FROM {self._edges} WHERE node_id = $1 AND valid_from = $2", node_id, day
        )
        await transaction.fetch(
            f"UPDATE {self._edges} SET valid_to = $2 WHERE node_id = $1 AND valid_to IS NULL",
            *(node_id, day),
        )

    async def _all_edges(self, transaction: Transaction) -> list[Edge]:
        return [_edge(row) for row in await transaction.fetch(self._edge_sql())]

    def _edge_sql(self) -> str:
        return (
            "SELECT node_id::text, coalesce(parent_id::text, ''), valid_from, valid_to"
            f" FROM {self._edges} ORDER BY valid_from"
        )


def _edge(row: Any) -> Edge:
    return Edge(row[0], row[1], row[2], row[3])


def _joined(above: str, node_id: str) -> str:
    """Give the path of a node below another.

    Raises:
        FailedPrecondition: TREE_TOO_DEEP.
    """
    path = f"{above}{node_id.replace('-', '')}."
    if path.count(".") > DEPTH_MAX:
        raise errors.FailedPrecondition("TREE_TOO_DEEP", limit=DEPTH_MAX)
    return path


def _day(request: Any, around: Around) -> datetime.date:
    """Give the day a move takes effect; today when none is given."""
    if not request.HasField("effective_date"):
        return around.today
    given = request.effective_date
    try:
        return datetime.date(given.year, given.month, given.day)
    except ValueError:
        raise errors.invalid_field("effective_date", "INVALID_DATE") from None
