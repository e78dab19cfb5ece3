"""content in numbered objects."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "documents_0002"
down_revision = "documents_0001"
branch_labels = None
depends_on = None

# The objects of a version used to be called by the offsets of its parts, those without bytes not at
# all; a number may be an offset.
_KEEP_OFFSETS = """
UPDATE documents.document_version v SET
    parts = array_remove(parts, 0),
    part_objects = (
        SELECT coalesce(array_agg(begin ORDER BY place), '{}')
        FROM (
            SELECT place, size, (sum(size) OVER (ORDER BY place) - size)::bigint AS begin
            FROM unnest(v.parts) WITH ORDINALITY AS part (size, place)
        ) AS parts
        WHERE size > 0)
WHERE parts IS NOT NULL
"""


def upgrade() -> None:
    op.add_column(
        "document_version",
        sa.Column("part_objects", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        schema="documents",
    )
    op.add_column(
        "document_version",
        sa.Column("objects_named", sa.BigInteger(), nullable=True),
        schema="documents",
    )
    op.execute(_KEEP_OFFSETS)
    op.create_index(
        "document_version_document_id_number_key",
        "document_version",
        ["tenant_id", "document_id", "number"],
        unique=True,
        schema="documents",
    )
