"""financial profiles."""

import sqlalchemy as sa
from alembic import op

from chassis.database.migrations import wall

revision = "party_0009"
down_revision = "party_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "financial_profile",
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
        sa.Column("credit_limit", sa.Numeric(), nullable=True),
        sa.Column("credit_limit_currency_code", sa.Text(), nullable=True),
        sa.Column("credit_rating", sa.Text(), nullable=True),
        sa.Column("rating_agency", sa.Text(), nullable=True),
        sa.Column("rating_date", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="financial_profile_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "financial_profile")
    op.create_index(
        "financial_profile_credit_limit_idx",
        "financial_profile",
        ["tenant_id", "credit_limit", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "financial_profile_credit_rating_idx",
        "financial_profile",
        ["tenant_id", "credit_rating", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "financial_profile_external_id_key",
        "financial_profile",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "financial_profile_org_unit_id_idx",
        "financial_profile",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "financial_profile_organization_id_idx",
        "financial_profile",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "financial_profile_organization_id_key",
        "financial_profile",
        ["tenant_id", "organization_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "financial_profile_owner_user_id_idx",
        "financial_profile",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "financial_profile_rating_agency_idx",
        "financial_profile",
        ["tenant_id", "rating_agency", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "financial_profile_rating_date_idx",
        "financial_profile",
        ["tenant_id", "rating_date", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "financial_profile_update_time_idx",
        "financial_profile",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "communication_participant_communication_id_contact_id_key",
        "communication_participant",
        ["tenant_id", "communication_id", "contact_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "communication_participant_communication_id_user_id_key",
        "communication_participant",
        ["tenant_id", "communication_id", "user_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
