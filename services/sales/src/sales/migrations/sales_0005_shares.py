"""Room for what is shared of a record (PLT-16)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "sales_0005"
down_revision = "sales_0004"
branch_labels = None
depends_on = None

_TABLES = (
    "coverage",
    "lead",
    "opportunity",
    "pipeline",
)


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("shares", postgresql.JSONB(), nullable=True), schema="sales")
