"""Pages of long records: shorter than asked for, so that each fits into a message."""

import pytest
import pytest_asyncio
from banyan.api.v1 import change_pb2

from chassis.rpc import acting

NOTE = "\u957f" * 10_000
BATCH = 100


@pytest_asyncio.fixture
async def deals(firm):
    """Make deals of 12 MB together; a message between processes holds 8 MiB."""
    made = []
    for start in range(0, 4 * BATCH, BATCH):
        amounts = [{"amount": str(n % 7), "currency_code": "CNY"} for n in range(BATCH)]
        rows = [{"name": f"deal {start}", "note": NOTE, "amount": amount} for amount in amounts]
        answer = await firm.call(
            "BatchCreateOpportunities", requests=[{"opportunity": row} for row in rows]
        )
        assert not answer.errors, answer.errors[0]
        made += [deal.id for deal in answer.opportunities]
    return made


@pytest.mark.parametrize("order", ["", "amount desc", "close_date"])
async def test_pages_of_long_records_are_shorter_and_miss_none(firm, deals, order):
    """PLT-09: a partner reads them page by page."""
    found, sizes, token = [], [], ""
    while token or not sizes:
        page = await firm.call(
            *("ListOpportunities", firm.boss),
            wire=True,
            page_size=1000,
            page_token=token,
            order_by=order,
        )
        sizes.append(len(page.opportunities))
        found += [deal.id for deal in page.opportunities]
        token = page.next_page_token
    assert sorted(found) == sorted(deals)
    assert len(sizes) == 3
    assert min(sizes[:-1]) > BATCH


async def test_the_changes_of_long_records_are_read_in_shorter_pages(firm, deals):
    """PLT-09: whoever builds a view of them anew misses none either."""
    read = firm.world.wire.to("sales").unary_unary("/banyan.api.v1.ChangeService/ReadChanges")
    found, page = [], change_pb2.ReadChangesResponse()
    while page.changes or not page.next_after:
        request = change_pb2.ReadChangesRequest(
            service="sales", after=page.next_after, page_size=5000
        )
        with acting("insight"):
            page = await read(request)
        found += [change.resource_id for change in page.changes]
    assert sorted(found.count(deal) for deal in deals) == [1] * len(deals)
