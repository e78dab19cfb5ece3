"""Room for field rules of roles, and for product categories that a permission reaches (CAT-10)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "identity_0005"
down_revision = "identity_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    rules = sa.Column("field_rules", postgresql.JSONB(), nullable=False, server_default="[]")
    categories = sa.Column(
        "category_ids", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"
    )
    for table, column in (("role", rules), ("role_assignment", categories)):
        op.add_column(table, column, schema="identity")
        op.alter_column(table, column.name, server_default=None, schema="identity")
