"""What filters select among real rows: stars that are stars, and places in the OBS."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from banyan.api.v1 import share_pb2, summary_pb2
from banyan.identity.v1 import org_unit_pb2
from banyan.party.v1 import source_pb2
from banyan.sales.v1 import opportunity_line_pb2
from banyan.studio.v1 import custom_field_pb2

from chassis import errors
from chassis.access import FieldRule, Grant, Scope
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
    people: dict[str, str] = field(default_factory=dict[str, str])

    def name(self, unit_id: str) -> str:
        return next(name for name, known in self.units.items() if known == unit_id)

    async def found(self, text: str) -> set[str]:
        text = text.format(**self.units, **self.people)
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
        ('ancestor(org_unit_id, "PLANET")', "INVALID_LITERAL"),
        ('ancestor(org_unit_id, "{top}")', "INVALID_LITERAL"),
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


# --- with whom something is shared


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('sharedWith("{office}")', {"team", "other"}),
        ("sharedWith('{person}')", {"team"}),
        ('sharedWith("{office}") AND sharedWith("{person}")', {"team"}),
        ('sharedWith("{office}") AND NOT sharedWith("{person}")', {"other"}),
        ('sharedWith("{person}") OR org_unit_id = "{top}"', {"team", "top"}),
        ('sharedWith("{team}")', set()),
        (f'sharedWith("{uuid.uuid4()}")', set()),
        ('sharedWith("{office}") AND subtree(org_unit_id, "{office}")', {"team"}),
    ],
)
async def test_records_are_found_by_whom_they_are_shared_with(shared_places, text, wanted):
    """PLT-16: by the very person or unit, not by those it reaches."""
    assert await shared_places.found(text) == wanted


@pytest_asyncio.fixture(scope="module")
async def shared_places(places) -> Places:
    """Share what lies in the team with a unit and a person, and what lies in the other with one."""
    rows, units = places.rows, places.units
    person = await rows.world.person(rows.person.tenant_id)
    for name, principal in (
        ("team", {"user_id": person.user_id}),
        *((name, {"org_unit_id": units["office"]}) for name in ("team", "other")),
    ):
        (record,) = await rows.found(f'org_unit_id = "{units[name]}"')
        access = share_pb2.Share.ACCESS_READ
        request = share_pb2.ShareRequest(id=record.id, access=access, **principal)
        await rows.world.call("ShareSource", request, rows.person)
    return Places(rows, units, {"person": person.user_id})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sharedWith()", "WRONG_ARGUMENTS"),
        ('sharedWith("{top}", "{top}")', "WRONG_ARGUMENTS"),
        ('sharedWith(org_unit_id, "{top}")', "WRONG_ARGUMENTS"),
        ('sharedWith("somebody")', "NOT_AN_ID"),
        ('sharedWith("")', "NOT_AN_ID"),
        ('sharedWith("*")', "NOT_AN_ID"),
        ("sharedWith(owner_user_id)", "NOT_AN_ID"),
        ('sharedwith("{top}")', "UNKNOWN_FUNCTION"),
    ],
)
async def test_with_whom_something_is_shared_is_asked_by_one_id(places, text, reason):
    with pytest.raises(errors.Error) as caught:
        await places.found(text)
    assert [v.reason for v in caught.value.violations] == [reason]
    assert caught.value.violations[0].path == "filter"


async def test_what_is_not_shared_by_itself_is_not_asked_for_by_that(places):
    """A line is shared with its deal, and a unit not at all."""
    text = f'sharedWith("{places.units["top"]}")'
    request = opportunity_line_pb2.ListOpportunityLinesRequest(filter=text)
    for attempt in (
        places.rows.world.call("ListOpportunityLines", request, places.rows.person),
        places.units_found(text.replace("{", "{{")),
    ):
        with pytest.raises(errors.Invalid) as caught:
            await attempt
        assert [v.reason for v in caught.value.violations] == ["NOT_FILTERABLE"]


# --- what is hidden from whoever asks


@pytest_asyncio.fixture(scope="module")
async def blind(rows) -> Rows:
    """Give the same rows to somebody who sees neither kind nor note nor the custom margin."""
    for key in ("margin", "place"):
        defined = custom_field_pb2.CustomField(
            resource_type="party.banyan/Source", key=key, type="TYPE_INTEGER", filterable=True
        )
        request = custom_field_pb2.CreateCustomFieldRequest(custom_field=defined)
        await rows.world.call("CreateCustomField", request, rows.person)
    custom = {"margin": 5, "place": 7}
    await rows.create(name="customized", kind="custom", custom_fields=custom)
    hidden = frozenset({"kind", "note", "custom_fields.margin"})
    rule = FieldRule("all", "party.Source", hidden, True)
    grants = [Grant("*", "*", Scope.ALL, source="all")]
    person = await rows.world.person(rows.person.tenant_id, grants, field_rules=[rule])
    return Rows(rows.world, person)


@pytest.mark.parametrize(
    "text",
    [
        'kind = "custom"',
        "kind:*",
        "NOT kind:*",
        'name = "customized" AND (retired = false OR -kind = "x")',
        'anyOf(kind, "custom")',
        "custom_fields.margin = 5",
        "customFields.margin > 1",
        "NOT customFields.margin:*",
        'name = "nobody" AND customFields.margin:*',
    ],
)
async def test_what_is_hidden_filters_nothing(blind, text):
    """PLT-16: wherever in the filter it stands, in either spelling."""
    with pytest.raises(errors.Invalid) as caught:
        await blind.found(text)
    (wrong,) = caught.value.violations
    assert (wrong.path, wrong.reason) == ("filter", "FIELD_HIDDEN")


async def test_what_is_not_hidden_filters_as_always(blind):
    for text in ("custom_fields.place = 7", 'name = "customized"', '"customized"'):
        (found,) = await blind.found(text)
        assert (found.name, found.kind) == ("customized", "")
        assert list(found.custom_fields.fields) == ["place"]


@pytest.mark.parametrize("text", ["kind", "name, kind desc", "id,kind"])
async def test_what_is_hidden_orders_nothing(blind, text):
    request = source_pb2.ListSourcesRequest(order_by=text)
    with pytest.raises(errors.Invalid) as caught:
        await blind.world.call("ListSources", request, blind.person)
    (wrong,) = caught.value.violations
    assert (wrong.path, wrong.reason) == ("order_by", "FIELD_HIDDEN")


@pytest.mark.parametrize("path", ["kind", "note", "custom_fields.margin", "customFields.margin"])
async def test_what_is_hidden_is_named_in_no_mask(blind, path):
    (found,) = await blind.found('name = "customized"')
    mask = {"paths": ["name", path]}
    for name, request in (
        ("ListSources", source_pb2.ListSourcesRequest(read_mask=mask)),
        ("GetSource", source_pb2.GetSourceRequest(id=found.id, read_mask=mask)),
    ):
        with pytest.raises(errors.Invalid) as caught:
            await blind.world.call(name, request, blind.person)
        assert [(v.path, v.reason) for v in caught.value.violations] == [
            ("read_mask", "FIELD_HIDDEN")
        ]
    request = source_pb2.UpdateSourceRequest(source=found, update_mask=mask)
    with pytest.raises(errors.Forbidden) as refused:
        await blind.world.call("UpdateSource", request, blind.person)
    assert refused.value.reason == "FIELD_NOT_WRITABLE"


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"group_by": "kind"}, "group_by"),
        ({"group_by": "retired, kind"}, "group_by"),
        ({"measures": "count,max:kind"}, "measures"),
        ({"filter": 'kind = "custom"'}, "filter"),
        ({"filter": "customFields.margin = 5"}, "filter"),
        ({"group_by": "customFields.margin"}, "group_by"),
        ({"measures": "sum:customFields.margin"}, "measures"),
    ],
)
async def test_what_is_hidden_is_not_added_up(blind, asked, path):
    """SAL-65: neither grouped, nor measured, nor filtered by."""
    request = summary_pb2.SummarizeRequest(**asked)
    with pytest.raises(errors.Invalid) as caught:
        await blind.world.call("SummarizeSources", request, blind.person)
    (wrong,) = caught.value.violations
    assert (wrong.path, wrong.reason) == (path, "FIELD_HIDDEN")
