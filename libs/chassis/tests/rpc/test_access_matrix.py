"""Every RPC that is not public, against everybody who may not call it.

The methods come from the contract and the requests are built from their descriptors, so a new RPC
is covered the day it is born; one whose request cannot be built fails here.
"""

import asyncio
import uuid
from typing import Any

import pytest
from banyan.api.v1 import options_pb2
from banyan.identity.v1 import session_pb2, tenant_pb2
from doors import (
    BY_STATE,
    METHODS,
    NOUNS,
    PUBLIC,
    PUBLIC_METHODS,
    REFUSED,
    WIRES,
    Door,
    Firms,
    bearer,
    cases,
    for_people,
    names_a_record,
    needs_permission,
    reads_many,
    refuses_a_service,
    service_token,
)
from google.protobuf.message import Message

from chassis import errors
from chassis.access import Claims, Grant, Scope, TokenReader
from chassis.rpc import Dispatcher, Method, acting
from chassis.rpc.method import SIGNED_IN


@pytest.fixture(scope="module")
def firms(world) -> Firms:
    return Firms(world)


@pytest.fixture
async def door(firms, path, wire) -> Door:
    return await firms.door(path, wire)


def test_the_contract_has_methods_of_both_kinds():
    kinds = {method.access for method in METHODS.values()}
    assert kinds == {options_pb2.ACCESS_USER, options_pb2.ACCESS_SERVICE}
    assert {n.name for n in NOUNS.values()} <= {m.resource for m in METHODS.values()}


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


@cases(names_a_record)
async def test_another_tenants_record_is_not_found(door):
    stranger = await door.world.person(await door.world.tenant())
    await door.refused(stranger.metadata, errors.NotFound)


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


@cases(needs_permission)
async def test_a_person_without_any_permission_is_refused(door):
    person = await door.world.person(door.admin.tenant_id, [])
    refusal = await door.refused(person.metadata, errors.Forbidden)
    assert refusal.reason == "PERMISSION_DENIED"


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


@cases(reads_many)
async def test_what_gives_many_gives_nothing_from_beyond_ones_reach(door):
    tenant = door.admin.tenant_id
    team = await door.world.unit(tenant)
    for scope, unit in ((Scope.OWN, ""), (Scope.UNIT, team), (Scope.SUBTREE, team)):
        person = await door.world.person(tenant, [Grant("*", "*", scope, unit)], team)
        assert not door.told_of_record(await door.knock(person.metadata))
    answer = await door.knock(door.admin.metadata)
    assert door.told_of_record(answer), "it is there to be found"


@cases(lambda m: not for_people(m))
async def test_a_person_is_refused_where_services_only_may(door):
    refusal = await door.refused(door.admin.metadata, errors.Forbidden)
    assert refusal.reason == "SERVICES_ONLY"


@cases(refuses_a_service)
async def test_a_service_is_refused_where_it_is_not_named(door):
    tenant = door.admin.tenant_id
    for metadata in (service_token(door), service_token(door, tenant_id=tenant)):
        refusal = await door.refused(metadata, errors.Forbidden)
        assert refusal.reason == "SERVICE_NOT_ADMITTED"
    for on_behalf_of in ("", door.admin.user_id):
        with acting("party", tenant, on_behalf_of), pytest.raises(errors.Forbidden):
            await door.knock({})


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
    with pytest.raises(errors.Invalid) as refused:
        await world.call(path, empty, None, wire=wire)
    needed = {violation.path for violation in refused.value.violations}
    assert needed
    for field in empty.DESCRIPTOR.fields:
        for text in ("", "x" * 2000) if field.name in needed else ("x" * 2000,):
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
