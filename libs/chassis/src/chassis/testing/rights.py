"""The part of the suite about rights: what is shared, and what is kept from a reader."""

from typing import Any

import pytest
from banyan.api.v1 import share_pb2
from google.protobuf import field_mask_pb2

from chassis import errors
from chassis.access import FieldRule, Grant, Scope
from chassis.json.fields import copy_field, is_set
from chassis.resources import Noun
from chassis.resources.columns import reference_type
from chassis.resources.noun import HEADER_FIELDS
from chassis.testing.conformance import Subject, changes_of, check
from chassis.testing.world import Person

_READ, _WRITE = share_pb2.Share.ACCESS_READ, share_pb2.Share.ACCESS_WRITE


async def elsewhere(s: Subject, scope: Scope = Scope.OWN, unit: str = "") -> Person:
    """Give somebody whom the record of another does not concern."""
    unit = unit or await s.world.unit(s.admin.tenant_id)
    return await s.world.person(s.admin.tenant_id, s.scoped(scope), unit)


async def shared(s: Subject, record: Any, access: Any, **principal: str) -> Any:
    """Share a record as its owner."""
    return await s.call("Share", id=record.id, access=access, **principal)


async def sees(s: Subject, record: Any, person: Person) -> bool:
    """Tell whether somebody sees a record, in a list as by its id, or in neither."""
    listed = record.id in {r.id for r in await s.listed(person)}
    try:
        got = (await s.call("Get", person, id=record.id)).id == record.id
    except errors.NotFound:
        got = False
    assert listed == got
    return got


def whole_of(s: Subject) -> Noun:
    """Give the noun whose parts the subject's records are."""
    kind = reference_type(s.noun.fields[s.noun.part_of])
    return next(n for n in s.world.nouns.values() if n.resource.type == kind)


async def hand_over_whole(s: Subject, record: Any, person: Person, unit: str) -> None:
    """Let what a record is a part of belong to somebody: then so do its parts."""
    if not s.noun.part_of:
        return
    whole = whole_of(s)
    update = next(m for m in whole.rpcs if m.verb == "Update")
    there: Any = whole.message(
        id=getattr(record, s.noun.part_of), owner_user_id=person.user_id, org_unit_id=unit
    )
    mask = field_mask_pb2.FieldMask(paths=["owner_user_id", "org_unit_id"])
    request = update.request_type(**{whole.table_name: there}, update_mask=mask)
    await s.world.call(update.path, request, s.admin)


@check("Create", "Get", "List", "Update")
async def scopes_are_walls(s: Subject) -> None:
    tenant = s.admin.tenant_id
    team, other = await s.world.unit(tenant), await s.world.unit(tenant)
    own = await s.world.person(tenant, s.scoped(Scope.OWN), team)
    inside = await s.world.person(tenant, s.scoped(Scope.UNIT, team), team)
    outside = await s.world.person(tenant, s.scoped(Scope.SUBTREE, other), other)
    record = s.samples.make()
    if s.samples.is_required("org_unit_id"):
        record.org_unit_id, record.owner_user_id = team, own.user_id
    await hand_over_whole(s, record, own, team)
    made = await s.create(own, record=record)
    for person in (own, inside):
        assert made.id in {r.id for r in await s.listed(person)}
        assert (await s.call("Get", person, id=made.id)).id == made.id
    assert made.id not in {r.id for r in await s.listed(outside)}
    with pytest.raises(errors.NotFound):
        await s.call("Get", outside, id=made.id)
    reader = await s.world.person(tenant, [Grant("*", "read", Scope.ALL)])
    patch, name = s.samples.changed(made)
    with pytest.raises(errors.Forbidden):
        await s.update(patch, name, person=reader)


@check("Create", "Get", "List", "Update", "Share")
async def what_is_shared_can_be_read_then_changed_and_no_more(s: Subject) -> None:
    made, person = await s.create(), await elsewhere(s)
    assert not await sees(s, made, person)
    found = await shared(s, made, _READ, user_id=person.user_id)
    assert [(x.user_id, x.access) for x in found.shares] == [(person.user_id, _READ)]
    assert await sees(s, made, person)
    assert not await sees(s, made, await elsewhere(s))
    patch, name = s.samples.changed(made)
    patch.etag = ""
    with pytest.raises(errors.Forbidden):
        await s.update(patch, name, person=person)
    await shared(s, made, _WRITE, user_id=person.user_id)
    assert getattr(await s.update(patch, name, person=person), name) == getattr(patch, name)
    patch.owner_user_id = person.user_id
    for attempt in (
        s.update(patch, "owner_user_id", person=person),
        s.call("Share", person, id=made.id, user_id=s.admin.user_id, access=_READ),
        s.call("Unshare", person, id=made.id, user_id=person.user_id),
        s.call("Delete", person, id=made.id),
    ):
        with pytest.raises(errors.Forbidden):
            await attempt
    found = await s.call("Unshare", id=made.id, user_id=person.user_id)
    assert not found.shares
    assert not await sees(s, made, person)
    verbs = [c.verb for c in await changes_of(s, made.id)]
    assert verbs == ["create", "share", "share", "update", "unshare"]


@check("Create", "Get", "List", "Share")
async def what_is_shared_with_a_unit_is_shared_with_all_below_it(s: Subject) -> None:
    unit = await s.world.unit(s.admin.tenant_id)
    below = await s.world.unit(s.admin.tenant_id, unit)
    made = await s.create()
    people = [await elsewhere(s, Scope.SHARED, place) for place in (unit, below)]
    for person in people:
        assert not await sees(s, made, person)
    await shared(s, made, _READ, org_unit_id=unit)
    for person in people:
        assert await sees(s, made, person)
        assert [r.id for r in await s.listed(person, filter=f'sharedWith("{unit}")')] == [made.id]
    await s.call("Unshare", id=made.id, org_unit_id=unit)
    for person in people:
        assert not await sees(s, made, person)


@check("Create", "Share")
async def a_share_names_somebody_who_is_there(s: Subject) -> None:
    made = await s.create()
    unknown = "00000000-0000-4000-8000-000000000000"
    wrong: list[tuple[dict[str, str], str]] = [
        ({}, "REQUIRED"),
        ({"user_id": s.admin.user_id, "org_unit_id": s.admin.org_unit_id}, "ONE_OF_BOTH"),
        ({"user_id": "nobody"}, "NOT_AN_ID"),
        ({"user_id": unknown}, "REFERENCE_NOT_FOUND"),
        ({"org_unit_id": unknown}, "REFERENCE_NOT_FOUND"),
    ]
    for principal, reason in wrong:
        with pytest.raises(errors.Invalid) as caught:
            await s.call("Share", id=made.id, access=_READ, **principal)
        assert [v.reason for v in caught.value.violations] == [reason]
    again = {"id": made.id, "access": _READ, "user_id": s.admin.user_id}
    first = await s.call("Share", **again)
    assert (await s.call("Share", **again)).etag == first.etag, "the same again is no change"


@check("Create", "List")
async def a_part_is_shared_with_its_whole(s: Subject) -> None:
    if not s.noun.part_of:
        return
    made, person = await s.create(), await elsewhere(s)
    assert made.id not in {r.id for r in await s.listed(person)}
    whole = whole_of(s)
    request = share_pb2.ShareRequest(
        id=getattr(made, s.noun.part_of), access=_READ, user_id=person.user_id
    )
    await s.world.call(f"Share{whole.descriptor.name}", request, s.admin)
    assert made.id in {r.id for r in await s.listed(person)}


def keepable(s: Subject) -> list[str]:
    """List the fields that a rule may keep from somebody."""
    options = s.noun.options
    needed = {options.title, s.noun.tree_parent, s.noun.part_of, *options.category_fields}
    return [
        name
        for name in (*s.samples.writable(), *s.samples.referring())
        if name not in HEADER_FIELDS | needed
    ]


async def kept_from(s: Subject, names: list[str], *, hidden: bool) -> Person:
    """Give somebody who may do everything, but for some fields."""
    rule = FieldRule("all", s.noun.name, frozenset(names), hidden)
    grants = [Grant("*", "*", Scope.ALL, source="all")]
    return await s.world.person(s.admin.tenant_id, grants, field_rules=[rule])


@check("Create", "Get", "List", "Update")
async def hidden_fields_are_as_if_there_were_none(s: Subject) -> None:
    names = keepable(s)
    titles = [n for n in s.noun.fields if s.noun.field_options(n).title_of in names]
    made, person = await s.create(), await kept_from(s, names, hidden=True)
    for record in (
        await s.call("Get", person, id=made.id),
        next(r for r in await s.listed(person) if r.id == made.id),
    ):
        assert not [name for name in (*names, *titles) if is_set(record, name)]
    for name in names:
        options = s.noun.field_options(name)
        attempts = [s.call("Get", person, id=made.id, read_mask={"paths": [name]})]
        if options.filterable:
            attempts.append(s.call("List", person, filter=f"{name}:*"))
        if options.sortable:
            attempts.append(s.call("List", person, order_by=name))
        for attempt in attempts:
            with pytest.raises(errors.Invalid) as caught:
                await attempt
            assert [v.reason for v in caught.value.violations] == ["FIELD_HIDDEN"], name
    seen = await s.call("Get", person, id=made.id)
    assert (await s.update(seen, "*", person=person)).etag == made.etag, "nothing was changed"
    assert await s.call("Get", id=made.id) == made


@check("Create", "Update", "Get")
async def what_is_kept_from_somebody_they_cannot_write(s: Subject) -> None:
    made = await s.create()
    changed, name = s.samples.changed(made)
    if name not in keepable(s):
        return
    says = is_set(changed, name)
    for hidden in (True, False):
        person = await kept_from(s, [name], hidden=hidden)
        # Whoever gives a whole record without a field may not mean a change of it.
        ways = ((name,), ("*",), ()) if says else ((name,),)
        for paths in ways:
            with pytest.raises(errors.Forbidden) as caught:
                await s.update(changed, *paths, person=person)
            assert caught.value.reason == "FIELD_NOT_WRITABLE"
        if says:
            record = s.samples.make()
            copy_field(name, changed, record)
            with pytest.raises(errors.Forbidden):
                await s.create(person, record=record)
        shown = is_set(await s.call("Get", person, id=made.id), name)
        assert shown == (is_set(made, name) and not hidden)
    assert await s.call("Get", id=made.id) == made
