"""Room for the fields that firms give to nouns themselves (PLT-26)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "identity_0004"
down_revision = "identity_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "api_client",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="identity",
    )
    op.create_index(
        "api_client_custom_fields_idx",
        "api_client",
        ["custom_fields"],
        unique=False,
        schema="identity",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "edition",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="identity",
    )
    op.create_index(
        "edition_custom_fields_idx",
        "edition",
        ["custom_fields"],
        unique=False,
        schema="identity",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "legal_entity",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="identity",
    )
    op.create_index(
        "legal_entity_custom_fields_idx",
        "legal_entity",
        ["custom_fields"],
        unique=False,
        schema="identity",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "org_unit",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="identity",
    )
    op.create_index(
        "org_unit_custom_fields_idx",
        "org_unit",
        ["custom_fields"],
        unique=False,
        schema="identity",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "position",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="identity",
    )
    op.create_index(
        "position_custom_fields_idx",
        "position",
        ["custom_fields"],
        unique=False,
        schema="identity",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "role",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="identity",
    )
    op.create_index(
        "role_custom_fields_idx",
        "role",
        ["custom_fields"],
        unique=False,
        schema="identity",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "role_assignment",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="identity",
    )
    op.create_index(
        "role_assignment_custom_fields_idx",
        "role_assignment",
        ["custom_fields"],
        unique=False,
        schema="identity",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "user",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="identity",
    )
    op.create_index(
        "user_custom_fields_idx",
        "user",
        ["custom_fields"],
        unique=False,
        schema="identity",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
