"""Room for the fields that firms give to nouns themselves (PLT-26)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "party_0013"
down_revision = "party_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "address",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "address_custom_fields_idx",
        "address",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "annual_report",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "annual_report_custom_fields_idx",
        "annual_report",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "communication",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "communication_custom_fields_idx",
        "communication",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "communication_participant",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "communication_participant_custom_fields_idx",
        "communication_participant",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "contact",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "contact_custom_fields_idx",
        "contact",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "feedback",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "feedback_custom_fields_idx",
        "feedback",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "financial_profile",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "financial_profile_custom_fields_idx",
        "financial_profile",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "follow_up",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "follow_up_custom_fields_idx",
        "follow_up",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "interest",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "interest_custom_fields_idx",
        "interest",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "license",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "license_custom_fields_idx",
        "license",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "organization",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "organization_custom_fields_idx",
        "organization",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "reference",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "reference_custom_fields_idx",
        "reference",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "relationship",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "relationship_custom_fields_idx",
        "relationship",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "source",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="party",
    )
    op.create_index(
        "source_custom_fields_idx",
        "source",
        ["custom_fields"],
        unique=False,
        schema="party",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
