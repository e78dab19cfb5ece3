"""Unique keys of records that are only checked: refused as their write would be.

A write leaves its keys to the table's indexes, which know what others write at the same time.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chassis import errors
from chassis.resources.table import keys_of

if TYPE_CHECKING:
    from chassis.resources.store import Store

_Columns = tuple[str, ...]


async def taken(
    store: "Store", tenant_id: str, records: Mapping[int, Any], *, new: bool
) -> dict[int, errors.Error]:
    """Say which records have a key of another one, or of one before them.

    Keys across tenants are left out: what other firms have is told only to whoever takes it.

    Args:
        records: by their place.
        new: they are not there yet; else they are to be changed.
    """
    types = dict(store.stored())
    rows = {
        place: dict(zip(types, [tenant_id, *store.row(record)], strict=True))
        for place, record in records.items()
    }
    # A private column is null until something writes it, and a key with the id in it is free.
    known = types.keys() - {"id"}
    mine = (key.columns for key in keys_of(store.noun) if not key.across_tenants)
    keys = [*((("id",),) if new else ()), *(columns for columns in mine if known >= set(columns))]
    refused: dict[int, errors.Error] = {}
    for columns in keys:
        for place in await _there(store, tenant_id, columns, types, rows):
            refused.setdefault(place, _refusal(columns))
    seen: set[tuple[_Columns, tuple[Any, ...]]] = set()
    for place, row in rows.items():
        own = [(key, values) for key in keys if (values := _values(key, row))]
        again = next((key for key, values in own if (key, values) in seen), None)
        if again is not None:
            refused.setdefault(place, _refusal(again))
        if place not in refused:
            seen.update(own)
    return refused


async def check_free(store: "Store", tenant_id: str, changed: Any) -> None:
    """Check the keys of a record that is to be changed.

    Raises:
        AlreadyExists: another one has one of them.
    """
    for refusal in (await taken(store, tenant_id, {0: changed}, new=False)).values():
        raise refusal


async def _there(
    store: "Store",
    tenant_id: str,
    key: _Columns,
    types: Mapping[str, str],
    rows: Mapping[int, Mapping[str, Any]],
) -> list[int]:
    """Give the places of the rows whose key a living record has that is not the row's own."""
    asked = [(p, row["id"], *values) for p, row in rows.items() if (values := _values(key, row))]
    if not asked:
        return []
    arrays = ["$1::int[]", "$2::uuid[]"]
    arrays += [f"${place}::{types[column]}[]" for place, column in enumerate(key, 3)]
    names = [f"k{place}" for place, _ in enumerate(key)]
    same = [f"t.{column} = a.{name}" for column, name in zip(key, names, strict=True)]
    if key != ("id",):
        same.append("t.id <> a.id")
        if store.noun.soft_delete:
            same.append("t.delete_time IS NULL")
    found = await store.database.read(
        tenant_id,
        f"SELECT a.place FROM unnest({', '.join(arrays)}) AS a(place, id, {', '.join(names)})"
        f" WHERE EXISTS (SELECT 1 FROM {store.table} t WHERE {' AND '.join(same)})",
        *(list(values) for values in zip(*asked, strict=True)),
    )
    return [place for (place,) in found]


def _values(key: _Columns, row: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Give the values of a key; None when one is missing, as such a key is no one's."""
    values = tuple(row[column] for column in key)
    return None if None in values else values


def _refusal(key: _Columns) -> errors.Error:
    return errors.AlreadyExists("ALREADY_EXISTS", key="_".join(key))  # as the index says it
