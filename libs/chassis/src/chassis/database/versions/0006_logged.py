"""What a tenant's log says since a moment, read along the log.

Behind the wall the planner takes the tenant for a reason to read all that one has ever logged. This
view reads as the owner of the schema; its own condition is the wall, and no index serves it.
"""

from alembic import context, op

revision = "chassis_0006"
down_revision = "chassis_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    op.execute(
        f"CREATE VIEW {schema}.logged AS SELECT transaction_id, sequence, resource_type"
        f" FROM {schema}.change WHERE tenant_id IS NOT DISTINCT FROM"
        " (SELECT nullif(current_setting('app.tenant', true), '')::uuid)"
    )
    op.execute(f"GRANT SELECT ON {schema}.logged TO {schema}_app")
