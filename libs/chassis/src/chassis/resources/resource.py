"""The standard verbs of one noun (AIP-131 to 135, 155, 164), declared and not written."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from chassis import errors
from chassis.access import EVERYTHING, SHARES
from chassis.database import Transaction
from chassis.ids import is_id
from chassis.resources.around import Around
from chassis.resources.kept import Kept
from chassis.resources.keys import check_free
from chassis.resources.noun import Noun, Verb
from chassis.resources.patch import Patch, check_new
from chassis.resources.requests import Request
from chassis.resources.rules import Rules, set_now
from chassis.resources.store import Store
from chassis.resources.titles import Titles, see_of
from chassis.resources.tree import TreeRows
from chassis.rpc import Call, Handler, Method

if TYPE_CHECKING:
    from chassis.resources.here import Resources

_ATTEMPTS = 10
# Turns the answer of a write into what is kept of it under the request id.
Keep = Callable[[Message], Request]


class Resource:
    """A noun with its rows: gives the handlers of its methods."""

    def __init__(self, noun: Noun, here: "Resources") -> None:
        self.noun = noun
        self.here = here
        self.store = Store(noun, here.database, here.nouns)
        self.tree = TreeRows(noun, here.database) if noun.tree_parent else None
        self.rules = Rules(noun, here)
        self.kept = Kept(functools.partial(self.store.find, reach=EVERYTHING))
        self._singular = noun.table_name

    def handlers(self) -> Mapping[Method, Handler]:
        """Give the handler of every method the contract declares.

        Raises:
            ValueError: a method is neither standard nor written.
        """
        from chassis.resources.batch import batch_create
        from chassis.resources.reading import get, list_page
        from chassis.resources.shares import share, unshare
        from chassis.resources.summary import summarize

        standard: dict[str, Handler] = {
            "Get": functools.partial(get, self),
            "List": functools.partial(list_page, self),
            "Create": self.create,
            "BatchCreate": functools.partial(batch_create, self),
            "Update": self.update,
            "Delete": self.delete,
            "Undelete": self.undelete,
            "Summarize": functools.partial(summarize, self),
        }
        if self.tree is not None:
            standard["Move"] = self.move
        if SHARES in self.noun.fields:
            standard |= {
                "Share": functools.partial(share, self),
                "Unshare": functools.partial(unshare, self),
            }
        found: dict[Method, Handler] = {}
        for method in self.noun.rpcs:
            handler = self._written(method) or standard.get(method.verb)
            if handler is None:
                raise ValueError(f"nothing handles {method.path}")
            found[method] = handler
        return found

    def _written(self, method: Method) -> Handler | None:
        """Give the handler of a method the noun's file speaks of."""
        if method.name in self.noun.methods:
            return functools.partial(self.noun.methods[method.name], self.here)
        if method.name in self.noun.verbs:
            return functools.partial(self.change, rule=self.noun.verbs[method.name])
        return None

    async def create(self, request: Any, call: Call) -> Any:
        """AIP-133."""
        known: dict[tuple[str, str], Any] = {}

        async def run(asked: Keep | None) -> Any:
            for _ in range(_ATTEMPTS):
                new: Any = self.noun.message()
                new.CopyFrom(getattr(request, self._singular))
                try:
                    around = await self.prepare_new(call, new, remembered=known)
                except errors.Error:
                    if not self.rules.forget_older(call, known):
                        raise
                else:
                    if await self._inserted(call, new, around, asked):
                        return new
                known.clear()
            raise errors.Conflict("BUSY_RECORD", retry_after=0.1)

        return await self._titled(call, await self.once(request, call, run), known)

    async def _inserted(self, call: Call, new: Any, around: Around, asked: Keep | None) -> bool:
        """Write a new record; False when what its rules read has changed since."""
        if self.tree is not None:
            async with self.here.database.transaction(call.tenant_id) as transaction:
                await self.add(call, new, around, transaction, asked)
            return True
        facts, request = self.facts_of_new(new), asked and asked(new)
        if await self.store.insert(call, new, facts=facts, request=request, relied=around.referred):
            return True
        self.rules.forget(call, around)
        return False

    def facts_of_new(self, new: Any) -> list[Message]:
        """Give the facts a new record establishes."""
        return self.rules.facts("create", None, new)

    async def prepare_new(
        self,
        call: Call,
        new: Any,
        *,
        trusted: bool = False,
        unchecked: frozenset[str] = frozenset(),
        remembered: dict[tuple[str, str], Any] | None = None,
    ) -> Around:
        """Make a record ready to be written: completed, checked, within reach.

        Returns:
            What its rules knew, which the write relies on.

        Args:
            trusted: rights and references need no check; whoever calls this made sure of them.
            unchecked: references to what will be made before this record is.
            remembered: what earlier records of the same batch referred to; asked only once.
        """
        if not trusted:
            check_new(new, self.noun.name, call)
        self.rules.begin(new, call, trusted=trusted)
        known = {} if remembered is None else remembered
        if self.noun.hooks.complete is not None:
            await self.noun.hooks.complete(self.here, call, new, known)
        wrong = self.rules.malformed(new)
        around = await self.rules.around(call, new, known)
        if not trusted:
            names = [n for n in self.rules.reference_fields(new) if n not in unchecked]
            wrong += await self.rules.references.missing(call, new, names, known)
            if call.tenant is not around.tenant:  # a unit made a moment ago was asked for
                around = around.of(call.tenant, call.grants)
        around, misfits = await self.rules.settle_custom_fields(call, new, None, around, known)
        wrong += misfits
        if self.noun.hooks.prepare_create and not wrong:
            self.noun.hooks.prepare_create(new, around)
        self.rules.check(new, around, wrong=wrong)
        if not trusted:
            self.rules.authorize("create", new, around, call)
        return around

    async def add(
        self,
        call: Call,
        new: Any,
        around: Around,
        transaction: Transaction,
        asked: Keep | None = None,
    ) -> Any:
        """Write a record that `prepare_new` has seen, together with others.

        Args:
            around: what `prepare_new` gave.

        Raises:
            Conflict: BUSY_RECORD when what its rules read has changed since.
        """
        written = await self.store.insert(
            call,
            new,
            facts=self.facts_of_new(new),
            request=asked and asked(new),
            relied=around.referred,
            connection=transaction,
        )
        if not written:
            self.rules.forget(call, around)
            raise errors.Conflict("BUSY_RECORD", retry_after=0.1)
        if self.tree is not None:
            await self.tree.hold(transaction, exclusive=False)
            await self.tree.plant(transaction, new, around)
        return new

    async def put(
        self,
        call: Call,
        verb: str,
        old: Any,
        new: Any,
        transaction: Transaction,
        asked: Keep | None = None,
        *,
        facts: Sequence[Message] = (),
    ) -> Any:
        """Write a changed record together with others; the caller has checked what it does.

        Raises:
            Conflict: BUSY_RECORD when somebody changed it since `old` was read.
        """
        if new == old:
            return old
        advance(old, new)
        written = await self.store.update(
            call,
            verb,
            old,
            new,
            facts=[*facts, *self.rules.facts(verb, old, new)],
            request=asked and asked(new),
            connection=transaction,
        )
        if not written:
            raise errors.Conflict("BUSY_RECORD", retry_after=0.1)
        return new

    async def update(self, request: Any, call: Call) -> Any:
        """AIP-134: merges the masked fields; a stale etag is refused, no change is no change."""
        patch, titles = Patch(self.rules, request, call), Titles()

        async def run(asked: Keep | None) -> Any:
            return await self._change(
                *(call, patch.record.id, patch.record.etag, "update", titles),
                asked=asked,
                patch=patch,
            )

        return await self._titled(call, await self.once(request, call, run), titles)

    async def delete(self, request: Any, call: Call) -> Any:
        """AIP-135, 164: soft where the noun says so."""

        async def run(asked: Keep | None) -> Any:
            if not self.noun.soft_delete:
                return await self._remove(call, request, asked)

            def mark(record: Any, around: Around) -> None:
                if record.HasField("delete_time"):
                    raise errors.NotFound("NOT_FOUND", resource=self.noun.name, id=record.id)
                if self.noun.hooks.before_delete:
                    self.noun.hooks.before_delete(record, around)
                record.delete_time.FromDatetime(around.now)

            return await self._change(
                call, request.id, request.etag, "delete", None, asked=asked, rule=mark
            )

        return await self.once(request, call, run)

    async def undelete(self, request: Any, call: Call) -> Any:
        """AIP-164."""
        titles = Titles()

        async def run(asked: Keep | None) -> Any:
            def unmark(record: Any, _: Around) -> None:
                if not record.HasField("delete_time"):
                    raise errors.FailedPrecondition("NOT_DELETED", id=record.id)
                record.ClearField("delete_time")

            return await self._change(
                call, request.id, request.etag, "undelete", titles, asked=asked, rule=unmark
            )

        return await self._titled(call, await self.once(request, call, run), titles)

    async def move(self, request: Any, call: Call) -> Any:
        """Put a node of a tree under another, from a day on; below it everything comes along."""
        assert self.tree is not None
        tree, parent = self.tree, self.noun.tree_parent

        async def run(asked: Keep | None) -> Any:
            old, new = await self.loaded(call, request.id, request.etag, "move")
            setattr(new, parent, getattr(request, parent))
            around = await self.rules.around(call, new)
            wrong = self.rules.malformed(new)
            wrong += await self.rules.references.missing(call, new, [parent])
            self.rules.check(new, around, wrong=wrong)
            self.rules.authorize("move", new, around, call)
            return await tree.move(self.store, call, old, new, request, around, asked)

        return await self._titled(call, await self.once(request, call, run))

    async def change(self, request: Any, call: Call, rule: Verb) -> Any:
        """Run a business verb: the record of `request.id` is changed by a rule, once.

        The rule gets record, request and surroundings; what it leaves as it was is no change. The
        facts it gives are published with the change.
        """
        verb, titles = call.method.action, Titles()

        def apply(record: Any, around: Around) -> list[Message]:
            return list(rule(record, request, around) or ())

        async def run(asked: Keep | None) -> Any:
            etag: str = getattr(request, "etag", "")
            return await self._change(call, request.id, etag, verb, titles, asked=asked, rule=apply)

        return await self._titled(call, await self.once(request, call, run), titles)

    # --- how a record is changed

    async def _change(
        self,
        call: Call,
        record_id: str,
        etag: str,
        verb: str,
        titles: Titles | None,
        *,
        asked: Keep | None,
        patch: Patch | None = None,
        rule: Callable[[Any, Around], list[Message] | None] | None = None,
    ) -> Any:
        """Read, change, check and write one record; without an etag, try again when overtaken.

        Args:
            titles: gets the titles of what the record refers to, where they are to be shown.
        """
        for attempt in range(_ATTEMPTS):
            known: dict[tuple[str, str], Any] = {}
            try:
                old, new, around, facts = await self._merged(
                    call, record_id, etag, verb, known, titles, patch=patch, rule=rule
                )
            except errors.Error:
                if self.rules.forget_older(call, known):
                    continue
                raise
            if titles is not None:
                titles.update(known)
            if new == old:
                return old
            advance(old, new)
            if patch is not None and patch.validate_only:
                await check_free(self.store, call.tenant_id, new)
                return new
            facts += self.rules.facts(verb, old, new)
            if await self._write(call, verb, old, new, facts, asked, around):
                return new
            self.rules.forget(call, around)
            await asyncio.sleep(0.001 * attempt)
        raise errors.Conflict("BUSY_RECORD", retry_after=0.1)

    async def _merged(
        self,
        call: Call,
        record_id: str,
        etag: str,
        verb: str,
        known: dict[tuple[str, str], Any],
        titles: Titles | None,
        *,
        patch: Patch | None,
        rule: Callable[[Any, Around], list[Message] | None] | None,
    ) -> tuple[Any, Any, Around, list[Message]]:
        """Read a record and give it as it was and as it is to be, checked, with the facts of it."""
        old, new = await self.loaded(call, record_id, etag, verb, known, titles)
        mask = patch.mask if patch is not None else ()
        if patch is not None:
            patch.apply(new)
        changed = [name for name in self.rules.reference_fields(new) if name in mask]
        wrong = self.rules.malformed(new)
        wrong += await self.rules.references.missing(call, new, changed, known)
        around = await self.rules.around(call, new, known)
        around, misfits = await self.rules.settle_custom_fields(call, new, old, around, known)
        wrong += misfits
        facts = (rule(new, around) if rule is not None else None) or []
        if self.noun.hooks.prepare_update and verb == "update" and not wrong:
            self.noun.hooks.prepare_update(old, new, around)
        if new != old:
            self.rules.check(new, around, old, wrong=wrong)
            self.rules.authorize(verb, new, around, call, old)
        return old, new, around, facts

    async def _write(
        self,
        call: Call,
        verb: str,
        old: Any,
        new: Any,
        facts: list[Message],
        asked: Keep | None,
        around: Around,
    ) -> bool:
        write = functools.partial(
            self.store.update, call, verb, old, new, facts=facts, request=asked and asked(new)
        )
        if self.tree is None or verb not in ("delete", "undelete"):
            return await write(relied=around.referred)
        async with self.here.database.transaction(call.tenant_id) as transaction:
            await self.tree.hold(transaction, exclusive=True)
            await self.tree.check_neighbours(transaction, new)
            return await write(connection=transaction)

    async def loaded(
        self,
        call: Call,
        record_id: str,
        etag: str,
        verb: str,
        remembered: dict[tuple[str, str], Any] | None = None,
        titles: Titles | None = None,
    ) -> tuple[Any, Any]:
        """Give a record the caller may see and change, with a copy to change.

        Args:
            remembered: gets what the record's rules had to read.
            titles: gets the titles of what the record refers to; the record itself is without them.
        """
        if not is_id(record_id):
            raise errors.invalid_field("id", "NOT_AN_ID")
        reach, names = self.rules.reach(call, "read"), self.rules.stored if titles is None else ()
        old = await self.store.get(call.tenant_id, record_id, reach, names, see_of(call))
        if titles is not None:
            titles.update(self.rules.take_titles(old))
        if etag and etag != old.etag:
            raise errors.Conflict("STALE_ETAG", given=etag, current=old.etag)
        gone = self.noun.soft_delete and old.HasField("delete_time")
        if gone and verb not in ("delete", "undelete"):
            raise errors.FailedPrecondition("RECORD_DELETED", id=record_id)
        around = await self.rules.around(call, old, remembered)
        self.rules.authorize(verb, old, around, call)
        new = self.noun.message()
        new.CopyFrom(old)
        return old, new

    async def _remove(self, call: Call, request: Any, asked: Keep | None) -> Any:
        for _ in range(_ATTEMPTS):
            old, gone = await self.loaded(call, request.id, request.etag, "delete")
            if self.noun.hooks.before_delete:
                self.noun.hooks.before_delete(old, await self.rules.around(call, old))
            advance(old, gone)
            if await self.store.delete(call, old, gone, request=asked and asked(gone)):
                return gone
        raise errors.Conflict("BUSY_RECORD", retry_after=0.1)

    async def once(
        self, request: Any, call: Call, run: Callable[[Keep | None], Awaitable[Any]]
    ) -> Any:
        """Run a write; under a request id seen before, give the first answer instead (AIP-155).

        The id is written with the effect. A twin in flight makes the database wait for it and then
        refuse the second, so the answer is looked up only after a refusal.
        """
        kept = Request.of(call, request)
        if kept is None:
            return await run(None)
        try:
            return await run(kept.answered)
        except errors.Error:
            seen = await self.here.requests.answer_to(call.tenant_id, kept)
            if seen is None:
                raise
            return self.noun.message.FromString(seen)

    async def title_many(
        self,
        call: Call,
        records: Sequence[Any],
        known: Mapping[tuple[str, str], Any] | None = None,
    ) -> None:
        """Add the titles of what written records refer to, as a reader would get them.

        Args:
            known: titles that were read when the references were checked.
        """
        missing = [record for record in records if not self.rules.fill_titles(record, known or {})]
        if missing:
            ids = [record.id for record in missing]
            found = await self.store.titles_of(call.tenant_id, ids, self.rules.titles, see_of(call))
            for record in missing:
                for name in self.rules.titles:
                    setattr(record, name, getattr(found[record.id], name))

    async def _titled(
        self, call: Call, record: Any, known: Mapping[tuple[str, str], Any] | None = None
    ) -> Any:
        await self.title_many(call, [record], known)
        return record


def advance(old: Any, new: Any) -> None:
    """Give a changed record its next version and time."""
    new.etag = str(int(old.etag) + 1)
    set_now(new.update_time)
