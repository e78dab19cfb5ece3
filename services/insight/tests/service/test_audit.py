"""Every change of every service, once (PLT-30)."""

import asyncio
import json
import time
import uuid
from typing import Any

import pytest
import pytest_asyncio
from banyan.api.v1 import change_pb2

from chassis import errors
from chassis.access import FieldRule, Grant, Scope
from chassis.events import ConsumerRunner, Event
from chassis.rpc.registry import contract_methods
from insight import audit_record

SERVICES = ("identity", "party", "sales")


class Firm:
    """A firm that does a little of everything, and what the audit says of it."""

    def __init__(self, world: Any, tenant_id: str, boss: Any) -> None:
        self.world, self.tenant_id, self.boss = world, tenant_id, boss

    async def call(self, name: str, person: Any = None, /, **fields: Any) -> Any:
        method = next(m for m in contract_methods() if m.name == name)
        return await self.world.call(name, method.request_type(**fields), person or self.boss)

    async def changes(self, service: str) -> list[change_pb2.Change]:
        rows = await self.world.host.databases[service].read(
            self.tenant_id, f"SELECT payload FROM {service}.change ORDER BY sequence"
        )
        return [change_pb2.Change.FromString(row[0]) for row in rows]

    async def audited(self, person: Any = None, **fields: Any) -> list[Any]:
        found: list[Any] = []
        token = ""
        while True:
            reply = await self.call(
                "ListAuditRecords", person, page_size=1000, page_token=token, **fields
            )
            found += reply.audit_records
            token = reply.next_page_token
            if not token:
                return found

    async def settled(self) -> list[Any]:
        """Wait until every change has its record; give the changes."""
        deadline = time.monotonic() + 10
        while True:
            changes = [c for service in SERVICES for c in await self.changes(service)]
            known = {record.id for record in await self.audited()}
            if {change.id for change in changes} <= known:
                return changes
            assert time.monotonic() < deadline, "the audit does not catch up"
            await asyncio.sleep(0.01)


async def work(firm: Firm) -> None:
    """Do something with every verb there is."""
    stages = [
        {"key": key, "name": key, "outcome": outcome}
        for key, outcome in (("new", 1), ("won", 2), ("lost", 3))
    ]
    await firm.call("CreatePipeline", pipeline={"name": "p", "stages": stages})
    lead = await firm.call("CreateLead", lead={"name": "lead", "email": "A@B.cn"})
    await firm.call("UpdateLead", lead={"id": lead.id, "note": "hello", "phone": "1"})
    done = await firm.call("ConvertLead", id=lead.id)
    await firm.call("WinOpportunity", id=done.opportunity_id, reason="price")
    await firm.call("ReopenOpportunity", id=done.opportunity_id)
    await firm.call("DeleteContact", id=done.contact_id)
    await firm.call("UndeleteContact", id=done.contact_id)
    await firm.call("CreateSource", source={"name": "fair"})
    rows = [{"lead": {"name": f"row {n}"}} for n in range(3)]
    await firm.call("BatchCreateLeads", requests=rows)
    unit = await firm.world.unit(firm.tenant_id)
    other = await firm.world.unit(firm.tenant_id)
    administrator = firm.world.administrator(firm.tenant_id)
    await firm.call("MoveOrgUnit", administrator, id=unit, org_unit_id=other)


@pytest_asyncio.fixture
async def firm(world) -> Firm:
    tenant_id = await world.tenant()
    return Firm(world, tenant_id, await world.person(tenant_id))


async def test_every_change_of_every_service_has_one_record_that_says_the_same(firm):
    """PLT-30: captured by itself, whoever wrote it and however."""
    await work(firm)
    changes = {change.id: change for change in await firm.settled()}
    records = await firm.audited()
    assert len(records) == len({record.id for record in records}) == len(changes)
    for record in records:
        change = changes[record.id]
        for name in (
            "resource_type", "resource_id", "version", "verb", "actor_user_id", "actor_service",
            "on_behalf_of_user_id",
        ):  # fmt: skip
            assert getattr(record, name) == getattr(change, name), name
        assert record.service == change.resource_type.partition(".")[0]
        assert record.change_time == change.time
        assert [f.path for f in record.fields] == [f.path for f in change.fields]
        for audited, field in zip(record.fields, change.fields, strict=True):
            for text, value in (
                (audited.old_value, field.old_value),
                (audited.new_value, field.new_value),
            ):
                assert (text == "") == value.HasField("null_value")
                if value.HasField("string_value"):
                    assert json.loads(text) == value.string_value
    by_record: dict[tuple[str, str], list[int]] = {}
    for record in records:
        by_record.setdefault((record.resource_type, record.resource_id), []).append(record.version)
    for versions in by_record.values():
        assert sorted(versions) == list(range(1, len(versions) + 1)), "no gap, none twice"
    verbs = {record.verb for record in records}
    assert verbs >= {
        "create", "update", "delete", "undelete", "convert", "win", "reopen", "move",
    }  # fmt: skip
    assert {record.service for record in records} == set(SERVICES)


async def test_events_that_come_again_add_nothing(firm):
    """At least once is how events come; exactly once is what the audit shows."""
    await work(firm)
    changes = await firm.settled()
    before = await firm.audited(order_by="id")
    host = firm.world.host
    consumer = audit_record.consumer(host.here["insight"])
    runner = ConsumerRunner(consumer, host.databases["insight"], host.brokers["insight"])
    again = [
        Event(
            change.id, firm.tenant_id,
            f"banyan.{firm.tenant_id}.{change.resource_type.partition('.')[0]}.x.{change.verb}",
            change.SerializeToString(),
        )
        for change in changes
    ]  # fmt: skip
    await runner.apply(firm.tenant_id, again + again)
    # Even when the inbox has forgotten them, as it does after a while.
    await host.databases["insight"].write(firm.tenant_id, "DELETE FROM insight.inbox")
    await runner.apply(firm.tenant_id, again)
    assert await firm.audited(order_by="id") == before


async def test_who_converted_a_lead_is_seen_behind_the_service_that_did_it(firm):
    await work(firm)
    await firm.settled()
    records = await firm.audited(filter='resourceType = "party.banyan/Organization"')
    assert [(r.verb, r.actor_service, r.on_behalf_of_user_id) for r in records] == [
        ("create", "sales", firm.boss.user_id)
    ]


async def test_the_trail_of_a_record_is_read_in_the_order_of_its_versions(firm):
    """PLT-30."""
    lead = await firm.call("CreateLead", lead={"name": "first"})
    for name in ("second", "third"):
        await firm.call("UpdateLead", lead={"id": lead.id, "name": name})
    await firm.settled()
    trail = await firm.audited(filter=f'resourceId = "{lead.id}"', order_by="version")
    assert [(r.version, r.title) for r in trail] == [(1, "first"), (2, "second"), (3, "third")]
    (field,) = trail[2].fields
    assert (field.path, field.old_value, field.new_value) == ("name", '"second"', '"third"')


async def test_an_audit_is_seen_as_far_as_the_records_it_is_about(firm):
    """PLT-16: by owner and unit of the record when it was changed."""
    rep = await firm.world.person(
        firm.tenant_id, [Grant("sales.Lead", "*", Scope.OWN), Grant("insight.AuditRecord", "read",
                                                                   Scope.OWN)]
    )  # fmt: skip
    mine = await firm.call("CreateLead", rep, lead={"name": "mine"})
    await firm.call("CreateLead", lead={"name": "theirs"})
    await firm.settled()
    assert {r.resource_id for r in await firm.audited(rep)} == {mine.id}
    stranger = await firm.world.person(firm.tenant_id, [Grant("sales.*", "*", Scope.ALL)])
    with pytest.raises(errors.Forbidden):
        await firm.audited(stranger)


async def test_another_firm_sees_nothing_of_it(firm):
    await firm.call("CreateSource", source={"name": str(uuid.uuid4())})
    await firm.settled()
    stranger = await firm.world.person(await firm.world.tenant())
    assert {r.resource_id for r in await firm.audited()}.isdisjoint(
        {r.resource_id for r in await firm.audited(stranger)}
    )


async def test_changes_are_added_up_by_who_made_them(firm):
    """SAL-65: a manager sees each one's effort."""
    rep = await firm.world.person(firm.tenant_id)
    for person, count in ((firm.boss, 2), (rep, 3)):
        for _ in range(count):
            await firm.call("CreateLead", person, lead={"name": "lead"})
    await firm.settled()
    reply = await firm.call(
        "SummarizeAuditRecords", group_by="actorUserId, verb", filter='service = "sales"'
    )
    found = {
        group.keys["actorUserId"].string_value: group.values["count"].string_value
        for group in reply.groups
    }
    assert found == {firm.boss.user_id: "2", rep.user_id: "3"}


async def test_what_is_hidden_of_a_record_is_not_told_by_its_changes(world):
    """PLT-16, PLT-30: nor to an auditor who does not read such records at all."""
    tenant_id = await world.tenant()
    firm = Firm(world, tenant_id, world.administrator(tenant_id))
    await firm.call(
        "CreateCustomField",
        custom_field={
            "resource_type": "party.banyan/Source", "key": "margin", "type": "TYPE_TEXT",
            "label_en": "Margin",
        },
    )  # fmt: skip
    await firm.call(
        "CreateCustomField",
        custom_field={
            "resource_type": "party.banyan/Source", "key": "place", "type": "TYPE_TEXT",
            "label_en": "Place",
        },
    )  # fmt: skip
    made = await firm.call("CreateSource", source={"name": "Fair"})
    for custom in ({"margin": "12", "place": "Ulm"}, {"margin": "13", "place": "Ulm"}):
        await firm.call(
            "UpdateSource",
            source={"id": made.id, "note": "Costs " + custom["margin"], "custom_fields": custom},
            update_mask={"paths": ["note", "custom_fields"]},
        )
    await firm.settled()
    grants = {
        "reader": [Grant("*", "read", Scope.ALL, source="reader")],
        "auditor": [Grant("insight.AuditRecord", "read", Scope.ALL, source="auditor")],
    }
    for role, granted in grants.items():
        rule = FieldRule(role, "party.Source", frozenset({"note", "custom_fields.margin"}), True)
        person = await world.person(tenant_id, granted, field_rules=[rule])
        found = await firm.audited(
            person, filter=f'resourceId = "{made.id}" AND verb = "update"', order_by="version"
        )
        told = [[(f.path, f.old_value, f.new_value) for f in record.fields] for record in found]
        assert told == [[("custom_fields", "", '{"place": "Ulm"}')], []], role
        for record in found:
            got = await firm.call("GetAuditRecord", person, id=record.id)
            assert got.fields == record.fields
    everything = await firm.audited(filter=f'resourceId = "{made.id}"')
    assert {f.path for record in everything for f in record.fields} == {"note", "custom_fields"}
