"""PriceListItem: what one unit of a product costs in a list, from a quantity on (CAT-04)."""

from banyan.catalog.v1 import price_list_item_pb2

from catalog.money import refuse_negative
from chassis import errors
from chassis.resources import Around, Hooks, Noun

_Item = price_list_item_pb2.PriceListItem


def validate(item: _Item, around: Around) -> None:
    """Refuse numbers below nothing, and a price in another currency than the list's.

    Raises:
        Invalid: NEGATIVE, CURRENCY_NOT_OF_LIST.
    """
    refuse_negative(
        "price_list_item",
        minimum_quantity=item.minimum_quantity.value,
        unit_price=item.unit_price.amount,
    )
    given, wanted = item.unit_price.currency_code, around.record("price_list_id").currency_code
    if given != wanted:
        raise errors.invalid_field(
            "price_list_item.unit_price", "CURRENCY_NOT_OF_LIST", given=given, wanted=wanted
        )


PRICE_LIST_ITEM = Noun(
    _Item,
    reads=("price_list_id",),
    hooks=Hooks(validate=validate),
)
