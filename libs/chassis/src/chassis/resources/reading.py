"""Get and List (AIP-131, 132, 158, 160): one record, or filtered and ordered pages of them."""

from typing import TYPE_CHECKING, Any

from chassis import errors
from chassis.resources.query import Question
from chassis.resources.store import COUNT_MAX
from chassis.resources.titles import see_of
from chassis.rpc import Call

if TYPE_CHECKING:
    from chassis.resources.resource import Resource

PAGE_SIZE = 50
PAGE_SIZE_MAX = 1000


async def get(resource: "Resource", request: Any, call: Call) -> Any:
    """AIP-131."""
    reach = resource.rules.reach(call, "read")
    hidden = resource.rules.hidden_from(call)
    return await resource.store.get(
        call.tenant_id,
        request.id,
        reach,
        resource.rules.read_mask(request.read_mask.paths, hidden),
        see_of(call),
    )


async def list_page(resource: "Resource", request: Any, call: Call) -> Any:
    """AIP-132, 158, 160: filtered, ordered, by pages that follow a key and not a count."""
    size = _page_size(request.page_size)
    show_deleted = resource.noun.soft_delete and request.show_deleted
    question = await asked_of(
        resource, request.filter, call, request.order_by, show_deleted=show_deleted
    )
    hidden = question.hidden
    keys = resource.store.query.hiding(hidden).order(request.order_by, question.fields)
    asked = "|".join((call.tenant_id, request.filter, request.order_by, str(show_deleted)))
    cursor = None
    if request.page_token:
        cursor = resource.here.tokens.read(asked, request.page_token, keys)
    answer: Any = call.method.response_type()
    page = await resource.store.page(
        call.tenant_id,
        question,
        keys=keys,
        size=size,
        cursor=cursor,
        names=resource.rules.read_mask(request.read_mask.paths, hidden),
        make=getattr(answer, resource.noun.resource.plural).add,
        see=see_of(call),
    )
    if page.next is not None:
        answer.next_page_token = resource.here.tokens.write(asked, page.next)
    if request.include_total_size:
        count = await resource.store.count(call.tenant_id, question)
        answer.total_size = min(count, COUNT_MAX)
        answer.total_size_is_lower_bound = count > COUNT_MAX
    return answer


async def asked_of(
    resource: "Resource", filter_text: str, call: Call, *more: str, show_deleted: bool
) -> Question:
    """Give what is asked, within the caller's reach and with what the firm has defined.

    Args:
        more: orders, groups, measures that may speak of custom fields too.

    Raises:
        Forbidden: PERMISSION_DENIED.
    """
    reach = resource.rules.reach(call, "read")
    fields = await resource.here.fields_named(call, resource.noun, filter_text, *more)
    hidden = resource.rules.hidden_from(call)
    return Question(reach, filter_text, call.tenant, fields, show_deleted, hidden)


def _page_size(asked: int) -> int:
    if asked < 0:
        raise errors.invalid_field("page_size", "NEGATIVE_PAGE_SIZE")
    return min(asked or PAGE_SIZE, PAGE_SIZE_MAX)
