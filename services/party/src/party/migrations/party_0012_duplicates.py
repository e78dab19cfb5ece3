"""duplicates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.database.migrations import wall

revision = "party_0012"
down_revision = "party_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merge",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("merged_organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("contact_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("merged_contact_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("moved", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("moved_count", sa.BigInteger(), nullable=False),
        sa.Column("undone_by_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("undo_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("untouched", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("stayed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["party.contact.tenant_id", "party.contact.id"],
            name="merge_contact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "merged_contact_id"],
            ["party.contact.tenant_id", "party.contact.id"],
            name="merge_merged_contact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "merged_organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="merge_merged_organization_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="merge_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "merge")
    op.create_index(
        "merge_contact_id_idx",
        "merge",
        ["tenant_id", "contact_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "merge_merged_contact_id_idx",
        "merge",
        ["tenant_id", "merged_contact_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "merge_merged_organization_id_idx",
        "merge",
        ["tenant_id", "merged_organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "merge_moved_count_idx",
        "merge",
        ["tenant_id", "moved_count", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "merge_org_unit_id_idx",
        "merge",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "merge_organization_id_idx",
        "merge",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "merge_owner_user_id_idx",
        "merge",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "merge_status_idx", "merge", ["tenant_id", "status", "id"], unique=False, schema="party"
    )
    op.create_index(
        "merge_undo_time_idx",
        "merge",
        ["tenant_id", "undo_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "merge_undone_by_user_id_idx",
        "merge",
        ["tenant_id", "undone_by_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "merge_update_time_idx",
        "merge",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_table(
        "duplicate",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("other_organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("contact_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("other_contact_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("score", sa.Numeric(), nullable=True),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("closed_by_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("close_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("merge_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["party.contact.tenant_id", "party.contact.id"],
            name="duplicate_contact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "merge_id"],
            ["party.merge.tenant_id", "party.merge.id"],
            name="duplicate_merge_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="duplicate_organization_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "other_contact_id"],
            ["party.contact.tenant_id", "party.contact.id"],
            name="duplicate_other_contact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "other_organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="duplicate_other_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "duplicate")
    op.create_index(
        "duplicate_close_time_idx",
        "duplicate",
        ["tenant_id", "close_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_closed_by_user_id_idx",
        "duplicate",
        ["tenant_id", "closed_by_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_contact_id_idx",
        "duplicate",
        ["tenant_id", "contact_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_contact_id_other_contact_id_key",
        "duplicate",
        ["tenant_id", "contact_id", "other_contact_id"],
        unique=True,
        schema="party",
        postgresql_where=None,
    )
    op.create_index(
        "duplicate_merge_id_idx",
        "duplicate",
        ["tenant_id", "merge_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_org_unit_id_idx",
        "duplicate",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_organization_id_idx",
        "duplicate",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_organization_id_other_organization_id_key",
        "duplicate",
        ["tenant_id", "organization_id", "other_organization_id"],
        unique=True,
        schema="party",
        postgresql_where=None,
    )
    op.create_index(
        "duplicate_other_contact_id_idx",
        "duplicate",
        ["tenant_id", "other_contact_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_other_organization_id_idx",
        "duplicate",
        ["tenant_id", "other_organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_owner_user_id_idx",
        "duplicate",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_reason_idx",
        "duplicate",
        ["tenant_id", "reason", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_score_idx",
        "duplicate",
        ["tenant_id", "score", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_status_idx",
        "duplicate",
        ["tenant_id", "status", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "duplicate_update_time_idx",
        "duplicate",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
    op.add_column(
        "contact",
        sa.Column("merged_into_contact_id", sa.UUID(as_uuid=False), nullable=True),
        schema="party",
    )
    op.add_column("contact", sa.Column("phone_key", sa.Text(), nullable=True), schema="party")
    op.add_column("contact", sa.Column("mobile_key", sa.Text(), nullable=True), schema="party")
    op.add_column(
        "contact", sa.Column("name_key", sa.Text(collation="C"), nullable=True), schema="party"
    )
    op.create_index(
        "contact_merged_into_contact_id_idx",
        "contact",
        ["tenant_id", "merged_into_contact_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "contact_mobile_key_id_key",
        "contact",
        ["tenant_id", "mobile_key", "id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "contact_name_key_id_key",
        "contact",
        ["tenant_id", "name_key", "id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "contact_phone_key_id_key",
        "contact",
        ["tenant_id", "phone_key", "id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_foreign_key(
        "contact_merged_into_contact_id_fkey",
        "contact",
        "contact",
        ["tenant_id", "merged_into_contact_id"],
        ["tenant_id", "id"],
        source_schema="party",
        referent_schema="party",
    )
    op.add_column(
        "organization",
        sa.Column("merged_into_organization_id", sa.UUID(as_uuid=False), nullable=True),
        schema="party",
    )
    op.add_column("organization", sa.Column("tax_id_key", sa.Text(), nullable=True), schema="party")
    op.add_column("organization", sa.Column("email_key", sa.Text(), nullable=True), schema="party")
    op.add_column("organization", sa.Column("phone_key", sa.Text(), nullable=True), schema="party")
    op.add_column(
        "organization", sa.Column("name_key", sa.Text(collation="C"), nullable=True), schema="party"
    )
    op.create_index(
        "organization_email_key_id_key",
        "organization",
        ["tenant_id", "email_key", "id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "organization_merged_into_organization_id_idx",
        "organization",
        ["tenant_id", "merged_into_organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_name_key_id_key",
        "organization",
        ["tenant_id", "name_key", "id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "organization_phone_key_id_key",
        "organization",
        ["tenant_id", "phone_key", "id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "organization_tax_id_key_id_key",
        "organization",
        ["tenant_id", "tax_id_key", "id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_foreign_key(
        "organization_merged_into_organization_id_fkey",
        "organization",
        "organization",
        ["tenant_id", "merged_into_organization_id"],
        ["tenant_id", "id"],
        source_schema="party",
        referent_schema="party",
    )
