"""How far a caller reaches, as a condition on the rows of a table."""

from collections.abc import Iterable
from dataclasses import dataclass

from chassis.access import SHARES, Reach
from chassis.resources.columns import reference_type
from chassis.resources.noun import Noun
from chassis.resources.sql import Sql


@dataclass(frozen=True)
class Place:
    """Where rows of some table say whose they are.

    Attributes:
        alias: the table's in the statement.
        shares: the table that says what is shared.
        key: the column with the record's id.
        kinds: the condition on ``s.resource_type`` that selects the records' shares; "" when such
            records are not shared.
        whole: the column that names the record they are parts of, with its condition.
        categories: the columns a permission by category reaches them by; None where the shares say
            this too, as for what is mirrored.
        owned: the rows have an owner and a unit.
    """

    alias: str
    shares: str
    key: str
    kinds: str = ""
    whole: tuple[str, str] = ("", "")
    categories: tuple[str, ...] | None = None
    owned: bool = True


def place_of(noun: Noun, schema: str, alias: str = "t") -> Place:
    """Give where the rows of a noun's own table say whose they are."""
    whole = noun.part_of
    return Place(
        alias,
        f"{schema}.share",
        "id",
        of_kind(noun.resource.type) if SHARES in noun.fields else "",
        (whole, of_kind(reference_type(noun.fields[whole]))) if whole else ("", ""),
        tuple(noun.options.category_fields),
        "owner_user_id" in noun.fields and "org_unit_id" in noun.fields,
    )


def of_kind(kind: str) -> str:
    """Give the condition that a share is of a record of a type."""
    return f"s.resource_type = '{kind}'"


def within(reach: Reach, place: Place, sql: Sql) -> str:
    """Give the condition that a row is within reach; "" when everything is."""
    if reach.everything:
        return ""
    alias = place.alias
    parts: list[str] = []
    if reach.own and place.owned:
        parts.append(f"{alias}.owner_user_id = {sql.bind(reach.user_id, 'uuid')}")
    if reach.units and place.owned:
        parts.append(f"{alias}.org_unit_id = ANY({sql.bind(sorted(reach.units), 'uuid[]')})")
    for key, kinds in ((place.key, place.kinds), place.whole):
        if reach.principals and kinds:
            writes = " AND s.writes" if reach.writing else ""
            parts.append(shared_with(reach.principals, place, key, kinds + writes, sql))
    if reach.categories and place.categories is None and place.kinds:
        parts.append(shared_with(reach.categories, place, place.key, place.kinds, sql))
    if reach.categories and place.categories:
        among = f"ANY({sql.bind(sorted(reach.categories), 'uuid[]')})"
        parts += [f"{alias}.{column} = {among}" for column in place.categories]
    return "(" + " OR ".join(parts) + ")" if parts else "false"


def shared_with(principals: Iterable[str], place: Place, key: str, which: str, sql: Sql) -> str:
    """Give the condition that a row, or the whole it is a part of, is shared with one of these."""
    # Looked up before the rows are, so that their ids lead to them as owner and unit do.
    return (
        f"{place.alias}.{key} = ANY(ARRAY(SELECT s.resource_id FROM {place.shares} s"
        f" WHERE {which} AND s.principal_id = ANY({sql.bind(sorted(principals), 'uuid[]')})))"
    )
