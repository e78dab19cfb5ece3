"""The standard verbs of one noun (AIP-131 to 135, 155, 164), declared and not written."""

import asyncio
import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import uuid_utils
from google.api import field_behavior_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import Reach
from chassis.database import Database
from chassis.json.wellknown import snake
from chassis.resources.columns import behaviors, is_reference
from chassis.resources.noun import OUTPUT_FIELDS, Noun
from chassis.resources.query import PageTokens
from chassis.resources.references import References
from chassis.resources.store import COUNT_MAX, Request, Store, body_hash
from chassis.rpc import Call, Handler, Method, violations_of

PAGE_SIZE = 50
PAGE_SIZE_MAX = 1000
EXTERNAL_ID_LENGTH_MAX = 200
REQUEST_ID_LENGTH_MAX = 200
_ATTEMPTS = 10


class Resource:
    """A noun with its rows: gives the handlers of its methods."""

    def __init__(
        self, noun: Noun, database: Database, nouns: Sequence[Noun], tokens: PageTokens
    ) -> None:
        self.noun = noun
        self.store = Store(noun, database, nouns)
        self._tokens = tokens
        self._references = References(noun, database, nouns)
        self._singular = noun.table_name
        self._list_field = self._find_list_field()
        self._read_only = OUTPUT_FIELDS | {
            name
            for name, field in noun.fields.items()
            if field_behavior_pb2.OUTPUT_ONLY in behaviors(field)
            or noun.field_options(name).title_of
        }
        self._referring = [
            name
            for name, field in noun.fields.items()
            if is_reference(field) and name != "creator_user_id"
        ]
        self._immutable = {"id"} | {
            name
            for name, field in noun.fields.items()
            if field_behavior_pb2.IMMUTABLE in behaviors(field)
        }

    def handlers(self) -> Mapping[Method, Handler]:
        """Give the handler of every method the contract declares.

        Raises:
            ValueError: a method is neither standard nor written.
        """
        standard: dict[str, Handler] = {
            "Get": self.get,
            "List": self.list_page,
            "Create": self.create,
            "Update": self.update,
            "Delete": self.delete,
            "Undelete": self.undelete,
        }
        found: dict[Method, Handler] = {}
        for method in self.noun.rpcs:
            handler = self.noun.methods.get(method.name) or standard.get(method.verb)
            if handler is None:
                raise ValueError(f"nothing handles {method.path}")
            found[method] = handler
        return found

    async def get(self, request: Any, call: Call) -> Any:
        """AIP-131."""
        reach = self._reach(call, "read")
        return await self.store.get(
            call.tenant_id, request.id, reach, self._mask(request.read_mask.paths)
        )

    async def list_page(self, request: Any, call: Call) -> Any:
        """AIP-132, 158, 160: filtered, ordered, by pages that follow a key and not a count."""
        size = self._page_size(request.page_size)
        keys = self.store.query.order(request.order_by)
        asked = "|".join(
            (call.tenant_id, request.filter, request.order_by, str(request.show_deleted))
        )
        cursor = None
        if request.page_token:
            cursor = self._tokens.read(asked, request.page_token, keys)
        reach = self._reach(call, "read")
        answer: Any = call.method.response_type()
        page = await self.store.page(
            call.tenant_id,
            reach=reach,
            filter_text=request.filter,
            keys=keys,
            size=size,
            cursor=cursor,
            names=self._mask(request.read_mask.paths),
            show_deleted=request.show_deleted,
            make=getattr(answer, self._list_field).add,
        )
        if page.next is not None:
            answer.next_page_token = self._tokens.write(asked, page.next)
        if request.include_total_size:
            count = await self.store.count(
                call.tenant_id,
                reach=reach,
                filter_text=request.filter,
                show_deleted=request.show_deleted,
            )
            answer.total_size = min(count, COUNT_MAX)
            answer.total_size_is_lower_bound = count > COUNT_MAX
        return answer

    async def create(self, request: Any, call: Call) -> Any:
        """AIP-133."""

        async def run(asked: Callable[[Message], Request] | None) -> Any:
            new: Any = self.noun.message()
            new.CopyFrom(getattr(request, self._singular))
            self._begin(new, call)
            if self.noun.hooks.prepare_create:
                self.noun.hooks.prepare_create(new, call.caller)
            self._check(new)
            self._authorize(call, "create", new)
            await self._references.check(call, new, self._reference_fields(new))
            facts = self._facts("create", None, new)
            await self.store.insert(call, new, facts=facts, request=asked and asked(new))
            return new

        return await self._once(request, call, run)

    async def update(self, request: Any, call: Call) -> Any:
        """AIP-134: merges the masked fields; a stale etag is refused, no change is no change."""
        patch: Any = getattr(request, self._singular)
        mask = self._update_mask(request)

        async def run(asked: Callable[[Message], Request] | None) -> Any:
            def change(record: Any) -> None:
                for name in mask:
                    _copy_field(name, patch, record)

            return await self._change(call, patch.id, patch.etag, "update", change, asked, mask)

        return await self._once(request, call, run)

    async def delete(self, request: Any, call: Call) -> Any:
        """AIP-135, 164: soft where the noun says so."""

        async def run(asked: Callable[[Message], Request] | None) -> Any:
            if not self.noun.soft_delete:
                return await self._remove(call, request, asked)

            def change(record: Any) -> None:
                if record.HasField("delete_time"):
                    raise errors.NotFound("NOT_FOUND", resource=self.noun.name, id=record.id)
                if self.noun.hooks.before_delete:
                    self.noun.hooks.before_delete(record)
                record.delete_time.FromDatetime(_now())

            return await self._change(call, request.id, request.etag, "delete", change, asked)

        return await self._once(request, call, run)

    async def undelete(self, request: Any, call: Call) -> Any:
        """AIP-164."""

        async def run(asked: Callable[[Message], Request] | None) -> Any:
            def change(record: Any) -> None:
                if not record.HasField("delete_time"):
                    raise errors.FailedPrecondition("NOT_DELETED", id=record.id)
                record.ClearField("delete_time")

            return await self._change(call, request.id, request.etag, "undelete", change, asked)

        return await self._once(request, call, run)

    # --- how a record is changed

    async def _change(
        self,
        call: Call,
        record_id: str,
        etag: str,
        verb: str,
        change: Callable[[Any], None],
        asked: Callable[[Message], Request] | None,
        mask: Sequence[str] = (),
    ) -> Any:
        """Read, change, check and write one record; without an etag, try again when overtaken."""
        for attempt in range(_ATTEMPTS):
            old, new = await self._loaded(call, record_id, etag, verb)
            change(new)
            if self.noun.hooks.prepare_update and verb == "update":
                self.noun.hooks.prepare_update(old, new, call.caller)
            if new == old:
                return old
            self._check(new, old)
            self._authorize(call, "delete" if verb == "undelete" else verb, new)
            changed = [name for name in self._reference_fields(new) if name in mask]
            await self._references.check(call, new, changed)
            new.etag = str(int(old.etag) + 1)
            new.update_time.FromDatetime(_now())
            facts = self._facts(verb, old, new)
            if await self.store.update(
                call, verb, old, new, facts=facts, request=asked and asked(new)
            ):
                return new
            await asyncio.sleep(0.001 * attempt)
        raise errors.Conflict("BUSY_RECORD", retry_after=0.1)

    async def _loaded(self, call: Call, record_id: str, etag: str, verb: str) -> tuple[Any, Any]:
        """Give a record the caller may see and change, with a copy to change."""
        if not _is_uuid(record_id):
            raise errors.invalid_field("id", "NOT_AN_ID")
        old = await self.store.get(call.tenant_id, record_id, self._reach(call, "read"))
        if etag and etag != old.etag:
            raise errors.Conflict("STALE_ETAG", given=etag, current=old.etag)
        gone = self.noun.soft_delete and old.HasField("delete_time")
        if gone and verb not in ("delete", "undelete"):
            raise errors.FailedPrecondition("RECORD_DELETED", id=record_id)
        self._authorize(call, "delete" if verb == "undelete" else verb, old)
        new = self.noun.message()
        new.CopyFrom(old)
        return old, new

    async def _remove(
        self, call: Call, request: Any, asked: Callable[[Message], Request] | None
    ) -> Any:
        for _ in range(_ATTEMPTS):
            old, gone = await self._loaded(call, request.id, request.etag, "delete")
            if self.noun.hooks.before_delete:
                self.noun.hooks.before_delete(old)
            gone.etag = str(int(old.etag) + 1)
            gone.update_time.FromDatetime(_now())
            if await self.store.delete(call, old, gone, request=asked and asked(gone)):
                return gone
        raise errors.Conflict("BUSY_RECORD", retry_after=0.1)

    async def _once(self, request: Any, call: Call, run: Any) -> Any:
        """Run a write; under a request id seen before, give the first answer instead (AIP-155).

        The id is written with the effect. A twin in flight makes the database wait for it and then
        refuse the second, so the answer is looked up only after a refusal.
        """
        request_id: str = getattr(request, "request_id", "")
        if not request_id:
            return await run(None)
        if len(request_id) > REQUEST_ID_LENGTH_MAX:
            raise errors.invalid_field("request_id", "STRING_MAX_LEN")
        digest = body_hash(request)

        def asked(response: Message) -> Request:
            return Request(
                call.caller.key,
                call.method.name,
                request_id,
                digest,
                response.SerializeToString(),
            )

        try:
            return await run(asked)
        except errors.Error:
            seen = await self.store.reply_to(call.tenant_id, asked(self.noun.message()))
            if seen is None:
                raise
            return self.noun.message.FromString(seen)

    # --- rules every record obeys

    def _begin(self, new: Any, call: Call) -> None:
        """Set what the chassis sets on a new record."""
        for name in self._read_only & self.noun.fields.keys():
            new.ClearField(name)
        new.id = new.id or str(uuid_utils.uuid7())
        new.etag = "1"
        now = _now()
        new.create_time.FromDatetime(now)
        new.update_time.FromDatetime(now)
        person = call.caller.person_id
        if "creator_user_id" in self.noun.fields:
            new.creator_user_id = person
        if "owner_user_id" in self.noun.fields:
            new.owner_user_id = new.owner_user_id or person
        if "org_unit_id" in self.noun.fields and call.access is not None:
            new.org_unit_id = new.org_unit_id or call.access.org_unit_id

    def _check(self, new: Any, old: Any = None) -> None:
        violations = violations_of(new, self._singular)
        for name in self._immutable if old is not None else ():
            if getattr(new, name) != getattr(old, name):
                path = f"{self._singular}.{name}"
                violations.append(errors.FieldViolation(path, "IMMUTABLE"))
        for name in ("id", *self._reference_fields(new)):
            if not _is_uuid(getattr(new, name)):
                path = f"{self._singular}.{name}"
                violations.append(errors.FieldViolation(path, "NOT_AN_ID"))
        if len(getattr(new, "external_id", "")) > EXTERNAL_ID_LENGTH_MAX:
            path = f"{self._singular}.external_id"
            violations.append(errors.FieldViolation(path, "STRING_MAX_LEN"))
        if violations:
            raise errors.Invalid("INVALID_FIELDS", violations=violations)
        if self.noun.hooks.validate:
            self.noun.hooks.validate(new)

    def _authorize(self, call: Call, action: str, record: Any) -> None:
        """Refuse what lies outside the caller's reach for this action."""
        reach = self._reach(call, action)
        owner = getattr(record, "owner_user_id", "")
        if not reach.covers(owner, getattr(record, "org_unit_id", "")):
            raise errors.Forbidden("OUTSIDE_REACH", action=action, resource=self.noun.name)
        if self.noun.hooks.authorize:
            self.noun.hooks.authorize(action, record, call.caller)

    def _reach(self, call: Call, action: str) -> Reach:
        reach = call.reach(self.noun.name, action)
        if reach is None:
            raise errors.Forbidden("PERMISSION_DENIED", action=action, resource=self.noun.name)
        return reach

    def _facts(self, verb: str, old: Any, new: Any) -> list[Message]:
        publish = self.noun.hooks.published_events
        return list(publish(verb, old, new)) if publish else []

    def _reference_fields(self, record: Any) -> list[str]:
        return [name for name in self._referring if getattr(record, name)]

    # --- masks and pages

    def _mask(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Give the fields of a read mask; the id comes always, "*" and nothing mean all."""
        if not paths or "*" in paths:
            return ()
        names = {snake(path).partition(".")[0] for path in paths}
        if unknown := names - self.noun.fields.keys():
            raise errors.invalid_field("read_mask", "UNKNOWN_FIELD", field=min(unknown))
        return tuple(name for name in self.noun.fields if name in names or name == "id")

    def _update_mask(self, request: Any) -> list[str]:
        """Give the fields to change: the mask's, or all that are set; read-only ones never."""
        patch: Any = getattr(request, self._singular)
        paths = [snake(path) for path in request.update_mask.paths]
        if paths == ["*"]:
            # A full replacement still leaves the record with somebody, somewhere.
            kept = {
                name for name in ("owner_user_id", "org_unit_id") if not getattr(patch, name, "")
            }
            paths = [name for name in self.noun.fields if name not in kept]
        if not paths:
            paths = [field.name for field, _ in patch.ListFields()]
        for path in paths:
            if path not in self.noun.fields:
                raise errors.invalid_field("update_mask", "UNKNOWN_FIELD", field=path)
        return [path for path in paths if path not in self._read_only and path != "id"]

    def _page_size(self, asked: int) -> int:
        if asked < 0:
            raise errors.invalid_field("page_size", "NEGATIVE_PAGE_SIZE")
        return min(asked or PAGE_SIZE, PAGE_SIZE_MAX)

    def _find_list_field(self) -> str:
        for method in self.noun.rpcs:
            if method.verb == "List":
                return next(
                    field.name
                    for field in method.response_type.DESCRIPTOR.fields
                    if field.message_type is self.noun.descriptor
                )
        return ""


def _copy_field(name: str, source: Any, target: Any) -> None:
    """Make a field of `target` what it is in `source`, unset included."""
    target.ClearField(name)
    field = source.DESCRIPTOR.fields_by_name[name]
    if field.is_repeated:
        getattr(target, name).MergeFrom(getattr(source, name))
    elif field.message_type is not None:
        if source.HasField(name):
            getattr(target, name).CopyFrom(getattr(source, name))
    elif not field.has_presence or source.HasField(name):
        setattr(target, name, getattr(source, name))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid_utils.UUID(text)) == text
    except ValueError:
        return False
