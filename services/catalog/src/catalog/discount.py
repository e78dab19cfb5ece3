"""Discount: what makes products cheaper, for whom and when (CAT-06)."""

import decimal

from banyan.catalog.v1 import discount_pb2

from catalog.grouping import check_group
from catalog.money import refuse_negative
from catalog.validity import validity_of
from chassis import errors
from chassis.resources import Around, Hooks, Noun

_Discount = discount_pb2.Discount


def validate(discount: _Discount, around: Around) -> None:
    """Refuse what would make dearer or more than free, days in disorder, a deleted target.

    Raises:
        Invalid: NEGATIVE, OUT_OF_RANGE, ENDS_BEFORE_START.
        FailedPrecondition: PARENT_DELETED.
    """
    refuse_negative(
        "discount",
        percent=discount.percent.value,
        amount=discount.amount.amount,
        minimum_quantity=discount.minimum_quantity.value,
    )
    if decimal.Decimal(discount.percent.value or 0) > 100:
        raise errors.invalid_field("discount.percent", "OUT_OF_RANGE", low=0, high=100)
    validity_of(discount).check("discount.valid_until")
    check_group(discount, around)


DISCOUNT = Noun(
    _Discount,
    reads=("product_series_id", "product_category_id"),
    hooks=Hooks(validate=validate),
)
