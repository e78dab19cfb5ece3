"""Jobs: long work that goes on after the call that began it, and after the process that died."""

from alembic import context, op

from chassis.database.migrations import wall

revision = "chassis_0004"
down_revision = "chassis_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    op.execute(
        f"CREATE TABLE {schema}.job (tenant_id uuid, kind text, id uuid,"
        " due_time timestamptz NOT NULL DEFAULT now(), attempts integer NOT NULL DEFAULT 0,"
        " error text NOT NULL DEFAULT '', PRIMARY KEY (tenant_id, kind, id))"
    )
    op.execute(f"CREATE INDEX job_due_time ON {schema}.job (due_time)")
    wall(schema, "job", relay="SELECT")
