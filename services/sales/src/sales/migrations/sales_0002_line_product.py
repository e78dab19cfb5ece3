"""line_product."""

import sqlalchemy as sa
from alembic import op

revision = "sales_0002"
down_revision = "sales_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "opportunity_line",
        sa.Column("product_id", sa.UUID(as_uuid=False), nullable=True),
        schema="sales",
    )
    op.create_index(
        "opportunity_line_product_id_idx",
        "opportunity_line",
        ["tenant_id", "product_id", "id"],
        unique=False,
        schema="sales",
    )
