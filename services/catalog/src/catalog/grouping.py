"""Categories and series hold products together: none goes while something living belongs to it."""

from typing import Any

from banyan.catalog.v1 import discount_pb2, product_pb2, product_series_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import EVERYTHING
from chassis.resources import Around, Question, Resource
from chassis.rpc import Call

_Member = product_pb2.Product | product_series_pb2.ProductSeries | discount_pb2.Discount
_MEMBERS = (product_pb2.Product, product_series_pb2.ProductSeries, discount_pb2.Discount)


def check_unused(products: int, series: int, discounts: int) -> None:
    """Refuse to let go of what living records belong to; the counts are theirs.

    Raises:
        FailedPrecondition: HAS_PRODUCTS, HAS_SERIES, HAS_DISCOUNTS.
    """
    if products:
        raise errors.FailedPrecondition("HAS_PRODUCTS", count=products)
    if series:
        raise errors.FailedPrecondition("HAS_SERIES", count=series)
    if discounts:
        raise errors.FailedPrecondition("HAS_DISCOUNTS", count=discounts)


def check_group(member: _Member, around: Around) -> None:
    """Refuse a living record in a category or series that is deleted, as an undelete could bring.

    Raises:
        FailedPrecondition: PARENT_DELETED.
    """
    if member.HasField("delete_time"):
        return
    for name in ("product_category_id", "product_series_id"):
        group = around.record(name)
        if group is not None and group.HasField("delete_time"):
            raise errors.FailedPrecondition("PARENT_DELETED", id=group.id)


async def delete_group(group: Resource, request: Any, call: Call) -> Message:
    """Delete a category or series that nothing belongs to any more.

    Raises:
        FailedPrecondition: HAS_PRODUCTS, HAS_SERIES, HAS_DISCOUNTS.
    """
    # Whoever may not delete it does not learn what is in it.
    await group.loaded(call, request.id, "", call.method.action)
    field = f"{group.noun.table_name}_id"
    counts = [
        await group.here[member].store.count(
            call.tenant_id, Question(EVERYTHING, f'{field} = "{request.id}"')
        )
        if field in member.DESCRIPTOR.fields_by_name
        else 0
        for member in _MEMBERS
    ]
    check_unused(*counts)
    return await group.delete(request, call)
