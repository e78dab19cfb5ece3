"""What filters select among real rows: stars that are stars, and places in the OBS."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from banyan.identity.v1 import org_unit_pb2
from banyan.party.v1 import source_pb2

from chassis import errors
from chassis.testing import Person, World

KINDS = ("a*b", "axb", "a*bc", "axbc", "*", "A*B", "a\\b", "a%b", "")
TITLES = ("five * stars", "five X stars", "five \\ stars")


@dataclass
class Rows:
    """Sources of one tenant, told apart by a field."""

    world: World
    person: Person

    async def create(self, **fields: Any) -> Any:
        source = source_pb2.Source(**{"name": f"s {uuid.uuid4()}", **fields})
        request = source_pb2.CreateSourceRequest(source=source)
        return await self.world.call("CreateSource", request, self.person)

    async def found(self, text: str) -> list[Any]:
        request = source_pb2.ListSourcesRequest(filter=text, page_size=1000)
        return list((await self.world.call("ListSources", request, self.person)).sources)


@pytest_asyncio.fixture(scope="module")
async def rows(world) -> Rows:
    made = Rows(world, await world.person(await world.tenant()))
    for kind in KINDS:
        await made.create(kind=kind)
    for title in TITLES:
        await made.create(name=title, kind="titled")
    return made


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r'kind = "a*b"', {"a*b", "axb", "a\\b", "a%b"}),
        (r'kind = "a\*b"', {"a*b"}),
        (r"kind = 'a\*b'", {"a*b"}),
        (r'kind = "a\*b*"', {"a*b", "a*bc"}),
        (r'kind = "*\*b"', {"a*b"}),
        (r'kind = "\*"', {"*"}),
        (r'kind = "\**"', {"*"}),
        (r'kind = "a\\b"', {"a\\b"}),
        (r'kind = "a%b"', {"a%b"}),
        (r'kind : "\*"', {"a*b", "a*bc", "*", "A*B"}),
        (r'kind : "a\*B"', {"a*b", "a*bc", "A*B"}),
        (r'kind != "a\*b*" AND kind : "a" AND NOT kind = "titled"',
         {"axb", "axbc", "A*B", "a\\b", "a%b"}),
        (r'kind != "a\*b" AND kind : "\*"', {"a*bc", "*", "A*B"}),
    ],
)  # fmt: skip
async def test_an_escaped_star_is_a_star_and_a_bare_one_is_anything(rows, text, wanted):
    assert {source.kind for source in await rows.found(text)} == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r'"five \* stars"', {"five * stars"}),
        (r'name = "five \* stars"', {"five * stars"}),
        (r'name : "\* STARS"', {"five * stars"}),
        (r'"\\ stars"', {"five \\ stars"}),
        (r'name = "five * stars"', set(TITLES)),
    ],
)
async def test_an_escaped_star_is_a_star_in_titles_too(rows, text, wanted):
    assert {source.name for source in await rows.found(text)} == wanted


@dataclass
class Places:
    """A source in each unit: top > office > team > department, and top > other (a team too)."""

    rows: Rows
    units: dict[str, str]

    def name(self, unit_id: str) -> str:
        return next(name for name, known in self.units.items() if known == unit_id)

    async def found(self, text: str) -> set[str]:
        text = text.format(**self.units)
        return {self.name(source.org_unit_id) for source in await self.rows.found(text)}

    async def units_found(self, text: str) -> set[str]:
        request = org_unit_pb2.ListOrgUnitsRequest(filter=text.format(**self.units))
        reply = await self.rows.world.call("ListOrgUnits", request, self.rows.person)
        return {self.name(unit.id) for unit in reply.org_units}


@pytest_asyncio.fixture(scope="module")
async def places(world) -> Places:
    person = await world.person(await world.tenant())
    made = Places(Rows(world, person), {"top": person.org_unit_id})
    for name, kind, above in (
        ("office", "KIND_OFFICE", "top"),
        ("team", "KIND_TEAM", "office"),
        ("department", "KIND_DEPARTMENT", "team"),
        ("other", "KIND_TEAM", "top"),
    ):
        unit = org_unit_pb2.OrgUnit(name=name, org_unit_id=made.units[above])
        unit.kind = org_unit_pb2.OrgUnit.Kind.Value(kind)
        request = org_unit_pb2.CreateOrgUnitRequest(org_unit=unit)
        made.units[name] = (await world.call("CreateOrgUnit", request, person)).id
    for unit_id in made.units.values():
        await made.rows.create(org_unit_id=unit_id)
    return made


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('subtree(org_unit_id, "{top}")', {"top", "office", "team", "department", "other"}),
        ('subtree(org_unit_id, "{office}")', {"office", "team", "department"}),
        ('subtree(orgUnitId, "{department}")', {"department"}),
        ('NOT subtree(org_unit_id, "{office}")', {"top", "other"}),
        ('subtree(org_unit_id, "{team}") OR subtree(org_unit_id, "{other}")',
         {"team", "department", "other"}),
        (f'subtree(org_unit_id, "{uuid.uuid4()}")', set()),
        ('ancestor(org_unit_id, "TEAM")', {"team", "department", "other"}),
        ('ancestor(orgUnitId, "OFFICE")', {"office", "team", "department"}),
        ('ancestor(org_unit_id, "GROUP")', {"top", "office", "team", "department", "other"}),
        ('ancestor(org_unit_id, "ENTITY")', set()),
        ('-ancestor(org_unit_id, "OFFICE") AND ancestor(org_unit_id, "TEAM")', {"other"}),
    ],
)  # fmt: skip
async def test_records_are_found_by_their_place_in_the_obs(places, text, wanted):
    assert await places.found(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('subtree(id, "{office}")', {"office", "team", "department"}),
        ('subtree(id, "{department}")', {"department"}),
        ('NOT subtree(id, "{office}")', {"top", "other"}),
        ('subtree(id, "{office}") AND kind = "TEAM"', {"team"}),
        (f'subtree(id, "{uuid.uuid4()}")', set()),
        ('subtree(org_unit_id, "{office}")', {"team", "department"}),
    ],
)
async def test_nodes_of_a_tree_are_found_by_their_place_in_it(places, text, wanted):
    assert await places.units_found(text) == wanted


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('siblings(org_unit_id, "{top}")', "UNKNOWN_FUNCTION"),
        ("subtree(org_unit_id)", "WRONG_ARGUMENTS"),
        ('subtree(org_unit_id, "{top}", "{top}")', "WRONG_ARGUMENTS"),
        ('subtree(colour, "{top}")', "NOT_FILTERABLE"),
        ('ancestor(colour, "TEAM")', "NOT_FILTERABLE"),
        ('subtree(owner_user_id, "{top}")', "OPERATOR_NOT_ALLOWED"),
        ('ancestor(owner_user_id, "TEAM")', "OPERATOR_NOT_ALLOWED"),
        ('subtree(id, "{top}")', "OPERATOR_NOT_ALLOWED"),
    ],
)
async def test_a_function_that_makes_no_sense_is_refused_by_its_reason(places, text, reason):
    """The last one: sources are no tree of their own."""
    with pytest.raises(errors.Invalid) as caught:
        await places.found(text)
    assert [v.reason for v in caught.value.violations] == [reason]
    assert caught.value.violations[0].path == "filter"


@pytest.mark.parametrize("text", ['subtree(org_unit_id, "top")', "subtree(org_unit_id, kind)"])
async def test_a_unit_is_named_by_its_id(places, text):
    with pytest.raises(errors.Invalid) as caught:
        await places.found(text)
    assert caught.value.violations[0].path == "filter"
