"""What one unit of a product costs on a day, and which records say so (CAT-04, CAT-06)."""

import datetime
import decimal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.catalog.v1 import discount_pb2, price_list_item_pb2, price_list_pb2, product_pb2
from google.protobuf.message import Message
from google.type import date_pb2, decimal_pb2

from catalog.money import amount_of, exactly, unit_price
from catalog.product_category import upwards
from catalog.validity import selling_days, validity_of
from chassis import errors
from chassis.access import Reach
from chassis.resources import Resources
from chassis.rpc import Call

_Discount = discount_pb2.Discount
_Item = price_list_item_pb2.PriceListItem
_PriceList = price_list_pb2.PriceList
_Answer = product_pb2.QuoteProductPriceResponse

_FOR_PRODUCT = """
t.delete_time IS NULL AND (t.organization_id IS NULL OR t.organization_id = $1::uuid)
AND (t.product_id = $2::uuid OR t.product_series_id = $3::uuid
     OR t.product_category_id = ANY($4::uuid[])
     OR num_nonnulls(t.product_id, t.product_series_id, t.product_category_id) = 0)
"""


@dataclass(frozen=True)
class Question:
    """What a price is asked for.

    Attributes:
        categories: ids of those the product lies in, the nearest first.
        quantity: how much is bought at once, in the product's unit of measure.
        organization_id: the customer; "" for anybody.
    """

    product: product_pb2.Product
    day: datetime.date
    quantity: decimal.Decimal = decimal.Decimal(1)
    categories: Sequence[str] = ()
    organization_id: str = ""


def price_of(
    question: Question,
    lists: Mapping[str, _PriceList],
    items: Iterable[_Item],
    discounts: Iterable[_Discount],
) -> _Answer:
    """Choose what counts and reckon the net price of one unit.

    Args:
        lists: the price lists to look into, by id.
        items: their prices of the product.
        discounts: any; those for something else or somebody else are passed over.

    Raises:
        FailedPrecondition: PRODUCT_NOT_SOLD on that day, NO_PRICE anywhere.
    """
    product, day = question.product, question.day
    if not selling_days(product).covers(day):
        raise errors.FailedPrecondition("PRODUCT_NOT_SOLD", name=product.name, date=day)
    item = item_for(question, lists, items)
    if item is None and not product.HasField("price"):
        raise errors.FailedPrecondition("NO_PRICE", name=product.name)
    listed = product.price if item is None else item.unit_price
    answer = _Answer(
        date=date_pb2.Date(year=day.year, month=day.month, day=day.day),
        quantity=decimal_pb2.Decimal(value=f"{question.quantity:f}"),
        list_price=listed,
        net_unit_price=unit_price(amount_of(listed), listed.currency_code),
    )
    if item is not None:
        answer.price_list_item_id, answer.price_list_id = item.id, item.price_list_id
    discount = discount_for(question, amount_of(listed), discounts)
    if discount is not None:
        _take_off(answer, discount)
    return answer


def item_for(
    question: Question, lists: Mapping[str, _PriceList], items: Iterable[_Item]
) -> _Item | None:
    """Choose a price: of the list begun last that has one, that for the largest quantity reached.

    Only lists that count on the day are looked into.
    """
    counting = [
        item
        for item in items
        if item.price_list_id in lists
        and validity_of(lists[item.price_list_id]).covers(question.day)
        and _least(item) <= question.quantity
    ]

    def rank(item: _Item) -> tuple[datetime.date, str, decimal.Decimal]:
        begun = validity_of(lists[item.price_list_id]).first or datetime.date.min
        return begun, item.price_list_id, _least(item)

    return max(counting, key=rank, default=None)


def discount_for(
    question: Question, price: decimal.Decimal, discounts: Iterable[_Discount]
) -> _Discount | None:
    """Choose a discount: the one with the nearest target, of several such the largest reduction."""
    counting = [
        discount
        for discount in discounts
        if _counts(discount, question) and distance_to(discount, question) is not None
    ]

    def rank(discount: _Discount) -> tuple[int | None, decimal.Decimal, str]:
        # A minus sign would round to the digits of the context.
        larger_first = reduction(discount, price).copy_negate()
        return distance_to(discount, question), larger_first, discount.id

    return min(counting, key=rank, default=None)


def distance_to(discount: _Discount, question: Question) -> int | None:
    """Tell how far a discount's target is from the product; None when it is for something else.

    The product itself, its series, its category, those above it one by one, then everything.
    """
    product, categories = question.product, list(question.categories)
    match discount.WhichOneof("target"):
        case "product_id":
            return 0 if discount.product_id == product.id else None
        case "product_series_id":
            return 1 if discount.product_series_id == product.product_series_id else None
        case "product_category_id":
            target = discount.product_category_id
            return 2 + categories.index(target) if target in categories else None
        case _:
            return 2 + len(categories)


def reduction(discount: _Discount, price: decimal.Decimal) -> decimal.Decimal:
    """Give by how much a discount makes one unit cheaper, exactly; never by more than it costs."""
    if discount.HasField("amount"):
        return min(amount_of(discount.amount), price)
    with exactly():
        return price * decimal.Decimal(discount.percent.value) / 100


def _counts(discount: _Discount, question: Question) -> bool:
    return (
        discount.organization_id in ("", question.organization_id)
        and validity_of(discount).covers(question.day)
        and _least(discount) <= question.quantity
    )


def _least(record: _Item | _Discount) -> decimal.Decimal:
    return decimal.Decimal(record.minimum_quantity.value or 0)


def _take_off(answer: _Answer, discount: _Discount) -> None:
    """Take a discount off the list price; net price and discount always sum to it."""
    price, currency_code = amount_of(answer.list_price), answer.list_price.currency_code
    with exactly():
        net = unit_price(price - reduction(discount, price), currency_code)
        taken = unit_price(price - amount_of(net), currency_code)
    answer.discount_id = discount.id
    answer.net_unit_price.CopyFrom(net)
    answer.discount_amount.CopyFrom(taken)
    if discount.HasField("percent"):
        answer.discount_percent.CopyFrom(discount.percent)


# --- the question, asked by somebody


async def quote(here: Resources, request: Any, call: Call) -> Message:
    """Give the price of a product within the caller's reach.

    Whoever may ask gets the price the customer gets, whether or not they may read the lists and
    discounts it is made of; those are named only to who may read them.

    Raises:
        Invalid: INVALID_DATE; REFERENCE_NOT_FOUND for a customer or list not there for the caller.
        FailedPrecondition: PRODUCT_NOT_SOLD, NO_PRICE.
    """
    product, _ = await here[product_pb2.Product].loaded(call, request.id, "", call.method.action)
    customer = request.organization_id
    await _check_there(here, call, _Discount(organization_id=customer), "organization_id")
    question = Question(
        product,
        _day(request.date, call),
        decimal.Decimal(request.quantity or 1),
        await _categories(here, call, product.product_category_id),
        customer,
    )
    lists = await _lists(here, call, request.price_list_id)
    items = await here[_Item].store.where(
        call.tenant_id,
        "t.product_id = $1::uuid AND t.price_list_id = ANY($2::uuid[]) AND t.delete_time IS NULL",
        *(product.id, list(lists)),
    )
    discounts: list[_Discount] = await here[_Discount].store.where(
        call.tenant_id,
        _FOR_PRODUCT,
        *(customer or None, product.id, product.product_series_id or None, question.categories),
    )
    answer = price_of(question, lists, items, discounts)
    named = lists | {discount.id: discount for discount in discounts}
    answer.price_list_name = _name(here, call, named.get(answer.price_list_id))
    answer.discount_name = _name(here, call, named.get(answer.discount_id))
    return answer


def _day(text: str, call: Call) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text) if text else call.today
    except ValueError:
        raise errors.invalid_field("date", "INVALID_DATE") from None


async def _categories(here: Resources, call: Call, category_id: str) -> list[str]:
    """Give the ids of a category and of all above it, the nearest first."""
    rows = await here.database.read(
        call.tenant_id,
        "SELECT path FROM catalog.product_category WHERE id = $1::uuid",
        category_id or None,
    )
    return upwards(rows[0][0]) if rows else []


async def _lists(here: Resources, call: Call, price_list_id: str) -> dict[str, _PriceList]:
    """Give the price list that is named, or the preferred ones, by id."""
    await _check_there(here, call, _Item(price_list_id=price_list_id), "price_list_id")
    found = await here[_PriceList].store.where(
        call.tenant_id,
        "t.delete_time IS NULL AND (t.id = $1::uuid OR ($1::uuid IS NULL AND t.preferred))",
        price_list_id or None,
    )
    return {price_list.id: price_list for price_list in found}


async def _check_there(here: Resources, call: Call, record: Message, name: str) -> None:
    """Refuse what a reference field names, unless it is there for the caller."""
    references = here[type(record)].rules.references
    if getattr(record, name) and await references.missing(call, record, [name]):
        raise errors.invalid_field(name, "REFERENCE_NOT_FOUND")


def _name(here: Resources, call: Call, record: Any) -> str:
    """Give the name of a record to who may read it."""
    if record is None:
        return ""
    reach = call.reach(here[type(record)].noun.name, "read") or Reach()
    return record.name if reach.covers(record) else ""
