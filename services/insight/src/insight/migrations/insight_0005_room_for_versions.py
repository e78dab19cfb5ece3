"""Entries have room beside them for their next state.

Most changes leave what is found alone and move an entry's version: beside the old state that
touches none of the indexes.
"""

from alembic import op

revision = "insight_0005"
down_revision = "insight_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE insight.search_entry SET (fillfactor = 80)")
