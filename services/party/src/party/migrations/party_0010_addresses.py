"""addresses."""

import sqlalchemy as sa
from alembic import op

from chassis.database.migrations import wall

revision = "party_0010"
down_revision = "party_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("contact_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("primary_", sa.Boolean(), nullable=True),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("postal_code", sa.Text(), nullable=True),
        sa.Column("country_code", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["party.contact.tenant_id", "party.contact.id"],
            name="address_contact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="address_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "address")
    op.create_index(
        "address_city_idx", "address", ["tenant_id", "city", "id"], unique=False, schema="party"
    )
    op.create_index(
        "address_contact_id_idx",
        "address",
        ["tenant_id", "contact_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "address_contact_id_kind_primary__key",
        "address",
        ["tenant_id", "contact_id", "kind", "primary_"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "address_country_code_idx",
        "address",
        ["tenant_id", "country_code", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "address_external_id_key",
        "address",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "address_kind_idx", "address", ["tenant_id", "kind", "id"], unique=False, schema="party"
    )
    op.create_index(
        "address_lines_idx",
        "address",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "address_org_unit_id_idx",
        "address",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "address_organization_id_idx",
        "address",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "address_organization_id_kind_primary__key",
        "address",
        ["tenant_id", "organization_id", "kind", "primary_"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "address_owner_user_id_idx",
        "address",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "address_postal_code_idx",
        "address",
        ["tenant_id", "postal_code", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "address_region_idx", "address", ["tenant_id", "region", "id"], unique=False, schema="party"
    )
    op.create_index(
        "address_update_time_idx",
        "address",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
