"""Tables from messages, and rows to messages and back by compiled functions."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from chassis.custom.fields import CUSTOM_FIELDS
from chassis.database import TENANT_ID
from chassis.resources.columns import (
    HELPERS,
    PATH,
    TITLE_SORT_KEY,
    VERSION,
    FieldColumn,
    column_name,
    columns_of,
    reference_type,
)
from chassis.resources.noun import HEADER_FIELDS, Noun, Unique, unique

# `etag` is the version, written as text.
_NOT_STORED = {"etag"}
# The id is the primary key; ids grow with time, so they stand in for the time of creation.
_NOT_INDEXED = {"id", "create_time", "creator_user_id"}


def stored_fields(noun: Noun) -> list[str]:
    """List the fields that have columns of their own."""
    return [
        name
        for name in noun.fields
        if name not in _NOT_STORED and not noun.field_options(name).title_of
    ]


def keys_of(noun: Noun) -> list[Unique]:
    """List its unique keys beside `id`."""
    return [*noun.keys, *([unique("external_id")] if "external_id" in noun.fields else ())]


def field_columns(noun: Noun) -> dict[str, tuple[FieldColumn, ...]]:
    """Give the columns of every stored field."""
    return {name: columns_of(noun.fields[name]) for name in stored_fields(noun)}


def metadata_of(schema: str, nouns: Sequence[Noun]) -> MetaData:
    """Describe the tables of a service's nouns."""
    metadata = MetaData(schema=schema)
    by_type: dict[str, Noun] = {}
    for noun in nouns:
        by_type[noun.resource.type] = noun
        _table(noun, metadata, by_type)
        if noun.tree_parent:
            _edge_table(noun, metadata)
    return metadata


def _table(noun: Noun, metadata: MetaData, by_type: dict[str, Noun]) -> Table:
    columns: list[Column[Any]] = [
        Column(TENANT_ID, UUID(as_uuid=False), primary_key=True, nullable=False)
    ]
    for name, parts in field_columns(noun).items():
        columns += [
            Column(part.name, part.type, primary_key=name == "id", nullable=part.nullable)
            for part in parts
        ]
    columns.append(Column(VERSION, BigInteger, nullable=False))
    if noun.options.title:
        columns.append(Column(TITLE_SORT_KEY, Text, nullable=False))
    if noun.tree_parent:
        columns.append(Column(PATH, Text(collation="C"), nullable=False, server_default=""))
    beside = {**noun.private, **noun.derived.columns}
    columns += [Column(name, type_, nullable=True) for name, type_ in beside.items()]
    items: list[Any] = [*columns, *_foreign_keys(noun, metadata.schema, by_type)]
    return Table(noun.table_name, metadata, *items, *_indexes(noun, {c.name for c in columns}))


def _edge_table(noun: Noun, metadata: MetaData) -> Table:
    """Describe the dated edges of a tree."""
    name = f"{noun.table_name}_edge"
    node = f"{metadata.schema}.{noun.table_name}"
    return Table(
        name,
        metadata,
        Column(TENANT_ID, UUID(as_uuid=False), primary_key=True, nullable=False),
        Column("node_id", UUID(as_uuid=False), primary_key=True, nullable=False),
        Column("valid_from", Date, primary_key=True, nullable=False),
        Column("valid_to", Date, nullable=True),
        Column("parent_id", UUID(as_uuid=False), nullable=True),
        ForeignKeyConstraint(
            [TENANT_ID, "node_id"], [f"{node}.{TENANT_ID}", f"{node}.id"], name=f"{name}_node_fkey"
        ),
        Index(f"{name}_parent_id_idx", TENANT_ID, "parent_id", "node_id"),
    )


def _foreign_keys(
    noun: Noun, schema: str | None, by_type: dict[str, Noun]
) -> Iterable[ForeignKeyConstraint]:
    # Foreign keys point to nouns the service declares before this one, so they tie no knot; other
    # references, owner and unit among them, are checked when written, in every service alike.
    for name, field in noun.fields.items():
        target = by_type.get(reference_type(field)) if name not in HEADER_FIELDS else None
        if target is not None and not field.is_repeated:
            yield ForeignKeyConstraint(
                [TENANT_ID, name],
                [f"{schema}.{target.table_name}.{TENANT_ID}", f"{schema}.{target.table_name}.id"],
                name=f"{noun.table_name}_{name}_fkey",
            )


def _indexes(noun: Noun, columns: set[str]) -> Iterable[Index]:
    living = text("delete_time IS NULL") if noun.soft_delete else None
    for key in keys_of(noun):
        yield Index(
            f"{noun.table_name}_{'_'.join(key.columns)}_key",
            *(() if key.across_tenants else (TENANT_ID,)),
            *key.columns,
            unique=True,
            postgresql_where=living,
        )
    if noun.tree_parent:
        yield Index(f"{noun.table_name}_{PATH}_idx", TENANT_ID, PATH)
    if CUSTOM_FIELDS in columns:  # only for the records that have any: it costs the others nothing
        yield Index(
            f"{noun.table_name}_{CUSTOM_FIELDS}_idx",
            CUSTOM_FIELDS,
            postgresql_using="gin",
            postgresql_ops={CUSTOM_FIELDS: "jsonb_path_ops"},
            postgresql_where=text(f"{CUSTOM_FIELDS} IS NOT NULL"),
        )
    title = noun.options.title
    for name in noun.fields:
        options = noun.field_options(name)
        column = TITLE_SORT_KEY if name == title else column_name(name)
        found = options.sortable or reference_type(noun.fields[name])
        if found and name not in _NOT_INDEXED and column in columns:
            yield Index(f"{noun.table_name}_{name}_idx", TENANT_ID, column, "id")


def reader(noun: Noun, names: Sequence[str]) -> Callable[..., Any]:
    """Compile the function that makes a message of a row with these fields' columns.

    It takes the row and what makes the message: the message type, or the `add` of a repeated field,
    which spares a copy per row.
    """
    helpers: dict[str, Any] = {**HELPERS, "M": noun.message}
    arguments: list[str] = []
    place = 0
    columns = field_columns(noun)
    for name in names:
        if name not in columns:
            arguments.append(f"{name}={_version_or_title(name, place)}")
            place += 1
            continue
        parts = columns[name]
        value = parts[0].read.format(v=f"r[{place}]", w=f"r[{place + 1}]")
        arguments.append(f"{name}={value}")
        helpers.update(parts[0].helpers)
        place += len(parts)
    source = f"def read(r, make=M):\n    return make({', '.join(arguments)})"
    exec(source, helpers)  # noqa: S102 (field names of a compiled descriptor only)
    return helpers["read"]


def _version_or_title(name: str, place: int) -> str:
    return f"str(r[{place}])" if name == "etag" else f"r[{place}]"


def writer(noun: Noun) -> Callable[[Any], tuple[Any, ...]]:
    """Compile the function that gives a message's column values, in the order of the columns."""
    helpers: dict[str, Any] = dict(HELPERS)
    values: list[str] = []
    for parts in field_columns(noun).values():
        for part in parts:
            values.append(part.write)
            helpers.update(part.helpers)
    source = f"def write(m):\n    return ({', '.join(values)},)"
    exec(source, helpers)  # noqa: S102 (field names of a compiled descriptor only)
    return helpers["write"]
