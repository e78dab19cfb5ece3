"""people, units and rights."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.database.migrations import wall

revision = "identity_0001"
down_revision = None
branch_labels = ("identity",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "legal_entity",
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
        sa.Column("country_code", sa.Text(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("fiscal_year_start_month", sa.BigInteger(), nullable=False),
        sa.Column("tax_registrations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="identity",
    )
    wall("identity", "legal_entity")
    op.create_index(
        "legal_entity_country_code_idx",
        "legal_entity",
        ["tenant_id", "country_code", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "legal_entity_currency_code_idx",
        "legal_entity",
        ["tenant_id", "currency_code", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "legal_entity_external_id_key",
        "legal_entity",
        ["tenant_id", "external_id"],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "legal_entity_name_idx",
        "legal_entity",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "legal_entity_name_key",
        "legal_entity",
        ["tenant_id", "name"],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "legal_entity_org_unit_id_idx",
        "legal_entity",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "legal_entity_owner_user_id_idx",
        "legal_entity",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "legal_entity_update_time_idx",
        "legal_entity",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_table(
        "role",
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
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("permissions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("built_in", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="identity",
    )
    wall("identity", "role")
    op.create_index(
        "role_external_id_key",
        "role",
        ["tenant_id", "external_id"],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "role_name_idx",
        "role",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "role_name_key",
        "role",
        ["tenant_id", "name"],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "role_org_unit_id_idx",
        "role",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "role_owner_user_id_idx",
        "role",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "role_update_time_idx",
        "role",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_table(
        "tenant",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("fiscal_year_start_month", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="identity",
    )
    wall("identity", "tenant")
    op.create_index(
        "tenant_external_id_key",
        "tenant",
        ["tenant_id", "external_id"],
        unique=True,
        schema="identity",
        postgresql_where=None,
    )
    op.create_index(
        "tenant_name_idx",
        "tenant",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "tenant_slug_key", "tenant", ["slug"], unique=True, schema="identity", postgresql_where=None
    )
    op.create_index(
        "tenant_update_time_idx",
        "tenant",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_table(
        "user",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("disable_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("password_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="identity",
    )
    wall("identity", "user")
    op.create_index(
        "user_display_name_idx",
        "user",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "user_email_idx", "user", ["tenant_id", "email", "id"], unique=False, schema="identity"
    )
    op.create_index(
        "user_email_key",
        "user",
        ["tenant_id", "email"],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "user_external_id_key",
        "user",
        ["tenant_id", "external_id"],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "user_kind_idx", "user", ["tenant_id", "kind", "id"], unique=False, schema="identity"
    )
    op.create_index(
        "user_org_unit_id_idx",
        "user",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "user_owner_user_id_idx",
        "user",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "user_update_time_idx",
        "user",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_table(
        "api_client",
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
        sa.Column("user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("secret_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["identity.user.tenant_id", "identity.user.id"],
            name="api_client_user_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="identity",
    )
    wall("identity", "api_client")
    op.create_index(
        "api_client_external_id_key",
        "api_client",
        ["tenant_id", "external_id"],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "api_client_name_idx",
        "api_client",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "api_client_org_unit_id_idx",
        "api_client",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "api_client_owner_user_id_idx",
        "api_client",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "api_client_update_time_idx",
        "api_client",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "api_client_user_id_idx",
        "api_client",
        ["tenant_id", "user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_table(
        "api_key",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("ending", sa.Text(), nullable=True),
        sa.Column("expire_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["identity.user.tenant_id", "identity.user.id"],
            name="api_key_user_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="identity",
    )
    wall("identity", "api_key")
    op.create_index(
        "api_key_expire_time_idx",
        "api_key",
        ["tenant_id", "expire_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "api_key_external_id_key",
        "api_key",
        ["tenant_id", "external_id"],
        unique=True,
        schema="identity",
        postgresql_where=None,
    )
    op.create_index(
        "api_key_name_idx",
        "api_key",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "api_key_org_unit_id_idx",
        "api_key",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "api_key_owner_user_id_idx",
        "api_key",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "api_key_update_time_idx",
        "api_key",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "api_key_user_id_idx",
        "api_key",
        ["tenant_id", "user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_table(
        "org_unit",
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
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("sells", sa.Boolean(), nullable=False),
        sa.Column("cost_centre", sa.Text(), nullable=True),
        sa.Column("legal_entity_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(collation="C"), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "legal_entity_id"],
            ["identity.legal_entity.tenant_id", "identity.legal_entity.id"],
            name="org_unit_legal_entity_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="identity",
    )
    wall("identity", "org_unit")
    op.create_index(
        "org_unit_code_idx",
        "org_unit",
        ["tenant_id", "code", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "org_unit_cost_centre_idx",
        "org_unit",
        ["tenant_id", "cost_centre", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "org_unit_external_id_key",
        "org_unit",
        ["tenant_id", "external_id"],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "org_unit_kind_idx",
        "org_unit",
        ["tenant_id", "kind", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "org_unit_legal_entity_id_idx",
        "org_unit",
        ["tenant_id", "legal_entity_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "org_unit_name_idx",
        "org_unit",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "org_unit_org_unit_id_idx",
        "org_unit",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "org_unit_owner_user_id_idx",
        "org_unit",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "org_unit_path_idx", "org_unit", ["tenant_id", "path"], unique=False, schema="identity"
    )
    op.create_index(
        "org_unit_update_time_idx",
        "org_unit",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_table(
        "position",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("user_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("share", sa.Numeric(), nullable=True),
        sa.Column("primary_", sa.Boolean(), nullable=False),
        sa.Column("leads", sa.Boolean(), nullable=False),
        sa.Column("acting", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["identity.user.tenant_id", "identity.user.id"],
            name="position_user_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="identity",
    )
    wall("identity", "position")
    op.create_index(
        "position_end_date_idx",
        "position",
        ["tenant_id", "end_date", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "position_external_id_key",
        "position",
        ["tenant_id", "external_id"],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "position_org_unit_id_idx",
        "position",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "position_owner_user_id_idx",
        "position",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "position_start_date_idx",
        "position",
        ["tenant_id", "start_date", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "position_title_idx",
        "position",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "position_update_time_idx",
        "position",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "position_user_id_idx",
        "position",
        ["tenant_id", "user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_table(
        "role_assignment",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("role_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "role_id"],
            ["identity.role.tenant_id", "identity.role.id"],
            name="role_assignment_role_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["identity.user.tenant_id", "identity.user.id"],
            name="role_assignment_user_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="identity",
    )
    wall("identity", "role_assignment")
    op.create_index(
        "role_assignment_end_date_idx",
        "role_assignment",
        ["tenant_id", "end_date", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "role_assignment_external_id_key",
        "role_assignment",
        ["tenant_id", "external_id"],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "role_assignment_org_unit_id_idx",
        "role_assignment",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "role_assignment_owner_user_id_idx",
        "role_assignment",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "role_assignment_role_id_idx",
        "role_assignment",
        ["tenant_id", "role_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "role_assignment_update_time_idx",
        "role_assignment",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "role_assignment_user_id_idx",
        "role_assignment",
        ["tenant_id", "user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_table(
        "session",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("peer", sa.Text(), nullable=True),
        sa.Column("expire_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoke_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("refresh_digest", sa.LargeBinary(), nullable=True),
        sa.Column("family_digest", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["identity.user.tenant_id", "identity.user.id"],
            name="session_user_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="identity",
    )
    wall("identity", "session")
    op.create_index(
        "session_expire_time_idx",
        "session",
        ["tenant_id", "expire_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "session_external_id_key",
        "session",
        ["tenant_id", "external_id"],
        unique=True,
        schema="identity",
        postgresql_where=None,
    )
    op.create_index(
        "session_org_unit_id_idx",
        "session",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "session_owner_user_id_idx",
        "session",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "session_revoke_time_idx",
        "session",
        ["tenant_id", "revoke_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "session_update_time_idx",
        "session",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="identity",
    )
    op.create_index(
        "session_user_id_idx",
        "session",
        ["tenant_id", "user_id", "id"],
        unique=False,
        schema="identity",
    )
    op.create_table(
        "org_unit_edge",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("node_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("parent_id", sa.UUID(as_uuid=False), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "node_id"],
            ["identity.org_unit.tenant_id", "identity.org_unit.id"],
            name="org_unit_edge_node_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "node_id", "valid_from"),
        schema="identity",
    )
    wall("identity", "org_unit_edge")
    op.create_index(
        "org_unit_edge_parent_id_idx",
        "org_unit_edge",
        ["tenant_id", "parent_id", "node_id"],
        unique=False,
        schema="identity",
    )
    # Before sign-in nobody has a tenant, and the wall hides them all; this looks over it by the
    # owner's right and says no more than an id.
    op.execute(
        "CREATE FUNCTION identity.tenant_of_slug(wanted text) RETURNS uuid"
        " LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''"
        " AS 'SELECT id FROM identity.tenant WHERE slug = wanted'"
    )
    op.execute("REVOKE ALL ON FUNCTION identity.tenant_of_slug(text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION identity.tenant_of_slug(text) TO identity_app")
