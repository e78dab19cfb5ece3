"""Composition root of catalog."""

from catalog.discount import DISCOUNT
from catalog.price_list import PRICE_LIST
from catalog.price_list_item import PRICE_LIST_ITEM
from catalog.product import PRODUCT
from catalog.product_category import PRODUCT_CATEGORY
from catalog.product_series import PRODUCT_SERIES
from chassis.hosting import Service

SERVICE = Service(
    "catalog",
    nouns=(PRODUCT_CATEGORY, PRODUCT_SERIES, PRODUCT, PRICE_LIST, PRICE_LIST_ITEM, DISCOUNT),
)
