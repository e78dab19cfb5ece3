"""bill-to address."""

import sqlalchemy as sa
from alembic import op

revision = "party_0011"
down_revision = "party_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "organization",
        sa.Column("bill_to_address_id", sa.UUID(as_uuid=False), nullable=True),
        schema="party",
    )
    op.create_index(
        "organization_bill_to_address_id_idx",
        "organization",
        ["tenant_id", "bill_to_address_id", "id"],
        unique=False,
        schema="party",
    )
