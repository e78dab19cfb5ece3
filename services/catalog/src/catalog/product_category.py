"""ProductCategory: the tree of kinds of products (CAT-01)."""

import uuid
from typing import Any

from banyan.catalog.v1 import product_category_pb2
from google.protobuf.message import Message

from catalog.grouping import delete_group
from chassis.resources import Noun, Resources
from chassis.rpc import Call


def upwards(path: str) -> list[str]:
    """Give the ids on a path of the tree, from the category itself up to the top."""
    return [str(uuid.UUID(hex=part)) for part in reversed(path.split(".")[:-1])]


async def delete(here: Resources, request: Any, call: Call) -> Message:
    """Delete a category that nothing lies in."""
    return await delete_group(here[product_category_pb2.ProductCategory], request, call)


PRODUCT_CATEGORY = Noun(
    product_category_pb2.ProductCategory,
    # At the top there is no parent to share, and names may be the same: codes tell those apart.
    methods={"DeleteProductCategory": delete},
)
