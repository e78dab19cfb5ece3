"""Alembic's entry: takes everything from the Config's attributes, set by `migrations`."""

from alembic import context

from chassis.database.migrations import comparison, guard_new_tables

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    version_table="migration",
    version_table_schema=attributes["schema"],
    include_schemas=True,
    process_revision_directives=guard_new_tables,
    transaction_per_migration=False,
    **comparison(attributes["schema"]),
)
with context.begin_transaction():
    context.run_migrations()
