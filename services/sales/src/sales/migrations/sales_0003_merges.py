"""merges."""

import sqlalchemy as sa
from alembic import op

revision = "sales_0003"
down_revision = "sales_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "coverage", sa.Column("moved_by", sa.ARRAY(sa.Text()), nullable=True), schema="sales"
    )
    op.add_column("lead", sa.Column("moved_by", sa.ARRAY(sa.Text()), nullable=True), schema="sales")
    op.add_column(
        "opportunity", sa.Column("moved_by", sa.ARRAY(sa.Text()), nullable=True), schema="sales"
    )
