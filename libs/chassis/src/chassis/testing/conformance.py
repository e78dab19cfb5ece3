"""The suite every noun passes for the verbs it declares, in one process and over the wire.

Each check is an async function of a `Subject`; which ones apply follows from the noun's verbs.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from banyan.api.v1 import change_pb2
from banyan.studio.v1.custom_field_pb2 import CreateCustomFieldRequest, CustomField

from chassis import errors
from chassis.access import Grant, Scope
from chassis.json.fields import copy_field
from chassis.resources import Noun
from chassis.rpc import acting
from chassis.testing.samples import Samples, samples_for
from chassis.testing.world import Person, World


@dataclass
class Subject:
    """A noun under test, in a tenant of its own."""

    noun: Noun
    world: World
    admin: Person
    wire: bool
    samples: Samples

    def scoped(self, scope: Scope, unit: str = "") -> list[Grant]:
        """Give rights that reach so far on this noun, and see everything else."""
        others = [noun.name for noun in self.world.nouns.values() if noun is not self.noun]
        return [
            Grant(self.noun.name, "*", scope, unit),
            *(Grant(name, "read", Scope.ALL) for name in others),
        ]

    async def call(self, verb: str, person: Person | None = None, /, **fields: Any) -> Any:
        """Call a standard verb by its name."""
        method = next(m for m in self.noun.rpcs if m.verb == verb)
        request = method.request_type(**fields)
        return await self.world.call(method.path, request, person or self.admin, wire=self.wire)

    async def create(self, person: Person | None = None, **request: Any) -> Any:
        """Create a sample."""
        record = request.pop("record", None) or self.samples.make()
        made = await self.call("Create", person, **{self.noun.table_name: record}, **request)
        await self._refer_to_another()
        return made

    async def _refer_to_another(self) -> None:
        """Let the next sample differ where a key is nothing but references."""
        for key in self.noun.keys:
            if set(key.columns) <= self.samples.references.keys():
                other = await samples_for(self.noun, self.world, self.admin)
                self.samples.references |= {n: other.references[n] for n in key.columns}

    async def update(self, record: Any, *paths: str, person: Person | None = None) -> Any:
        """Update the named fields."""
        fields: dict[str, Any] = {self.noun.table_name: record, "update_mask": {"paths": paths}}
        return await self.call("Update", person, **fields)

    async def listed(self, person: Person | None = None, **fields: Any) -> list[Any]:
        """List all pages."""
        found: list[Any] = []
        token = ""
        while True:
            reply = await self.call("List", person, page_token=token, **fields)
            found += getattr(reply, self.noun.resource.plural)
            token = reply.next_page_token
            if not token:
                return found


Check = Callable[[Subject], Awaitable[None]]
CHECKS: dict[str, tuple[frozenset[str], Check]] = {}


def check(*verbs: str) -> Callable[[Check], Check]:
    """Register a check for nouns that have all these verbs, and fields."""

    def register(function: Check) -> Check:
        CHECKS[function.__name__] = (frozenset(verbs), function)
        return function

    return register


def checks_of(noun: Noun) -> list[str]:
    """Name the checks that apply to a noun."""
    verbs = {method.verb for method in noun.rpcs}
    return [name for name, (needed, _) in CHECKS.items() if needed <= verbs | noun.fields.keys()]


@check("Create", "Get")
async def what_is_created_can_be_read(s: Subject) -> None:
    made = await s.create()
    assert await s.call("Get", id=made.id) == made
    assert made.etag == "1"
    assert made.creator_user_id == s.admin.user_id


@check("Create", "Get")
async def every_writable_field_survives(s: Subject) -> None:
    record = s.samples.make()
    read = await s.call("Get", id=(await s.create(record=record)).id)
    for name in s.samples.writable():
        assert getattr(read, name) == getattr(record, name), name


@check("Create", "Get")
async def a_bare_record_keeps_unset_fields_unset(s: Subject) -> None:
    record = s.samples.make(bare=True)
    read = await s.call("Get", id=(await s.create(record=record)).id)
    for name in s.samples.writable():
        if s.noun.field_options(name).defaulted:
            continue
        given = getattr(record, name)
        wanted = given if is_set(record, name) and given else s.noun.defaults.get(name, given)
        assert getattr(read, name) == wanted, name


@check("Create", "Get", "List", "custom_fields")
async def custom_fields_are_kept_and_filtered(s: Subject) -> None:
    seats = CustomField(key="seats", type=CustomField.TYPE_TEXT, filterable=True)
    seats.resource_type = s.noun.resource.type
    request = CreateCustomFieldRequest(custom_field=seats)
    await s.world.call("CreateCustomField", request, s.admin)
    record = s.samples.make()
    record.custom_fields["seats"] = "a"
    made = await s.create(record=record)
    assert (await s.call("Get", id=made.id)).custom_fields == record.custom_fields
    assert [r.id for r in await s.listed(filter='customFields.seats = "a"')] == [made.id]
    record = s.samples.make()
    record.custom_fields["chairs"] = "a"
    with pytest.raises(errors.Invalid):
        await s.create(record=record)


@check("Create")
async def a_given_id_is_kept_and_taken_once(s: Subject) -> None:
    record = s.samples.make()
    record.id = str(uuid.uuid4())
    assert (await s.create(record=record)).id == record.id
    other = s.samples.make()
    other.id = record.id
    with pytest.raises(errors.AlreadyExists):
        await s.create(record=other)


@check("Create")
async def an_external_id_is_unique_among_the_living(s: Subject) -> None:
    first, second = s.samples.make(), s.samples.make()
    first.external_id = second.external_id = f"x-{uuid.uuid4()}"
    await s.create(record=first)
    with pytest.raises(errors.AlreadyExists):
        await s.create(record=second)


@check("Create", "List")
async def a_list_has_what_was_created(s: Subject) -> None:
    ids = {(await s.create()).id for _ in range(5)}
    assert ids <= {record.id for record in await s.listed(page_size=2)}


@check("Create", "List")
async def every_filterable_field_filters(s: Subject) -> None:
    made = [await s.create() for _ in range(3)]
    everything = await s.listed()
    for name in s.samples.writable():
        field = s.noun.fields[name]
        if not s.noun.field_options(name).filterable or field.type != field.TYPE_STRING:
            continue
        value = getattr(made[1], name)
        if not value:  # of a oneof only one is set
            continue
        if field.is_repeated:
            value = value[0]
            wanted = {r.id for r in everything if value in getattr(r, name)}
        else:
            wanted = {r.id for r in everything if getattr(r, name) == value}
        found = await s.listed(filter=f'{field.json_name} = "{value}"')
        assert {r.id for r in found} == wanted, name
        others = await s.listed(filter=f'NOT {name} = "{value}"')
        assert {r.id for r in others} == {r.id for r in everything} - wanted, name


@check("Create", "List")
async def every_sortable_field_sorts_both_ways(s: Subject) -> None:
    for _ in range(4):
        await s.create()
    for name in s.noun.fields:
        if s.noun.field_options(name).sortable:
            up = await s.listed(order_by=name, page_size=3)
            down = await s.listed(order_by=f"{name} desc", page_size=3)
            filled = [r.id for r in up if is_set(r, name)]
            assert filled == [r.id for r in reversed(down) if is_set(r, name)], name


@check("Create", "List")
async def pages_over_a_half_empty_column_lose_nothing(s: Subject) -> None:
    """Nulls sort last both ways, and the token says whether the last key was null."""
    for bare in (True, False, True, False, True, False, True):
        await s.create(record=s.samples.make(bare=bare))
    everything = {r.id for r in await s.listed()}
    for name in s.samples.writable():
        if not s.noun.field_options(name).sortable:
            continue
        for direction in ("", " desc"):
            for size in (1, 2, 3):
                found = await s.listed(order_by=name + direction, page_size=size)
                assert len(found) == len(everything), (name, direction, size)
                assert {r.id for r in found} == everything
                filled = [is_set(r, name) for r in found]
                assert filled == sorted(filled, reverse=True), "nulls are last"


@check("Create", "List")
async def a_page_token_belongs_to_its_question(s: Subject) -> None:
    for _ in range(3):
        await s.create()
    token = (await s.call("List", page_size=1)).next_page_token
    forged = token[:-3] + "abc"
    for attempt in (
        s.call("List", page_token=token, order_by="id desc"),
        s.call("List", page_token=forged),
    ):
        with pytest.raises(errors.Invalid):
            await attempt


@check("Create", "List")
async def a_total_is_counted_when_asked(s: Subject) -> None:
    for _ in range(3):
        await s.create()
    reply = await s.call("List", page_size=1, include_total_size=True)
    assert reply.total_size == len(await s.listed())
    assert not reply.total_size_is_lower_bound


@check("Create", "Get", "List")
async def a_read_mask_leaves_out_the_rest(s: Subject) -> None:
    made = await s.create()
    read = await s.call("Get", id=made.id, read_mask={"paths": ["etag"]})
    assert read == s.noun.message(id=made.id, etag="1")
    for record in await s.listed(read_mask={"paths": ["create_time"]}):
        assert {field.name for field, _ in record.ListFields()} == {"id", "create_time"}


@check("Create", "Update", "Get")
async def an_update_changes_the_masked_field_only(s: Subject) -> None:
    made = await s.create()
    wanted, name = s.samples.changed(made)
    patch = s.samples.make()
    patch.id = made.id
    copy_field(name, wanted, patch)
    updated = await s.update(patch, name)
    assert updated.etag == "2"
    wanted.etag = "2"
    wanted.update_time.CopyFrom(updated.update_time)
    assert updated == wanted == await s.call("Get", id=made.id)


@check("Create", "Update")
async def a_stale_etag_is_refused_with_both_versions(s: Subject) -> None:
    made = await s.create()
    changed, name = s.samples.changed(made)
    await s.update(changed, name)
    again, name = s.samples.changed(made)
    with pytest.raises(errors.Conflict) as caught:
        await s.update(again, name)
    assert caught.value.reason == "STALE_ETAG"
    assert caught.value.metadata == {"given": "1", "current": "2"}


@check("Create", "Update")
async def an_update_that_changes_nothing_is_no_change(s: Subject) -> None:
    made = await s.create()
    assert await s.update(made, "*") == made
    assert [c.version for c in await changes_of(s, made.id)] == [1]


@check("Create", "Update", "Get")
async def concurrent_updates_without_etag_all_land(s: Subject) -> None:
    made = await s.create()
    patches: list[Any] = []
    for _ in range(5):
        patch, name = s.samples.changed(s.samples.make())
        patch.id, patch.etag = made.id, ""
        patches.append(s.update(patch, name))
    await asyncio.gather(*patches)
    versions = [c.version for c in await changes_of(s, made.id)]
    assert versions == list(range(1, len(versions) + 1))


@check("Create")
async def a_request_id_creates_once(s: Subject) -> None:
    record, request_id = s.samples.make(), str(uuid.uuid4())
    replies = await asyncio.gather(
        *(s.create(record=record, request_id=request_id) for _ in range(4))
    )
    assert all(reply == replies[0] for reply in replies)
    with pytest.raises(errors.Conflict) as caught:
        await s.create(record=s.samples.make(), request_id=request_id)
    assert caught.value.reason == "REQUEST_ID_REUSED"


@check("Create", "Update")
async def a_request_id_updates_once(s: Subject) -> None:
    made = await s.create()
    patch, name = s.samples.changed(made)
    fields: dict[str, Any] = {
        s.noun.table_name: patch,
        "update_mask": {"paths": [name]},
        "request_id": str(uuid.uuid4()),
    }
    first = await s.call("Update", **fields)
    assert await s.call("Update", **fields) == first
    assert len(await changes_of(s, made.id)) == 2


@check("Create", "Delete", "Get", "List")
async def what_is_deleted_is_gone_from_lists(s: Subject) -> None:
    made = await s.create()
    with pytest.raises(errors.Conflict):
        await s.call("Delete", id=made.id, etag="99")
    await s.call("Delete", id=made.id)
    assert made.id not in {record.id for record in await s.listed()}
    if s.noun.soft_delete:
        assert (await s.call("Get", id=made.id)).HasField("delete_time")
    else:
        with pytest.raises(errors.NotFound):
            await s.call("Get", id=made.id)
    with pytest.raises(errors.NotFound):
        await s.call("Delete", id=made.id)


@check("Create", "Delete", "Undelete", "List")
async def what_is_undeleted_is_back(s: Subject) -> None:
    record = s.samples.make()
    record.external_id = f"x-{uuid.uuid4()}"
    made = await s.create(record=record)
    await s.call("Delete", id=made.id)
    assert made.id in {r.id for r in await s.listed(show_deleted=True)}
    back = await s.call("Undelete", id=made.id)
    assert back.etag == "3"
    assert not back.HasField("delete_time")
    await s.call("Delete", id=made.id)
    other = s.samples.make()
    other.external_id = record.external_id
    await s.create(record=other)
    with pytest.raises(errors.AlreadyExists):
        await s.call("Undelete", id=made.id)


@check("Create", "Get", "List", "Update", "Delete")
async def another_tenant_sees_nothing_and_changes_nothing(s: Subject) -> None:
    made = await s.create()
    stranger = await s.world.person(await s.world.tenant())
    assert made.id not in {r.id for r in await s.listed(stranger)}
    patch, name = s.samples.changed(made)
    for attempt in (
        s.call("Get", stranger, id=made.id),
        s.update(patch, name, person=stranger),
        s.call("Delete", stranger, id=made.id),
    ):
        with pytest.raises(errors.NotFound):
            await attempt
    copy = s.samples.make()
    copy.id = made.id
    # Ids are the tenant's own: there is no collision to learn from.
    theirs = await samples_for(s.noun, s.world, stranger)
    for reference, target in theirs.references.items():
        if is_set(copy, reference):
            setattr(copy, reference, target)
    await s.create(stranger, record=copy)
    assert (await s.call("Get", id=made.id)) == made


@check("Create", "Update")
async def a_record_cannot_be_placed_out_of_reach(s: Subject) -> None:
    tenant = s.admin.tenant_id
    team, other = await s.world.unit(tenant), await s.world.unit(tenant)
    person = await s.world.person(tenant, s.scoped(Scope.OWN), team)
    record = s.samples.make()
    record.owner_user_id = s.admin.user_id
    record.org_unit_id = other
    with pytest.raises((errors.Forbidden, errors.Invalid)):
        await s.create(person, record=record)


@check("Create")
async def references_must_exist(s: Subject) -> None:
    for name in s.samples.referring():
        for wrong, reason in ((str(uuid.uuid4()), "REFERENCE_NOT_FOUND"), ("nope", "NOT_AN_ID")):
            record = s.samples.make()
            setattr(record, name, wrong)
            with pytest.raises(errors.Invalid) as caught:
                await s.create(record=record)
            found = [(v.path, v.reason) for v in caught.value.violations]
            assert found == [(f"{s.noun.table_name}.{name}", reason)]


@check("Create", "Update", "Delete")
async def each_write_is_one_change_without_a_gap(s: Subject) -> None:
    made = await s.create()
    patch, name = s.samples.changed(made)
    await s.update(patch, name)
    await s.call("Delete", id=made.id)
    changes = await changes_of(s, made.id)
    assert [(c.version, c.verb) for c in changes] == [(1, "create"), (2, "update"), (3, "delete")]
    assert [f.path for f in changes[1].fields] == [name]
    assert changes[0].actor_user_id == s.admin.user_id
    record = s.noun.message()
    assert changes[1].record.Unpack(record)
    assert getattr(record, name) == getattr(patch, name)


@check("Create", "List", "Get", "Update")
async def bad_input_gets_one_clear_error(s: Subject) -> None:
    made = await s.create()
    for attempt in (
        s.call("List", filter="nope = 1"),
        s.call("List", filter="(("),
        s.call("List", order_by="nope"),
        s.call("List", page_size=-1),
        s.call("List", page_token="bm9wZQ"),
        s.call("Get", id="not an id"),
        s.call("Get", id=made.id, read_mask={"paths": ["nope"]}),
        s.update(made, "nope"),
        s.create(record=s.noun.message(id="x")),
    ):
        with pytest.raises(errors.Invalid) as caught:
            await attempt
        assert caught.value.violations


@check("Create")
async def text_the_database_cannot_hold_is_refused(s: Subject) -> None:
    title = s.noun.options.title
    if title:
        record = s.samples.make()
        setattr(record, title, "a\0b")
        with pytest.raises(errors.Invalid):
            await s.create(record=record)


def is_set(record: Any, name: str) -> bool:
    """Tell whether a field has a value; numbers, truths and enums always have one."""
    field = record.DESCRIPTOR.fields_by_name[name]
    if field.has_presence:
        return record.HasField(name)
    return field.type != field.TYPE_STRING or bool(getattr(record, name))


async def changes_of(s: Subject, record_id: str) -> list[Any]:
    """Read the changes of one record from the service's log."""
    channels = s.world.host.channels
    stub: Any = channels.to(s.noun.service)
    read = stub.unary_unary("/banyan.api.v1.ChangeService/ReadChanges")
    found: list[Any] = []
    after = ""
    while True:
        with acting(s.noun.service):
            reply = await read(
                change_pb2.ReadChangesRequest(service=s.noun.service, after=after, page_size=5000)
            )
        found += [c for c in reply.changes if c.resource_id == record_id]
        after = reply.next_after
        if not reply.changes:
            return sorted(
                (c for c in found if c.tenant_id == s.admin.tenant_id), key=lambda c: c.version
            )
