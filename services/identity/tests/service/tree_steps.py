"""What tests of the tree do over and over: move, read it on a day, hold it against its rows."""

import datetime

import pytest

from chassis import errors
from chassis.access import Tree
from chassis.resources.tree import Edge, parents_on

DAY = datetime.timedelta(days=1)


async def refusal(attempt) -> str:
    with pytest.raises(errors.Error) as caught:
        await attempt
    return caught.value.reason


def date(day: datetime.date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}


async def move(firm, unit, to, day=None, **fields):
    when = {"effective_date": date(day)} if day is not None else {}
    return await firm.call("MoveOrgUnit", id=unit, org_unit_id=to, **when, **fields)


async def tree(firm, day="", person=None) -> dict[str, str]:
    """Read every unit's parent on a day."""
    reply = await firm.call("ReadOrgTree", person, as_of=str(day))
    return {node.id: node.org_unit_id for node in reply.nodes}


async def days_pass(firm, count: int = 1) -> None:
    """Let everything about the tree have happened some days earlier.

    By way of long ago: moved row by row, two edges of a unit could begin on one day for a moment.
    """
    for days in (-5000 - count, 5000):
        await firm.set_rows(
            "UPDATE identity.org_unit_edge"
            " SET valid_from = valid_from + $1::int, valid_to = valid_to + $1::int",
            days,
        )


async def edges(firm) -> list[Edge]:
    rows = await firm.rows(
        "SELECT node_id::text, coalesce(parent_id::text, ''), valid_from, valid_to"
        " FROM identity.org_unit_edge ORDER BY node_id, valid_from"
    )
    return [Edge(*row) for row in rows]


async def assert_one_tree(firm) -> None:
    """Say that parents, paths and edges tell one story, and that there is no cycle in it."""
    rows = await firm.rows(
        "SELECT id::text, coalesce(org_unit_id::text, ''), path FROM identity.org_unit"
    )
    parents = {unit: parent for unit, parent, _ in rows}
    shape = Tree(parents)
    for unit, _, path in rows:
        above = shape.ancestors(unit)
        assert unit not in above
        assert not above or above[-1] == firm.top, "everything hangs on the top"
        line = [*reversed(above), unit]
        assert path == "".join(f"{node.replace('-', '')}." for node in line)
    known = await edges(firm)
    assert {e.node_id: e.parent_id for e in known if e.valid_to is None} == parents
    by_node: dict[str, list[Edge]] = {}
    for edge in known:
        by_node.setdefault(edge.node_id, []).append(edge)
    for line in by_node.values():
        ends = [edge.valid_to for edge in line]
        assert ends == [edge.valid_from for edge in line[1:]] + [None], "neither gaps nor overlaps"
    for day in {edge.valid_from for edge in known}:
        then = Tree(parents_on(known, day))
        assert not any(node in then.ancestors(node) for node in by_node)


# --- moving
