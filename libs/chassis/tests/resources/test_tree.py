"""The shape of a tree through the days: dated edges, and moves that leave no cycle on any of them.

The history here is a list of edges, changed as the database changes it; there is no database.
"""

import datetime
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.resources.tree import Edge, move_makes_cycle, parents_on

DAY_ONE = datetime.date(2026, 1, 1)
NODES = 6


def day(number: int) -> datetime.date:
    return DAY_ONE + datetime.timedelta(days=number)


def edge(node: str, parent: str, since: int, until: int | None = None) -> Edge:
    return Edge(node, parent, day(since), None if until is None else day(until))


def has_cycle(parents: dict[str, str]) -> bool:
    """Walk up from every node; whoever takes more steps than there are nodes goes in a circle."""
    for start in parents:
        node, steps = start, 0
        while node in parents:
            node, steps = parents[node], steps + 1
            if steps > len(parents):
                return True
    return False


@dataclass
class History:
    """All edges there ever were, and the day it is."""

    edges: list[Edge] = field(default_factory=list[Edge])
    today: int = 0

    def plant(self, node: str, parent: str) -> None:
        self.edges.append(edge(node, parent, self.today))

    def began(self, node: str) -> int:
        """Give the day of a node's last move; none may be dated before it."""
        return max((e.valid_from - DAY_ONE).days for e in self.edges if e.node_id == node)

    def moved(self, node: str, parent: str, since: int) -> list[Edge]:
        """Give the edges as a move would leave them."""
        found: list[Edge] = []
        for old in self.edges:
            if old.node_id != node or old.valid_to is not None:
                found.append(old)
            elif old.valid_from != day(since):  # what began on that very day never was
                found.append(Edge(node, old.parent_id, old.valid_from, day(since)))
        return [*found, edge(node, parent, since)]

    def days_with_a_cycle(self, edges: list[Edge]) -> list[int]:
        return [n for n in range(self.today + 2) if has_cycle(parents_on(edges, day(n)))]


def test_an_edge_counts_from_its_first_day_to_the_day_before_its_last():
    edges = [edge("top", "", 0), edge("a", "top", 2, 5), edge("a", "b", 5)]
    assert parents_on(edges, day(-1)) == {}
    assert parents_on(edges, day(0)) == parents_on(edges, day(1)) == {"top": ""}
    assert parents_on(edges, day(2)) == parents_on(edges, day(4)) == {"top": "", "a": "top"}
    assert parents_on(edges, day(5)) == parents_on(edges, day(5000)) == {"top": "", "a": "b"}


def test_a_day_on_which_it_stood_nowhere_has_no_parent():
    assert parents_on([edge("a", "b", 0, 1), edge("a", "c", 2)], day(1)) == {}


CHAIN = [edge("top", "", 0), edge("a", "top", 0), edge("b", "a", 0), edge("c", "b", 0)]


@pytest.mark.parametrize(
    ("node", "parent", "cycle"),
    [
        ("a", "a", True),
        ("a", "b", True),
        ("a", "c", True),
        ("top", "c", True),
        ("b", "c", True),
        ("c", "a", False),
        ("c", "top", False),
        ("b", "top", False),
        ("a", "nobody", False),
        ("newcomer", "c", False),
    ],
)
def test_nothing_is_put_below_itself(node, parent, cycle):
    assert move_makes_cycle(CHAIN, node, parent, day(1)) is cycle


def test_a_cycle_on_the_first_day_counts_though_today_there_is_none():
    """B was below A until day 5; A under B since day 3 is a cycle on two days."""
    edges = [
        edge("top", "", 0), edge("a", "top", 0), edge("b", "a", 0, 5), edge("b", "top", 5),
    ]  # fmt: skip
    assert move_makes_cycle(edges, "a", "b", day(3))
    assert move_makes_cycle(edges, "a", "b", day(4))
    assert not move_makes_cycle(edges, "a", "b", day(5))


def test_a_cycle_on_a_later_day_counts_though_there_is_none_on_the_first():
    """B came below A on day 5; A under B since day 3 is fine for two days."""
    edges = [
        edge("top", "", 0), edge("a", "top", 0), edge("b", "top", 0, 5), edge("b", "a", 5),
    ]  # fmt: skip
    assert move_makes_cycle(edges, "a", "b", day(3))


def test_a_cycle_in_the_middle_counts():
    edges = [
        edge("top", "", 0), edge("a", "top", 0),
        edge("b", "top", 0, 4), edge("b", "a", 4, 6), edge("b", "top", 6),
    ]  # fmt: skip
    assert move_makes_cycle(edges, "a", "b", day(3))
    assert not move_makes_cycle(edges, "a", "b", day(6))


def test_where_it_stood_before_does_not_count():
    """A was below B until it is moved; that B goes below A later is no cycle."""
    edges = [edge("top", "", 0), edge("b", "top", 0), edge("a", "b", 0)]
    history = History(edges, today=3)
    assert not move_makes_cycle(edges, "a", "top", day(1))
    after = history.moved("a", "top", 1)
    assert move_makes_cycle(after, "b", "a", day(0))
    assert not move_makes_cycle(after, "b", "a", day(1))


STEPS = st.lists(
    st.tuples(
        st.integers(0, NODES - 1),  # which node
        st.integers(0, NODES - 1),  # under which
        st.integers(0, 2),  # days that pass before it
        st.integers(0, 6),  # days it is dated back
    ),
    max_size=25,
)


@given(STEPS)
def test_moves_leave_no_cycle_on_any_day_and_only_cycles_are_refused(steps):
    history = History()
    history.plant("0", "")
    for which, under, passed, back in steps:
        history.today += passed
        node, parent = str(which), str(under)
        known = {e.node_id for e in history.edges}
        if parent not in known:
            continue
        if node not in known:
            history.plant(node, parent)
            continue
        since = max(history.today - back, history.began(node))
        after = history.moved(node, parent, since)
        refused = move_makes_cycle(history.edges, node, parent, day(since))
        assert refused == bool(history.days_with_a_cycle(after))
        if not refused:
            history.edges = after
        assert history.days_with_a_cycle(history.edges) == []
        # However often it moved, a node stands in one place on a day.
        for number in range(history.today + 2):
            standing = [
                e
                for e in history.edges
                if e.valid_from <= day(number) and (e.valid_to is None or day(number) < e.valid_to)
            ]
            assert len({e.node_id for e in standing}) == len(standing)
