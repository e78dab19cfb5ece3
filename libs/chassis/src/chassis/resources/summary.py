"""Summarize<Noun>s: counts and sums in the database, grouped, under the same filter as a list.

Boards, charts and pivots stand on this; every group says the filter that opens its records.
"""

import datetime
import decimal
import hashlib
import re
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from banyan.api.v1 import summary_pb2

from chassis import errors
from chassis.access import TenantProfile
from chassis.custom.definitions import NONE, Definition, Fields
from chassis.custom.fields import key_of
from chassis.json import short_enum_name
from chassis.json.fields import enum_of
from chassis.json.wellknown import set_value
from chassis.resources.answers import SNAPSHOT
from chassis.resources.columns import reference_type
from chassis.resources.noun import Noun
from chassis.resources.periods import Period, period_of
from chassis.resources.query import ORG_UNIT, Asked, Query, refusing, unit_kinds
from chassis.resources.reading import asked_of
from chassis.resources.sql import Sql
from chassis.rpc import Call

if TYPE_CHECKING:
    from chassis.resources.resource import Resource

GROUPS_MAX = 10_000
TERMS_MAX = 4
MEASURES_MAX = 20
AVERAGE_DIGITS = 6
_TERM = re.compile(
    r'\s*([A-Za-z0-9_.]+)\s*(?:\(\s*([A-Za-z0-9_.]+)\s*(?:,\s*"([A-Za-z_]+)"\s*)?\))?\s*'
)
_ADDED = {"integer", "number", "decimal", "money"}
_COMPARED = _ADDED | {"date", "instant"}
_FUNCTIONS = {"sum": _ADDED, "avg": _ADDED, "min": _COMPARED, "max": _COMPARED}


@dataclass(frozen=True)
class Key:
    """One term of group_by.

    Attributes:
        asked: as it was written; the name of the key in the answer.
        sql: the expression that is shown.
        value: the answer's value of a database value.
        filter: the condition that selects a database value, in the filter language.
        by: the expression that is grouped by.
        join: what the expression needs beside the noun's table.
        kind: the type of the records whose ids are the values; "" when they are none.
    """

    asked: str
    sql: str
    value: Callable[[Any], Any]
    filter: Callable[[Any], str]
    by: str
    join: str = ""
    kind: str = ""
    _seen: dict[Any, tuple[Any, str]] = field(default_factory=dict[Any, tuple[Any, str]])

    def seen(self, found: Any) -> tuple[Any, str]:
        """Give value and condition of a database value, which stands in many groups."""
        known = self._seen.get(found)
        if known is None:
            known = self._seen[found] = (self.value(found), self.filter(found))
        return known


@dataclass(frozen=True)
class Measure:
    """One measure: ``count`` or ``sum:amount``."""

    asked: str
    sql: str
    value: Callable[[Any], Any]


async def summarize(resource: "Resource", request: Any, call: Call) -> Any:
    """Answer a SummarizeRequest within the caller's reach.

    Raises:
        Invalid: names the term, measure or filter that cannot be read; TOO_MANY_GROUPS.
    """
    question = await asked_of(
        resource, request.filter, call, request.group_by, request.measures,
        show_deleted=request.show_deleted,
    )  # fmt: skip
    sql = Sql()
    query = resource.store.query.hiding(question.hidden)
    reading = GroupReading(query, call.profile, sql, question.fields)
    keys = reading.keys(request.group_by)
    measures = reading.measures(request.measures)
    where = resource.store.condition(question, sql)
    statement = _statement(resource.store.table, keys, measures, where)

    async def make() -> tuple[Any, str]:
        rows = await resource.here.database.read(call.tenant_id, statement, *sql.arguments)
        if len(rows) > GROUPS_MAX + 1:
            raise errors.invalid_field("group_by", "TOO_MANY_GROUPS", limit=GROUPS_MAX)
        answer = summary_pb2.SummarizeResponse()
        for row in rows:
            is_total = row[-2]
            group = answer.totals if is_total else answer.groups.add()
            _fill(group, keys if not is_total else (), measures, row, len(keys), request.filter)
        return answer, rows[0][-1]

    if not resource.noun.is_logged:
        answer, _ = await make()
    else:
        told = (statement, sql.arguments, call.profile.currency_code, request.SerializeToString())
        digest = hashlib.sha256(repr(told).encode()).digest()
        kinds = _kinds(resource.noun)
        answer = await resource.here.answers.get(call.tenant_id, digest, kinds, make)
    if not request.include_titles:
        return answer
    return await _titled(resource, answer, keys, call, question.fields)


async def _titled(
    resource: "Resource",
    answer: summary_pb2.SummarizeResponse,
    keys: Sequence[Key],
    call: Call,
    fields: Fields,
) -> summary_pb2.SummarizeResponse:
    """Add what the records and entries are called that groups are by, for this caller."""
    titled = summary_pb2.SummarizeResponse()
    titled.CopyFrom(answer)
    for key in keys:
        if key.kind:
            ids = {group.keys[key.asked].string_value for group in titled.groups} - {""}
            titles = await resource.rules.references.titles(call, key.kind, sorted(ids))
        else:
            titles = _labels(fields.get(key_of(key.asked)), call.language)
        for group in titled.groups:
            if title := titles.get(group.keys[key.asked].string_value):
                group.titles[key.asked] = title
    return titled


def _labels(definition: Definition | None, language: str) -> dict[str, str]:
    """Give what the entries of a custom field's picklist are called; a key names itself."""
    if definition is None or definition.picklist is None:
        return {}
    labels = {e.key: (e.label_en, e.label_zh) for e in definition.picklist.entries}
    first = 1 if language.startswith("zh") else 0
    return {key: both[first] or both[1 - first] or key for key, both in labels.items()}


def _kinds(noun: Noun) -> list[str]:
    """List the types whose records a summary depends on: also the wholes, which may be shared."""
    whole = [reference_type(noun.fields[noun.part_of])] if noun.part_of else []
    return [noun.resource.type, *whole]


def _statement(table: str, keys: Sequence[Key], measures: Sequence[Measure], where: str) -> str:
    """Group by all keys and, in the same pass, by none: the last column tells the total."""
    columns = [f"{key.sql} AS k{i}" for i, key in enumerate(keys)]
    figures = [f"{measure.sql} AS m{i}" for i, measure in enumerate(measures)]
    joins = "".join(key.join for key in keys)
    if not keys:
        return f"SELECT {', '.join(figures)}, true, {SNAPSHOT} FROM {table} t{_and(where)}"
    names = ", ".join(f"k{i}" for i in range(len(keys)))
    by = ", ".join(key.by for key in keys)
    total = f"grouping({by}) <> 0"
    return (
        f"SELECT {', '.join((*columns, *figures))}, {total}, {SNAPSHOT}"
        f" FROM {table} t{joins}{_and(where)}"
        f" GROUP BY GROUPING SETS (({by}), ()) ORDER BY {names} LIMIT {GROUPS_MAX + 2}"
    )


def _and(where: str) -> str:
    return f" WHERE {where}" if where else ""


def _fill(
    group: summary_pb2.SummarizeResponse.Group,
    keys: Sequence[Key],
    measures: Sequence[Measure],
    row: Any,
    first: int,
    asked_filter: str,
) -> None:
    conditions = [f"({asked_filter})"] if asked_filter.strip() and keys else []
    for key, found in zip(keys, row, strict=False):
        value, condition = key.seen(found)
        set_value(group.keys[key.asked], value)
        conditions.append(condition)
    for measure, found in zip(measures, row[first:], strict=False):
        set_value(group.values[measure.asked], measure.value(found))
    group.filter = " AND ".join(conditions) if keys else asked_filter


class GroupReading:
    """Reads terms and measures of one question about one noun.

    Args:
        fields: the tenant's custom fields of the noun.
    """

    def __init__(
        self, query: Query, profile: TenantProfile, sql: Sql, fields: Fields = NONE
    ) -> None:
        self._query = query
        self._profile = profile
        self._sql = sql
        self._fields = fields

    def keys(self, text: str) -> list[Key]:
        """Read group_by."""
        keys: list[Key] = []
        position = 0
        while position < len(text):
            match = _TERM.match(text, position)
            end = match.end() if match else position
            if match is None or (end < len(text) and text[end] != ","):
                raise errors.invalid_field("group_by", "INVALID_GROUP", found=text[position:][:40])
            keys.append(self._key(match, len(keys)))
            position = end + 1
        if len(keys) > TERMS_MAX:
            raise errors.invalid_field("group_by", "TOO_MANY_TERMS", limit=TERMS_MAX)
        return keys

    def measures(self, text: str) -> list[Measure]:
        """Read measures; count when there are none."""
        asked = [part.strip() for part in text.split(",") if part.strip()] or ["count"]
        if len(asked) > MEASURES_MAX:
            raise errors.invalid_field("measures", "TOO_MANY_TERMS", limit=MEASURES_MAX)
        return [self._measure(part) for part in asked]

    def _key(self, match: re.Match[str], place: int) -> Key:
        name, argument, kind = match[1], match[2], match[3]
        asked = match[0].strip()
        if argument is None:
            return self._plain_key(asked, self._asked(name, "group_by"))
        of = self._asked(argument, "group_by")
        if name == "ancestor" and kind:
            return self._ancestor_key(asked, of, kind, place)
        period = period_of(name, self._profile.fiscal_year_start_month)
        if period is None or kind or of.kind not in ("date", "instant"):
            raise errors.invalid_field("group_by", "INVALID_GROUP", found=asked)
        return self._period_key(asked, of, period)

    def _plain_key(self, asked: str, of: Asked) -> Key:
        if of.kind not in ("text", "uuid", "boolean", "integer", "enum", "date", "currency"):
            raise errors.invalid_field("group_by", "NOT_GROUPABLE", field=asked)

        def value(found: Any) -> Any:
            return _shown(found, of)

        def condition(found: Any) -> str:
            return _equals(asked, value(found))

        return Key(asked, of.shown, value, condition, by=of.sql, kind=of.refers)

    def _period_key(self, asked: str, of: Asked, period: Period) -> Key:
        """Cut dates as they are and instants in the tenant's time zone."""
        day, path = of.sql, of.path
        zone = None
        if of.kind == "instant":
            zone = zoneinfo.ZoneInfo(self._profile.time_zone)
            day = f"({day} AT TIME ZONE {self._sql.bind(self._profile.time_zone, 'text')})"

        def value(first: datetime.date | None) -> Any:
            return None if first is None else period.name(first)

        def condition(first: datetime.date | None) -> str:
            if first is None:
                return f"NOT {path}:*"
            begins, following = f'{path} >= "{_edge(first, zone)}"', period.end(first)
            return begins + (f' AND {path} < "{_edge(following, zone)}"' if following else "")

        first_day = period.sql(day)
        return Key(asked, first_day, value, condition, by=first_day)

    def _ancestor_key(self, asked: str, of: Asked, kind: str, place: int) -> Key:
        """Group by the topmost unit of a kind at or above, so that its filter is a subtree."""
        path = of.path
        if of.refers != ORG_UNIT or key_of(path):
            raise errors.invalid_field("group_by", "INVALID_GROUP", found=asked)
        if kind not in unit_kinds():
            raise errors.invalid_field("group_by", "INVALID_GROUP", found=asked)
        tops: dict[str, str] = {}
        tree, kinds = self._profile.tree, self._profile.unit_kinds
        for unit_id, unit_kind in kinds.items():
            inside = any(kinds.get(above) == kind for above in tree.ancestors(unit_id))
            if unit_kind == kind and not inside:
                tops |= dict.fromkeys(tree.subtree(unit_id), unit_id)
        units = self._sql.bind(list(tops), "uuid[]")
        above = self._sql.bind(list(tops.values()), "uuid[]")
        alias = f"above{place}"
        join = (
            f" LEFT JOIN unnest({units}, {above}) {alias} (unit_id, top_id)"
            f" ON {alias}.unit_id = {of.sql}"
        )

        def condition(top: str | None) -> str:
            if top is None:
                return f'NOT ancestor({path}, "{kind}")'
            return f'subtree({path}, "{top}")'

        top_id = f"{alias}.top_id"
        return Key(
            asked, f"{top_id}::text", lambda top: top, condition, by=top_id, join=join,
            kind=ORG_UNIT,
        )  # fmt: skip

    def _measure(self, asked: str) -> Measure:
        if asked == "count":
            return Measure(asked, "count(*)", str)
        name, _, path = asked.partition(":")
        if name not in _FUNCTIONS or not path:
            raise errors.invalid_field("measures", "INVALID_MEASURE", found=asked)
        of = self._asked(path, "measures")
        if of.kind not in _FUNCTIONS[name]:
            raise errors.invalid_field("measures", "INVALID_MEASURE", found=asked)

        def value(found: Any) -> Any:
            if found is None:
                return None
            if of.kind == "money":
                return {"currencyCode": self._profile.currency_code, "amount": f"{found:f}"}
            if of.kind in ("date", "instant"):
                return _shown(found, of)
            return _decimal_text(found)

        shape = {"sum": "coalesce({}, 0)", "avg": f"round(({{}})::numeric, {AVERAGE_DIGITS})"}
        figure = shape.get(name, "{}").format(f"{name}({of.sql})")
        return Measure(asked, figure, value)

    def _asked(self, path: str, where: str) -> Asked:
        with refusing(where, "NOT_GROUPABLE", path):
            return self._query.asked(path, self._fields)


def _shown(found: Any, of: Asked) -> Any:
    """Give a database value as the contract's JSON has it."""
    if found is None:
        return None
    if of.kind == "enum":
        enum = enum_of(of.field)
        known = enum.values_by_number.get(found)
        return short_enum_name(enum, known.name) if known is not None else str(found)
    if of.kind == "integer":
        return str(found)
    if isinstance(found, datetime.datetime):
        return found.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(found, datetime.date):
        return found.isoformat()
    return found


def _equals(path: str, value: Any) -> str:
    if value is None:
        return f"NOT {path}:*"
    if isinstance(value, bool):
        return f"{path} = {'true' if value else 'false'}"
    text = re.sub(r'([\\"*])', r"\\\1", str(value))  # a bare star would stand for anything
    return f'{path} = "{text}"'


def _edge(day: datetime.date, zone: zoneinfo.ZoneInfo | None) -> str:
    """Write the beginning of a day as a date, or as the instant it begins at in a time zone."""
    if zone is None:
        return day.isoformat()
    begins = datetime.datetime.combine(day, datetime.time(), zone).astimezone(datetime.UTC)
    return begins.isoformat().replace("+00:00", "Z")


def _decimal_text(found: Any) -> str:
    """Write a number without an exponent and without zeros that say nothing."""
    text = f"{decimal.Decimal(str(found)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
