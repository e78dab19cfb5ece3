"""Lists in every order, by pages of every size, give what sorting in memory gives."""

import asyncio
import random

import pytest
from banyan.party.v1 import source_pb2

from chassis.resources.titles import sort_key

ROWS = 300
SORTABLE = ("id", "create_time", "update_time", "name", "kind")
NAMES = ("Ada", "ADA", "ada", "Äda", "bühne", "Bühne", "李四", "李", "张三", "zhang san", "z", "Ω")
ORDERS = 40


def value_of(source, field: str):
    """Give what a field is sorted by; None when it has no value."""
    if field in ("create_time", "update_time"):
        return getattr(source, field).ToNanoseconds()
    if field == "name":
        return sort_key(source.name)
    return getattr(source, field) or None


def expected(sources, terms: list[tuple[str, bool]]) -> list[str]:
    """Sort in memory: by each key, nulls last both ways, then the id in the last direction."""
    if "id" not in [field for field, _ in terms]:
        terms = [*terms, ("id", terms[-1][1] if terms else False)]
    found = list(sources)
    for field, descending in reversed(terms):
        filled = [s for s in found if value_of(s, field) is not None]
        empty = [s for s in found if value_of(s, field) is None]
        # reverse=True keeps the order of equals, so the later keys stay decided.
        found = sorted(filled, key=lambda s: value_of(s, field), reverse=descending) + empty
    return [source.id for source in found]


def random_orders() -> list[tuple[int, list[tuple[str, bool]], int]]:
    choose = random.Random(11)
    found = []
    for number in range(ORDERS):
        fields = choose.sample(SORTABLE, choose.randint(1, 4))
        if number % 2:  # the column that is half empty, at every place
            fields = [f for f in fields if f != "kind"]
            fields.insert(choose.randint(0, min(len(fields), 2)), "kind")
        terms = [(field, choose.random() < 0.5) for field in fields]
        found.append((number, terms, choose.choice([7, 23, 50, 100, 299, 300, 1000])))
    return found


@pytest.fixture(scope="module")
async def person(world):
    return await world.person(await world.tenant())


@pytest.fixture(scope="module")
async def sources(world, person):
    """Rows with many ties: few kinds, a third without one, titles that fold to the same key."""
    choose = random.Random(5)

    async def create(number: int):
        source = source_pb2.Source(
            name=f"{choose.choice(NAMES)}{'x' * (number // 60)} {number % 5 * ' '}{number:03}",
            kind=choose.choice(["", "", "fair", "Fair", "referral", "展会"]),
            retired=choose.random() < 0.3,
        )
        if number < 60:  # the same sort key under different names
            source.name = f"{'aA'[number % 2]}{'dD'[number // 2 % 2]}{'äÄaA'[number // 4 % 4]}"
            source.name += "e\u0301é"[number // 16 % 2 : number // 16 % 2 + 2] + str(number // 32)
        request = source_pb2.CreateSourceRequest(source=source)
        return await world.call("CreateSource", request, person)

    made = await asyncio.gather(*(create(n) for n in range(ROWS)), return_exceptions=True)
    kept = [source for source in made if isinstance(source, source_pb2.Source)]
    # Times differ from the order of the ids.
    for source in choose.sample(kept, 40):
        request = source_pb2.UpdateSourceRequest(source=source)
        request.source.note = "touched"
        await world.call("UpdateSource", request, person)
    reply = await world.call("ListSources", source_pb2.ListSourcesRequest(page_size=1000), person)
    assert len(reply.sources) == len(kept) > 250
    keys = [sort_key(source.name) for source in kept]
    assert len(set(keys)) < len(keys) - 10, "there are ties to break"
    return list(reply.sources)


async def pages(world, person, **fields) -> list[str]:
    found: list[str] = []
    token = ""
    while True:
        request = source_pb2.ListSourcesRequest(page_token=token, **fields)
        request.read_mask.paths.append("id")
        reply = await world.call("ListSources", request, person)
        found += [source.id for source in reply.sources]
        token = reply.next_page_token
        if not token:
            return found
        assert len(reply.sources) == fields["page_size"], "only the last page may be short"


def text_of(terms: list[tuple[str, bool]]) -> str:
    return ", ".join(f"{field} desc" if descending else field for field, descending in terms)


@pytest.mark.parametrize(
    ("number", "terms", "size"),
    random_orders(),
    ids=[f"{text_of(terms)} by {size}".replace(" ", "-") for _, terms, size in random_orders()],
)
async def test_all_pages_together_are_the_sorted_list(world, person, sources, number, terms, size):
    found = await pages(world, person, order_by=text_of(terms), page_size=size)
    assert found == expected(sources, terms)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("NOT retired = true", lambda s: not s.retired),
        ('kind = "fair"', lambda s: s.kind == "fair"),
        ('NOT kind = "fair"', lambda s: s.kind != "fair"),
        ('kind != "fair"', lambda s: s.kind != "fair"),
        ("kind:*", lambda s: s.kind),
        ("NOT kind:*", lambda s: not s.kind),
        ('kind > "G"', lambda s: s.kind > "G"),
        ('kind = "f*"', lambda s: s.kind.startswith("f")),
        (
            'retired = true AND (kind = "fair" OR kind = "referral")',
            lambda s: s.retired and s.kind in ("fair", "referral"),
        ),
        ("李", lambda s: "李" in s.name),
    ],
)
@pytest.mark.parametrize("order", ["kind", "kind desc, name", "name desc, kind", ""])
async def test_filtered_pages_are_the_filtered_list(world, person, sources, text, holds, order):
    terms = [(part.split()[0], part.endswith("desc")) for part in order.split(", ") if part.strip()]
    wanted = expected([source for source in sources if holds(source)], terms)
    assert wanted
    assert await pages(world, person, filter=text, order_by=order, page_size=17) == wanted


async def test_every_row_is_there_once_in_pages_of_one(world, person, sources):
    found = await pages(world, person, order_by="kind desc, update_time", page_size=1)
    assert found == expected(sources, [("kind", True), ("update_time", False)])


async def test_rows_added_while_paging_move_no_other_row(world, person, sources):
    """A page follows a key and not a count: what was there is seen once."""
    other = await world.person(await world.tenant())
    for number in range(20):
        source = source_pb2.Source(name=f"m{number:02}")
        request = source_pb2.CreateSourceRequest(source=source)
        await world.call("CreateSource", request, other)
    found, token, number = [], "", 0
    while True:
        request = source_pb2.ListSourcesRequest(page_size=3, page_token=token, order_by="name")
        reply = await world.call("ListSources", request, other)
        found += [source.name for source in reply.sources]
        token = reply.next_page_token
        if not token:
            break
        for name in (f"a{number}", f"z{number}"):
            if number < 3:
                source = source_pb2.Source(name=name)
                request = source_pb2.CreateSourceRequest(source=source)
                await world.call("CreateSource", request, other)
        number += 1
    assert [name for name in found if name[0] == "m"] == [f"m{n:02}" for n in range(20)]
    assert len(found) == len(set(found))
