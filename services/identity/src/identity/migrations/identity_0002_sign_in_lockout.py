"""failed sign-ins lock, a lost refresh is answered again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.database.migrations import wall

revision = "identity_0002"
down_revision = "identity_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_tally",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locks", sa.BigInteger(), nullable=False),
        sa.Column("lock_expire_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forget_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key"),
        schema="identity",
    )
    wall("identity", "sign_in_tally")
    op.create_index(
        "sign_in_tally_forget_time_idx",
        "sign_in_tally",
        ["tenant_id", "forget_time"],
        unique=False,
        schema="identity",
    )
    op.add_column(
        "session", sa.Column("spent_digest", sa.LargeBinary(), nullable=True), schema="identity"
    )
    op.add_column(
        "session", sa.Column("rotate_salt", sa.LargeBinary(), nullable=True), schema="identity"
    )
    op.add_column(
        "session",
        sa.Column("rotate_time", sa.DateTime(timezone=True), nullable=True),
        schema="identity",
    )
    op.add_column(
        "tenant",
        sa.Column("sign_in_policy", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="identity",
    )
    op.add_column(
        "user",
        sa.Column("lock_expire_time", sa.DateTime(timezone=True), nullable=True),
        schema="identity",
    )
