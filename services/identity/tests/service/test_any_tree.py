"""Whatever is done to the tree in whatever order: it stays one tree, on every day (PLT-33)."""

import random
import uuid

import pytest
from tree_steps import DAY, assert_one_tree, days_pass, edges, move, tree

from chassis import errors
from chassis.access import Tree
from chassis.resources.tree import parents_on


class Model:
    """What the tree should be: parents day by day, the last day being today."""

    def __init__(self, top: str) -> None:
        self.days: list[dict[str, str]] = [{top: ""}]
        self.began = {top: 0}
        self.deleted: set[str] = set()

    @property
    def now(self) -> dict[str, str]:
        return self.days[-1]

    def create(self, unit: str, parent: str) -> None:
        self.now[unit] = parent
        self.began[unit] = len(self.days) - 1

    def may_move(self, unit: str, to: str, day: int) -> bool:
        if unit in self.deleted or to in self.deleted or day < self.began[unit]:
            return False
        if to not in self.days[day]:
            return False  # nothing can stand under what was not there yet
        return not any(unit in (to, *Tree(then).ancestors(to)) for then in self.days[day:])

    def move(self, unit: str, to: str, day: int) -> None:
        for then in self.days[day:]:
            then[unit] = to
        self.began[unit] = day

    def has_living_children(self, unit: str) -> bool:
        return any(up == unit and at not in self.deleted for at, up in self.now.items())


async def step(firm, model: Model, chance: random.Random) -> None:
    """Do one thing at random; it must work exactly when the model says so."""
    units = list(model.now)
    unit, to = chance.choice(units), chance.choice(units)
    what = chance.choices(
        ["create", "move", "delete", "undelete", "day"], weights=[6, 10, 3, 2, 2]
    )[0]
    if what == "day":
        await days_pass(firm)
        model.days.append(dict(model.now))
        return
    if what == "create":
        new = str(uuid.uuid4())
        made = {"id": new, "name": new, "kind": "KIND_TEAM", "org_unit_id": to}
        attempt, allowed = firm.call("CreateOrgUnit", org_unit=made), to not in model.deleted
        done = lambda: model.create(new, to)  # noqa: E731
    elif what == "move":
        day = chance.randrange(len(model.days))
        attempt = move(firm, unit, to, firm.today - (len(model.days) - 1 - day) * DAY)
        stays = unit not in model.deleted and model.now[unit] == to and to not in model.deleted
        allowed = stays or model.may_move(unit, to, day)
        done = lambda: stays or model.move(unit, to, day)  # noqa: E731
    elif what == "delete":
        attempt = firm.call("DeleteOrgUnit", id=unit)
        allowed = unit not in model.deleted and not model.has_living_children(unit)
        allowed = allowed and unit != firm.top
        done = lambda: model.deleted.add(unit)  # noqa: E731
        if unit == firm.top:
            attempt.close()
            return
    else:
        attempt = firm.call("UndeleteOrgUnit", id=unit)
        allowed = unit in model.deleted and model.now[unit] not in model.deleted
        done = lambda: model.deleted.discard(unit)  # noqa: E731
    try:
        await attempt
    except (errors.Invalid, errors.FailedPrecondition, errors.NotFound) as refused:
        assert not allowed, (what, refused.reason)  # noqa: PT017
    else:
        assert allowed, what
        done()


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_happens_in_whatever_order_the_tree_stays_one(firm, seed):
    """PLT-33: paths and days always agree with who stands under whom."""
    chance, model = random.Random(seed), Model(firm.top)
    for _ in range(40):
        await step(firm, model, chance)
    await assert_one_tree(firm)
    known, today = await edges(firm), firm.today
    for age, then in enumerate(reversed(model.days)):
        assert parents_on(known, today - age * DAY) == then
    living = {unit: up for unit, up in model.now.items() if unit not in model.deleted}
    assert await tree(firm) == living
