"""audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.database.migrations import wall

revision = "insight_0001"
down_revision = None
branch_labels = ("insight",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_record",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("resource_type", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("version_", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=True),
        sa.Column("actor_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("actor_service", sa.Text(), nullable=True),
        sa.Column("on_behalf_of_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("change_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="insight",
    )
    wall("insight", "audit_record")
    op.create_index(
        "audit_record_actor_service_idx",
        "audit_record",
        ["tenant_id", "actor_service", "id"],
        unique=False,
        schema="insight",
    )
    op.create_index(
        "audit_record_actor_user_id_idx",
        "audit_record",
        ["tenant_id", "actor_user_id", "id"],
        unique=False,
        schema="insight",
    )
    op.create_index(
        "audit_record_change_time_idx",
        "audit_record",
        ["tenant_id", "change_time", "id"],
        unique=False,
        schema="insight",
    )
    op.create_index(
        "audit_record_on_behalf_of_user_id_idx",
        "audit_record",
        ["tenant_id", "on_behalf_of_user_id", "id"],
        unique=False,
        schema="insight",
    )
    op.create_index(
        "audit_record_org_unit_id_idx",
        "audit_record",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="insight",
    )
    op.create_index(
        "audit_record_owner_user_id_idx",
        "audit_record",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="insight",
    )
    op.create_index(
        "audit_record_resource_type_idx",
        "audit_record",
        ["tenant_id", "resource_type", "id"],
        unique=False,
        schema="insight",
    )
    op.create_index(
        "audit_record_service_idx",
        "audit_record",
        ["tenant_id", "service", "id"],
        unique=False,
        schema="insight",
    )
    op.create_index(
        "audit_record_verb_idx",
        "audit_record",
        ["tenant_id", "verb", "id"],
        unique=False,
        schema="insight",
    )
    op.create_index(
        "audit_record_version_idx",
        "audit_record",
        ["tenant_id", "version_", "id"],
        unique=False,
        schema="insight",
    )
