"""Schemas, roles and migrations: drafted by Alembic, read by people, walled by row-level security.

Every service has a schema with its own migration table and two lines of history: the chassis's
tables (`chassis/database/versions`) and the service's own (`<service>/migrations`).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command, op
from alembic.autogenerate import compare_metadata, renderers
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import MigrateOperation, ops
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.database.address import Address, Role
from chassis.database.tables import chassis_tables

_HERE = Path(__file__).parent
_TENANT = "(select nullif(current_setting('app.tenant', true), '')::uuid)"


@dataclass(frozen=True)
class Schema:
    """What of a service lies in the database.

    Attributes:
        service: its name, also the name of the schema.
        metadata: the tables of its nouns.
        migrations: folder of its own migrations.
    """

    service: str
    metadata: MetaData
    migrations: Path


def wall(
    schema: str,
    table: str,
    *,
    app: str = "SELECT, INSERT, UPDATE, DELETE",
    relay: str = "",
    tenant_column: str = "tenant_id",
) -> None:
    """Put a new table behind row-level security and grant it to the service's roles.

    Tenants see their own rows only; the relay, where it has any rights, sees all.
    """
    name = f"{schema}.{table}"
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {name} TO {schema}_app"
        f" USING ({tenant_column} = {_TENANT}) WITH CHECK ({tenant_column} = {_TENANT})"
    )
    op.execute(f"GRANT {app} ON {name} TO {schema}_app")
    if relay:
        op.execute(f"CREATE POLICY relay ON {name} TO {schema}_relay USING (true)")
        op.execute(f"GRANT {relay} ON {name} TO {schema}_relay")


# PostgreSQL lets a row-level wall be passed inside an index only by operators it calls leakproof,
# and it calls comparisons of numerics not so, though they compare and do nothing else. Without this
# a list ordered by an amount reads the whole table of a tenant for every page.
_LEAKPROOF = ("numeric_lt", "numeric_le", "numeric_eq", "numeric_ge", "numeric_gt")


async def prepare(address: Address, admin: str, services: list[str]) -> None:
    """Create what is missing of roles and schemas, as the administrator.

    A role whose password file does not exist yet gets a new password and a file (0600).
    """
    connection = await asyncpg.connect(address.dsn_of(admin))
    try:
        for service in services:
            for role in Role:
                await _ensure_login(connection, address, address.login(service, role))
            await _ensure_schema(connection, service)
        await _ensure_leakproof(connection)
    finally:
        await connection.close()


async def _ensure_leakproof(connection: asyncpg.Connection) -> None:
    """Declare comparisons of numerics leakproof, where the administrator may."""
    missing = await connection.fetch(
        "SELECT proname FROM pg_proc WHERE proname = ANY($1) AND NOT proleakproof"
        " AND pronamespace = 'pg_catalog'::regnamespace"
        " AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)",
        list(_LEAKPROOF),
    )
    for (name,) in missing:
        await connection.execute(f"ALTER FUNCTION pg_catalog.{name}(numeric, numeric) LEAKPROOF")


async def _ensure_login(connection: asyncpg.Connection, address: Address, login: str) -> None:
    file = address.passwords / login
    if not file.is_file():
        address.passwords.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
    exists = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", login)
    verb = "ALTER" if exists else "CREATE"
    quoted = await connection.fetchval("SELECT quote_literal($1)", address.password(login))
    await connection.execute(f"{verb} ROLE {login} LOGIN NOBYPASSRLS PASSWORD {quoted}")


async def _ensure_schema(connection: asyncpg.Connection, service: str) -> None:
    owner = f"{service}_{Role.OWNER}"
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {owner}")
    for role in (Role.APP, Role.RELAY):
        await connection.execute(f"GRANT USAGE ON SCHEMA {service} TO {service}_{role}")


async def upgrade(address: Address, schema: Schema) -> bool:
    """Bring a schema to its newest migration; tells whether anything was done."""
    if await _is_current(address, schema):
        return False

    def run(config: Config) -> None:
        command.upgrade(config, "heads")

    await _run(address, schema, run)
    return True


async def draft(address: Address, schema: Schema, message: str) -> Path:
    """Write the migration that takes the database to what the nouns declare.

    Raises:
        ValueError: nothing differs.
    """
    first = not any(schema.migrations.glob("*.py"))
    written: list[Path] = []

    def run(config: Config) -> None:
        script: Any = command.revision(
            config,
            message,
            autogenerate=True,
            head="base" if first else f"{schema.service}@head",
            branch_label=schema.service if first else None,
            version_path=str(schema.migrations),
            splice=first,
            rev_id=f"{schema.service}_{len(list(schema.migrations.glob('*.py'))) + 1:04}",
        )
        if script:
            written.append(Path(script.path))

    await _run(address, schema, run)
    if not written:
        raise ValueError(f"nothing differs in {schema.service}")
    return written[0]


async def difference(address: Address, schema: Schema) -> list[Any]:
    """List what the database has otherwise than the chassis and the nouns declare."""
    engine = create_async_engine(address.dsn(schema.service, Role.OWNER, "postgresql+asyncpg"))
    metadata = chassis_tables(schema.service)
    for table in schema.metadata.tables.values():
        table.to_metadata(metadata)

    def compare(connection: Connection) -> list[Any]:
        options = {"include_schemas": True, **comparison(schema.service)}
        del options["include_object"]
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


def comparison(schema: str) -> dict[str, Any]:
    """Give Alembic's options for comparing: only this schema, and not the chassis's tables."""
    own = {table.name for table in chassis_tables(schema).tables.values()}

    def include_name(name: str | None, kind: str, parents: Mapping[str, str | None]) -> bool:
        if kind == "schema":
            return name == schema
        return not (kind == "table" and name == "migration")

    def include_object(item: Any, name: str | None, kind: str, *_: Any) -> bool:
        return not (kind == "table" and name in own)

    return {
        "include_name": include_name,
        "include_object": include_object,
        "compare_server_default": False,
    }


def guard_new_tables(context: Any, revision: Any, directives: list[Any]) -> None:
    """Add the wall behind every table a draft creates; drop a draft that does nothing."""
    for script in directives:
        if script.upgrade_ops.is_empty():
            directives.clear()
            return
        guarded: list[MigrateOperation] = []
        for operation in script.upgrade_ops.ops:
            guarded.append(operation)
            if isinstance(operation, ops.CreateTableOp):
                guarded.append(_Wall(operation.schema or "", operation.table_name))
        script.upgrade_ops.ops = guarded


class _Wall(MigrateOperation):
    """A line ``wall("party", "source")`` in a drafted migration."""

    def __init__(self, schema: str, table: str) -> None:
        self.schema = schema
        self.table = table


@renderers.dispatch_for(_Wall)
def _render_wall(context: AutogenContext, operation: _Wall) -> str:
    return f'wall("{operation.schema}", "{operation.table}")'


def _config(schema: Schema) -> Config:
    """Say where the migrations of a schema lie: the chassis's and its own."""
    config = Config()
    config.set_main_option("script_location", str(_HERE / "alembic"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{_HERE / 'versions'}\n{schema.migrations}")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes.update(metadata=schema.metadata, schema=schema.service)
    return config


async def _run(address: Address, schema: Schema, action: Callable[[Config], None]) -> None:
    engine = create_async_engine(address.dsn(schema.service, Role.OWNER, "postgresql+asyncpg"))
    async with engine.begin() as connection:
        # Two pods that start together must not migrate together.
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"migrate {schema.service}"},
        )
        config = _config(schema)

        def run(sync: Connection) -> None:
            config.attributes["connection"] = sync
            action(config)

        await connection.run_sync(run)
    await engine.dispose()


async def _is_current(address: Address, schema: Schema) -> bool:
    """Compare the migration table with the files, without loading Alembic's machinery."""
    connection = await asyncpg.connect(address.dsn(schema.service, Role.OWNER))
    try:
        # The schema is a service's name out of the code, never input.
        rows = await connection.fetch(f"SELECT version_num FROM {schema.service}.migration")
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close()
    heads = ScriptDirectory.from_config(_config(schema)).get_heads()
    return {row[0] for row in rows} == set(heads)
