"""ProductSeries: products that are made and sold together (CAT-02)."""

from typing import Any

from banyan.catalog.v1 import product_series_pb2
from google.protobuf.message import Message

from catalog.grouping import check_group, delete_group
from chassis.resources import Hooks, Noun, Resources
from chassis.rpc import Call


async def delete(here: Resources, request: Any, call: Call) -> Message:
    """Delete a series that no product is of."""
    return await delete_group(here[product_series_pb2.ProductSeries], request, call)


PRODUCT_SERIES = Noun(
    product_series_pb2.ProductSeries,
    reads=("product_category_id",),
    hooks=Hooks(validate=check_group),
    methods={"DeleteProductSeries": delete},
)
