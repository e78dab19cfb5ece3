"""The relay remembers how far it is; no row of the log is written a second time."""

from alembic import context, op

revision = "chassis_0003"
down_revision = "chassis_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    op.execute(f"CREATE TABLE {schema}.relay (position bigint NOT NULL)")
    op.execute(
        f"INSERT INTO {schema}.relay SELECT coalesce(min(sequence) FILTER (WHERE published_at"
        f" IS NULL) - 1, max(sequence), 0) FROM {schema}.change"
    )
    op.execute(f"GRANT SELECT, UPDATE ON {schema}.relay TO {schema}_relay")
    op.execute(f"REVOKE UPDATE (published_at) ON {schema}.change FROM {schema}_relay")
    op.execute(f"ALTER TABLE {schema}.change DROP COLUMN published_at")
