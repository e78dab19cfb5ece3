"""Product: what is sold, who answers for it, its price and its cost (CAT-03, CAT-04, CAT-05)."""

from banyan.catalog.v1 import product_pb2

from catalog.grouping import check_group
from catalog.money import refuse_negative
from catalog.product_price import quote
from catalog.validity import selling_days
from chassis.resources import Around, Hooks, Noun

_Product = product_pb2.Product


def prepare_create(product: _Product, around: Around) -> None:
    """Put a new product that names no category into that of its series."""
    series = around.record("product_series_id")
    if series is not None and not product.product_category_id:
        product.product_category_id = series.product_category_id


def validate(product: _Product, around: Around) -> None:
    """Refuse a price or cost below nothing, days that end before they begin, a deleted place.

    Raises:
        Invalid: NEGATIVE, ENDS_BEFORE_START.
        FailedPrecondition: PARENT_DELETED.
    """
    refuse_negative("product", price=product.price.amount, cost=product.cost.amount)
    selling_days(product).check("product.sold_until")
    check_group(product, around)


PRODUCT = Noun(
    _Product,
    reads=("product_category_id", "product_series_id"),
    hooks=Hooks(prepare_create=prepare_create, validate=validate),
    methods={"QuoteProductPrice": quote},
)
