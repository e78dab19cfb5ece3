"""Titles are entered inside their words too; a page of them is read out of the index alone.

What stood by the grams of its title is listed now, of what is there as of what comes. The grams of
titles that are there stay until the next change of their texts: they lead to nothing that is not
listed, and cost a look.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "insight_0004"
down_revision = "insight_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("search_beginning_key", "search_beginning", schema="insight")
    op.execute(
        "UPDATE insight.search_entry SET beginnings = replace(beginnings, E'\\n3', E'\\n4')"
        " WHERE strpos(beginnings, E'\\n3') > 0"
    )
    # What a way has in common with one that ranks before it: what ranks before is entered
    # otherwise, or inside and before it in order.
    op.execute(
        """
        WITH named AS (
            SELECT tenant_id, resource_type, resource_id, beginnings,
                split_part(body, E'\\n', 1) COLLATE "C" AS name,
                right(split_part(body, E'\\n', 1), 2) AS tail
            FROM insight.search_entry
        ), entered AS (
            SELECT n.*,
                ARRAY(
                    SELECT substr(line, 2) COLLATE "C"
                    FROM unnest(string_to_array(n.beginnings, E'\\n')) AS line
                    WHERE line ~ '^[012]'
                ) AS others,
                ARRAY(
                    SELECT DISTINCT substr(n.name, at, 64) AS way
                    FROM generate_series(2, least(64, length(n.name)
                        - CASE WHEN octet_length(n.tail) = length(n.tail) THEN 2 ELSE 1 END)) AS at
                    WHERE substr(n.name, at, 1) <> ' '
                        AND strpos(n.beginnings, E'\\n0' || substr(n.name, at, 64) || E'\\n') = 0
                        AND strpos(n.beginnings, E'\\n1' || substr(n.name, at, 64) || E'\\n') = 0
                    ORDER BY way
                ) AS inside
            FROM named n
        )
        INSERT INTO insight.search_beginning
            (tenant_id, resource_type, resource_id, beginning, shared)
        SELECT e.tenant_id, e.resource_type, e.resource_id, '3' || way.text, (
            SELECT coalesce(max(size), 0)
            FROM unnest(e.others || e.inside[1:way.number - 1]) AS other
            CROSS JOIN generate_series(1, least(length(other), length(way.text))) AS size
            WHERE left(other, 1) = left(way.text, 1) AND left(other, size) = left(way.text, size)
        )
        FROM entered e CROSS JOIN unnest(e.inside) WITH ORDINALITY AS way(text, number)
        """
    )
    op.create_index(
        "search_beginning_key",
        "search_beginning",
        ["tenant_id", "resource_type", "beginning", sa.literal_column("resource_id DESC")],
        unique=True,
        schema="insight",
        postgresql_include=["shared"],
    )
    # A part is shared with its whole.
    op.add_column("search_entry", sa.Column("whole_id", UUID(as_uuid=False)), schema="insight")
    op.create_index(
        "search_entry_whole_idx",
        "search_entry",
        ["tenant_id", "whole_id"],
        unique=False,
        schema="insight",
        postgresql_where=sa.text("whole_id IS NOT NULL"),
    )
    # What is found of a text may depend on whose field it is.
    op.execute(
        "CREATE OR REPLACE VIEW insight.search_text AS SELECT resource_type, resource_id,"
        " owner_user_id, org_unit_id, beginnings, body, grams, fields, whole_id"
        " FROM insight.search_entry WHERE tenant_id IS NOT DISTINCT FROM"
        " (SELECT nullif(current_setting('app.tenant', true), '')::uuid)"
    )
