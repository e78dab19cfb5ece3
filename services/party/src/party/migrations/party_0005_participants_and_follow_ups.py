"""participants and follow-ups."""

import sqlalchemy as sa
from alembic import op

from chassis.database.migrations import wall

revision = "party_0005"
down_revision = "party_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "communication_participant",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("communication_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("contact_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "communication_id"],
            ["party.communication.tenant_id", "party.communication.id"],
            name="communication_participant_communication_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["party.contact.tenant_id", "party.contact.id"],
            name="communication_participant_contact_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "communication_participant")
    op.create_index(
        "communication_participant_communication_id_idx",
        "communication_participant",
        ["tenant_id", "communication_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "communication_participant_contact_id_idx",
        "communication_participant",
        ["tenant_id", "contact_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "communication_participant_external_id_key",
        "communication_participant",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "communication_participant_org_unit_id_idx",
        "communication_participant",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "communication_participant_owner_user_id_idx",
        "communication_participant",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "communication_participant_role_idx",
        "communication_participant",
        ["tenant_id", "role", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "communication_participant_update_time_idx",
        "communication_participant",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "communication_participant_user_id_idx",
        "communication_participant",
        ["tenant_id", "user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_table(
        "follow_up",
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
        sa.Column("communication_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("outcome_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "communication_id"],
            ["party.communication.tenant_id", "party.communication.id"],
            name="follow_up_communication_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "follow_up")
    op.create_index(
        "follow_up_communication_id_idx",
        "follow_up",
        ["tenant_id", "communication_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "follow_up_due_date_idx",
        "follow_up",
        ["tenant_id", "due_date", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "follow_up_external_id_key",
        "follow_up",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "follow_up_org_unit_id_idx",
        "follow_up",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "follow_up_outcome_time_idx",
        "follow_up",
        ["tenant_id", "outcome_time", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "follow_up_owner_user_id_idx",
        "follow_up",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "follow_up_status_idx",
        "follow_up",
        ["tenant_id", "status", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "follow_up_subject_idx",
        "follow_up",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "follow_up_update_time_idx",
        "follow_up",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
