"""Reading deals: List, Get and Summarize against the same SQL on a bare connection, and JSON."""

import asyncio
import functools
import statistics
from collections.abc import Callable
from typing import Any

from banyan.sales.v1 import opportunity_pb2
from google.protobuf import json_format
from rows import ROUNDS, Row, ratio, timed
from scene import Firm

from chassis.json import codec_of
from gateway.app import Door, build_app

SUMMARISED = 50_000
_BARE_SUMMARY = (
    "SELECT stage, owner_user_id::text, count(*), coalesce(sum(amount), 0)"
    " FROM sales.opportunity t WHERE t.delete_time IS NULL GROUP BY 1, 2 ORDER BY 1, 2"
)


async def measure(firm: Firm) -> list[Row]:
    """Give the rows about reading."""
    return [*await reads(firm), *await summary(firm), *await json(firm)]


async def rest(door: Door, firm: Firm, path: str, query: str = "") -> None:
    """Make a request through the ASGI application, without a client library in between."""
    messages: list[Any] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"authorization", firm.person.metadata["authorization"].encode())],
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    await door(scope, receive, send)
    assert messages[0]["status"] == 200, messages


async def reads(firm: Firm) -> list[Row]:
    """Compare List and Get with the statement each of them runs, on a bare connection.

    Ours is a call through the channel: token, rights, limits, trace, validation, SQL built,
    messages filled, reply copied. Bare is `fetch` of the recorded statement, titles joined, with
    its arguments, prepared by asyncpg's cache as in the service, under row-level security.
    """
    one = firm.ids[7]
    list_sql, list_arguments = await firm.recorded("ListOpportunities", page_size=50)
    get_sql, get_arguments = await firm.recorded("GetOpportunity", id=one)
    request = opportunity_pb2.ListOpportunitiesRequest(page_size=50)
    here = functools.partial(firm.caller("ListOpportunities"), request)
    bare_list = functools.partial(firm.bare.fetch, list_sql, *list_arguments)
    bare_get = functools.partial(firm.bare.fetch, get_sql, *get_arguments)
    door = build_app(firm.host.channels, ready=firm.host.ready)
    rest_list = functools.partial(rest, door, firm, "/v1/opportunities", "pageSize=50")
    rest_get = functools.partial(rest, door, firm, f"/v1/opportunities/{one}")
    tenant = f"WHERE t.tenant_id = '{firm.tenant_id}' AND"
    open_list = functools.partial(
        firm.owner.fetch, list_sql.replace("WHERE", tenant, 1), *list_arguments
    )
    found: list[Row] = []
    value, note = await ratio(here, bare_list, 60)
    found.append(Row("servicer List of 50 ÷ bare asyncpg", value, 2.0, at_most=3.0, note=note))
    value, note = await ratio(rest_list, bare_list, 60)
    found.append(Row("REST List of 50 ÷ bare asyncpg", value, 4.0, at_most=6.0, note=note))
    value, note = await ratio(rest_get, bare_get, 200)
    found.append(Row("REST Get ÷ bare asyncpg", value, 4.0, at_most=6.0, note=note))
    value, note = await ratio(bare_list, open_list, 100)
    found.append(Row("List with RLS ÷ without", value, 1.05, at_most=1.2, note=note))
    return found


async def summary(firm: Firm) -> list[Row]:
    """Compare a pipeline's board over 50,000 deals with a bare GROUP BY of the same groups.

    Ours gives count and sum by stage and owner, and the totals of all in the same pass; bare gives
    the groups alone.
    """
    large = Firm(firm.world, await firm.world.tenant())
    await large.prepare(organizations=10)
    await large.multiply(SUMMARISED)
    ours = functools.partial(
        large.call, "SummarizeOpportunities", group_by="stage,owner_user_id",
        measures="count,sum:amount",
    )  # fmt: skip
    value, note = await ratio(ours, functools.partial(large.bare.fetch, _BARE_SUMMARY), 3)
    await large.close()
    return [Row("Summarize by stage, owner over 50,000 ÷ bare GROUP BY", value, note=note)]


async def json(firm: Firm) -> list[Row]:
    """Compare the compiled codec with json_format, on a page of 50 deals.

    Each reads its own text: ours says OPEN where json_format says OUTCOME_OPEN.
    """
    page = await firm.call("ListOpportunities", page_size=50)
    codec = codec_of(type(page))
    text, other = codec.to_bytes(page), json_format.MessageToJson(page)

    async def times(compiled: Callable[[], object], oracle: Callable[[], object]) -> float:
        values: list[float] = []
        for _ in range(ROUNDS):
            await asyncio.sleep(0)  # the relay and the consumers live on this loop too
            a = min(timed(compiled, 10) for _ in range(3))
            values.append(min(timed(oracle, 5) for _ in range(3)) / a)
        return statistics.median(values)

    encode = await times(lambda: codec.to_bytes(page), lambda: json_format.MessageToJson(page))
    decode = await times(
        lambda: codec.from_bytes(text), lambda: json_format.Parse(other, type(page)())
    )
    return [
        Row("JSON encode: times faster than json_format", encode, 5, at_least=3),
        Row("JSON decode: times faster than json_format", decode, 8, at_least=4),
    ]
