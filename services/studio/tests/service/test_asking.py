"""Lists are ordered, and summaries grouped and added up, by what a firm has defined (PLT-26)."""

import datetime
import decimal
import random
import uuid
from collections import defaultdict
from typing import Any

import pytest
import pytest_asyncio

from chassis.access import FieldRule, Grant, Scope
from chassis.json.wellknown import decode_struct, encode_struct, encode_value
from chassis.rpc.registry import contract_methods

D = decimal.Decimal
SOURCES = "party.banyan/Source"
# In the order of the list, which is not that of the letters; one needs care in SQL, one in filters.
LEVELS = ["low", "a medium's", "high", 'very "high"*']
LABELS = {"low": {"label_en": "Low", "label_zh": "低"}, "high": {"label_zh": "高"}}
KINDS = {
    "town": "TEXT", "seats": "INTEGER", "price": "DECIMAL", "renewal": "DATE", "seen": "TIMESTAMP",
    "vip": "BOOLEAN", "level": "PICKLIST", "parent": "REFERENCE", "story": "LONG_TEXT",
    "tags": "MULTI_PICKLIST", "plain": "INTEGER",
}  # fmt: skip
SORTED = ["town", "seats", "price", "renewal", "seen", "vip", "level"]


class Fair:
    """A firm's sources, with custom fields of every kind; nothing changes them."""

    def __init__(self, firm: Any) -> None:
        self.firm = firm
        self.parents: dict[str, str] = {}
        self.sources: list[Any] = []

    async def define(self) -> None:
        entries = [{"key": key} | LABELS.get(key, {}) for key in LEVELS]
        levels = await self.firm.picklist(name="levels", entries=entries)
        for key, kind in KINDS.items():
            fields: dict[str, Any] = {"filterable": key not in ("plain", "story")}
            if "PICKLIST" in kind:
                fields["picklist_id"] = levels.id
            if kind == "REFERENCE":
                fields["reference_target"] = {"resource_type": SOURCES}
            await self.firm.field(resource_type=SOURCES, key=key, type=f"TYPE_{kind}", **fields)

    async def fill(self) -> None:
        chance = random.Random(20261126)
        for name in ("East", "West"):
            made = await self.firm.call("CreateSource", source={"name": name})
            self.parents[made.id] = name
        requests = [
            {"source": {"name": f"fair {n}", "custom_fields": decode_struct(self.values(chance))}}
            for n in range(60)
        ]
        reply = await self.firm.call("BatchCreateSources", requests=requests)
        assert not reply.errors, reply.errors
        self.sources = list(reply.sources)

    def values(self, chance: random.Random) -> dict[str, Any]:
        day = datetime.date(2026, 1, 1) + datetime.timedelta(days=chance.randrange(400))
        whole = {
            "town": chance.choice(["Kunshan", "昆山", "a*b", 'say "hi"']),
            "seats": chance.choice([2, 10, 100, -3]),
            "price": chance.choice(["9.50", "10.00", "100.25"]),
            "renewal": day.isoformat(),
            "seen": f"{day.isoformat()}T{chance.randrange(24):02}:30:00Z",
            "vip": chance.random() < 0.5,
            "level": chance.choice(LEVELS),
            "parent": chance.choice(list(self.parents)),
        }
        return {key: value for key, value in whole.items() if chance.random() < 0.8}

    async def listed(self, **asked: Any) -> list[Any]:
        found: list[Any] = []
        token = ""
        while True:
            page = await self.firm.call("ListSources", page_token=token, **asked)
            found += page.sources
            token = page.next_page_token
            if not token:
                return found

    async def groups(self, term: str, measures: str = "count", person: Any = None, **more: Any):
        asked = {"group_by": term, "measures": measures} | more
        return (await self.firm.call("SummarizeSources", person, **asked)).groups


def value_of(source: Any, key: str) -> Any:
    """Give a value as it is ordered; None where there is none."""
    found = encode_struct(source.custom_fields).get(key)
    if found is None or KINDS[key] not in ("DECIMAL", "PICKLIST"):
        return found
    return D(found) if KINDS[key] == "DECIMAL" else LEVELS.index(found)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def fair(world, founded) -> Fair:
    made = Fair(await founded())
    await made.define()
    await made.fill()
    return made


@pytest.mark.parametrize("direction", ["", " desc"])
@pytest.mark.parametrize("key", SORTED)
async def test_lists_are_ordered_page_by_page(fair, key, direction):
    """Numbers as numbers, choices as their list has them, and what is empty last both ways."""
    found = await fair.listed(order_by=f"customFields.{key}{direction}, name", page_size=7)
    assert sorted(s.id for s in found if s.id not in fair.parents) == sorted(
        s.id for s in fair.sources
    )
    values = [value_of(source, key) for source in found]
    there = [value for value in values if value is not None]
    assert there == sorted(there, reverse=bool(direction))
    assert values[: len(there)] == there


async def test_custom_fields_order_together_with_others(fair):
    asked = "customFields.vip desc, customFields.level, customFields.seats desc, name desc"
    found = [s for s in await fair.listed(order_by=asked, page_size=11) if s.custom_fields.fields]

    def place(source):
        vip, level, seats = (value_of(source, key) for key in ("vip", "level", "seats"))
        return (vip is None, not vip, level is None, level or 0, seats is None, -(seats or 0))

    assert [place(s) for s in found] == sorted(map(place, fair.sources))


@pytest.mark.parametrize(
    "term",
    [
        *(f"customFields.{key}" for key in ("town", "seats", "renewal", "vip", "level", "parent")),
        *("month(customFields.renewal)", "day(customFields.seen)"),
    ],
)
async def test_groups_are_what_their_filters_open(fair, term):
    opened: set[str] = set()
    for group in await fair.groups(term):
        rows = await fair.listed(filter=group.filter)
        assert len(rows) == int(group.values["count"].string_value)
        assert opened.isdisjoint(row.id for row in rows)
        opened |= {row.id for row in rows}
    assert len(opened) == len(fair.sources) + len(fair.parents)


async def test_periods_of_custom_dates(fair):
    groups = await fair.groups("quarter(customFields.renewal)", filter="customFields.renewal:*")
    found = {g.keys["quarter(customFields.renewal)"].string_value: g for g in groups}
    wanted: defaultdict[str, int] = defaultdict(int)
    for source in fair.sources:
        if day := value_of(source, "renewal"):
            wanted[f"{day[:4]}-Q{(int(day[5:7]) + 2) // 3}"] += 1
    assert {name: int(g.values["count"].string_value) for name, g in found.items()} == wanted


async def test_numbers_are_added_up(fair):
    measures = "sum:customFields.seats,avg:customFields.price,max:customFields.renewal"
    total = (await fair.firm.call("SummarizeSources", measures=measures)).totals
    seats = [v for s in fair.sources if (v := value_of(s, "seats")) is not None]
    prices = [v for s in fair.sources if (v := value_of(s, "price")) is not None]
    days = [v for s in fair.sources if (v := value_of(s, "renewal")) is not None]
    told = {name: encode_value(value) for name, value in total.values.items()}
    assert D(told["sum:customFields.seats"]) == sum(seats)
    assert abs(D(told["avg:customFields.price"]) - sum(prices) / len(prices)) < D("0.00001")
    assert told["max:customFields.renewal"] == max(days)


async def test_groups_by_a_reference_say_what_it_is_called(fair):
    groups = await fair.groups("customFields.parent", include_titles=True)
    term = "customFields.parent"
    found = {g.keys[term].string_value: g.titles.get(term, "") for g in groups}
    assert found == fair.parents | {"": ""}


@pytest.mark.parametrize(("language", "low"), [("en", "Low"), ("zh-CN", "低")])
async def test_groups_by_a_choice_say_what_it_is_called(fair, language, low):
    """PLT-10: in the caller's language, else in the one there is, else by its key."""
    term = "customFields.level"
    method = next(m for m in contract_methods() if m.name == "SummarizeSources")
    summarize = fair.firm.world.host.channels.to("party").unary_unary(method.path)
    reply = await summarize(
        method.request_type(group_by=term, include_titles=True),
        metadata=fair.firm.boss.metadata | {"accept-language": language},
    )
    found = {g.keys[term].string_value: g.titles.get(term, "") for g in reply.groups}
    others = {key: key for key in LEVELS}
    assert found == others | {"low": low, "high": "高", "": ""}


@pytest.mark.parametrize(
    ("asked", "path", "reason"),
    [
        ({"order_by": "customFields.nope"}, "order_by", "NOT_SORTABLE"),
        ({"order_by": "customFields.plain"}, "order_by", "NOT_SORTABLE"),
        ({"order_by": "customFields.tags"}, "order_by", "NOT_SORTABLE"),
        ({"order_by": "customFields.parent"}, "order_by", "NOT_SORTABLE"),
        ({"order_by": "customFields.seats')"}, "order_by", "NOT_SORTABLE"),
        ({"group_by": "customFields.nope"}, "group_by", "NOT_GROUPABLE"),
        ({"group_by": "customFields.plain"}, "group_by", "NOT_GROUPABLE"),
        ({"group_by": "customFields.tags"}, "group_by", "NOT_GROUPABLE"),
        ({"group_by": "customFields.price"}, "group_by", "NOT_GROUPABLE"),
        ({"group_by": 'ancestor(customFields.parent, "TEAM")'}, "group_by", "INVALID_GROUP"),
        ({"group_by": "month(customFields.seats)"}, "group_by", "INVALID_GROUP"),
        ({"measures": "sum:customFields.town"}, "measures", "INVALID_MEASURE"),
        ({"measures": "sum:customFields.nope"}, "measures", "NOT_GROUPABLE"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(fair, violations, asked, path, reason):
    method = "ListSources" if "order_by" in asked else "SummarizeSources"
    assert await violations(fair.firm.call(method, **asked)) == [(path, reason)]


async def test_nobody_is_told_by_an_order_what_they_do_not_see(fair, violations):
    """SAL-65."""
    firm = fair.firm
    grants = [Grant("party.Source", "read", Scope.ALL, source="all")]
    rule = FieldRule("all", "party.Source", frozenset({"custom_fields.price"}), hidden=True)
    blind = await firm.world.person(firm.tenant_id, grants, field_rules=[rule])
    for path, asked in (
        ("order_by", {"order_by": "customFields.price"}),
        ("group_by", {"group_by": "customFields.price"}),
        ("measures", {"measures": "sum:customFields.price"}),
    ):
        method = "ListSources" if path == "order_by" else "SummarizeSources"
        assert await violations(firm.call(method, blind, **asked)) == [(path, "FIELD_HIDDEN")]


async def test_views_hold_orders_and_groups_of_custom_fields(fair, violations):
    """PLT-25: checked when saved, as their filters are."""
    view = {"resource_type": SOURCES, "name": str(uuid.uuid4())}
    good = {"order_by": "customFields.level desc", "group_by": "customFields.town"}
    made = await fair.firm.view(**view, **good)
    assert (made.order_by, made.group_by) == (good["order_by"], good["group_by"])
    for wrong, reason in (
        ({"order_by": "customFields.tags"}, "NOT_SORTABLE"),
        ({"group_by": "customFields.nope"}, "NOT_GROUPABLE"),
    ):
        (part,) = wrong
        expected = [(f"view.{part}", reason)]
        assert await violations(fair.firm.view(**view, **wrong)) == expected
        assert await violations(fair.firm.update("View", made.id, **wrong)) == expected
