"""Room for the fields that firms give to nouns themselves (PLT-26)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "documents_0004"
down_revision = "documents_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "document",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="documents",
    )
    op.create_index(
        "document_custom_fields_idx",
        "document",
        ["custom_fields"],
        unique=False,
        schema="documents",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "document_link",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="documents",
    )
    op.create_index(
        "document_link_custom_fields_idx",
        "document_link",
        ["custom_fields"],
        unique=False,
        schema="documents",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "export_job",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="documents",
    )
    op.create_index(
        "export_job_custom_fields_idx",
        "export_job",
        ["custom_fields"],
        unique=False,
        schema="documents",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "import_job",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="documents",
    )
    op.create_index(
        "import_job_custom_fields_idx",
        "import_job",
        ["custom_fields"],
        unique=False,
        schema="documents",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
