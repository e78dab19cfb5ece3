"""interests."""

import sqlalchemy as sa
from alembic import op

from chassis.database.migrations import wall

revision = "party_0008"
down_revision = "party_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "interest",
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
        sa.Column("product_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("degree", sa.SmallInteger(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["party.contact.tenant_id", "party.contact.id"],
            name="interest_contact_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["party.organization.tenant_id", "party.organization.id"],
            name="interest_organization_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="party",
    )
    wall("party", "interest")
    op.create_index(
        "interest_contact_id_idx",
        "interest",
        ["tenant_id", "contact_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "interest_degree_idx",
        "interest",
        ["tenant_id", "degree", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "interest_end_date_idx",
        "interest",
        ["tenant_id", "end_date", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "interest_event_idx", "interest", ["tenant_id", "event", "id"], unique=False, schema="party"
    )
    op.create_index(
        "interest_external_id_key",
        "interest",
        ["tenant_id", "external_id"],
        unique=True,
        schema="party",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "interest_org_unit_id_idx",
        "interest",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "interest_organization_id_idx",
        "interest",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "interest_owner_user_id_idx",
        "interest",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "interest_product_id_idx",
        "interest",
        ["tenant_id", "product_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "interest_start_date_idx",
        "interest",
        ["tenant_id", "start_date", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "interest_topic_idx", "interest", ["tenant_id", "topic", "id"], unique=False, schema="party"
    )
    op.create_index(
        "interest_update_time_idx",
        "interest",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="party",
    )
