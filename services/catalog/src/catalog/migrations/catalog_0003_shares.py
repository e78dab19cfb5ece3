"""Room for what is shared of a record (PLT-16)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "catalog_0003"
down_revision = "catalog_0002"
branch_labels = None
depends_on = None

_TABLES = (
    "discount",
    "price_list",
    "product",
    "product_category",
    "product_series",
)


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(
            table, sa.Column("shares", postgresql.JSONB(), nullable=True), schema="catalog"
        )
