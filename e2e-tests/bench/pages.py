"""Cost grows with the page and not with the table."""

import functools
from typing import Any

from rows import Row, ratio
from scene import Firm

SMALL, LARGE = 2_000, 200_000
# A third of the deals, the dearest first: an index gives the order, the filter is met on the way.
ASKED = {"filter": 'stage = "proposed"', "order_by": "amount desc", "page_size": 50}


async def measure(firm: Firm) -> list[Row]:
    """Compare one filtered and sorted List in a tenant of 200,000 deals with one of 2,000.

    Rows come by SQL into two tenants of the same table. The deep page begins after 80 % of what
    is found: page 1,067 of 1,334 in the large one, 11 of 14 in the small one.
    Both ways each tenant is behind row-level security, as the service always is.
    """
    firms: list[Firm] = []
    deep: list[str] = []
    for count in (LARGE, SMALL):
        made = Firm(firm.world, await firm.world.tenant())
        await made.prepare(organizations=10)
        await made.multiply(count)
        firms.append(made)
        deep.append(await token_at(made, count // 3 * 8 // 10))
    rows: list[Row] = []
    for name, tokens in (("first page", ["", ""]), ("deep page", deep)):
        large, small = (
            functools.partial(one.call, "ListOpportunities", page_token=token, **ASKED)
            for one, token in zip(firms, tokens, strict=True)
        )
        value, note = await ratio(large, small, 40)
        title = f"List of 50 at {LARGE:,} rows ÷ at {SMALL:,}, {name}"
        rows.append(Row(title, value, 1.1, at_most=1.5, note=note))
    for made in firms:
        await made.close()
    return rows


async def token_at(firm: Firm, offset: int) -> str:
    """Walk by large pages to a place in the list; a token does not know the size of its page."""
    asked: dict[str, Any] = ASKED | {"read_mask": {"paths": ["id"]}}
    token = ""
    while offset > 0:
        asked |= {"page_size": min(offset, 1000), "page_token": token}
        token = (await firm.call("ListOpportunities", **asked)).next_page_token
        offset -= 1000
    assert token
    return token
