"""PriceList: what is asked for products from a day to a day (CAT-04)."""

from banyan.catalog.v1 import price_list_pb2

from catalog.validity import validity_of
from chassis import errors
from chassis.resources import Around, Hooks, Noun

_PriceList = price_list_pb2.PriceList


def prepare_create(price_list: _PriceList, around: Around) -> None:
    """Let a list be in the firm's currency, and in no other while amounts are in that one alone.

    Raises:
        Invalid: CURRENCY_NOT_SUPPORTED.
    """
    if around.tenant is None:
        return
    wanted = around.tenant.currency_code
    given = price_list.currency_code = price_list.currency_code or wanted
    if given != wanted:
        raise errors.invalid_field(
            "price_list.currency_code", "CURRENCY_NOT_SUPPORTED", given=given, wanted=wanted
        )


def validate(price_list: _PriceList, _: Around) -> None:
    """Refuse a list that ends before it begins.

    Raises:
        Invalid: ENDS_BEFORE_START.
    """
    validity_of(price_list).check("price_list.valid_until")


PRICE_LIST = Noun(
    _PriceList,
    hooks=Hooks(prepare_create=prepare_create, validate=validate),
)
