"""Sagas; and whose the titles are, so that nobody reads that of a record hidden to them."""

from alembic import context, op

from chassis.database.migrations import wall

revision = "chassis_0002"
down_revision = "chassis_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    op.execute(f"ALTER TABLE {schema}.title ADD owner_user_id uuid, ADD org_unit_id uuid")
    op.execute(
        f"CREATE TABLE {schema}.saga ("
        " tenant_id uuid, id uuid, kind text NOT NULL, state bytea NOT NULL,"
        " step integer NOT NULL DEFAULT 0, undoing boolean NOT NULL DEFAULT false,"
        " due_time timestamptz NOT NULL, attempts integer NOT NULL DEFAULT 0,"
        " error text NOT NULL DEFAULT '', PRIMARY KEY (tenant_id, id))"
    )
    op.execute(f"CREATE INDEX saga_due_time ON {schema}.saga (due_time)")
    wall(schema, "saga", relay="SELECT")
