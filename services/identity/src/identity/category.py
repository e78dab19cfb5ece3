"""What permissions of scope CATEGORY reach: a category stands for all below it (CAT-10)."""

from collections.abc import Sequence
from typing import Any

from banyan.catalog.v1 import product_category_pb2
from banyan.identity.v1 import access_pb2
from google.protobuf import field_mask_pb2

from chassis import errors
from chassis.resources import Resources
from chassis.rpc import acting
from chassis.telemetry import log

_LIST = "/banyan.catalog.v1.ProductCategoryService/ListProductCategories"
_PAGE = 1000


async def include_below(
    here: Resources, tenant_id: str, grants: Sequence[access_pb2.Grant]
) -> None:
    """Add to the categories that grants name those below them.

    When the catalog does not answer, the named ones alone are within reach.
    """
    named = sorted({category for grant in grants for category in grant.category_ids})
    if not named:
        return
    try:
        below = {category: await _below(here, tenant_id, category) for category in named}
    except errors.Error as error:
        log.warning("categories_unknown", tenant=tenant_id, reason=error.reason)
        return
    for grant in grants:
        found = {*grant.category_ids}.union(*(below[category] for category in grant.category_ids))
        grant.ClearField("category_ids")
        grant.category_ids.extend(sorted(found))


async def _below(here: Resources, tenant_id: str, category: str) -> set[str]:
    """List the categories at or below one; nothing when it is a series, or gone."""
    found: set[str] = set()
    channel: Any = here.channels.to("catalog")
    token = ""
    while True:
        request = product_category_pb2.ListProductCategoriesRequest(
            filter=f'subtree(id, "{category}")',
            page_size=_PAGE,
            page_token=token,
            read_mask=field_mask_pb2.FieldMask(paths=["id"]),
        )
        with acting("identity", tenant_id):
            page = await channel.unary_unary(_LIST)(request)
        found |= {record.id for record in page.product_categories}
        token = page.next_page_token
        if not token:
            return found
