"""Every RPC that is not public, against everybody who may not call it.

The methods come from the contract and the requests are built from their descriptors, so a new RPC
is covered the day it is born; one whose request cannot be built fails here.
"""

import asyncio
import dataclasses
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from banyan.api.v1 import options_pb2
from banyan.identity.v1 import session_pb2, tenant_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import Claims, Grant, Scope, TokenReader
from chassis.hosting import installed_services
from chassis.resources import Noun
from chassis.rpc import Dispatcher, Method, acting, violations_of
from chassis.rpc.method import SIGNED_IN
from chassis.rpc.registry import contract_methods
from chassis.testing import Person, Samples
from chassis.testing.samples import samples_for

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
# Fields of requests that mean the same whatever the method.
PLAIN = {
    "service": "party",
    "resource": "party.Source",
    "action": "read",
    "name": "a name",
    "new_password": "a new long password",
    "administrator_email": "first@example.com",
    "administrator_name": "First",
    "reason": "a reason",
}
PASSWORD = "correct horse battery"
# What is called before there is a token, and the proof that comes with the call instead.
PUBLIC = {
    "/banyan.identity.v1.SessionService/SignIn": "e-mail and password",
    "/banyan.identity.v1.SessionService/RefreshSession": "the refresh token, good once",
    "/banyan.identity.v1.SessionService/IssueClientToken": "the client's id and secret",
}
PUBLIC_METHODS = {m.path: m for m in contract_methods() if m.access == options_pb2.ACCESS_PUBLIC}


def cases(wanted) -> Any:
    """Parametrise over the methods for which this is so."""
    paths = [path for path, method in METHODS.items() if wanted(method)]
    return pytest.mark.parametrize("path", paths, ids=[path.split(".")[-1] for path in paths])


def noun_of(method: Method) -> Noun | None:
    return NOUNS.get(method.resource)


def is_new(method: Method) -> bool:
    """Tell whether the records in the request are some that do not exist yet.

    Only an Update brings a whole record that is there already.
    """
    return method.verb != "Update"


def names_a_record(method: Method) -> bool:
    """Tell whether the request names an existing record."""
    fields = method.request_type.DESCRIPTOR.fields_by_name
    return noun_of(method) is not None and ("id" in fields or method.verb == "Update")


def for_people(method: Method) -> bool:
    return method.access == options_pb2.ACCESS_USER


def needs_permission(method: Method) -> bool:
    return for_people(method) and method.action != SIGNED_IN


def reads_many(method: Method) -> bool:
    """Tell whether it gives whatever is within reach: lists, counts, the tree."""
    return needs_permission(method) and method.action == "read" and not names_a_record(method)


def refuses_a_service(method: Method) -> bool:
    return not method.callers & {"*", "party"}


@dataclasses.dataclass
class Door:
    """One method, its request about a record of the admin's, and ways to knock."""

    world: Any
    method: Method
    admin: Person
    wire: bool
    samples: Samples = None  # type: ignore[assignment] (set with the record)
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
        return self.kept(await self.call(get.name, id=self.record.id))

    def kept(self, record: Any) -> Any:
        """Leave out the titles of what a record refers to, which follow by events."""
        for name in self.noun.fields:
            if self.noun.field_options(name).title_of:
                record.ClearField(name)
        return record

    def told_of_record(self, answer: Any) -> bool:
        """Tell whether an answer has anything of the record."""
        if self.method.verb == "Summarize":  # it is asked about this record only
            return int(answer.totals.values["count"].string_value) > 0
        return self.record.id.encode() in answer.SerializeToString()

    async def call(self, name: str, person: Person | None = None, /, **fields: Any) -> Any:
        """Call another method, as the admin when nobody is named."""
        method = next(m for m in contract_methods() if m.name == name)
        request = method.request_type(**fields)
        metadata = (person or self.admin).metadata
        return await self.send(method.path, method.service, request, metadata)

    async def prepare(self) -> None:
        """Make the record and the request; what nobody knows how to make or fill is a failure."""
        if self.noun is not None:
            self.samples = await samples_for(self.noun, self.world, self.admin)
            self.record = self.kept(await self.make_record())
        self.request = await self.build()

    async def make_record(self) -> Any:
        create = next((m for m in self.noun.rpcs if m.verb == "Create"), None)
        if create is not None:
            return await self.call(create.name, **{self.noun.table_name: self.samples.make()})
        if self.noun.name not in BEGINNINGS:
            pytest.fail(f"teach this test to make a {self.noun.name}, which has no Create")
        return await BEGINNINGS[self.noun.name](self)

    async def build(self) -> Message:
        request = self.method.request_type()
        unknown = [
            field.name
            for field in request.DESCRIPTOR.fields
            if field.name not in OPTIONAL and not await self.fill(request, field.name)
        ]
        if self.method.verb == "Summarize":
            request.filter = f'id = "{self.record.id}"'
        # Create and BatchCreate check the records they bring when these are complete.
        broken = [] if self.method.verb in ("Create", "BatchCreate") else violations_of(request)
        assert not broken, (
            f"{self.method.path}: teach this test to fill {unknown} of"
            f" {request.DESCRIPTOR.name}: {broken}"
        )
        return request

    async def fill(self, request: Any, name: str) -> bool:
        """Fill a field; False when nobody knows with what, which is fine if nothing asks for it."""
        field = request.DESCRIPTOR.fields_by_name[name]
        if name == "id" and self.record is not None:
            request.id = self.record.id
        elif self.method.verb == "Move" and name == self.noun.tree_parent:
            setattr(request, name, (await self.make_record()).id)
        elif self.noun is not None and field.message_type is self.noun.descriptor:
            getattr(request, name).CopyFrom(self.sample())
        elif self.method.verb == "BatchCreate" and name == "requests":
            getattr(request.requests.add(), self.noun.table_name).CopyFrom(self.samples.make())
        elif name in ("tenant_id", "user_id") and self.noun is None:
            setattr(request, name, getattr(self.admin, name))
        elif name == "api_key":
            request.api_key = (await self.call("IssueApiKey", name="a key")).secret
        elif name == "record_id":
            made = await self.call("CreateSource", source={"name": f"s {uuid.uuid4()}"})
            request.record_id = made.id
        elif name in PLAIN:
            setattr(request, name, PLAIN[name])
        else:
            return False
        return True

    def sample(self) -> Any:
        """Give a record as the request brings it: a new one, or the one there is, changed."""
        if is_new(self.method):
            made = self.samples.make()
            if self.noun.name == "identity.Tenant":
                made.slug = f"t{uuid.uuid4().hex}"
            return made
        changed, _ = self.samples.changed(self.record)
        changed.etag = ""
        return changed


async def own_tenant(door: Door) -> Any:
    """A firm is founded by services only; the world has founded the admin's."""
    return await door.call("GetTenant", id=door.admin.tenant_id)


async def own_session(door: Door) -> Any:
    """Sign the admin in, who holds that session's token from then on."""
    admin = door.admin
    first = door.world.administrator(admin.tenant_id)
    user = await door.call("SetUserPassword", first, id=admin.user_id, new_password=PASSWORD)
    slug = (await own_tenant(door)).slug
    signed = await door.call("SignIn", tenant=slug, email=user.email, password=PASSWORD)
    door.admin = dataclasses.replace(admin, token=signed.access_token, session_id=signed.session.id)
    return signed.session


async def own_key(door: Door) -> Any:
    return (await door.call("IssueApiKey", name=f"key {uuid.uuid4()}")).api_key


async def audited(door: Door) -> Any:
    """Change something and wait until insight has heard of it."""
    made = await door.call("CreateSource", source={"name": f"s {uuid.uuid4()}"})
    asked = f'resource_id = "{made.id}"'
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        found = (await door.call("ListAuditRecords", filter=asked)).audit_records
        if found:
            return found[0]
        await asyncio.sleep(0.01)
    return pytest.fail("insight never heard of a change")


# How records come to be of which there is no Create.
BEGINNINGS: dict[str, Callable[[Door], Awaitable[Any]]] = {
    "identity.Tenant": own_tenant,
    "identity.Session": own_session,
    "identity.ApiKey": own_key,
    "insight.AuditRecord": audited,
}


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
    refusal = None
    try:
        answer = await door.knock(stranger.metadata)
    except (*REFUSED, *BY_STATE, errors.Invalid) as error:
        refusal = error
    if isinstance(refusal, errors.Invalid):
        # A new record of theirs refers to records of this tenant, which they do not have.
        assert {v.reason for v in refusal.violations} == {"REFERENCE_NOT_FOUND"}
        assert door.method.verb == "Create"
    if refusal is not None:
        return
    told = answer.SerializeToString()
    assert door.admin.tenant_id.encode() not in told
    assert door.admin.user_id.encode() not in told
    if door.record is not None:
        assert not door.told_of_record(answer)
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
@cases(lambda m: for_people(m) and not needs_permission(m) and names_a_record(m))
async def test_being_signed_in_is_no_right_to_another_persons_record(door):
    tenant = door.admin.tenant_id
    team = await door.world.unit(tenant)
    for grants in (
        [],
        [Grant("*", "read", Scope.ALL)],
        *([Grant("*", "*", scope, team)] for scope in (Scope.OWN, Scope.UNIT, Scope.SUBTREE)),
    ):
        person = await door.world.person(tenant, grants, team)
        await door.refused(person.metadata, errors.Forbidden, errors.NotFound)


@WIRES
@cases(reads_many)
async def test_what_gives_many_gives_nothing_from_beyond_ones_reach(door):
    tenant = door.admin.tenant_id
    team = await door.world.unit(tenant)
    for scope, unit in ((Scope.OWN, ""), (Scope.UNIT, team), (Scope.SUBTREE, team)):
        person = await door.world.person(tenant, [Grant("*", "*", scope, unit)], team)
        assert not door.told_of_record(await door.knock(person.metadata))
    answer = await door.knock(door.admin.metadata)
    assert door.told_of_record(answer), "it is there to be found"


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
    """Whoever calls these has no token yet; the proof comes with the call, as PUBLIC says."""
    assert PUBLIC_METHODS.keys() == PUBLIC.keys()


def public_request(method: Method, **fields: str) -> Message:
    """Fill a request with nonsense of the right form."""
    nonsense = {"client_id": str(uuid.uuid4())}
    request = method.request_type()
    for field in request.DESCRIPTOR.fields:
        value = fields.get(field.name, nonsense.get(field.name, "nonsense"))
        setattr(request, field.name, value)
    return request


PUBLIC_CASES = pytest.mark.parametrize(
    "path", PUBLIC_METHODS, ids=[path.split(".")[-1] for path in PUBLIC_METHODS]
)


@WIRES
@PUBLIC_CASES
async def test_a_public_method_refuses_a_proof_that_proves_nothing(world, path, wire):
    method = PUBLIC_METHODS[path]
    first = world.administrator(await world.tenant())
    slug = (
        await world.call("GetTenant", tenant_pb2.GetTenantRequest(id=first.tenant_id), first)
    ).slug
    # Of a firm that is there, and secrets that look like those the system makes.
    likely = {
        "tenant": [slug],
        "client_id": [first.user_id],
        "refresh_token": ["bnr_", "bnk_" + "A" * 75, "bnr_" + "A" * 75, first.token],
    }
    fields = method.request_type.DESCRIPTOR.fields_by_name
    requests = [public_request(method)] + [
        public_request(method, **{name: text})
        for name in likely.keys() & fields.keys()
        for text in likely[name]
    ]
    for request in requests:
        with pytest.raises(errors.Unauthenticated) as caught:
            await world.call(path, request, None, wire=wire)
        # It does not tell which part was wrong.
        assert caught.value.reason in ("SIGN_IN_FAILED", "SECRET_INVALID", "SESSION_ENDED")


@WIRES
@pytest.mark.parametrize("text", ["nonsense", "bnk_", "bnr_" + "A" * 75, "bnk_" + "A" * 75])
async def test_a_service_gets_no_token_for_what_is_no_key(world, text, wire):
    request = session_pb2.ExchangeApiKeyRequest(api_key=text)
    with acting("party"), pytest.raises(errors.Unauthenticated) as caught:
        channels = world.wire if wire else world.host.channels
        path = "/banyan.identity.v1.SessionService/ExchangeApiKey"
        await channels.to("identity").unary_unary(path)(request)
    assert caught.value.reason == "SECRET_INVALID"


@WIRES
@PUBLIC_CASES
async def test_a_public_method_refuses_what_is_no_proof_at_all(world, path, wire):
    method = PUBLIC_METHODS[path]
    empty = method.request_type()
    with pytest.raises(errors.Invalid):
        await world.call(path, empty, None, wire=wire)
    for field in empty.DESCRIPTOR.fields:
        for text in ("", "x" * 2000):
            with pytest.raises(errors.Invalid) as caught:
                await world.call(
                    path, public_request(method, **{field.name: text}), None, wire=wire
                )
            assert [v.path for v in caught.value.violations] == [field.name]


@WIRES
@PUBLIC_CASES
async def test_a_token_is_no_proof_for_a_public_method(world, path, wire):
    person = await world.person(await world.tenant())
    with pytest.raises(errors.Unauthenticated):
        await world.call(path, public_request(PUBLIC_METHODS[path]), person, wire=wire)


@PUBLIC_CASES
async def test_a_public_method_is_limited_by_peer(world, path):
    """Whoever guesses is slowed down, whatever else they carry; nobody else is."""
    method, person = PUBLIC_METHODS[path], await world.person(await world.tenant())

    async def answer(request: Any, call: Any) -> Any:
        return method.response_type()

    dispatcher = Dispatcher(
        {method: answer},
        tokens=TokenReader(world.host.keys),
        directory=world.host.directory,
        channels=world.host.channels,
        calls_per_second=100_000,
        public_calls_per_second=1,
    )

    async def refusals(peer: str, **metadata: str) -> list[errors.Error]:
        # Far more than the limit, so that a second that begins meanwhile makes no difference.
        calls = [
            dispatcher.call(path, public_request(method), {"x-peer": peer, **metadata})
            for _ in range(50)
        ]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(a, (errors.Exhausted, method.response_type)) for a in answers)
        return [answer for answer in answers if isinstance(answer, errors.Exhausted)]

    found = await refusals("192.0.2.1")
    assert 0 < len(found) < 50
    assert {error.reason for error in found} == {"RATE_LIMITED"}
    assert len(await refusals("192.0.2.2")) < 50, "another peer has a limit of its own"
    assert await refusals("192.0.2.3", **person.metadata), "a token buys no more guesses"
