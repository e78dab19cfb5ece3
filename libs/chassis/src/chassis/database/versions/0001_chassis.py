"""The tables every service has: change, request, inbox, dead_letter, timer, title."""

from alembic import context, op

from chassis.database.migrations import wall

revision = "chassis_0001"
down_revision = None
branch_labels = ("chassis",)
depends_on = None

_TABLES = """
CREATE TABLE {schema}.change (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    resource_type text NOT NULL,
    resource_id uuid NOT NULL,
    version bigint NOT NULL,
    verb text NOT NULL,
    payload bytea NOT NULL,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    published_at timestamptz,
    CONSTRAINT change_version_key UNIQUE (tenant_id, resource_type, resource_id, version)
);
CREATE INDEX change_unpublished ON {schema}.change (sequence) WHERE published_at IS NULL;
CREATE INDEX change_replay ON {schema}.change (transaction_id, sequence);
CREATE TABLE {schema}.request (
    tenant_id uuid,
    caller text,
    method text,
    request_id text,
    body_hash bytea NOT NULL,
    response bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, caller, method, request_id)
);
CREATE INDEX request_create_time ON {schema}.request USING brin (create_time);
CREATE TABLE {schema}.inbox (
    consumer text,
    event_id uuid,
    tenant_id uuid NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_create_time ON {schema}.inbox USING brin (create_time);
CREATE TABLE {schema}.dead_letter (
    consumer text,
    event_id uuid,
    tenant_id uuid NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL,
    trace_parent text NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    replay_time timestamptz,
    PRIMARY KEY (consumer, event_id)
);
CREATE TABLE {schema}.timer (
    tenant_id uuid,
    kind text,
    key text,
    due_time timestamptz NOT NULL DEFAULT now(),
    payload bytea NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    error text NOT NULL,
    PRIMARY KEY (tenant_id, kind, key)
);
CREATE INDEX timer_due_time ON {schema}.timer (due_time);
CREATE TABLE {schema}.title (
    tenant_id uuid,
    resource_type text,
    resource_id uuid,
    title text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, resource_type, resource_id)
);
"""


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    for statement in _TABLES.format(schema=schema).split(";"):
        if statement.strip():
            op.execute(statement)
    # The log is append-only for the service; the relay marks what it has published.
    wall(schema, "change", app="SELECT, INSERT", relay="SELECT, UPDATE (published_at)")
    wall(schema, "request", relay="SELECT, DELETE")
    wall(schema, "inbox", relay="SELECT, DELETE")
    wall(schema, "dead_letter", relay="SELECT, INSERT, UPDATE")
    wall(schema, "timer", relay="SELECT, UPDATE (attempts, error, due_time)")
    wall(schema, "title")
