"""editions, and which one a firm has."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.database.migrations import wall

revision = "identity_0003"
down_revision = "identity_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edition",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contained_edition_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("modules", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("user_types", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("shipped_key", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contained_edition_id"],
            ["identity.edition.tenant_id", "identity.edition.id"],
            name="edition_contained_edition_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="identity",
    )
    wall("identity", "edition")
    op.create_index(
        "edition_contained_edition_id_idx",
        "edition",
        ["tenant_id", "contained_edition_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "edition_external_id_key",
        "edition",
        ["tenant_id", "external_id"],
        unique=True,
        schema="identity",
        postgresql_where=None,
    )
    op.create_index(
        "edition_name_idx",
        "edition",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "edition_name_key",
        "edition",
        ["tenant_id", "name"],
        unique=True,
        schema="identity",
        postgresql_where=None,
    )
    op.create_index(
        "edition_org_unit_id_idx",
        "edition",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "edition_owner_user_id_idx",
        "edition",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "edition_shipped_key_key",
        "edition",
        ["tenant_id", "shipped_key"],
        unique=True,
        schema="identity",
        postgresql_where=None,
    )
    op.create_index(
        "edition_update_time_idx",
        "edition",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="identity",
    )
    op.add_column(
        "tenant", sa.Column("edition_id", sa.UUID(as_uuid=False), nullable=True), schema="identity"
    )
    op.add_column(
        "tenant",
        sa.Column("modules", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        schema="identity",
    )
    op.alter_column("tenant", "modules", server_default=None, schema="identity")
    op.create_index(
        "tenant_edition_id_idx",
        "tenant",
        ["tenant_id", "edition_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_foreign_key(
        "tenant_edition_id_fkey",
        "tenant",
        "edition",
        ["tenant_id", "edition_id"],
        ["tenant_id", "id"],
        source_schema="identity",
        referent_schema="identity",
    )
