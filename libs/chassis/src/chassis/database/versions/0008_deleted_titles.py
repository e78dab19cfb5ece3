"""The mirror of titles knows whether a record is deleted: references are looked up in it."""

from alembic import context, op

revision = "chassis_0008"
down_revision = "chassis_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(f"ALTER TABLE {context.config.attributes['schema']}.title ADD deleted boolean")
