"""Shares: which records are open to whom beyond what roles reach."""

from alembic import context, op

from chassis.database.migrations import wall

revision = "chassis_0005"
down_revision = "chassis_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    op.execute(
        f"CREATE TABLE {schema}.share (tenant_id uuid, resource_type text, principal_id uuid,"
        " resource_id uuid, writes boolean NOT NULL,"
        " PRIMARY KEY (tenant_id, resource_type, principal_id, resource_id))"
    )
    op.execute(
        f"CREATE INDEX share_resource ON {schema}.share (tenant_id, resource_type, resource_id)"
    )
    wall(schema, "share")
