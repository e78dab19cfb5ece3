"""Boards and pivots: what the database adds up is what a list adds up to."""

import datetime
import decimal
import random
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from banyan.sales.v1 import opportunity_pb2, outcome_pb2

from chassis import errors
from chassis.access import FieldRule, Scope

D = decimal.Decimal
FISCAL_START = 4
MEASURES = "count,sum:amount,min:amount,max:amount,avg:amount,sum:probability,min:closeDate"
NAMES = ['say "hi"', "a*b", "*", "back\\slash", "(x) OR y", "中文", "it's", "a, b", "NOT x"]


@dataclass
class Book:
    """A firm's deals, the units they lie in and who owns them."""

    firm: Any
    deals: list[Any] = field(default_factory=list)
    teams: dict[str, str | None] = field(default_factory=dict)
    rep: Any = None

    async def ask(self, person=None, **fields):
        return await self.firm.call("SummarizeOpportunities", person, **fields)


@pytest_asyncio.fixture(scope="session")
async def book(found) -> Book:
    """A book of random deals, the same at every run; nothing changes it."""
    random_ = random.Random(20260315)
    firm = await found()
    made = Book(firm)
    top = firm.boss.org_unit_id
    await firm.call(
        "UpdateTenant", firm.world.administrator(firm.tenant_id),
        tenant={"id": firm.tenant_id, "fiscal_year_start_month": FISCAL_START},
        update_mask={"paths": ["fiscal_year_start_month"]},
    )  # fmt: skip
    team, other = [await firm.world.unit(firm.tenant_id) for _ in range(2)]
    below = await firm.world.unit(firm.tenant_id, team)
    made.teams = {team: team, below: team, other: other, top: None}
    rights = [("sales.Opportunity", "*", Scope.OWN), ("sales.Pipeline", "read", Scope.ALL)]
    made.rep = await firm.person(*rights, unit=below)
    requests = [{"opportunity": _random_deal(random_, number, made)} for number in range(120)]
    reply = await firm.call("BatchCreateOpportunities", requests=requests)
    assert not reply.errors, reply.errors
    made.deals = await firm.listed("ListOpportunities")
    assert len(made.deals) == 120
    return made


def _random_deal(random_: random.Random, number: int, book: Book) -> dict[str, Any]:
    deal: dict[str, Any] = {
        "name": random_.choice(NAMES),
        "stage": random_.choice(["new", "proposed", "won", "lost"]),
        "org_unit_id": random_.choice(list(book.teams)),
        "owner_user_id": random_.choice([book.firm.boss.user_id, book.rep.user_id]),
        "kind": random_.choice([1, 2]),
    }
    if random_.random() < 0.8:
        whole = random_.choice([0, 7, 10**6, 10**17])
        text = f"{random_.randint(0, whole)}.{random_.randint(0, 999999):06}"
        deal["amount"] = {"currency_code": "CNY", "amount": random_.choice(["", "-"]) + text}
    if random_.random() < 0.85:
        day = datetime.date(2024, 12, 25) + datetime.timedelta(days=random_.randint(0, 500))
        if number % 40 == 0:
            day = random_.choice([datetime.date(1, 4, 1), datetime.date(9999, 12, 31)])
        deal["close_date"] = {"year": day.year, "month": day.month, "day": day.day}
    return deal


# --- the oracle: the same figures, reckoned from a list


def day_of(date: Any) -> datetime.date | None:
    return datetime.date(date.year, date.month, date.day) if date.year else None


def _dated(name):
    """Make a key of a deal's closing day; without one there is no key."""

    def key(book, deal):
        day = day_of(deal.close_date) if deal.HasField("close_date") else None
        return None if day is None else name(day)

    return key


def fiscal_quarter(day: datetime.date) -> str:
    shift = FISCAL_START - 1
    year = day.year + (1 if day.month > shift else 0)
    return f"FY{year}-Q{(day.month - 1 - shift) % 12 // 3 + 1}"


def week(day: datetime.date) -> str:
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02}"


KEYS = {
    "stage": lambda book, deal: deal.stage,
    "outcome": lambda book, deal: outcome_pb2.Outcome.Name(deal.outcome)[8:],
    "kind": lambda book, deal: opportunity_pb2.Opportunity.Kind.Name(deal.kind)[5:],
    "name": lambda book, deal: deal.name,
    "ownerUserId": lambda book, deal: deal.owner_user_id,
    "probability": lambda book, deal: str(deal.probability),
    "closeDate": _dated(datetime.date.isoformat),
    "year(closeDate)": _dated(lambda day: f"{day.year:04}"),
    "quarter(closeDate)": _dated(lambda day: f"{day.year:04}-Q{(day.month + 2) // 3}"),
    "month(closeDate)": _dated(lambda day: f"{day.year:04}-{day.month:02}"),
    "week(closeDate)": _dated(week),
    "fiscalQuarter(closeDate)": _dated(fiscal_quarter),
    "fiscalYear(closeDate)": _dated(lambda day: fiscal_quarter(day)[:-3]),
    'ancestor(orgUnitId, "TEAM")': lambda book, deal: book.teams[deal.org_unit_id],
}


def figures(deals: list[Any]) -> dict[str, Any]:
    amounts = [D(deal.amount.amount) for deal in deals if deal.HasField("amount")]
    days = [d for deal in deals if (d := day_of(deal.close_date)) is not None]
    average = None
    if amounts:
        with decimal.localcontext() as exact:
            exact.prec = 80
            average = (sum(amounts) / len(amounts)).quantize(D("0.000001"), decimal.ROUND_HALF_UP)
    return {
        "count": D(len(deals)),
        "sum:amount": sum(amounts, D(0)),
        "min:amount": min(amounts, default=None),
        "max:amount": max(amounts, default=None),
        "avg:amount": average,
        "sum:probability": D(sum(deal.probability for deal in deals)),
        "min:closeDate": min(days).isoformat() if days else None,
    }


def answered(values: Any) -> dict[str, Any]:
    """Give figures as numbers; every amount must say the firm's currency."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        match value.WhichOneof("kind"):
            case "null_value":
                found[name] = None
            case "struct_value":
                assert value.struct_value["currencyCode"] == "CNY"
                found[name] = D(value.struct_value["amount"])
            case _ if name.endswith("Date"):
                found[name] = value.string_value
            case _:
                found[name] = D(value.string_value)
    return found


def key_of(group: Any, terms: list[str]) -> tuple[Any, ...]:
    values = [group.keys[term] for term in terms]
    return tuple(None if v.HasField("null_value") else v.string_value for v in values)


def expected(book: Book, terms: list[str], deals: list[Any]) -> dict[tuple[Any, ...], list[Any]]:
    groups: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for deal in deals:
        groups[tuple(KEYS[term](book, deal) for term in terms)].append(deal)
    return groups


async def assert_right(book: Book, terms: list[str], deals: list[Any], person=None, **asked):
    reply = await book.ask(person, group_by=", ".join(terms), measures=MEASURES, **asked)
    wanted = expected(book, terms, deals)
    found = {key_of(group, terms): group for group in reply.groups}
    assert len(found) == len(reply.groups), "no key twice"
    assert found.keys() == wanted.keys()
    for key, group in found.items():
        assert answered(group.values) == figures(wanted[key]), key
        rows = await book.firm.listed("ListOpportunities", person, filter=group.filter)
        assert {row.id for row in rows} == {deal.id for deal in wanted[key]}, group.filter
    assert answered(reply.totals.values) == figures(deals)
    assert not reply.totals.keys


@pytest.mark.parametrize("term", KEYS)
async def test_groups_add_up_to_what_a_list_does_and_open_their_rows(book, term):
    """PLT-01: every figure opens down to the records behind it, by the filter it says itself."""
    await assert_right(book, [term], book.deals)


@pytest.mark.parametrize(
    "terms",
    [
        ["stage", "month(closeDate)"],
        ["fiscalQuarter(closeDate)", 'ancestor(orgUnitId, "TEAM")'],
        ["outcome", "kind", "name"],
        ["stage", "year(closeDate)", "quarter(closeDate)", 'ancestor(orgUnitId, "TEAM")'],
    ],
    ids=len,
)
async def test_several_terms_make_a_pivot(book, terms):
    await assert_right(book, terms, book.deals)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('stage = "new"', lambda deal: deal.stage == "new"),
        ('stage = "new" OR kind = "STRATEGY"', lambda deal: deal.stage == "new" or deal.kind == 2),
        ("NOT closeDate:*", lambda deal: not deal.HasField("close_date")),
        (' amount.amount > 0 ', lambda deal: D(deal.amount.amount or 0) > 0),
        ('name = "no such"', lambda deal: False),
    ],
)  # fmt: skip
async def test_a_filter_narrows_figures_and_the_filters_of_groups(book, text, holds):
    deals = [deal for deal in book.deals if holds(deal)]
    await assert_right(book, ["stage", "month(closeDate)"], deals, filter=text)


async def test_nobody_adds_up_what_they_may_not_see(book):
    """PLT-16, SAL-65: a rep's totals are the rep's own."""
    own = [deal for deal in book.deals if deal.owner_user_id == book.rep.user_id]
    assert 0 < len(own) < len(book.deals)
    await assert_right(book, ["stage"], own, book.rep)
    await assert_right(book, ['ancestor(orgUnitId, "TEAM")', "outcome"], own, book.rep)


async def test_a_team_leader_adds_up_the_team(book):
    team = next(unit for unit in book.teams.values() if unit)
    leader = await book.firm.person(("sales.Opportunity", "read", Scope.SUBTREE), unit=team)
    deals = [deal for deal in book.deals if book.teams[deal.org_unit_id] == team]
    await assert_right(book, ["name"], deals, leader)


async def test_who_may_read_nothing_adds_up_nothing(book, refusal):
    stranger = await book.firm.person()
    error = await refusal(book.ask(stranger))
    assert (type(error), error.reason) == (errors.Forbidden, "PERMISSION_DENIED")


async def test_without_groups_there_is_the_total(book):
    reply = await book.ask(measures=MEASURES)
    assert not reply.groups or answered(reply.groups[0].values) == figures(book.deals)
    assert answered(reply.totals.values) == figures(book.deals)


async def test_without_measures_rows_are_counted(book):
    reply = await book.ask(group_by="stage")
    assert sum(D(group.values["count"].string_value) for group in reply.groups) == len(book.deals)


async def test_instants_are_cut_into_days_where_the_firm_is(book):
    reply = await book.ask(group_by="month(createTime), day(updateTime)")
    total = 0
    for group in reply.groups:
        rows = await book.firm.listed("ListOpportunities", filter=group.filter)
        assert len(rows) == D(group.values["count"].string_value)
        total += len(rows)
    assert total == len(book.deals)


async def test_of_nothing_the_sum_is_nothing(firm):
    reply = await firm.call("SummarizeOpportunities", group_by="stage", measures=MEASURES)
    assert not reply.groups
    assert answered(reply.totals.values) == figures([])


async def test_deleted_deals_count_only_when_asked_for(firm):
    await firm.deal()
    gone = await firm.deal()
    await firm.call("DeleteOpportunity", id=gone.id)
    counts = [
        (await firm.call("SummarizeOpportunities", show_deleted=deleted)).totals.values["count"]
        for deleted in (False, True)
    ]
    assert [count.string_value for count in counts] == ["1", "2"]


async def test_the_first_day_of_the_calendar_is_no_fault(firm):
    """Its fiscal year began before the calendar does; whatever is said, it is no INTERNAL."""
    await firm.call(
        "UpdateTenant", firm.world.administrator(firm.tenant_id),
        tenant={"id": firm.tenant_id, "fiscal_year_start_month": FISCAL_START},
        update_mask={"paths": ["fiscal_year_start_month"]},
    )  # fmt: skip
    await firm.deal(close_date={"year": 1, "month": 1, "day": 1})
    for term in ("fiscalYear", "fiscalQuarter", "week"):
        reply = await firm.call("SummarizeOpportunities", group_by=f"{term}(closeDate)")
        (group,) = reply.groups
        rows = await firm.listed("ListOpportunities", filter=group.filter)
        assert len(rows) == 1, group.filter


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("group_by", "nope", "NOT_GROUPABLE"),
        ("group_by", "month(nope)", "NOT_GROUPABLE"),
        ("group_by", "month(stage)", "INVALID_GROUP"),
        ("group_by", "decade(closeDate)", "INVALID_GROUP"),
        ("group_by", "stage;", "INVALID_GROUP"),
        ("group_by", "stage,,outcome", "INVALID_GROUP"),
        ("group_by", 'ancestor(orgUnitId, "PLANET")', "INVALID_GROUP"),
        ("group_by", 'ancestor(ownerUserId, "TEAM")', "INVALID_GROUP"),
        ("group_by", "amount", "NOT_GROUPABLE"),
        ("group_by", "note", "NOT_GROUPABLE"),
        ("group_by", "stage,outcome,kind,name,probability", "TOO_MANY_TERMS"),
        ("measures", "sum", "INVALID_MEASURE"),
        ("measures", "sum:", "INVALID_MEASURE"),
        ("measures", "sum:stage", "INVALID_MEASURE"),
        ("measures", "median:amount", "INVALID_MEASURE"),
        ("measures", "avg:closeDate", "INVALID_MEASURE"),
        ("measures", "sum:nope", "NOT_GROUPABLE"),
        ("measures", ",".join(["count"] * 21), "TOO_MANY_TERMS"),
        ("filter", "nope = 1", "NOT_FILTERABLE"),
    ],
)
async def test_what_cannot_be_read_is_refused_by_name(book, refusal, field, text, reason):
    error = await refusal(book.ask(**{field: text}))
    assert isinstance(error, errors.Invalid), error
    (found,) = error.violations
    assert (found.path, found.reason) == (field, reason)


async def test_a_term_that_stands_twice_is_answered_or_refused_but_never_wrong(book):
    try:
        reply = await book.ask(group_by="stage, stage")
    except errors.Invalid:
        return
    for group in reply.groups:
        rows = await book.firm.listed("ListOpportunities", filter=group.filter)
        assert len(rows) == D(group.values["count"].string_value)


async def test_leads_and_lines_are_added_up_too(firm):
    """SAL-15: leads by source, whatever came of them."""
    source = await firm.call("CreateSource", source={"name": str(uuid.uuid4())})
    await firm.lead(source_id=source.id)
    await firm.lead()
    reply = await firm.call("SummarizeLeads", group_by="sourceId, status")
    found = {key_of(g, ["sourceId", "status"]): g.values["count"].string_value
             for g in reply.groups}  # fmt: skip
    assert found == {(source.id, "OPEN"): "1", (None, "OPEN"): "1"}
    reply = await firm.call("SummarizeOpportunityLines", group_by="outcome", measures="sum:amount")
    assert not reply.groups


async def test_lines_are_added_up_by_product(firm):
    """CAT-03: what is forecast of each product, opened by its own filter."""
    products, deal = [await firm.product() for _ in range(2)], await firm.deal()
    made = {"description": "Seat", "opportunity_id": deal.id, "quantity": {"value": "3"}}
    for product_id, price in (
        (products[0].id, "33.335"), (products[0].id, "0.5"), (products[1].id, "7"), ("", "1"),
    ):  # fmt: skip
        unit_price = {"currency_code": "CNY", "amount": price}
        line = made | {"unit_price": unit_price, "product_id": product_id}
        await firm.call("CreateOpportunityLine", opportunity_line=line)
    reply = await firm.call(
        "SummarizeOpportunityLines", group_by="productId", measures="count,sum:amount"
    )
    found = {key_of(group, ["productId"]): answered(group.values) for group in reply.groups}
    assert found == {
        (products[0].id,): {"count": D(2), "sum:amount": D("101.51")},
        (products[1].id,): {"count": D(1), "sum:amount": D(21)},
        (None,): {"count": D(1), "sum:amount": D(3)},
    }
    for group in reply.groups:
        rows = await firm.listed("ListOpportunityLines", filter=group.filter)
        assert {row.product_id or None for row in rows} == set(key_of(group, ["productId"]))


def titles_of(reply, term):
    """Give what the groups of a term are called, by their ids."""
    return {group.keys[term].string_value: group.titles.get(term) for group in reply.groups}


async def test_groups_say_what_their_records_are_called(firm, refused):
    """SAL-15: customers, persons, units and pipelines by name; none where none is asked for."""
    customer, gone = await firm.organization(name="昆山精密"), await firm.organization(name="Gone")
    team = await firm.world.unit(firm.tenant_id)
    for fields in ({"organization_id": customer.id}, {"organization_id": gone.id}, {}):
        await firm.deal(org_unit_id=team, **fields)
    await firm.call("DeleteOrganization", id=gone.id)
    await refused(lambda: firm.deal(org_unit_id=team, organization_id=gone.id))

    async def named(term, person=None):
        reply = await firm.call(
            "SummarizeOpportunities", person, group_by=term, include_titles=True
        )
        return titles_of(reply, term)

    found = {customer.id: customer.name, gone.id: gone.name, "": None}
    assert await named("organizationId") == found
    assert await named("pipelineId") == {firm.pipeline.id: firm.pipeline.name}
    assert await named("ownerUserId") == {firm.boss.user_id: "Somebody"}
    unit = await firm.call("GetOrgUnit", firm.world.administrator(firm.tenant_id), id=team)
    assert await named("orgUnitId") == {team: unit.name}
    assert await named('ancestor(orgUnitId, "TEAM")') == {team: unit.name}
    assert await named("stage") == {"new": None}
    silent = await firm.call("SummarizeOpportunities", group_by="organizationId")
    assert titles_of(silent, "organizationId") == dict.fromkeys(found)


async def test_groups_do_not_tell_names_to_who_may_not_read_them(firm, until):
    """PLT-16: neither by the reach of a right, nor by a rule about the field, nor kept answers."""
    customer = await firm.organization(name="Secret")
    deal = await firm.deal(organization_id=customer.id)
    rule = FieldRule("everything", "party.Organization", frozenset({"name"}), hidden=True)
    sees_no_names = await firm.world.person(firm.tenant_id, field_rules=[rule])
    sees_own = await firm.person(
        ("sales.*", "*", Scope.ALL), ("party.Organization", "*", Scope.OWN)
    )
    sees_none = await firm.person(("sales.*", "*", Scope.ALL))

    async def named(person):
        reply = await firm.call(
            "SummarizeOpportunities", person, group_by="organizationId", include_titles=True
        )
        return titles_of(reply, "organizationId")

    async def mirrored():
        return (await firm.call("GetOpportunity", id=deal.id)).organization_name

    for _ in range(2):
        assert await named(firm.boss) == {customer.id: "Secret"}
        for person in (sees_no_names, sees_own, sees_none):
            assert await named(person) == {customer.id: None}
        await until(mirrored)  # before, the owner was asked
