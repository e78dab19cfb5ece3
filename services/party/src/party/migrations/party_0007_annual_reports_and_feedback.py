"""annual reports and feedback."""

import sqlalchemy as sa
from alembic import op

from chassis.database.migrations import wall

revision = "party_0007"
down_revision = "party_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "annual_report",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("organization_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("fiscal_year", sa.BigInteger(), nullable=False),
        sa.Column("revenue", sa.Numeric(), nullable=True),
        sa.Column("revenue_currency_code", sa.Text(), nullable=True),
        sa.Column("net_profit", sa.Numeric(), nullable=True),
        sa.Column("net_profit_currency_code", sa.Text(), nullable=True),
        sa.Column("total_assets", sa.Numeric(), nullable=True),
        sa.Column("total_assets_currency_code", sa.Text(), nullable=True),
        sa.Column("equity", sa.Numeric(), nullable=True),
        sa.Column("equity_currency_code", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="annual_report_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "annual_report")
    op.create_index(
        "annual_report_equity_idx",
        "annual_report",
        ["tenant_id", "equity", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "annual_report_external_id_key",
        "annual_report",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "annual_report_fiscal_year_idx",
        "annual_report",
        ["tenant_id", "fiscal_year", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "annual_report_net_profit_idx",
        "annual_report",
        ["tenant_id", "net_profit", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "annual_report_org_unit_id_idx",
        "annual_report",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "annual_report_organization_id_fiscal_year_key",
        "annual_report",
        ["tenant_id", "organization_id", "fiscal_year"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "annual_report_organization_id_idx",
        "annual_report",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "annual_report_owner_user_id_idx",
        "annual_report",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "annual_report_revenue_idx",
        "annual_report",
        ["tenant_id", "revenue", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "annual_report_total_assets_idx",
        "annual_report",
        ["tenant_id", "total_assets", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "annual_report_update_time_idx",
        "annual_report",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_table(
        "feedback",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("organization_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("contact_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("receive_date", sa.Date(), nullable=True),
        sa.Column("answer_due_date", sa.Date(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["party.contact.tenant_id", "party.contact.id"],
            name="feedback_contact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="feedback_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "feedback")
    op.create_index(
        "feedback_answer_due_date_idx",
        "feedback",
        ["tenant_id", "answer_due_date", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "feedback_answer_time_idx",
        "feedback",
        ["tenant_id", "answer_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "feedback_contact_id_idx",
        "feedback",
        ["tenant_id", "contact_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "feedback_external_id_key",
        "feedback",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "feedback_kind_idx", "feedback", ["tenant_id", "kind", "id"], unique=False, schema="party"
    )
    op.create_index(
        "feedback_org_unit_id_idx",
        "feedback",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "feedback_organization_id_idx",
        "feedback",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "feedback_owner_user_id_idx",
        "feedback",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "feedback_receive_date_idx",
        "feedback",
        ["tenant_id", "receive_date", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "feedback_status_idx",
        "feedback",
        ["tenant_id", "status", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "feedback_subject_idx",
        "feedback",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "feedback_update_time_idx",
        "feedback",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
