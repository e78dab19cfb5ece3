"""Pages that follow keys and not counts: orders, cursors, and the tokens that carry them."""

import base64
import datetime
import decimal
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from chassis import errors
from chassis.resources.sql import Sql


@dataclass(frozen=True)
class SortKey:
    """One term of an order.

    Attributes:
        sql: the expression over the row ``t``.
        nullable: rows without a value come last, whichever the direction.
        indexed: an index has this order.
    """

    sql: str
    pg: str
    descending: bool
    nullable: bool
    field: str
    indexed: bool = True


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: the sort values of the last row before it.

    Attributes:
        values: one per sort key; None where that row had no value.
    """

    values: tuple[Any, ...]


def seek(keys: Sequence[SortKey], cursor: Cursor, sql: Sql) -> str:
    """Give the condition that a row comes after the cursor, nulls last in both directions."""
    uniform = len({key.descending for key in keys}) == 1
    # A row comparison is unknown where a later column is null, and would lose those rows. The first
    # column is safe: the list is split where it is null.
    plain = not any(key.nullable for key in keys[1:]) and cursor.values[0] is not None
    if uniform and plain:
        sign = "<" if keys[0].descending else ">"
        names = ", ".join(key.sql for key in keys)
        values = ", ".join(
            sql.bind(value, key.pg) for key, value in zip(keys, cursor.values, strict=True)
        )
        return f"({names}) {sign} ({values})"
    return _expanded(keys, cursor, sql)


def _expanded(keys: Sequence[SortKey], cursor: Cursor, sql: Sql) -> str:
    """Spell the comparison out, one alternative per key that may decide."""
    alternatives: list[str] = []
    same: list[str] = []
    for key, value in zip(keys, cursor.values, strict=True):
        name = key.sql
        if value is None:
            same.append(f"{name} IS NULL")
            continue
        placeholder = sql.bind(value, key.pg)
        sign = "<" if key.descending else ">"
        after = f"{name} {sign} {placeholder}"
        if key.nullable:
            after = f"({after} OR {name} IS NULL)"
        alternatives.append("(" + " AND ".join([*same, after]) + ")")
        same.append(f"{name} = {placeholder}")
    return "(" + " OR ".join(alternatives) + ")"


class PageTokens:
    """Opaque, signed page tokens, bound to what was asked."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, asked: str, cursor: Cursor) -> str:
        """Give the token of the page after a cursor."""
        values = [_plain(value) for value in cursor.values]
        body = orjson.dumps(values)
        return base64.urlsafe_b64encode(self._mac(asked, body) + body).decode().rstrip("=")

    def read(self, asked: str, token: str, keys: Sequence[SortKey]) -> Cursor:
        """Read a token.

        Raises:
            Invalid: INVALID_PAGE_TOKEN when it is not ours or belongs to another question.
        """
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            mac, body = raw[:16], raw[16:]
            if not hmac.compare_digest(mac, self._mac(asked, body)):
                raise ValueError
            values = orjson.loads(body)
        except ValueError:
            raise errors.invalid_field("page_token", "INVALID_PAGE_TOKEN") from None
        return Cursor(tuple(_typed(value, key.pg) for value, key in zip(values, keys, strict=True)))

    def _mac(self, asked: str, body: bytes) -> bytes:
        return hmac.digest(self._secret, asked.encode() + b"\0" + body, hashlib.sha256)[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    return value


def _typed(value: Any, pg: str) -> Any:
    if value is None:
        return None
    if pg == "timestamptz":
        return datetime.datetime.fromisoformat(value)
    if pg == "date":
        return datetime.date.fromisoformat(value)
    if pg == "numeric":
        return decimal.Decimal(value)
    return value
