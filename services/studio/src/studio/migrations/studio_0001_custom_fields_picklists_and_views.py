"""Custom fields, picklists and views."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.database.migrations import wall

revision = "studio_0001"
down_revision = None
branch_labels = ("studio",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "picklist",
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
        sa.Column("label_en", sa.Text(), nullable=True),
        sa.Column("label_zh", sa.Text(), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("entries", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="studio",
    )
    wall("studio", "picklist")
    op.create_index(
        "picklist_external_id_key",
        "picklist",
        ["tenant_id", "external_id"],
        unique=True,
        schema="studio",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "picklist_label_en_idx",
        "picklist",
        ["tenant_id", "label_en", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "picklist_label_zh_idx",
        "picklist",
        ["tenant_id", "label_zh", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "picklist_name_idx",
        "picklist",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "picklist_name_key",
        "picklist",
        ["tenant_id", "name"],
        unique=True,
        schema="studio",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "picklist_org_unit_id_idx",
        "picklist",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "picklist_owner_user_id_idx",
        "picklist",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "picklist_update_time_idx",
        "picklist",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="studio",
    )
    op.create_table(
        "view",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("filter", sa.Text(), nullable=True),
        sa.Column("order_by", sa.Text(), nullable=True),
        sa.Column("group_by", sa.Text(), nullable=True),
        sa.Column("sharing", sa.SmallInteger(), nullable=False),
        sa.Column("preferred", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="studio",
    )
    wall("studio", "view")
    op.create_index(
        "view_external_id_key",
        "view",
        ["tenant_id", "external_id"],
        unique=True,
        schema="studio",
        postgresql_where=None,
    )
    op.create_index(
        "view_name_idx",
        "view",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "view_org_unit_id_idx",
        "view",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "view_owner_user_id_idx",
        "view",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "view_resource_type_idx",
        "view",
        ["tenant_id", "resource_type", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "view_update_time_idx",
        "view",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="studio",
    )
    op.create_table(
        "custom_field",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=True),
        sa.Column("label_zh", sa.Text(), nullable=True),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("text_limits", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("number_limits", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("picklist_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("reference_target", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("default_value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("filterable", sa.Boolean(), nullable=False),
        sa.Column("help_en", sa.Text(), nullable=True),
        sa.Column("help_zh", sa.Text(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("validation", sa.Text(), nullable=True),
        sa.Column("validation_hint", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "picklist_id"],
            ["studio.picklist.tenant_id", "studio.picklist.id"],
            name="custom_field_picklist_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="studio",
    )
    wall("studio", "custom_field")
    op.create_index(
        "custom_field_external_id_key",
        "custom_field",
        ["tenant_id", "external_id"],
        unique=True,
        schema="studio",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "custom_field_key_idx",
        "custom_field",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "custom_field_label_en_idx",
        "custom_field",
        ["tenant_id", "label_en", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "custom_field_label_zh_idx",
        "custom_field",
        ["tenant_id", "label_zh", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "custom_field_org_unit_id_idx",
        "custom_field",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "custom_field_owner_user_id_idx",
        "custom_field",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "custom_field_picklist_id_idx",
        "custom_field",
        ["tenant_id", "picklist_id", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "custom_field_position_idx",
        "custom_field",
        ["tenant_id", "position", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "custom_field_resource_type_idx",
        "custom_field",
        ["tenant_id", "resource_type", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "custom_field_resource_type_key_key",
        "custom_field",
        ["tenant_id", "resource_type", "key"],
        unique=True,
        schema="studio",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "custom_field_type_idx",
        "custom_field",
        ["tenant_id", "type", "id"],
        unique=False,
        schema="studio",
    )
    op.create_index(
        "custom_field_update_time_idx",
        "custom_field",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="studio",
    )
