"""Dry runs of what the nouns' own rules refuse: said before anything is written."""

import pytest

from documents.imports import writing

DEALS = """
files:
  - file: firms.csv
    records:
      - noun: sales.Opportunity
        key: {externalId: "{key}"}
        fields:
          name: "{name}"
          stage: "{country}"
          amount: "{revenue}"
      - noun: sales.OpportunityLine
        when: "{staff}"
        key: {externalId: "line of {key}"}
        fields:
          opportunityId: {find: sales.Opportunity, externalId: "{key}"}
          description: "{name}"
          quantity: "{staff}"
          unitPrice: "{revenue}"
          discountPercent: "{parent}"
"""

SOURCES = """
files:
  - file: firms.csv
    records:
      - noun: party.Source
        key: {externalId: "{key}"}
        fields: {name: "{name}"}
"""

PEOPLE = """
files:
  - file: firms.csv
    records:
      - noun: identity.OrgUnit
        key: {externalId: "team {country}"}
        fields:
          name: "{country}"
          kind: TEAM
          orgUnitId: {find: identity.OrgUnit, externalId: "team {parent}"}
      - noun: identity.User
        key: {externalId: "{key}"}
        fields:
          displayName: "{name}"
          email: "{name|slug}@example.com"
          orgUnitId: {find: identity.OrgUnit, externalId: "team {country}"}
      - noun: identity.Position
        key: {externalId: "{key}"}
        fields:
          title: Agent
          userId: {find: identity.User, externalId: "{key}"}
          orgUnitId: {find: identity.OrgUnit, externalId: "team {country}"}
          startDate: "2016-01-01"
          endDate: "{staff}"
"""


async def pipeline(firm) -> None:
    """Deals need one."""
    stages = [
        {"key": key, "name": key, "outcome": outcome}
        for key, outcome in (("new", 1), ("won", 2), ("lost", 3))
    ]
    await firm.call("CreatePipeline", pipeline={"name": "p", "stages": stages})


async def test_a_dry_run_holds_records_to_the_rules_of_their_nouns(firm, counts):
    """PLT-19: a stage that is none, a discount beyond all, and a line whose deal is refused."""
    await pipeline(firm)
    rows = (
        "a,Alpha,,1,5,10,",
        "b,Beta,nowhere,,5,,",
        "c,Gamma,,2,5,110,",
        "d,Delta,nowhere,3,5,10,",
    )
    job = await firm.job(*rows, map=DEALS)
    checked = await firm.start(job, dry_run=True)
    wanted = [
        (3, "country", "", "UNKNOWN_STAGE"),
        (4, "parent", "", "OUT_OF_RANGE"),
        (5, "", "", "NEEDED_RECORD_REFUSED"),
        (5, "country", "", "UNKNOWN_STAGE"),
    ]
    assert sorted(await firm.problems(job)) == wanted
    assert counts(checked) == {
        "sales.Opportunity": (2, 0, 0),
        "sales.OpportunityLine": (1, 0, 0),
    }
    assert not (await firm.call("ListOpportunities")).opportunities
    done = await firm.start(job)
    assert (counts(done), sorted(await firm.problems(job))) == (counts(checked), wanted)


async def test_a_dry_run_holds_a_change_to_the_rules_of_its_noun(firm, counts):
    """PLT-19: what has ended is not changed, and the dry run says so."""
    await pipeline(firm)
    await firm.start(await firm.job("a,Alpha,won,,5,,", "b,Beta,,,5,,", map=DEALS))
    job = await firm.job("a,Alpha,won,,6,,", "b,Beta,,,6,,", map=DEALS)
    checked = await firm.start(job, dry_run=True)
    assert counts(checked) == {"sales.Opportunity": (0, 1, 0)}
    wanted = [(2, "", "", "NOT_OPEN")]
    assert await firm.problems(job) == wanted
    deals = (await firm.call("ListOpportunities")).opportunities
    assert [deal.amount.amount for deal in deals] == ["5", "5"]
    done = await firm.start(job)
    assert (counts(done), await firm.problems(job)) == (counts(checked), wanted)


@pytest.mark.parametrize("batch", [1, 1000])
async def test_a_dry_run_names_keys_that_are_taken(firm, counts, monkeypatch, batch):
    """PLT-19: by a record, by another row however far away, and by what a change would make."""
    monkeypatch.setattr(writing, "BATCH", batch)
    await firm.call("CreateSource", source={"name": "Fair", "external_id": "other"})
    await firm.start(await firm.job("m,Mail,,,,,", map=SOURCES))
    job = await firm.job(
        "a,Fair,,,,,", "b,Call,,,,,", "c,Call,,,,,", "d,Visit,,,,,", "m,Fair,,,,,", map=SOURCES
    )
    checked = await firm.start(job, dry_run=True)
    wanted = [(line, "name", "", "ALREADY_EXISTS") for line in (2, 4, 6)]
    assert sorted(await firm.problems(job)) == wanted
    assert counts(checked) == {"party.Source": (2, 0, 0)}
    done = await firm.start(job)
    assert (counts(done), sorted(await firm.problems(job))) == (counts(checked), wanted)


async def test_a_dry_run_holds_people_to_the_rules_of_their_nouns(firm, counts):
    """PLT-19: two of one name have one address, and a position does not end before it begins."""
    job = await firm.job(
        "a,Li Na,North,,,,",
        "b,Wang Wei,Lab,2020-01-01,,North,",
        "c,Li Na,North,,,,",
        "d,Zhao Min,Lab,2015-01-01,,North,",
        map=PEOPLE,
    )
    checked = await firm.start(job, dry_run=True)
    wanted = [
        (4, "", "", "NEEDED_RECORD_REFUSED"),
        (4, "name", "", "ALREADY_EXISTS"),
        (5, "staff", "", "ENDS_BEFORE_START"),
    ]
    assert sorted(await firm.problems(job)) == wanted
    done = await firm.start(job)
    assert (counts(done), sorted(await firm.problems(job))) == (counts(checked), wanted)
