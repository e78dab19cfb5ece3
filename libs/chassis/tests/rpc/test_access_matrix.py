"""Every RPC that is not public, against everybody who may not call it.

The methods come from the contract and the requests are built from their descriptors, so a new RPC
is covered the day it is born; one whose request cannot be built fails here.
"""

import dataclasses
import itertools
import uuid
from typing import Any

import pytest
from banyan.api.v1 import options_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import Claims, Grant, Scope
from chassis.hosting import installed_services
from chassis.resources import Noun
from chassis.rpc import Method, acting, violations_of
from chassis.rpc.method import SIGNED_IN
from chassis.rpc.registry import contract_methods
from chassis.testing import Person, Samples

NOUNS = {noun.name: noun for service in installed_services().values() for noun in service.nouns}
METHODS = {m.path: m for m in contract_methods() if m.access != options_pb2.ACCESS_PUBLIC}
WIRES = pytest.mark.parametrize("wire", [False, True], ids=["local", "wire"])
REFUSED = (errors.Unauthenticated, errors.Forbidden, errors.NotFound)
# What someone with all the rights may still be told about a well-formed request.
BY_STATE = (errors.FailedPrecondition, errors.Conflict, errors.AlreadyExists)
# Fields of requests that may stay unset whatever the method.
OPTIONAL = {
    *("page_size", "page_token", "filter", "order_by", "read_mask", "update_mask", "etag"),
    *("request_id", "show_deleted", "include_total_size", "after"),
}
_numbers = itertools.count()


def cases(wanted) -> Any:
    """Parametrise over the methods for which this is so."""
    paths = [path for path, method in METHODS.items() if wanted(method)]
    return pytest.mark.parametrize("path", paths, ids=[path.split(".")[-1] for path in paths])


def noun_of(method: Method) -> Noun | None:
    return NOUNS.get(method.resource)


def is_new(method: Method) -> bool:
    """Tell whether the record in the request is one that does not exist yet."""
    return method.verb in ("Create", "BatchCreate")


def names_a_record(method: Method) -> bool:
    """Tell whether the request names an existing record."""
    fields = method.request_type.DESCRIPTOR.fields_by_name
    noun = noun_of(method)
    inner = noun is not None and not is_new(method) and noun.table_name in fields
    return noun is not None and ("id" in fields or inner)


def for_people(method: Method) -> bool:
    return method.access == options_pb2.ACCESS_USER


def needs_permission(method: Method) -> bool:
    return for_people(method) and method.action != SIGNED_IN


def refuses_a_service(method: Method) -> bool:
    return not method.callers & {"*", "party"}


@dataclasses.dataclass
class Door:
    """One method, its request about a record of the admin's, and ways to knock."""

    world: Any
    method: Method
    admin: Person
    wire: bool
    record: Any = None
    request: Any = None

    @property
    def noun(self) -> Noun | None:
        return noun_of(self.method)

    async def send(self, path: str, service: str, request: Any, metadata: dict[str, str]) -> Any:
        channels = self.world.wire if self.wire else self.world.host.channels
        # What every service has, such as its change log, is asked of any of them.
        where = service if service in channels.services else "party"
        return await channels.to(where).unary_unary(path)(request, metadata=metadata)

    async def knock(self, metadata: dict[str, str]) -> Any:
        return await self.send(self.method.path, self.method.service, self.request, metadata)

    async def refused(self, metadata: dict[str, str], *kinds: type[errors.Error]) -> errors.Error:
        """Say that this caller is refused, and that the record is as it was."""
        with pytest.raises(kinds or REFUSED) as caught:
            await self.knock(metadata)
        assert await self.read() == self.record
        return caught.value

    async def read(self) -> Any:
        if self.record is None:
            return None
        get = next(m for m in self.noun.rpcs if m.verb == "Get")
        request = get.request_type(id=self.record.id)
        return await self.send(get.path, get.service, request, self.admin.metadata)

    async def prepare(self) -> None:
        """Make the record and the request; a field nobody knows how to fill is a failure."""
        if self.noun is not None:
            create = next(m for m in self.noun.rpcs if m.verb == "Create")
            sample = Samples(self.noun).make()
            request = create.request_type(**{self.noun.table_name: sample})
            self.record = await self.send(create.path, create.service, request, self.admin.metadata)
        self.request = self.build()

    def build(self) -> Message:
        request = self.method.request_type()
        for field in request.DESCRIPTOR.fields:
            if field.name in OPTIONAL:
                continue
            if not self.fill(request, field.name):
                pytest.fail(
                    f"{self.method.path}: teach this test to fill {field.name} of"
                    f" {request.DESCRIPTOR.name}"
                )
        broken = [] if is_new(self.method) else violations_of(request)
        assert not broken, f"{self.method.path}: the request built here is not valid: {broken}"
        return request

    def fill(self, request: Any, name: str) -> bool:
        field = request.DESCRIPTOR.fields_by_name[name]
        if name == "service":
            request.service = "party"
        elif name == "id" and self.record is not None:
            request.id = self.record.id
        elif self.noun is not None and field.message_type is self.noun.descriptor:
            sample = Samples(self.noun).make()
            if field.is_repeated:
                getattr(request, name).append(sample)
            elif is_new(self.method):
                getattr(request, name).CopyFrom(sample)
            else:
                changed, _ = Samples(self.noun).changed(self.record)
                changed.etag = ""
                getattr(request, name).CopyFrom(changed)
        else:
            return not violations_of(request)  # nothing asks for it
        return True


@pytest.fixture
async def door(world, path, wire) -> Door:
    made = Door(world, METHODS[path], await world.person(await world.tenant()), wire)
    await made.prepare()
    return made


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def service_token(door: Door, service: str = "party", tenant_id: str = "") -> dict[str, str]:
    return bearer(door.world.host.keys.sign(service, Claims(tenant_id, service=service)))


def test_the_contract_has_methods_of_both_kinds():
    kinds = {method.access for method in METHODS.values()}
    assert kinds == {options_pb2.ACCESS_USER, options_pb2.ACCESS_SERVICE}
    assert {n.name for n in NOUNS.values()} <= {m.resource for m in METHODS.values()}


@WIRES
@cases(lambda m: True)
async def test_whoever_may_is_let_in(door):
    """Else the refusals below could be about the request and not about the caller."""
    allowed = (
        door.admin.metadata
        if for_people(door.method)
        else service_token(door, next((s for s in door.method.callers if s != "*"), "party"))
    )
    try:
        answer = await door.knock(allowed)
    except BY_STATE:
        return
    assert isinstance(answer, door.method.response_type)


@WIRES
@cases(lambda m: True)
async def test_nobody_without_a_good_token_is_let_in(door):
    person = door.admin
    good = person.token
    head, body, signature = good.split(".")
    for metadata in (
        {},
        {"authorization": ""},
        {"authorization": "Bearer "},
        {"authorization": "Basic YTpi"},
        bearer("garbage"),
        bearer("a.b.c"),
        bearer("x" * 5000),
        bearer(door.world.expired_token(person)),
        bearer(f"{head}.{body}.{signature[:-4]}AAAA"),
        bearer(f"{head}.{body}."),
        bearer(good[:-1]),
    ):
        await door.refused(metadata, errors.Unauthenticated)


@WIRES
@cases(lambda m: True)
async def test_a_person_nobody_knows_is_not_let_in(door):
    """Signed by the right key, but disabled, or of a tenant that is not."""
    sign = door.world.host.keys.sign
    tenant, stranger = door.admin.tenant_id, str(uuid.uuid4())
    for claims in (
        Claims(tenant, stranger),
        Claims(stranger, door.admin.user_id),
        Claims("", door.admin.user_id),
    ):
        metadata = bearer(sign("identity", claims))
        await door.refused(metadata, errors.Unauthenticated, errors.Forbidden)


@WIRES
@cases(names_a_record)
async def test_another_tenants_record_is_not_found(door):
    stranger = await door.world.person(await door.world.tenant())
    await door.refused(stranger.metadata, errors.NotFound)


@WIRES
@cases(lambda m: for_people(m) and not names_a_record(m))
async def test_another_tenant_is_told_nothing_of_this_one(door):
    stranger = await door.world.person(await door.world.tenant())
    try:
        answer = await door.knock(stranger.metadata)
    except REFUSED:
        return
    if door.record is not None:
        assert door.record.id.encode() not in answer.SerializeToString()
        assert door.admin.tenant_id.encode() not in answer.SerializeToString()
        assert await door.read() == door.record


@WIRES
@cases(needs_permission)
async def test_a_person_without_any_permission_is_refused(door):
    person = await door.world.person(door.admin.tenant_id, [])
    refusal = await door.refused(person.metadata, errors.Forbidden)
    assert refusal.reason == "PERMISSION_DENIED"


@WIRES
@cases(needs_permission)
async def test_every_other_permission_is_not_this_one(door):
    method = door.method
    others = {m.action for m in METHODS.values() if m.resource == method.resource}
    service = method.resource.partition(".")[0]
    grants = [
        *(Grant(method.resource, a, Scope.ALL) for a in others - {method.action, SIGNED_IN}),
        Grant(f"{method.resource}s", "*", Scope.ALL),
        Grant(f"{service}.Other", "*", Scope.ALL),
        Grant(f"{service}x.*", "*", Scope.ALL),
    ]
    person = await door.world.person(door.admin.tenant_id, grants)
    await door.refused(person.metadata, errors.Forbidden)


@WIRES
@cases(lambda m: needs_permission(m) and names_a_record(m))
async def test_what_reaches_ones_own_only_does_not_reach_another_persons(door):
    tenant = door.admin.tenant_id
    team = await door.world.unit(tenant)
    for scope, unit in ((Scope.OWN, ""), (Scope.UNIT, team), (Scope.SUBTREE, team)):
        person = await door.world.person(tenant, [Grant("*", "*", scope, unit)], team)
        await door.refused(person.metadata, errors.NotFound)
        # Seeing everything is not being allowed to act on everything.
        if door.method.action != "read":
            grants = [
                Grant("*", "read", Scope.ALL),
                Grant(door.method.resource, door.method.action, scope, unit),
            ]
            person = await door.world.person(tenant, grants, team)
            await door.refused(person.metadata, errors.Forbidden)


@WIRES
@cases(lambda m: needs_permission(m) and m.verb == "List")
async def test_a_list_has_nothing_from_beyond_ones_reach(door):
    tenant = door.admin.tenant_id
    team = await door.world.unit(tenant)
    for scope, unit in ((Scope.OWN, ""), (Scope.UNIT, team), (Scope.SUBTREE, team)):
        person = await door.world.person(tenant, [Grant("*", "*", scope, unit)], team)
        answer = await door.knock(person.metadata)
        assert door.record.id.encode() not in answer.SerializeToString()
    answer = await door.knock(door.admin.metadata)
    assert door.record.id.encode() in answer.SerializeToString(), "it is there to be found"


@WIRES
@cases(lambda m: not for_people(m))
async def test_a_person_is_refused_where_services_only_may(door):
    refusal = await door.refused(door.admin.metadata, errors.Forbidden)
    assert refusal.reason == "SERVICES_ONLY"


@WIRES
@cases(refuses_a_service)
async def test_a_service_is_refused_where_it_is_not_named(door):
    tenant = door.admin.tenant_id
    for metadata in (service_token(door), service_token(door, tenant_id=tenant)):
        refusal = await door.refused(metadata, errors.Forbidden)
        assert refusal.reason == "SERVICE_NOT_ADMITTED"
    for on_behalf_of in ("", door.admin.user_id):
        with acting("party", tenant, on_behalf_of), pytest.raises(errors.Forbidden):
            await door.knock({})


@WIRES
@cases(for_people)
async def test_a_service_cannot_sign_for_a_person(door):
    claims = Claims(door.admin.tenant_id, door.admin.user_id)
    await door.refused(bearer(door.world.host.keys.sign("party", claims)), errors.Unauthenticated)


def test_a_public_method_is_public_on_purpose():
    """Nothing is public yet; the first one is added here with its reason."""
    public = {m.path for m in contract_methods() if m.access == options_pb2.ACCESS_PUBLIC}
    assert public == set()
