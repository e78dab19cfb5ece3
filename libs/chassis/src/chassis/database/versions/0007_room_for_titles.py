"""Titles have room beside them for their next state: most changes move a title's version only."""

from alembic import context, op

revision = "chassis_0007"
down_revision = "chassis_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(f"ALTER TABLE {context.config.attributes['schema']}.title SET (fillfactor = 80)")
