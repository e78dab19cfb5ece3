"""Reading: one customer, a page of deals, the board, and a customer found by part of the name."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg
from rows import Row

from journeys.firm import OPEN
from journeys.measuring import Bench, Journey
from journeys.writing import moves

_ORGANIZATION = "party.banyan/Organization"
_SAMPLE = 1000
_RECORDED = 24  # requests, of all of them, whose statements the bare side replays
_TABLE = "name,organizationName,stage,amount,weightedAmount,closeDate,ownerUserId,outcome"
_BOARD = "groupBy=stage,ownerUserId&measures=count,sum:amount"
Found = list[asyncpg.Record]


async def measure(bench: Bench) -> list[Row]:
    """Give the rows about reading; each is held against SQL before it is timed."""
    return [
        await one_customer(bench),
        await page(bench, "List 50 deals, filtered, by amount", at_least=300, reach_for=430),
        await page(bench, "List 50 deals, 8 fields by readMask", mask=_TABLE),
        *await board(bench),
        await search(bench, "Chinese"),
        await search(bench, "Latin"),
        await search(bench, ""),
    ]


async def one_customer(bench: Bench) -> Row:
    """Read customers of all ages, all their fields."""
    firm, door = bench.firm, bench.door()
    step = max(1, len(firm.organizations) // _SAMPLE)
    ids = firm.organizations[step // 2 :: step]
    for record_id in ids[:20]:
        answer = await bench.get(f"organizations/{record_id}")
        (row,) = await bench.bare.fetch(
            "SELECT o.name, o.tax_id, o.employee_count, o.annual_revenue, p.name AS parent"
            " FROM party.organization o LEFT JOIN party.organization p"
            " ON p.id = o.parent_organization_id WHERE o.id = $1::uuid",
            record_id,
        )
        assert tuple(row) == (
            answer["name"],
            answer["taxId"],
            answer["employeeCount"],
            Decimal(answer["annualRevenue"]["amount"]),
            answer.get("parentOrganizationName"),
        ), answer
    requests = [door.request("GET", f"/v1/organizations/{record_id}") for record_id in ids]
    return await bench.measure(
        Journey(
            "Read one customer, all fields",
            cycle(requests),
            await bench.replaying(_some(requests)),
            at_least=950,
            note=f"{len(answer)} fields",
        )
    )


async def page(
    bench: Bench,
    name: str,
    *,
    mask: str = "",
    at_least: float | None = None,
    reach_for: float | None = None,
) -> Row:
    """Read the dearest deals of a stage."""
    door = bench.door()
    requests: list[bytes] = []
    for stage in OPEN:
        query = {"filter": f'stage = "{stage}"', "orderBy": "amount desc", "pageSize": 50}
        path = f"opportunities?{urlencode(query | ({'readMask': mask} if mask else {}))}"
        answer = await bench.get(path)
        rows = await bench.bare.fetch(
            "SELECT o.name, o.amount, c.name FROM sales.opportunity o"
            " JOIN party.organization c ON c.id = o.organization_id"
            " WHERE o.stage = $1 AND o.delete_time IS NULL"
            " ORDER BY o.amount DESC, o.id DESC LIMIT 50",
            stage,
        )
        assert [tuple(row) for row in rows] == [
            (deal["name"], Decimal(deal["amount"]["amount"]), deal["organizationName"])
            for deal in answer["opportunities"]
        ], answer
        requests.append(door.request("GET", f"/v1/{path}"))
    bare = await bench.replaying(requests)
    return await bench.measure(
        Journey(name, cycle(requests), bare, at_least=at_least, reach_for=reach_for)
    )


async def board(bench: Bench) -> list[Row]:
    """Count and add up all deals by stage and person; then again while deals change.

    The bare side always counts; what did not change is not counted again by Banyan.
    """
    answer = await bench.get(f"opportunities:summarize?{_BOARD}")
    rows = await bench.bare.fetch(
        "SELECT stage, owner_user_id::text, count(*), sum(amount) FROM sales.opportunity"
        " WHERE delete_time IS NULL GROUP BY 1, 2"
    )
    found = {
        (group["keys"]["stage"], group["keys"]["ownerUserId"]): _figures(group)
        for group in answer["groups"]
    }
    assert found == {(stage, owner): (count, total) for stage, owner, count, total in rows}
    totals = _figures(answer["totals"])
    assert totals == (sum(row[2] for row in rows), sum(row[3] for row in rows))
    assert totals[0] == len(bench.firm.deals)
    door = bench.door()
    request = door.request("GET", f"/v1/opportunities:summarize?{_BOARD}")
    changes = moves(door, bench.firm.open_deals)
    await door.ask(next(changes))
    bare = await bench.bare.replays(await bench.bare.recorded([partial(door.ask, request)]))
    name = f"Pipeline by stage and person over {totals[0]:,} deals"
    note = f"{len(rows)} groups"
    still = Journey(name, cycle([request]), bare, at_least=120, reach_for=360, note=note)
    in_turn = (one for change in changes for one in (change, request))
    moving = Journey(f"{name} in turn with a change of one", in_turn, bare, note=note, writes=True)
    return [await bench.measure(still), await bench.measure(moving)]


def _figures(group: Any) -> tuple[int, Decimal]:
    values = group["values"]
    return int(values["count"]), Decimal(values["sum:amount"]["amount"])


async def search(bench: Bench, script: str) -> Row:
    """Find customers by part of the name: what stands inside it, as one remembers it.

    Args:
        script: Chinese or Latin names only; both in turn, which is the row with a bound.
    """
    parts = _parts(bench)
    queries = parts[script] if script else _mixed(*parts.values())
    for query in queries[:20] + queries[-20:]:
        await _check(bench, query)
    door = bench.door()
    requests = [door.request("GET", f"/v1/{_path(query, 20)}") for query in queries]
    return await bench.measure(
        Journey(
            f"Find a customer by part of the name{f', {script}' if script else ''}",
            cycle(requests),
            await bench.replaying(_some(requests)),
            at_least=None if script else 2000,
            note=f"{len(queries)} queries, such as {queries[0]}, {queries[1]}",
        )
    )


def _parts(bench: Bench) -> dict[str, list[str]]:
    """Give what people may type: two signs of a Chinese name, four letters of a Latin one."""
    brands = dict.fromkeys(one.brand for one in bench.firm.customers)
    chinese = dict.fromkeys(brand[-2:] for brand in brands if not brand.isascii())
    latin = dict.fromkeys(brand[2:6] for brand in brands if brand.isascii())
    return {"Chinese": list(chinese)[:200], "Latin": list(latin)[:200]}


def _mixed(one: list[str], other: list[str]) -> list[str]:
    return [query for pair in zip(one, other, strict=False) for query in pair]


def _path(query: str, size: int) -> str:
    return f"search?query={quote(query)}&resourceTypes={quote(_ORGANIZATION)}&pageSize={size}"


async def _check(bench: Bench, query: str) -> None:
    """Hold what is found against a look at every name; names come before what is found elsewhere.

    Of Latin letters the pinyin of Chinese names counts too, so more may be found than have them.
    """
    hits = (await bench.get(_path(query, 100))).get("hits", [])
    rows = await bench.bare.fetch(
        "SELECT id::text FROM party.organization"
        " WHERE delete_time IS NULL AND strpos(lower(name), $1) > 0",
        query,
    )
    wanted = {row[0] for row in rows}
    named = [hit["resourceId"] for hit in hits if query in hit["title"].lower()]
    assert sorted(set(named)) == sorted(named), query
    assert set(named) <= wanted, query
    if len(hits) < 100:
        assert set(named) == wanted, (query, len(named), len(wanted))
    elif not query.isascii():
        assert len(named) == 100 or set(named) == wanted, query


def _some(requests: list[bytes]) -> list[bytes]:
    step = len(requests) // _RECORDED
    return requests[:: max(1, step + 1 - step % 2)]  # an odd step takes of two kinds in turn both


def cycle(requests: list[bytes]) -> Iterator[bytes]:
    """Give requests over and over."""
    while True:
        yield from requests
