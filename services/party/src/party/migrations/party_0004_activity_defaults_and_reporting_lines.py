"""activity, defaults and reporting lines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "party_0004"
down_revision = "party_0003"
branch_labels = None
depends_on = None

# One change at a time per tenant and table: of two opposite moves the second must see the first.
# An update can close a circle, an insert cannot: what is new has nothing below it.
_REFUSE_CIRCLE = """
CREATE FUNCTION party.refuse_circle() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    found boolean;
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(
        pg_catalog.format('%s/%s/circle', NEW.tenant_id, TG_TABLE_NAME), 0));
    EXECUTE pg_catalog.format(
        'WITH RECURSIVE above (id) AS ('
        ' SELECT $1 UNION SELECT t.%1$I FROM %2$I.%3$I t JOIN above ON t.id = above.id'
        ' WHERE t.tenant_id = $3 AND t.%1$I IS NOT NULL)'
        ' SELECT EXISTS (SELECT FROM above WHERE id = $2)',
        TG_ARGV[0], TG_TABLE_SCHEMA, TG_TABLE_NAME)
    INTO found
    USING (pg_catalog.to_jsonb(NEW) ->> TG_ARGV[0])::uuid, NEW.id, NEW.tenant_id;
    IF found THEN
        RAISE EXCEPTION '% would stand above itself', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$
"""


def refuse_circles(table: str, upward: str) -> None:
    """Let no row of a table stand above itself, following a column upwards."""
    op.execute(
        f"CREATE TRIGGER {table}_no_circle AFTER UPDATE ON party.{table} FOR EACH ROW"
        f" WHEN (NEW.{upward} IS NOT NULL AND NEW.{upward} IS DISTINCT FROM OLD.{upward})"
        f" EXECUTE FUNCTION party.refuse_circle('{upward}')"
    )


def upgrade() -> None:
    op.add_column(
        "contact",
        sa.Column("functions", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        schema="party",
    )
    op.add_column(
        "contact",
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        schema="party",
    )
    op.add_column(
        "contact",
        sa.Column("interests", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        schema="party",
    )
    op.add_column("contact", sa.Column("department", sa.Text(), nullable=True), schema="party")
    op.add_column(
        "contact",
        sa.Column("reports_to_contact_id", sa.UUID(as_uuid=False), nullable=True),
        schema="party",
    )
    op.add_column(
        "contact",
        sa.Column("decision_role", sa.SmallInteger(), nullable=False, server_default="0"),
        schema="party",
    )
    op.add_column(
        "contact",
        sa.Column("decision_degree", sa.SmallInteger(), nullable=False, server_default="0"),
        schema="party",
    )
    op.create_index(
        "contact_decision_degree_idx",
        "contact",
        ["tenant_id", "decision_degree", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "contact_decision_role_idx",
        "contact",
        ["tenant_id", "decision_role", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "contact_department_idx",
        "contact",
        ["tenant_id", "department", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "contact_reports_to_contact_id_idx",
        "contact",
        ["tenant_id", "reports_to_contact_id", "id"],
        unique=False,
        schema="party",
    )
    op.create_foreign_key(
        "contact_reports_to_contact_id_fkey",
        "contact",
        "contact",
        ["tenant_id", "reports_to_contact_id"],
        ["tenant_id", "id"],
        source_schema="party",
        referent_schema="party",
    )
    op.add_column("organization", sa.Column("active", sa.Boolean(), nullable=True), schema="party")
    op.add_column(
        "organization", sa.Column("activity_reason", sa.Text(), nullable=True), schema="party"
    )
    op.add_column(
        "organization", sa.Column("activity_date", sa.Date(), nullable=True), schema="party"
    )
    op.add_column(
        "organization", sa.Column("default_currency_code", sa.Text(), nullable=True), schema="party"
    )
    op.add_column(
        "organization", sa.Column("default_sales_tax", sa.Text(), nullable=True), schema="party"
    )
    op.add_column(
        "organization",
        sa.Column("payment_terms_days", sa.BigInteger(), nullable=True),
        schema="party",
    )
    op.create_index(
        "organization_activity_date_idx",
        "organization",
        ["tenant_id", "activity_date", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_default_currency_code_idx",
        "organization",
        ["tenant_id", "default_currency_code", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_default_sales_tax_idx",
        "organization",
        ["tenant_id", "default_sales_tax", "id"],
        unique=False,
        schema="party",
    )
    op.create_index(
        "organization_payment_terms_days_idx",
        "organization",
        ["tenant_id", "payment_terms_days", "id"],
        unique=False,
        schema="party",
    )
    # The contacts there are have none of these; new ones say so themselves.
    for name in ("functions", "skills", "interests", "decision_role", "decision_degree"):
        op.alter_column("contact", name, server_default=None, schema="party")
    op.execute("UPDATE party.organization SET active = true")
    op.execute(_REFUSE_CIRCLE)
    refuse_circles("organization", "parent_organization_id")
    refuse_circles("contact", "reports_to_contact_id")
