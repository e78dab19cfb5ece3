"""Interests as market queries ask for them (PTY-04 to PTY-06)."""

import uuid

import pytest


async def test_customers_are_found_by_their_topics_and_events(firm):
    """PTY-05, PTY-06: of organizations and of people alike, while they last."""
    place, person = await firm.organization(name="Huawei"), await firm.contact()
    cloud = await firm.make("Interest", organization_id=place.id, topic="cloud", degree=3)
    fair = await firm.make("Interest", contact_id=person.id, event="fair_2026", degree=1)
    past = await firm.make(
        "Interest",
        contact_id=person.id,
        topic="cloud",
        end_date={"year": 2020, "month": 1, "day": 1},
    )
    assert (cloud.organization_name, fair.contact_name) == ("Huawei", "Li Na")
    for asked, wanted in (
        ('topic = "cloud"', [cloud, past]),
        ('topic = "cloud" AND NOT endDate < "2026-01-01"', [cloud]),
        ('event = "fair_2026"', [fair]),
        ('degree >= "MEDIUM"', [cloud]),
        (f'contactId = "{person.id}"', [fair, past]),
    ):
        reply = await firm.call("ListInterests", filter=asked, order_by="id")
        assert [found.id for found in reply.interests] == [record.id for record in wanted], asked


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"organization_id": ""}, "interest.organization_id"),
        ({"topic": ""}, "interest.topic"),
        ({"product_id": ""}, "interest.product_id"),
        ({"product_id": str(uuid.uuid4())}, "interest.product_id"),
    ],
)
async def test_an_interest_is_somebodys_in_something(firm, violations, fields, path):
    """PTY-04: an empty word is none, and a product has to be there."""
    place = await firm.organization()
    subject = {} if fields.keys() & {"product_id", "topic"} else {"topic": "cloud"}
    record = {"organization_id": place.id} | subject | fields
    assert [found for found, _ in await violations(firm.make("Interest", **record))] == [path]


async def test_an_interest_without_a_party_or_a_subject_is_none(firm, violations):
    found = await violations(firm.make("Interest"))
    assert sorted(path for path, _ in found) == ["interest.party", "interest.subject"]
