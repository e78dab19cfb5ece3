"""One method of the contract, a well-formed request for it, and ways to knock."""

import asyncio
import dataclasses
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from banyan.api.v1 import options_pb2, share_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import Claims
from chassis.hosting import installed_services
from chassis.resources import Noun
from chassis.rpc import Method, violations_of
from chassis.rpc.method import SIGNED_IN
from chassis.rpc.registry import contract_methods
from chassis.testing import Person, Samples, World
from chassis.testing.samples import samples_for

NOUNS = {noun.name: noun for service in installed_services().values() for noun in service.nouns}
METHODS = {m.path: m for m in contract_methods() if m.access != options_pb2.ACCESS_PUBLIC}
SHAPES = {"party.Source", "identity.OrgUnit", "sales.Opportunity", "identity.Access"}
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
PLAIN: dict[str, Any] = {
    "service": "party",
    "resource": "party.Source",
    "action": "read",
    "name": "a name",
    "new_password": "a new long password",
    "administrator_email": "first@example.com",
    "administrator_name": "First",
    "reason": "a reason",
    "file": "a file.csv",
    "access": share_pb2.Share.ACCESS_READ,
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
    """Parametrise over the methods for which this is so; one of each shape also over the wire."""
    found = [
        pytest.param(path, wire, id=f"{path.split('.')[-1]}-{'wire' if wire else 'local'}")
        for path, method in METHODS.items()
        if wanted(method)
        for wire in ((False, True) if method.resource in SHAPES else (False,))
    ]
    return pytest.mark.parametrize(("path", "wire"), found)


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
            if self.samples is None:
                self.samples = await samples_for(self.noun, self.world, self.admin)
            self.record = self.kept(await self.make_record())
        self.request = await self.build()

    async def make_record(self) -> Any:
        create = next((m for m in self.noun.rpcs if m.verb == "Create"), None)
        if create is not None:
            made = await self.call(create.name, **{self.noun.table_name: self.samples.make()})
            if self.method.name != "ReadDocumentContent":
                return made
            await write_content(self, made.id)
            return await self.call("GetDocument", id=made.id)
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
        elif name in ("tenant_id", "user_id"):
            setattr(request, name, getattr(self.admin, name))
        elif name == "api_key":
            request.api_key = (await self.call("IssueApiKey", name="a key")).secret
        elif name == "record_id":
            made = await self.call("CreateSource", source={"name": f"s {uuid.uuid4()}"})
            request.record_id = made.id
        elif name == "other_id":
            request.other_id = (await self.make_record()).id
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


class Firms:
    """Firms whose records many doors stand before: made once for some doors of a noun.

    What a door does to its record it does to that one; what records refer to nobody touches. A firm
    is left before its records fill a page. Doors to people and their rights get a firm each, and so
    do those of nouns with keys of their own, which samples in one firm may share.
    """

    DOORS_MAX = 30

    def __init__(self, world: World) -> None:
        self._world = world
        self._firms: dict[str, tuple[int, Person, Samples]] = {}

    async def door(self, path: str, wire: bool) -> Door:
        """Give a door, prepared."""
        method = METHODS[path]
        noun = noun_of(method)
        if noun is None or noun.service == "identity" or noun.keys:
            door = Door(self._world, method, await self._somebody(), wire)
            await door.prepare()
            return door
        doors, admin, samples = self._firms.get(noun.name, (0, None, None))
        if admin is None or samples is None or doors >= self.DOORS_MAX:
            admin = await self._somebody()
            doors, samples = 0, await samples_for(noun, self._world, admin)
        self._firms[noun.name] = (doors + 1, admin, samples)
        # A token lasts ten minutes, and the doors of a noun are far apart.
        admin = self._world.signed_in(admin.tenant_id, admin.user_id, admin.org_unit_id)
        door = Door(self._world, method, admin, wire, samples)
        await door.prepare()
        return door

    async def _somebody(self) -> Person:
        return await self._world.person(await self._world.tenant())


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


async def noted(door: Door) -> Any:
    """Let an import note something, as it does while it reads its files."""
    jobs = door.world.nouns["documents.banyan/ImportJob"]
    samples = await samples_for(jobs, door.world, door.admin)
    job = await door.call("CreateImportJob", import_job=samples.make())
    record = door.noun.message(
        id=str(uuid.uuid4()), etag="1", import_job_id=job.id,
        owner_user_id=job.owner_user_id, org_unit_id=job.org_unit_id,
    )  # fmt: skip
    record.create_time.GetCurrentTime()
    here = door.world.host.here["documents"]
    async with here.database.transaction(door.admin.tenant_id) as transaction:
        await here[door.noun.message].store.mirror([record], transaction)
    get = next(m for m in door.noun.rpcs if m.verb == "Get")
    return await door.call(get.name, id=record.id)


async def paired(door: Door) -> Any:
    """Capture the same twice on purpose and wait until the pair is found."""
    for name in ("Huawei", "HUAWEI Ltd."):
        await door.call("CreateOrganization", organization={"name": name})
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if found := (await door.call("ListDuplicates")).duplicates:
            return found[0]
        await asyncio.sleep(0.01)
    return pytest.fail("party never found a pair")


async def merged(door: Door) -> Any:
    two = [await door.call("CreateOrganization", organization={"name": n}) for n in "ab"]
    return await door.call("MergeOrganization", id=two[0].id, other_id=two[1].id)


async def written(door: Door) -> Any:
    """Write a document, whose first version it is."""
    document = await door.call("CreateDocument", document={"name": "a file"})
    await write_content(door, document.id)
    found = await door.call("ListDocumentVersions", filter=f'document_id = "{document.id}"')
    return found.document_versions[0]


async def write_content(door: Door, document_id: str) -> None:
    await door.call("WriteDocumentContent", id=document_id, offset=0, data=b"content", finish=True)


# How records come to be of which there is no Create.
BEGINNINGS: dict[str, Callable[[Door], Awaitable[Any]]] = {
    "identity.Tenant": own_tenant,
    "identity.Session": own_session,
    "identity.ApiKey": own_key,
    "insight.AuditRecord": audited,
    "party.Duplicate": paired,
    "party.Merge": merged,
    "documents.DocumentVersion": written,
    "documents.ImportProblem": noted,
    "documents.ImportStep": noted,
}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def service_token(door: Door, service: str = "party", tenant_id: str = "") -> dict[str, str]:
    return bearer(door.world.host.keys.sign(service, Claims(tenant_id, service=service)))
