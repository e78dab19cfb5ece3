"""The rules every record obeys, whatever its noun: what the chassis sets, checks and allows."""

import dataclasses
import datetime
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import uuid_utils
from google.api import field_behavior_pb2
from google.protobuf import timestamp_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import Reach
from chassis.access.withheld import with_titles
from chassis.custom.fields import (
    CUSTOM_FIELDS,
    broken_rules,
    changed,
    key_of,
    references,
    settle,
)
from chassis.ids import is_id
from chassis.json import short_enum_name
from chassis.json.fields import enum_of, is_set, message_name
from chassis.json.wellknown import snake
from chassis.resources.around import Around
from chassis.resources.columns import behaviors, is_reference, reference_type
from chassis.resources.noun import OUTPUT_FIELDS, Noun
from chassis.resources.references import References, record_key
from chassis.resources.titles import Titles
from chassis.rpc import Call, violations_of

if TYPE_CHECKING:
    from chassis.resources.here import Resources

EXTERNAL_ID_LENGTH_MAX = 200
# What a verb needs, where that is not an action of its own.
_ACTIONS = {"undelete": "delete", "unshare": "share"}
MONEY = "banyan.type.v1.Money"


class Rules:
    """What one noun's records obey.

    Attributes:
        references: checks what a record refers to.
        titles: fields that are read from what is referred to, and never stored.
        stored: the other fields.
        read_only: fields a caller cannot set.
    """

    def __init__(self, noun: Noun, here: "Resources") -> None:
        self.noun = noun
        self._here = here
        self.references = References(noun, here.database, here.nouns)
        self._singular = noun.table_name
        titles = {name for name in noun.fields if noun.field_options(name).title_of}
        self._title_sources = [
            (name, source := noun.field_options(name).title_of, reference_type(noun.fields[source]))
            for name in noun.fields
            if name in titles
        ]
        self.titles = tuple(name for name in noun.fields if name in titles)
        self.stored = tuple(name for name in noun.fields if name not in titles)
        self.read_only = (
            titles
            | OUTPUT_FIELDS
            | {
                name
                for name, field in noun.fields.items()
                if field_behavior_pb2.OUTPUT_ONLY in behaviors(field)
            }
        )
        self._not_kept = {
            trusted: [name for name in noun.fields if name in kept_from]
            for trusted, kept_from in ((True, OUTPUT_FIELDS), (False, self.read_only))
        }
        self._placing = [n for n in ("owner_user_id", "org_unit_id") if n in noun.fields]
        self._kinds = {name: reference_type(field) for name, field in noun.fields.items()}
        self._referring = [
            name
            for name, field in noun.fields.items()
            if is_reference(field) and name != "creator_user_id"
        ]
        self._required = [
            name
            for name, field in noun.fields.items()
            if field_behavior_pb2.REQUIRED in behaviors(field)
        ]
        self._exact = [
            (name, *_EXACT[kind])
            for name, field in noun.fields.items()
            if (kind := message_name(field)) in _EXACT and not field.is_repeated
        ]
        self._enums = {
            name: {v.number: short_enum_name(enum_of(field), v.name) for v in enum_of(field).values}
            for name, field in noun.fields.items()
            if field.type == field.TYPE_ENUM and not field.is_repeated
        }
        self._amounts = [
            name
            for name, field in noun.fields.items()
            if message_name(field) == MONEY and not field.is_repeated
        ]
        self.customizable = CUSTOM_FIELDS in noun.fields
        self._immutable = {"id", noun.tree_parent} - {""} | {
            name
            for name, field in noun.fields.items()
            if field_behavior_pb2.IMMUTABLE in behaviors(field)
        }

    def begin(self, new: Any, call: Call, *, trusted: bool) -> None:
        """Set what the chassis sets on a new record; of what is trusted the read-only stays."""
        for name in self._not_kept[trusted]:
            new.ClearField(name)
        for name, value in self.noun.defaults.items():
            if not is_set(new, name):
                setattr(new, name, value)
        new.id = new.id or str(uuid_utils.uuid7())
        new.etag = "1"
        set_now(new.create_time)
        new.update_time.CopyFrom(new.create_time)
        person = call.caller.person_id
        if "creator_user_id" in self.noun.fields:
            new.creator_user_id = person
        if "owner_user_id" in self.noun.fields:
            new.owner_user_id = new.owner_user_id or person
        placed = "org_unit_id" in self.noun.fields and "org_unit_id" not in self._required
        if placed and call.access is not None:
            new.org_unit_id = new.org_unit_id or call.access.org_unit_id

    async def around(
        self, call: Call, record: Any, remembered: dict[tuple[str, str], Any] | None = None
    ) -> Around:
        """Gather what the noun's rules may need beside a record."""
        known = {} if remembered is None else remembered
        referred: dict[str, Message] = {}
        for name in self.noun.reads:
            kind, target = self._kinds[name], getattr(record, name)
            other = self._here.of_type(kind)
            assert other is not None, f"{self.noun.name} reads {name}, which is not kept here"
            key = record_key(kind, target)
            if is_id(target) and key not in known:
                known[key] = await other.kept.get(call.tenant_id, target)
            if known.get(key) is not None:
                referred[name] = known[key]
        fields = await self._here.fields_of(call.tenant_id, self.noun)
        return Around(call.caller, now(), call.tenant, call.grants, referred, fields)

    async def settle_custom_fields(
        self,
        call: Call,
        new: Any,
        old: Any,
        around: Around,
        remembered: dict[tuple[str, str], Any] | None = None,
    ) -> tuple[Around, list[errors.FieldViolation]]:
        """Complete the custom fields and name what is wrong with them.

        Gives the surroundings with what is defined by now: a field may be a moment old.
        """
        if not self.customizable or (not around.fields and not new.HasField(CUSTOM_FIELDS)):
            return around, []
        if any(key not in around.fields for key, _ in changed(new, old)):
            fields = await self._here.fields_of(call.tenant_id, self.noun, call.started)
            around = dataclasses.replace(around, fields=fields)
        wrong = settle(new, old, around.fields, self._singular)
        known = {} if remembered is None else remembered
        for key, kind, target in references(new, old, around.fields):
            if is_id(target) and not await self.references.is_there(call, kind, target, known):
                path = f"{self._singular}.{CUSTOM_FIELDS}.{key}"
                wrong.append(errors.FieldViolation(path, "REFERENCE_NOT_FOUND"))
        return around, wrong

    async def get_to_know(
        self, call: Call, records: Sequence[Any], known: dict[tuple[str, str], Any]
    ) -> None:
        """Read what many records refer to, all of a kind at once."""
        for name in self.noun.reads:
            other = self._here.of_type(self._kinds[name])
            assert other is not None
            ids = {target for record in records if is_id(target := getattr(record, name))}
            kept = (other.kept.at_hand(call.tenant_id, target) for target in ids)
            found = [record for record in kept if record is not None]
            if unknown := list(ids.difference(record.id for record in found)):
                condition = "t.id = ANY($1::uuid[])"
                found += await other.store.where(call.tenant_id, condition, unknown)
            known.update({record_key(self._kinds[name], r.id): r for r in found})
        await self.references.get_to_know(call, records, self._referring, known)

    def forget(self, call: Call, around: Around) -> None:
        """Read what a write relied on again the next time: it was written in vain."""
        for name, record in around.referred.items():
            other = self._here.of_type(self._kinds[name])
            assert other is not None
            kept: Any = record
            other.kept.forget(call.tenant_id, kept.id)

    def forget_older(self, call: Call, known: Mapping[tuple[str, str], Any]) -> bool:
        """Forget what was read before this call; tells whether a refusal may have come of it."""
        kinds = {record_key(self._kinds[n], "")[0]: self._kinds[n] for n in self.noun.reads}
        found = [
            other.kept.forget(call.tenant_id, key[1], call.started)
            for key in known
            if (other := self._here.of_type(kinds.get(key[0], ""))) is not None
        ]
        return any(found)

    def check(
        self,
        new: Any,
        around: Around,
        old: Any = None,
        *,
        wrong: Sequence[errors.FieldViolation] = (),
    ) -> None:
        """Refuse what breaks a rule of the contract or of the noun, naming everything at once.

        Args:
            wrong: what is known to be wrong already.
        """
        violations = [*violations_of(new, self._singular), *wrong]
        told = {violation.path for violation in violations}
        for name in self._required:
            path = f"{self._singular}.{name}"
            if path not in told and not is_set(new, name):
                violations.append(errors.FieldViolation(path, "REQUIRED"))
        for name in self._immutable if old is not None else ():
            if getattr(new, name) != getattr(old, name):
                path = f"{self._singular}.{name}"
                violations.append(errors.FieldViolation(path, "IMMUTABLE"))
        if len(getattr(new, "external_id", "")) > EXTERNAL_ID_LENGTH_MAX:
            path = f"{self._singular}.external_id"
            limit = {"max_len": str(EXTERNAL_ID_LENGTH_MAX)}
            violations.append(errors.FieldViolation(path, "STRING_MAX_LEN", metadata=limit))
        violations += self._foreign_amounts(new, around)
        if around.fields and not violations:
            violations += broken_rules(new, around.fields, self._singular)
        if violations:
            raise errors.Invalid("INVALID_FIELDS", violations=violations)
        if self.noun.hooks.validate:
            self.noun.hooks.validate(new, around)

    def malformed(self, new: Any) -> list[errors.FieldViolation]:
        """Name ids, numbers, dates and enums that are none; a noun's rules never see these."""
        wrong = [
            (name, "NOT_AN_ID")
            for name in ("id", *self.reference_fields(new))
            if not is_id(getattr(new, name))
        ]
        wrong += [
            (name, reason)
            for name, is_good, reason in self._exact
            if new.HasField(name) and not is_good(getattr(new, name))
        ]
        found = [errors.FieldViolation(f"{self._singular}.{name}", why) for name, why in wrong]
        for name, known in self._enums.items():
            if getattr(new, name) not in known:
                allowed = {"allowed": ", ".join(known.values())}
                path = f"{self._singular}.{name}"
                found.append(errors.FieldViolation(path, "NOT_A_VALUE_OF", metadata=allowed))
        return found

    def _foreign_amounts(self, new: Any, around: Around) -> list[errors.FieldViolation]:
        """Name the amounts in another currency than the firm's, which wait for finance's rates."""
        if around.tenant is None:
            return []
        wanted = around.tenant.currency_code
        return [
            errors.FieldViolation(
                f"{self._singular}.{name}",
                "CURRENCY_NOT_SUPPORTED",
                metadata={"given": getattr(new, name).currency_code, "wanted": wanted},
            )
            for name in self._amounts
            if name not in self.read_only
            and new.HasField(name)
            and getattr(new, name).currency_code != wanted
        ]

    def authorize(
        self, verb: str, record: Any, around: Around, call: Call, old: Any = None
    ) -> None:
        """Refuse what lies outside the caller's reach for this verb's action.

        Args:
            old: the record before the change, where it is about what a change made of it.
        """
        action = _ACTIONS.get(verb, verb)
        reach = self.reach(call, action)
        moved = old is not None and any(
            getattr(old, name) != getattr(record, name) for name in self._placing
        )
        # What was shared with somebody is not theirs to hand over.
        handed_over = moved and not reach.unshared().covers(old)
        if handed_over or not reach.covers(record, around.record(self.noun.part_of)):
            raise errors.Forbidden("OUTSIDE_REACH", action=action, resource=self.noun.name)
        if self.noun.hooks.authorize:
            self.noun.hooks.authorize(verb, record, around)

    def reach(self, call: Call, action: str) -> Reach:
        """Give how far an action reaches for the caller.

        Raises:
            Forbidden: PERMISSION_DENIED when it is not allowed at all.
        """
        reach = call.reach(self.noun.name, action)
        if reach is None:
            raise errors.Forbidden("PERMISSION_DENIED", action=action, resource=self.noun.name)
        return reach

    def facts(self, verb: str, old: Any, new: Any) -> list[Message]:
        """Give the facts of the business a change establishes."""
        publish = self.noun.hooks.published_events
        return list(publish(verb, old, new)) if publish else []

    def reference_fields(self, record: Any) -> list[str]:
        """List the reference fields that are set."""
        return [name for name in self._referring if getattr(record, name)]

    def fill_titles(self, record: Any, known: Mapping[tuple[str, str], Any]) -> bool:
        """Set the titles of a record from what is known by type and id; False when some are not."""
        complete = True
        for name, source, kind in self._title_sources:
            title = known.get((kind, getattr(record, source))) if getattr(record, source) else ""
            if isinstance(title, str):
                setattr(record, name, title)
            else:
                complete = False
        return complete

    def take_titles(self, record: Any) -> Titles:
        """Take the titles out of a record that was read with them; what has none is left out."""
        found: Titles = {}
        for name, source, kind in self._title_sources:
            if title := getattr(record, name):
                found[kind, getattr(record, source)] = title
                record.ClearField(name)
        return found

    # --- masks

    def read_mask(
        self, paths: Sequence[str], hidden: frozenset[str] = frozenset()
    ) -> tuple[str, ...]:
        """Give the fields of a read mask; the id comes always, "*" and nothing mean all.

        Raises:
            Invalid: UNKNOWN_FIELD, FIELD_HIDDEN.
        """
        if not paths or "*" in paths:
            return tuple(name for name in self.noun.fields if name not in hidden) if hidden else ()
        keys = {path: key_of(path) for path in paths}
        asked = {f"{CUSTOM_FIELDS}.{key}" if key else snake(path) for path, key in keys.items()}
        names = {path.partition(".")[0] for path in asked}
        if unseen := {*names, *asked} & hidden:
            raise errors.invalid_field("read_mask", "FIELD_HIDDEN", field=min(unseen))
        if unknown := names - self.noun.fields.keys():
            raise errors.invalid_field("read_mask", "UNKNOWN_FIELD", field=min(unknown))
        return tuple(name for name in self.noun.fields if name in names or name == "id")

    def hidden_from(self, call: Call) -> frozenset[str]:
        """Give the fields a caller does not see, with the titles they would show."""
        hidden = call.fields(self.noun.name).hidden
        return with_titles(self.noun.descriptor, hidden) if hidden else hidden

    def update_mask(self, request: Any) -> list[str]:
        """Give the fields to change: the mask's, or all that are set; read-only ones never.

        Of custom fields ``custom_fields.seats`` stands for one.
        """
        patch: Any = getattr(request, self._singular)
        paths = [
            f"{CUSTOM_FIELDS}.{key_of(path)}" if key_of(path) else snake(path)
            for path in request.update_mask.paths
        ]
        if paths == ["*"]:
            # A full replacement still leaves the record with somebody, somewhere.
            kept = {
                name for name in ("owner_user_id", "org_unit_id") if not getattr(patch, name, "")
            }
            paths = [name for name in self.noun.fields if name not in {*kept, CUSTOM_FIELDS}]
            paths += [f"{CUSTOM_FIELDS}.*"] if self.customizable else []
        if not paths:
            paths = [field.name for field, _ in patch.ListFields()]
        for path in paths:
            if path not in self.noun.fields and not (self.customizable and key_of(path)):
                raise errors.invalid_field("update_mask", "UNKNOWN_FIELD", field=path)
        return [path for path in paths if path not in self.read_only and path != "id"]


def _is_decimal(message: Any) -> bool:
    return _DECIMAL.fullmatch(message.value) is not None


def _is_amount(message: Any) -> bool:
    return _DECIMAL.fullmatch(message.amount) is not None


def _is_date(message: Any) -> bool:
    try:
        datetime.date(message.year, message.month, message.day)
    except ValueError:
        return False
    return True


# The messages whose text or numbers can be nonsense, and what is said then.
_DECIMAL = re.compile(r"-?[0-9]{1,28}(\.[0-9]{1,18})?")
_EXACT: dict[str, tuple[Callable[[Any], bool], str]] = {
    "google.type.Decimal": (_is_decimal, "INVALID_DECIMAL"),
    "google.type.Date": (_is_date, "INVALID_DATE"),
    MONEY: (_is_amount, "INVALID_DECIMAL"),
}


def set_now(timestamp: timestamp_pb2.Timestamp) -> None:
    """Set an instant to now, in the microseconds the database keeps."""
    micros = time.time_ns() // 1000
    timestamp.seconds, timestamp.nanos = micros // 1_000_000, micros % 1_000_000 * 1000


def now() -> datetime.datetime:
    """Give the instant it is."""
    return datetime.datetime.now(datetime.UTC)
