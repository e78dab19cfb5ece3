"""Relationships, references and licenses of organizations (PTY-03, PTY-07, PTY-08, PTY-20)."""

import datetime

import pytest
from banyan.party.v1 import license_pb2, reference_pb2
from google.type import date_pb2

License = license_pb2.License
Reference = reference_pb2.Reference
PAST, FUTURE = {"year": 2020, "month": 1, "day": 1}, {"year": 2999, "month": 1, "day": 1}


async def test_organizations_stand_to_each_other_in_ways_of_the_firms_own(firm, violations):
    """PTY-03: beside the group there are owners, advisers, suppliers."""
    bank, maker = await firm.organization(name="Bank"), await firm.organization(name="Maker")
    made = await firm.make(
        "Relationship",
        organization_id=bank.id,
        related_organization_id=maker.id,
        kind="finances",
    )
    assert (made.organization_name, made.related_organization_name) == ("Bank", "Maker")
    changed = firm.update("Relationship", made.id, related_organization_id=bank.id)
    assert await violations(changed) == [
        ("relationship.related_organization_id", "SAME_ORGANIZATION")
    ]


async def test_references_are_found_in_both_directions(firm, violations):
    """PTY-07, PTY-08: who was asked, when, verdict; and those that were given, with outcome."""
    customer, third = await firm.organization(), await firm.organization(name="Third")
    spoken_to = await firm.contact(organization_id=third.id)
    fields = {"organization_id": customer.id, "third_party_organization_id": third.id}
    check = await firm.make(
        "Reference",
        direction=Reference.DIRECTION_RECEIVED,
        kind=Reference.KIND_CHECK,
        contact_id=spoken_to.id,
        verdict=Reference.VERDICT_POSITIVE,
        **fields,
    )
    given = await firm.make(
        "Reference",
        direction=Reference.DIRECTION_GIVEN,
        kind=Reference.KIND_RECOMMENDATION,
        outcome="They called.",
        **fields,
    )
    assert (check.third_party_organization_name, check.contact_name) == ("Third", "Li Na")
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()
    assert check.reference_date == date_pb2.Date(year=today.year, month=today.month, day=today.day)
    for direction, wanted in (("RECEIVED", check), ("GIVEN", given)):
        asked = f'organizationId = "{customer.id}" AND direction = "{direction}"'
        reply = await firm.call("ListReferences", filter=asked)
        assert [found.id for found in reply.references] == [wanted.id]
    bare = firm.make("Reference", organization_id=customer.id)
    assert sorted({path for path, _ in await violations(bare)}) == [
        "reference.direction",
        "reference.kind",
    ]


async def license_of(firm, **fields):
    place = (await firm.organization()).id
    record = {"number": "L-1", "direction": License.DIRECTION_GRANTED, "organization_id": place}
    return await firm.make("License", **record | fields)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "VALID"),
        ({"valid_from": FUTURE}, "UPCOMING"),
        ({"valid_until": PAST}, "EXPIRED"),
        ({"valid_from": PAST, "valid_until": {"year": 9999, "month": 12, "day": 31}}, "VALID"),
    ],
)
async def test_a_license_says_how_far_it_is(firm, fields, status):
    """PTY-20, PTY-21: lists and counts know it as they know any field."""
    made = await license_of(firm, quantity={"value": "20"}, **fields)
    reply = await firm.call("ListLicenses", filter=f'status = "{status}"')
    assert [found.id for found in reply.licenses] == [made.id]


async def test_a_callers_word_on_the_status_does_not_count(firm):
    made = await license_of(firm, status=License.STATUS_EXPIRED)
    assert made.status == License.STATUS_VALID
    changed = await firm.update("License", made.id, status=License.STATUS_EXPIRED)
    assert changed == made


async def test_a_license_begins_and_ends_by_itself(firm, until):
    """PTY-20: the day comes, whether anybody looks or not, and is a change like any other."""
    made = await license_of(firm, valid_from=FUTURE, valid_until=FUTURE | {"day": 2})

    async def due() -> bool:
        rows = await firm.world.host.databases["party"].read(
            firm.boss.tenant_id,
            "SELECT 1 FROM party.timer WHERE kind = 'license_status' AND key = $1"
            " AND due_time > now()",
            made.id,
        )
        return bool(rows)

    async def time_passes(column: str) -> None:
        # The instant first: a timer that fires before it finds nothing to do.
        await firm.set_rows(
            f"UPDATE party.license SET {column} = now() - interval '1 second' WHERE id = $1",
            made.id,
        )
        await firm.set_rows("UPDATE party.timer SET due_time = now() WHERE key = $1", made.id)

    async def became(status: License.Status) -> bool:
        return (await firm.call("GetLicense", id=made.id)).status == status

    await until(due)
    await time_passes("start_time")
    await until(lambda: became(License.STATUS_VALID))
    await until(due)
    await time_passes("end_time")
    await until(lambda: became(License.STATUS_EXPIRED))
    changes = await firm.changes(made.id)
    assert [(c.verb, c.version, c.actor_service) for c in changes[1:]] == [
        ("update", 2, "party"),
        ("update", 3, "party"),
    ]
    assert [[field.path for field in c.fields] for c in changes[1:]] == [["status"], ["status"]]


async def test_a_deleted_license_stays_as_it_was(firm, until):
    made = await license_of(firm, valid_from=FUTURE)
    timers = "SELECT 1 FROM party.timer WHERE key = $1"
    database = firm.world.host.databases["party"]

    async def waiting() -> bool:
        return bool(await database.read(firm.boss.tenant_id, timers, made.id))

    async def fired() -> bool:
        return not await waiting()

    await until(waiting)
    await firm.call("DeleteLicense", id=made.id)
    await firm.set_rows("UPDATE party.license SET start_time = now() WHERE id = $1", made.id)
    await firm.set_rows("UPDATE party.timer SET due_time = now() WHERE key = $1", made.id)
    await until(fired)
    assert [change.verb for change in await firm.changes(made.id)] == ["create", "delete"]
