"""products."""

import sqlalchemy as sa
from alembic import op

from chassis.database.migrations import wall

revision = "catalog_0001"
down_revision = None
branch_labels = ("catalog",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "price_list",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("preferred", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="catalog",
    )
    wall("catalog", "price_list")
    op.create_index(
        "price_list_currency_code_idx",
        "price_list",
        ["tenant_id", "currency_code", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_external_id_key",
        "price_list",
        ["tenant_id", "external_id"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "price_list_name_idx",
        "price_list",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_name_key",
        "price_list",
        ["tenant_id", "name"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "price_list_org_unit_id_idx",
        "price_list",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_owner_user_id_idx",
        "price_list",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_update_time_idx",
        "price_list",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_valid_from_idx",
        "price_list",
        ["tenant_id", "valid_from", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_valid_until_idx",
        "price_list",
        ["tenant_id", "valid_until", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_table(
        "product_category",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("parent_product_category_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(collation="C"), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_product_category_id"],
            ["catalog.product_category.tenant_id", "catalog.product_category.id"],
            name="product_category_parent_product_category_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="catalog",
    )
    wall("catalog", "product_category")
    op.create_index(
        "product_category_code_idx",
        "product_category",
        ["tenant_id", "code", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_category_code_key",
        "product_category",
        ["tenant_id", "code"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "product_category_external_id_key",
        "product_category",
        ["tenant_id", "external_id"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "product_category_name_idx",
        "product_category",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_category_org_unit_id_idx",
        "product_category",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_category_owner_user_id_idx",
        "product_category",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_category_parent_product_category_id_idx",
        "product_category",
        ["tenant_id", "parent_product_category_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_category_parent_product_category_id_name_key",
        "product_category",
        ["tenant_id", "parent_product_category_id", "name"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "product_category_path_idx",
        "product_category",
        ["tenant_id", "path"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_category_update_time_idx",
        "product_category",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_table(
        "product_category_edge",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("node_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("parent_id", sa.UUID(as_uuid=False), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "node_id"],
            ["catalog.product_category.tenant_id", "catalog.product_category.id"],
            name="product_category_edge_node_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "node_id", "valid_from"),
        schema="catalog",
    )
    wall("catalog", "product_category_edge")
    op.create_index(
        "product_category_edge_parent_id_idx",
        "product_category_edge",
        ["tenant_id", "parent_id", "node_id"],
        unique=False,
        schema="catalog",
    )
    op.create_table(
        "product_series",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("product_category_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_category_id"],
            ["catalog.product_category.tenant_id", "catalog.product_category.id"],
            name="product_series_product_category_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="catalog",
    )
    wall("catalog", "product_series")
    op.create_index(
        "product_series_external_id_key",
        "product_series",
        ["tenant_id", "external_id"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "product_series_name_idx",
        "product_series",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_series_name_key",
        "product_series",
        ["tenant_id", "name"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "product_series_org_unit_id_idx",
        "product_series",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_series_owner_user_id_idx",
        "product_series",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_series_product_category_id_idx",
        "product_series",
        ["tenant_id", "product_category_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_series_update_time_idx",
        "product_series",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_table(
        "product",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("product_category_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("product_series_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("responsible_org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("unit_of_measure", sa.Text(), nullable=True),
        sa.Column("price", sa.Numeric(), nullable=True),
        sa.Column("price_currency_code", sa.Text(), nullable=True),
        sa.Column("cost", sa.Numeric(), nullable=True),
        sa.Column("cost_currency_code", sa.Text(), nullable=True),
        sa.Column("sold_from", sa.Date(), nullable=True),
        sa.Column("sold_until", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_category_id"],
            ["catalog.product_category.tenant_id", "catalog.product_category.id"],
            name="product_product_category_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_series_id"],
            ["catalog.product_series.tenant_id", "catalog.product_series.id"],
            name="product_product_series_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="catalog",
    )
    wall("catalog", "product")
    op.create_index(
        "product_code_idx", "product", ["tenant_id", "code", "id"], unique=False, schema="catalog"
    )
    op.create_index(
        "product_code_key",
        "product",
        ["tenant_id", "code"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "product_cost_idx", "product", ["tenant_id", "cost", "id"], unique=False, schema="catalog"
    )
    op.create_index(
        "product_external_id_key",
        "product",
        ["tenant_id", "external_id"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "product_name_idx",
        "product",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_org_unit_id_idx",
        "product",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_owner_user_id_idx",
        "product",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_price_idx", "product", ["tenant_id", "price", "id"], unique=False, schema="catalog"
    )
    op.create_index(
        "product_product_category_id_idx",
        "product",
        ["tenant_id", "product_category_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_product_series_id_idx",
        "product",
        ["tenant_id", "product_series_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_responsible_org_unit_id_idx",
        "product",
        ["tenant_id", "responsible_org_unit_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_sold_from_idx",
        "product",
        ["tenant_id", "sold_from", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_sold_until_idx",
        "product",
        ["tenant_id", "sold_until", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_unit_of_measure_idx",
        "product",
        ["tenant_id", "unit_of_measure", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "product_update_time_idx",
        "product",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_table(
        "discount",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("product_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("product_series_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("product_category_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("percent", sa.Numeric(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("amount_currency_code", sa.Text(), nullable=True),
        sa.Column("minimum_quantity", sa.Numeric(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("organization_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title_sort_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_category_id"],
            ["catalog.product_category.tenant_id", "catalog.product_category.id"],
            name="discount_product_category_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["catalog.product.tenant_id", "catalog.product.id"],
            name="discount_product_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_series_id"],
            ["catalog.product_series.tenant_id", "catalog.product_series.id"],
            name="discount_product_series_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="catalog",
    )
    wall("catalog", "discount")
    op.create_index(
        "discount_amount_idx",
        "discount",
        ["tenant_id", "amount", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_external_id_key",
        "discount",
        ["tenant_id", "external_id"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "discount_minimum_quantity_idx",
        "discount",
        ["tenant_id", "minimum_quantity", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_name_idx",
        "discount",
        ["tenant_id", "title_sort_key", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_org_unit_id_idx",
        "discount",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_organization_id_idx",
        "discount",
        ["tenant_id", "organization_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_owner_user_id_idx",
        "discount",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_percent_idx",
        "discount",
        ["tenant_id", "percent", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_product_category_id_idx",
        "discount",
        ["tenant_id", "product_category_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_product_id_idx",
        "discount",
        ["tenant_id", "product_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_product_series_id_idx",
        "discount",
        ["tenant_id", "product_series_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_update_time_idx",
        "discount",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_valid_from_idx",
        "discount",
        ["tenant_id", "valid_from", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "discount_valid_until_idx",
        "discount",
        ["tenant_id", "valid_until", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_table(
        "price_list_item",
        sa.Column("tenant_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("owner_user_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("org_unit_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("price_list_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("product_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("minimum_quantity", sa.Numeric(), nullable=True),
        sa.Column("unit_price", sa.Numeric(), nullable=True),
        sa.Column("unit_price_currency_code", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "price_list_id"],
            ["catalog.price_list.tenant_id", "catalog.price_list.id"],
            name="price_list_item_price_list_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["catalog.product.tenant_id", "catalog.product.id"],
            name="price_list_item_product_id_fkey",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        schema="catalog",
    )
    wall("catalog", "price_list_item")
    op.create_index(
        "price_list_item_external_id_key",
        "price_list_item",
        ["tenant_id", "external_id"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "price_list_item_minimum_quantity_idx",
        "price_list_item",
        ["tenant_id", "minimum_quantity", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_item_org_unit_id_idx",
        "price_list_item",
        ["tenant_id", "org_unit_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_item_owner_user_id_idx",
        "price_list_item",
        ["tenant_id", "owner_user_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_item_price_list_id_idx",
        "price_list_item",
        ["tenant_id", "price_list_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_item_price_list_id_product_id_minimum_quantity_key",
        "price_list_item",
        ["tenant_id", "price_list_id", "product_id", "minimum_quantity"],
        unique=True,
        schema="catalog",
        postgresql_where=sa.text("delete_time IS NULL"),
    )
    op.create_index(
        "price_list_item_product_id_idx",
        "price_list_item",
        ["tenant_id", "product_id", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_item_unit_price_idx",
        "price_list_item",
        ["tenant_id", "unit_price", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "price_list_item_update_time_idx",
        "price_list_item",
        ["tenant_id", "update_time", "id"],
        unique=False,
        schema="catalog",
    )
