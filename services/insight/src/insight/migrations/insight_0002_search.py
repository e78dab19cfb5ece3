"""What records are found by: their entries, and the ways into their titles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.database.migrations import wall

revision = "insight_0002"
down_revision = "insight_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_beginning",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("resource_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("shared", sa.Integer(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("beginning", sa.Text(collation="C"), nullable=False),
        schema="insight",
    )
    wall("insight", "search_beginning")
    op.create_index(
        "search_beginning_key",
        "search_beginning",
        ["tenant_id", "resource_type", "beginning", sa.literal_column("resource_id DESC")],
        unique=True,
        schema="insight",
    )
    op.create_table(
        "search_entry",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("texts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("beginnings", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("grams", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "resource_type", "resource_id"),
        schema="insight",
    )
    wall("insight", "search_entry")
    op.create_index(
        "search_entry_grams_idx",
        "search_entry",
        ["grams"],
        unique=False,
        schema="insight",
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )
    op.create_index(
        "search_entry_owner_idx",
        "search_entry",
        ["tenant_id", "owner_user_id"],
        unique=False,
        schema="insight",
    )
    op.create_index(
        "search_entry_unit_idx",
        "search_entry",
        ["tenant_id", "org_unit_id"],
        unique=False,
        schema="insight",
    )
    # Behind the wall only leakproof operators may use an index, and those of arrays are not. The
    # view reads as the owner of the schema, so its own condition is the wall; the grams of a tenant
    # are numbers of its own, so that the index leads to no row of another.
    op.execute(
        "CREATE VIEW insight.search_text AS"
        " SELECT resource_type, resource_id, owner_user_id, org_unit_id, beginnings, body, grams"
        " FROM insight.search_entry WHERE tenant_id ="
        " (SELECT nullif(current_setting('app.tenant', true), '')::uuid)"
    )
    op.execute("GRANT SELECT ON insight.search_text TO insight_app")
