"""The statements that write a noun's rows: row, change and request id, all or none of them."""

from collections.abc import Sequence

from chassis.database import TENANT_ID
from chassis.resources.columns import VERSION, reference_type
from chassis.resources.noun import Noun


class Statements:
    """Writes of one noun, as SQL with parameters.

    Args:
        columns: the written columns with their types, the tenant first.
        nouns: those of the service, among them what the noun's rules read.
    """

    def __init__(
        self, noun: Noun, schema: str, columns: Sequence[tuple[str, str]], nouns: Sequence[Noun]
    ) -> None:
        self._noun = noun
        self._schema = schema
        self._columns = columns
        self._nouns = nouns
        self._table = f"{schema}.{noun.table_name}"

    def insert(self, with_request: int) -> str:
        """Write a new row; its values come in the order of the columns."""
        columns = self._columns
        names = ", ".join(name for name, _ in columns)
        values = ", ".join(f"${i}::{pg}" for i, (_, pg) in enumerate(columns, 1))
        guards, first = self._guards(len(columns) + 1)
        where = f" WHERE {' AND '.join(guards)}" if guards else ""
        row = f"INSERT INTO {self._table} ({names}) SELECT {values}{where} RETURNING id"
        return self._with_change(row, first, with_request)

    def update(self, with_request: int) -> str:
        """Write a row that still has the version before."""
        columns = self._columns
        places = {name: f"${i}::{pg}" for i, (name, pg) in enumerate(columns, 1)}
        fixed = (TENANT_ID, "id")
        assignments = ", ".join(f"{n} = {p}" for n, p in places.items() if n not in fixed)
        guards, first = self._guards(len(columns) + 1)
        guards = [f"id = {places['id']}", f"{VERSION} = {places[VERSION]} - 1", *guards]
        row = f"UPDATE {self._table} SET {assignments} WHERE {' AND '.join(guards)} RETURNING id"
        return self._with_change(row, first, with_request)

    def _guards(self, first: int) -> tuple[list[str], int]:
        """Give the conditions that what the rules read is as it was, and the next free place."""
        guards: list[str] = []
        for name in self._noun.reads:
            kind = reference_type(self._noun.fields[name])
            target = next(noun for noun in self._nouns if noun.resource.type == kind)
            guards.append(
                f"(${first}::uuid IS NULL OR EXISTS (SELECT 1 FROM"
                f" {self._schema}.{target.table_name} r WHERE r.id = ${first}::uuid"
                f" AND r.{VERSION} = ${first + 1}::bigint))"
            )
            first += 2
        return guards, first

    def delete(self, with_request: int) -> str:
        """Remove a row that still has the version before."""
        # $1 tenant, $2 id, then the change; its version is the row's next.
        row = (
            f"DELETE FROM {self._table} WHERE id = $2::uuid AND {VERSION} = $6::bigint - 1"
            " RETURNING id"
        )
        return self._with_change(row, 3, with_request)

    def _with_change(self, row: str, first: int, with_request: int) -> str:
        """Add the change, and the request id, to a write; both only if the row was written.

        The change selects from the row, so its sequence is taken after the row's lock.
        """
        c = [f"${first + i}" for i in range(10)]
        parts = [
            f"new AS ({row})",
            f"log AS (INSERT INTO {self._schema}.change"
            f" ({TENANT_ID}, id, resource_type, resource_id, version, verb, payload)"
            f" SELECT $1::uuid, {c[0]}::uuid, {c[1]}::text, {c[2]}::uuid, {c[3]}::bigint,"
            f" {c[4]}::text, {c[5]}::bytea FROM new)",
        ]
        if with_request:
            parts.append(
                f"asked AS (INSERT INTO {self._schema}.request"
                f" ({TENANT_ID}, caller, method, request_id, body_hash, response)"
                f" SELECT $1::uuid, {c[6]}::text, {c[7]}::text, {c[8]}::text, {c[9]}::bytea,"
                f" ${first + 10}::bytea FROM new)"
            )
        return f"WITH {', '.join(parts)} SELECT id FROM new"
