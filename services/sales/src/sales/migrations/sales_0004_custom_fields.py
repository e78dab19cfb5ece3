"""Room for the fields that firms give to nouns themselves (PLT-26)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "sales_0004"
down_revision = "sales_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "coverage",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="sales",
    )
    op.create_index(
        "coverage_custom_fields_idx",
        "coverage",
        ["custom_fields"],
        unique=False,
        schema="sales",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "lead",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="sales",
    )
    op.create_index(
        "lead_custom_fields_idx",
        "lead",
        ["custom_fields"],
        unique=False,
        schema="sales",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "opportunity",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="sales",
    )
    op.create_index(
        "opportunity_custom_fields_idx",
        "opportunity",
        ["custom_fields"],
        unique=False,
        schema="sales",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "opportunity_line",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="sales",
    )
    op.create_index(
        "opportunity_line_custom_fields_idx",
        "opportunity_line",
        ["custom_fields"],
        unique=False,
        schema="sales",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "pipeline",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="sales",
    )
    op.create_index(
        "pipeline_custom_fields_idx",
        "pipeline",
        ["custom_fields"],
        unique=False,
        schema="sales",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
