"""Room for what is shared of a record (PLT-16)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "party_0014"
down_revision = "party_0013"
branch_labels = None
depends_on = None

_TABLES = (
    "address",
    "annual_report",
    "communication",
    "contact",
    "feedback",
    "financial_profile",
    "follow_up",
    "interest",
    "license",
    "organization",
    "reference",
    "relationship",
    "source",
)


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("shares", postgresql.JSONB(), nullable=True), schema="party")
