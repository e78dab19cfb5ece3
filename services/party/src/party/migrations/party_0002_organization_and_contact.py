"""organization_and_contact."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.database.migrations import wall

revision = "party_0002"
down_revision = "party_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organization",
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
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("parent_organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("country_code", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("tax_id", sa.Text(), nullable=True),
        sa.Column("employee_count", sa.BigInteger(), nullable=False),
        sa.Column("annual_revenue", sa.Numeric(), nullable=True),
        sa.Column("annual_revenue_currency_code", sa.Text(), nullable=True),
        sa.Column("founded_year", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="organization_parent_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "organization")
    op.create_index(
        "organization_annual_revenue_idx",
        "organization",
        ["tenant_id", "annual_revenue", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_city_idx",
        "organization",
        ["tenant_id", "city", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_country_code_idx",
        "organization",
        ["tenant_id", "country_code", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_email_idx",
        "organization",
        ["tenant_id", "email", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_employee_count_idx",
        "organization",
        ["tenant_id", "employee_count", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_external_id_key",
        "organization",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "organization_founded_year_idx",
        "organization",
        ["tenant_id", "founded_year", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_industry_idx",
        "organization",
        ["tenant_id", "industry", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_name_idx",
        "organization",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_org_unit_id_idx",
        "organization",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_owner_user_id_idx",
        "organization",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_parent_organization_id_idx",
        "organization",
        ["tenant_id", "parent_organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_update_time_idx",
        "organization",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_table(
        "contact",
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
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=True),
        sa.Column("organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("job_title", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("mobile", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="contact_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "contact")
    op.create_index(
        "contact_email_idx", "contact", ["tenant_id", "email", "id"], unique=False, schema="party"
    )
    op.create_index(
        "contact_external_id_key",
        "contact",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "contact_name_idx",
        "contact",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "contact_org_unit_id_idx",
        "contact",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "contact_organization_id_idx",
        "contact",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "contact_owner_user_id_idx",
        "contact",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "contact_update_time_idx",
        "contact",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
