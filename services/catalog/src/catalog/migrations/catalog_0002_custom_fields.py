"""Room for the fields that firms give to nouns themselves (PLT-26)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "catalog_0002"
down_revision = "catalog_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "discount",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="catalog",
    )
    op.create_index(
        "discount_custom_fields_idx",
        "discount",
        ["custom_fields"],
        unique=False,
        schema="catalog",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "price_list",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="catalog",
    )
    op.create_index(
        "price_list_custom_fields_idx",
        "price_list",
        ["custom_fields"],
        unique=False,
        schema="catalog",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "price_list_item",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="catalog",
    )
    op.create_index(
        "price_list_item_custom_fields_idx",
        "price_list_item",
        ["custom_fields"],
        unique=False,
        schema="catalog",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "product",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="catalog",
    )
    op.create_index(
        "product_custom_fields_idx",
        "product",
        ["custom_fields"],
        unique=False,
        schema="catalog",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "product_category",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="catalog",
    )
    op.create_index(
        "product_category_custom_fields_idx",
        "product_category",
        ["custom_fields"],
        unique=False,
        schema="catalog",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
    op.add_column(
        "product_series",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="catalog",
    )
    op.create_index(
        "product_series_custom_fields_idx",
        "product_series",
        ["custom_fields"],
        unique=False,
        schema="catalog",
        postgresql_using="gin",
        postgresql_ops={"custom_fields": "jsonb_path_ops"},
        postgresql_where=sa.text("custom_fields IS NOT NULL"),
    )
