"""leads_and_deals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.database.migrations import wall

revision = "sales_0001"
down_revision = None
branch_labels = ("sales",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lead",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=True),
        sa.Column("contact_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("job_title", sa.Text(), nullable=True),
        sa.Column("source_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("expected_amount", sa.Numeric(), nullable=True),
        sa.Column("expected_amount_currency_code", sa.Text(), nullable=True),
        sa.Column("organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("contact_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("opportunity_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("outcome_reason", sa.Text(), nullable=True),
        sa.Column("outcome_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="sales",
    )
    wall("sales", "lead")
    op.create_index(
        "lead_company_name_idx",
        "lead",
        ["tenant_id", "company_name", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "lead_contact_id_idx",
        "lead",
        ["tenant_id", "contact_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "lead_contact_name_idx",
        "lead",
        ["tenant_id", "contact_name", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "lead_email_idx", "lead", ["tenant_id", "email", "id"], unique=False, schema="sales"
    )
    op.create_index(
        "lead_expected_amount_idx",
        "lead",
        ["tenant_id", "expected_amount", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "lead_external_id_key",
        "lead",
        ["tenant_id", "external_id"],
        unique=True,
        schema="sales",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "lead_name_idx", "lead", ["tenant_id", "title_sort_key", "id"], unique=False, schema="sales"
    )
    op.create_index(
        "lead_opportunity_id_idx",
        "lead",
        ["tenant_id", "opportunity_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "lead_org_unit_id_idx",
        "lead",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "lead_organization_id_idx",
        "lead",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "lead_outcome_time_idx",
        "lead",
        ["tenant_id", "outcome_time", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "lead_owner_user_id_idx",
        "lead",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "lead_source_id_idx", "lead", ["tenant_id", "source_id", "id"], unique=False, schema="sales"
    )
    op.create_index(
        "lead_status_idx", "lead", ["tenant_id", "status", "id"], unique=False, schema="sales"
    )
    op.create_index(
        "lead_update_time_idx",
        "lead",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="sales",
    )
    op.create_table(
        "pipeline",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("stages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("preferred", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="sales",
    )
    wall("sales", "pipeline")
    op.create_index(
        "pipeline_external_id_key",
        "pipeline",
        ["tenant_id", "external_id"],
        unique=True,
        schema="sales",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "pipeline_name_idx",
        "pipeline",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "pipeline_name_key",
        "pipeline",
        ["tenant_id", "name"],
        unique=True,
        schema="sales",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "pipeline_org_unit_id_idx",
        "pipeline",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "pipeline_owner_user_id_idx",
        "pipeline",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "pipeline_update_time_idx",
        "pipeline",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="sales",
    )
    op.create_table(
        "opportunity",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("contact_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("pipeline_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("amount_currency_code", sa.Text(), nullable=True),
        sa.Column("probability", sa.BigInteger(), nullable=False),
        sa.Column("weighted_amount", sa.Numeric(), nullable=True),
        sa.Column("weighted_amount_currency_code", sa.Text(), nullable=True),
        sa.Column("open_date", sa.Date(), nullable=True),
        sa.Column("close_date", sa.Date(), nullable=True),
        sa.Column("source_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("lead_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("previous_opportunity_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("outcome_reason", sa.Text(), nullable=True),
        sa.Column("outcome_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sales_objective", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lead_id"],
            ["sales.lead.tenant_id", "sales.lead.id"],
            name="opportunity_lead_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "pipeline_id"],
            ["sales.pipeline.tenant_id", "sales.pipeline.id"],
            name="opportunity_pipeline_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "previous_opportunity_id"],
            ["sales.opportunity.tenant_id", "sales.opportunity.id"],
            name="opportunity_previous_opportunity_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="sales",
    )
    wall("sales", "opportunity")
    op.create_index(
        "opportunity_amount_idx",
        "opportunity",
        ["tenant_id", "amount", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_close_date_idx",
        "opportunity",
        ["tenant_id", "close_date", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_contact_id_idx",
        "opportunity",
        ["tenant_id", "contact_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_external_id_key",
        "opportunity",
        ["tenant_id", "external_id"],
        unique=True,
        schema="sales",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "opportunity_kind_idx",
        "opportunity",
        ["tenant_id", "kind", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_lead_id_idx",
        "opportunity",
        ["tenant_id", "lead_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_name_idx",
        "opportunity",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_open_date_idx",
        "opportunity",
        ["tenant_id", "open_date", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_org_unit_id_idx",
        "opportunity",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_organization_id_idx",
        "opportunity",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_outcome_idx",
        "opportunity",
        ["tenant_id", "outcome", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_outcome_reason_idx",
        "opportunity",
        ["tenant_id", "outcome_reason", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_outcome_time_idx",
        "opportunity",
        ["tenant_id", "outcome_time", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_owner_user_id_idx",
        "opportunity",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_pipeline_id_idx",
        "opportunity",
        ["tenant_id", "pipeline_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_previous_opportunity_id_idx",
        "opportunity",
        ["tenant_id", "previous_opportunity_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_probability_idx",
        "opportunity",
        ["tenant_id", "probability", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_source_id_idx",
        "opportunity",
        ["tenant_id", "source_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_stage_idx",
        "opportunity",
        ["tenant_id", "stage", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_update_time_idx",
        "opportunity",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_weighted_amount_idx",
        "opportunity",
        ["tenant_id", "weighted_amount", "id"],
        unique=False,
        schema="sales",
    )
    op.create_table(
        "coverage",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("opportunity_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("lead_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("user_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("duties", sa.Text(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("credit_split", sa.Numeric(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lead_id"],
            ["sales.lead.tenant_id", "sales.lead.id"],
            name="coverage_lead_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "opportunity_id"],
            ["sales.opportunity.tenant_id", "sales.opportunity.id"],
            name="coverage_opportunity_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="sales",
    )
    wall("sales", "coverage")
    op.create_index(
        "coverage_credit_split_idx",
        "coverage",
        ["tenant_id", "credit_split", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "coverage_end_date_idx",
        "coverage",
        ["tenant_id", "end_date", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "coverage_external_id_key",
        "coverage",
        ["tenant_id", "external_id"],
        unique=True,
        schema="sales",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "coverage_lead_id_idx",
        "coverage",
        ["tenant_id", "lead_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "coverage_opportunity_id_idx",
        "coverage",
        ["tenant_id", "opportunity_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "coverage_org_unit_id_idx",
        "coverage",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "coverage_organization_id_idx",
        "coverage",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "coverage_owner_user_id_idx",
        "coverage",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "coverage_role_idx", "coverage", ["tenant_id", "role", "id"], unique=False, schema="sales"
    )
    op.create_index(
        "coverage_start_date_idx",
        "coverage",
        ["tenant_id", "start_date", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "coverage_update_time_idx",
        "coverage",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "coverage_user_id_idx",
        "coverage",
        ["tenant_id", "user_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_table(
        "opportunity_line",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("opportunity_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("unit_price", sa.Numeric(), nullable=True),
        sa.Column("unit_price_currency_code", sa.Text(), nullable=True),
        sa.Column("discount_percent", sa.Numeric(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("amount_currency_code", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "opportunity_id"],
            ["sales.opportunity.tenant_id", "sales.opportunity.id"],
            name="opportunity_line_opportunity_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="sales",
    )
    wall("sales", "opportunity_line")
    op.create_index(
        "opportunity_line_amount_idx",
        "opportunity_line",
        ["tenant_id", "amount", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_line_description_idx",
        "opportunity_line",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_line_external_id_key",
        "opportunity_line",
        ["tenant_id", "external_id"],
        unique=True,
        schema="sales",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "opportunity_line_opportunity_id_idx",
        "opportunity_line",
        ["tenant_id", "opportunity_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_line_org_unit_id_idx",
        "opportunity_line",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_line_outcome_idx",
        "opportunity_line",
        ["tenant_id", "outcome", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_line_owner_user_id_idx",
        "opportunity_line",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_line_quantity_idx",
        "opportunity_line",
        ["tenant_id", "quantity", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_line_stage_idx",
        "opportunity_line",
        ["tenant_id", "stage", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_line_unit_price_idx",
        "opportunity_line",
        ["tenant_id", "unit_price", "id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        "opportunity_line_update_time_idx",
        "opportunity_line",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="sales",
    )
