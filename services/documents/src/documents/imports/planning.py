"""From rows to records: what each row stands for, before anything is written.

A row goes in whole or not at all: what is wrong with one of its records holds the others back, so
that it can be put right and come again.
"""

import datetime
import functools
import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.custom.definitions import Fields
from chassis.custom.fields import CUSTOM_FIELDS, key_of
from chassis.ids import is_id
from documents.imports.custom import Custom, as_held
from documents.imports.filling import Field, Filling
from documents.imports.known import Known, Sought
from documents.imports.mapping import Expression, First, RecordMap, Template
from documents.imports.nouns import ImportNoun
from documents.imports.rows import NotYet, Planned, Problem, Refused, RowView
from documents.tables.values import ColumnProfile

# The key of a record that is known by its id.
_ID = ("id",)
_DIGEST_BYTES = 12
_LINE_BYTES = 4


@dataclass(frozen=True)
class _Record:
    """A record of every row, ready to be planned.

    Attributes:
        key: the fields by which it is recognised.
        fixed: by field, the column it comes from as a rule.
        may_come: fields that name records by id which this file makes, with their nouns.
        custom: the custom fields among its fields, by key.
    """

    map: RecordMap
    number: int
    key: tuple[str, ...]
    fields: Sequence[Field]
    fixed: Mapping[str, str]
    may_come: Mapping[str, ImportNoun]
    custom: Fields


class Planner:
    """Plans the rows of one file.

    Attributes:
        place: of the file in the map, part of every id it chooses.
        mine: nouns this file makes: what refers to one not seen yet may wait for the file's end.
    """

    def __init__(
        self,
        records: Sequence[RecordMap],
        known: Known,
        job_id: str,
        place: int,
        *,
        zone: datetime.tzinfo,
        currency: str,
        profiles: Mapping[str, ColumnProfile],
        looked_up: Mapping[str, set[tuple[str, ...]]],
        custom: Custom,
        spaces: bool = False,
    ) -> None:
        self._known = known
        self._job_id = job_id
        self._place = place
        self.mine = {record.noun.name for record in records}
        self._seen: dict[str, dict[tuple[str, ...], bytes]] = {name: {} for name in self.mine}
        self._by_id = {
            record.noun.noun.resource.type: record.noun
            for record in records
            if _names(record) == _ID
        }
        filling = Filling(known, self.mine, zone, currency, profiles, spaces, custom)
        self._records = [
            self._ready(number, record, filling.fields(record))
            for number, record in enumerate(records)
        ]
        self._looked_up = {
            record.noun.name: (
                *looked_up.get(record.noun.name, ()),
                *({_ID} if record.noun in self._by_id.values() else ()),
            )
            for record in records
        }
        self._paths = self._asked_of()

    def _ready(self, number: int, record: RecordMap, fields: Sequence[Field]) -> _Record:
        fixed = {field.name: field.ways[-1].column for field in fields}
        may_come = {f.name: self._by_id[f.kind] for f in fields if f.kind in self._by_id}
        custom = {key_of(f.name): f.definition for f in fields if f.definition is not None}
        return _Record(record, number, _names(record), fields, fixed, may_come, custom)

    # --- what has to be known first

    def sought(self, rows: Sequence[RowView]) -> Iterator[Sought]:
        """Name the records that the records of rows may be, and those they refer to."""
        for record in self._records:
            when = record.map.when
            mine = rows if when is None else [row for row in rows if when.text(row.texts)]
            found = {(record.map.noun.name, record.map.key): record.map.noun}
            found |= {(find.noun.name, find.by): find.noun for find in record.map.finds}
            for name, expression in record.map.fields:
                noun = record.may_come.get(name)
                if noun is not None:
                    found |= {(noun.name, (("id", t),)): noun for t in _written(expression)}
            for (_, by), noun in found.items():
                yield from self._unknown(noun, by, mine)

    def _unknown(
        self, noun: ImportNoun, by: Sequence[tuple[str, Template]], rows: Iterable[RowView]
    ) -> Iterator[Sought]:
        if noun.name in self._known.none_of:
            return
        fields = tuple([name for name, _ in by])
        templates = [template for _, template in by]
        if len(templates) == 1:
            text = templates[0].text
            distinct = {(text(row.texts),): None for row in rows}
        else:
            distinct = {tuple([t.text(row.texts) for t in templates]): None for row in rows}
        for values in distinct:
            if all(values) and (fields != _ID or is_id(values[0])):
                sought = Sought(noun, fields, values)
                if not self._known.is_known(sought):
                    yield sought

    def paths(self) -> dict[str, set[str]]:
        """Name by noun the fields that planning will need of records that are there."""
        found: dict[str, set[str]] = {}
        for record in self._records:
            names = found.setdefault(record.map.noun.name, set())
            names.update(field.name.partition(".")[0] for field in record.fields)
        for name, fields in self._paths.items():
            found.setdefault(name, set()).update(fields)
        return found

    def _asked_of(self) -> dict[str, set[str]]:
        """Name by noun the fields that other records take."""
        found: dict[str, set[str]] = {}
        for record in self._records:
            for find in record.map.finds:
                if find.take:
                    found.setdefault(find.noun.name, set()).add(find.take)
        return found

    # --- planning

    def plan(self, row: RowView, *, last: bool) -> list[Planned]:
        """Plan the records of a row.

        Args:
            last: what is not there now will not come.

        Raises:
            Refused: the row does not go in.
            NotYet: what it refers to may still come.
        """
        planned: list[Planned] = []
        first_seen: list[tuple[str, tuple[str, ...]]] = []
        try:
            for record in self._records:
                when = record.map.when
                if when is None or when.text(row.texts):
                    one = self._record(record, row, planned, first_seen, last)
                    if one is not None:
                        planned.append(one)
        except (Refused, NotYet):
            # A later row may stand for what this one would have made.
            for name, key in first_seen:
                del self._seen[name][key]
            raise
        for one in planned:
            self._remember(one)
        return planned

    def _record(
        self,
        record: _Record,
        row: RowView,
        beside: list[Planned],
        first_seen: list[tuple[str, tuple[str, ...]]],
        last: bool,
    ) -> Planned | None:
        """Plan one record; None when the very same was planned for an earlier row."""
        noun = record.map.noun
        key = _key(record.map, row)
        values: dict[str, Any] = {}
        needs: list[str] = []
        columns = record.fixed
        for field in record.fields:
            value = None
            for way in field.ways:
                value = way.fill(row, beside, last)
                if value is not None:
                    if way.column != record.fixed[field.name]:
                        columns = {**columns, field.name: way.column}
                    break
            else:
                continue
            values[field.name] = value
            if field.kind:
                ids = field.ids(value)
                needs += ids
                target = record.may_come.get(field.name)
                if target is not None and not last and self._may_come(target, ids, key):
                    raise NotYet
        message, names = _message(record, values)
        if self._is_repeated(record, key, message, row, first_seen):
            return None
        there = self._known.there.get((noun.name, record.key, key))
        if there is None and self._known.trial is not None:
            there = self._known.made_one(noun, record.key, key)
        chosen = chosen_id(self._job_id, self._place, row.line, record.number)
        made = there is not None and there.id == chosen
        if record.key != _ID:
            message.id = there.id if there is not None else chosen
        if there is not None and record.custom:
            _keep_equal(record, message, there)
        return Planned(record.map, row.line, message, names, there, made, frozenset(needs), columns)

    def _may_come(self, noun: ImportNoun, ids: Sequence[str], key: tuple[str, ...]) -> bool:
        """Tell whether a record that another names by its id may stand further down in the file."""
        return any(
            (target,) != key and self._known.record(noun, _ID, (target,)) is None for target in ids
        )

    def _is_repeated(
        self,
        record: _Record,
        key: tuple[str, ...],
        message: Any,
        row: RowView,
        first_seen: list[tuple[str, tuple[str, ...]]],
    ) -> bool:
        """Tell whether the same record was planned before.

        Raises:
            Refused: KEY_TWICE when it was, but otherwise.
        """
        text = message.SerializeToString(deterministic=True)
        digest = hashlib.blake2b(text, digest_size=_DIGEST_BYTES).digest()
        name = record.map.noun.name
        seen = self._seen[name]
        earlier = seen.get(key)
        if earlier is None:
            seen[key] = digest + row.line.to_bytes(_LINE_BYTES)
            first_seen.append((name, key))
            return False
        line = int.from_bytes(earlier[_DIGEST_BYTES:])
        if line == row.line:
            return False
        if earlier[:_DIGEST_BYTES] == digest:
            return True
        column = next((c for _, t in record.map.key for c in t.columns), "")
        raise Refused(
            Problem(row.line, "KEY_TWICE", column, ", ".join(key), name, {"line": str(line)})
        )

    def _remember(self, planned: Planned) -> None:
        """Let later rows find the record."""
        noun, message = planned.map.noun, planned.message
        if self._known.trial is not None:
            self._known.trial.plan(planned)
        for fields in self._looked_up[noun.name]:
            values = tuple([str(getattr(message, name)) for name in fields])
            # Kept in few bytes: there are as many as there are rows.
            whole = self._known.trial is None and noun.name in self._paths
            kept = message.SerializeToString() if whole else message.id
            self._known.made.setdefault((noun.name, fields), {})[values] = kept


def _message(record: _Record, values: Mapping[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """Give the record that has some values, and the fields they are in."""
    message: Any = record.map.noun.noun.message
    if not record.custom:
        return message(**values), tuple(values)
    plain = {name: value for name, value in values.items() if not key_of(name)}
    made = message(**plain)
    for name, value in values.items():
        if key := key_of(name):
            made.custom_fields.fields[key].CopyFrom(value)
    return made, (*plain, *([CUSTOM_FIELDS] if len(plain) < len(values) else ()))


def _keep_equal(record: _Record, message: Any, there: Any) -> None:
    """Leave numbers of custom fields as they are written where they are the same."""
    held = there.custom_fields.fields
    for key, definition in record.custom.items():
        if key in message.custom_fields.fields and key in held:
            value = message.custom_fields.fields[key]
            value.CopyFrom(as_held(value, held[key], definition))


def _names(record: RecordMap) -> tuple[str, ...]:
    return tuple(name for name, _ in record.key)


def _written(expression: Expression) -> list[Template]:
    """Give the texts that may be the value themselves."""
    match expression:
        case Template():
            return [expression]
        case First(options):
            return [found for option in options for found in _written(option)]
        case _:
            return []


def _key(record: RecordMap, row: RowView) -> tuple[str, ...]:
    """Give what names the record of a row.

    Raises:
        Refused: KEY_EMPTY, NOT_AN_ID.
    """
    key = tuple([template.text(row.texts) for _, template in record.key])
    if not all(key):
        empty = [c for _, t in record.key for c in t.columns if not row.texts[c]]
        column = empty[0] if empty else ""
        raise Refused(Problem(row.line, "KEY_EMPTY", column, noun=record.noun.name))
    if record.key[0][0] == "id" and not is_id(key[0]):
        column = record.key[0][1].column
        raise Refused(Problem(row.line, "NOT_AN_ID", column, key[0], record.noun.name))
    return key


def chosen_id(job_id: str, *place: int) -> str:
    """Give a UUIDv7 that follows from a job and a place in its files.

    Its time is that of the job, and later places come later, so that an index grows at its end.
    """
    seed = hashlib.blake2b(f"{job_id}/{place}".encode(), digest_size=8).digest()
    line = place[1] if len(place) > 1 else 0
    top = (_begun(job_id) + (line >> 12)) & (2**48 - 1)
    number = top << 80 | 0x7 << 76 | (line & 0xFFF) << 64 | 0b10 << 62
    text = f"{number | int.from_bytes(seed) >> 2:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@functools.lru_cache(maxsize=100)
def _begun(job_id: str) -> int:
    return uuid.UUID(job_id).int >> 80
