"""relations and licenses."""

import sqlalchemy as sa
from alembic import op

from chassis.database.migrations import wall

revision = "party_0006"
down_revision = "party_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "license",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("direction", sa.SmallInteger(), nullable=False),
        sa.Column("organization_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("product_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="license_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "license")
    op.create_index(
        "license_direction_idx",
        "license",
        ["tenant_id", "direction", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "license_end_time_idx",
        "license",
        ["tenant_id", "end_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "license_external_id_key",
        "license",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "license_number_idx",
        "license",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "license_org_unit_id_idx",
        "license",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "license_organization_id_idx",
        "license",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "license_owner_user_id_idx",
        "license",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "license_product_id_idx",
        "license",
        ["tenant_id", "product_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "license_quantity_idx",
        "license",
        ["tenant_id", "quantity", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "license_start_time_idx",
        "license",
        ["tenant_id", "start_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "license_status_idx", "license", ["tenant_id", "status", "id"], unique=False, schema="party"
    )
    op.create_index(
        "license_update_time_idx",
        "license",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "license_valid_from_idx",
        "license",
        ["tenant_id", "valid_from", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "license_valid_until_idx",
        "license",
        ["tenant_id", "valid_until", "id"],
        unique=False,
        schema="party",
    )
    op.create_table(
        "relationship",
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
        sa.Column("related_organization_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="relationship_organization_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "related_organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="relationship_related_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "relationship")
    op.create_index(
        "relationship_end_date_idx",
        "relationship",
        ["tenant_id", "end_date", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "relationship_external_id_key",
        "relationship",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "relationship_kind_idx",
        "relationship",
        ["tenant_id", "kind", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "relationship_org_unit_id_idx",
        "relationship",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "relationship_organization_id_idx",
        "relationship",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "relationship_owner_user_id_idx",
        "relationship",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "relationship_related_organization_id_idx",
        "relationship",
        ["tenant_id", "related_organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "relationship_start_date_idx",
        "relationship",
        ["tenant_id", "start_date", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "relationship_update_time_idx",
        "relationship",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_table(
        "reference",
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
        sa.Column("direction", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("third_party_organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("contact_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("opportunity_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("reference_date", sa.Date(), nullable=True),
        sa.Column("verdict", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["party.contact.tenant_id", "party.contact.id"],
            name="reference_contact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="reference_organization_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "third_party_organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="reference_third_party_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "reference")
    op.create_index(
        "reference_contact_id_idx",
        "reference",
        ["tenant_id", "contact_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "reference_direction_idx",
        "reference",
        ["tenant_id", "direction", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "reference_external_id_key",
        "reference",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "reference_kind_idx", "reference", ["tenant_id", "kind", "id"], unique=False, schema="party"
    )
    op.create_index(
        "reference_opportunity_id_idx",
        "reference",
        ["tenant_id", "opportunity_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "reference_org_unit_id_idx",
        "reference",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "reference_organization_id_idx",
        "reference",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "reference_owner_user_id_idx",
        "reference",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "reference_reference_date_idx",
        "reference",
        ["tenant_id", "reference_date", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "reference_third_party_organization_id_idx",
        "reference",
        ["tenant_id", "third_party_organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "reference_update_time_idx",
        "reference",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "reference_verdict_idx",
        "reference",
        ["tenant_id", "verdict", "id"],
        unique=False,
        schema="party",
    )
