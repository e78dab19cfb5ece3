"""Search: one statement over the index, cut to what the caller may read of each type.

Matches are in order of their place: a beginning with its rank, or for what no beginning leads to
the rank alone; then newest first. So a title found at its start comes before one found at a word,
by its pinyin, and inside a word; then what is found further on in a title, and in other fields.
Whoever reads little of a type is answered from that little, so that neither the answer nor the
time it takes says anything of the rest.
"""

import functools
import time
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from banyan.insight.v1 import search_pb2

from chassis import errors
from chassis.access import EVERYTHING, Reach
from chassis.database import Record
from chassis.resources import Resources
from chassis.resources.pages import Cursor, SortKey
from chassis.resources.reach import Place, within
from chassis.resources.shares import is_opened
from chassis.resources.sql import Sql
from chassis.rpc import Call
from insight.search_entry import searched, seed_of
from insight.search_text import (
    ENTERED_MAX,
    INSIDE,
    LENGTH_MAX,
    LISTED,
    LISTED_SHORT,
    PINYIN,
    TEXT,
    TITLE,
    WITHIN,
    WORD,
    fold,
    grams,
    snippet,
)

PAGE_SIZE = 20
PAGE_SIZE_MAX = 100
# Up to so many records of narrow reach are looked through one by one; beyond, they are frequent
# enough among the rest to be met while going through it in order.
FEW = 1000
_COUNTED_SECONDS = 60
_COUNTED_MAX = 10_000
_counted: dict[tuple[Any, ...], tuple[float, int]] = {}
_AFTER_ALL = "\U0010ffff"
_KEYS = (
    SortKey("t.place", "text", False, False, "place"),
    SortKey("t.resource_id", "uuid", True, False, "resource_id"),
    SortKey("t.resource_type", "text", False, False, "resource_type"),
)
START = Cursor(("", "ffffffff-ffff-ffff-ffff-ffffffffffff", ""))


@dataclass(frozen=True)
class Asked:
    """One question: a folded query, what of each type may be found, and which page.

    Attributes:
        reach: how far the caller reads each type; those not read are left out.
        seed: the tenant's, for grams.
        limit: how many to find, one more than the page has.
        hidden: of each type the searched fields that the caller does not see, where there are any.
    """

    query: str
    reach: Mapping[str, Reach]
    seed: int
    after: Cursor
    limit: int
    hidden: Mapping[str, Set[str]] = field(default_factory=dict[str, Set[str]])

    @property
    def open(self) -> list[str]:
        """List the types of which everything may be read."""
        return [kind for kind, reach in self.reach.items() if reach.everything]

    @property
    def narrow(self) -> list[tuple[Reach, list[str]]]:
        """List the types by what may be read of them, when that is not everything."""
        found: dict[Reach, list[str]] = {}
        for kind, reach in self.reach.items():
            if not reach.everything:
                found.setdefault(reach, []).append(kind)
        return list(found.items())


async def search(here: Resources, request: Any, call: Call) -> search_pb2.SearchResponse:
    """Find what contains the query.

    Raises:
        Invalid: UNKNOWN_RESOURCE_TYPE, NEGATIVE_PAGE_SIZE, INVALID_PAGE_TOKEN.
    """
    kinds = _kinds(request.resource_types)
    if request.page_size < 0:
        raise errors.invalid_field("page_size", "NEGATIVE_PAGE_SIZE")
    size = min(request.page_size or PAGE_SIZE, PAGE_SIZE_MAX)
    query = fold(request.query)[:LENGTH_MAX].rstrip()
    question = "\n".join((call.tenant_id, "search", query, *kinds))
    after = START
    if request.page_token:
        after = here.tokens.read(question, request.page_token, _KEYS)
    reach = {kind: call.reach(searched()[kind].name, "read") for kind in kinds}
    readable = {kind: found for kind, found in reach.items() if found is not None}
    answer = search_pb2.SearchResponse()
    if not query or not readable:
        return answer
    unseen = {kind: call.fields(searched()[kind].name).hidden for kind in readable}
    hidden = {
        kind: found for kind in readable if (found := unseen[kind] & {*searched()[kind].fields})
    }
    asked = Asked(query, readable, seed_of(call.tenant_id), after, size + 1, hidden)
    rows = await _find(here, call.tenant_id, asked)
    for row in rows[:size]:
        _add(answer, asked, row)
    if len(rows) > size:
        last = rows[size - 1]
        cursor = Cursor((last["place"], last["resource_id"], last["resource_type"]))
        answer.next_page_token = here.tokens.write(question, cursor)
    return answer


def _kinds(given: Iterable[str]) -> list[str]:
    kinds = sorted(set(given)) or sorted(searched())
    for kind in kinds:
        if kind not in searched():
            raise errors.invalid_field("resource_types", "UNKNOWN_RESOURCE_TYPE", found=kind)
    return kinds


def _add(answer: search_pb2.SearchResponse, asked: Asked, row: Record) -> None:
    _, kind, resource_id, title, fields, texts = row
    others = zip(fields or (), texts or (), strict=True)
    seen = [(name, text) for name, text in others if name not in asked.hidden.get(kind, ())]
    shown = snippet(asked.query, [(searched()[kind].title, title), *seen])
    hit = answer.hits.add(resource_type=kind, resource_id=resource_id, title=title)
    part = hit.snippet
    part.field, part.before, part.match, part.after = shown


async def _find(here: Resources, tenant_id: str, asked: Asked) -> Sequence[Record]:
    few = not asked.narrow or await _little(here, tenant_id, asked) <= FEW
    statement, arguments = found_sql(asked, few)
    return await here.database.read(tenant_id, statement, *arguments)


async def _little(here: Resources, tenant_id: str, asked: Asked) -> int:
    """Count what of narrow reach may be read, up to one more than is few.

    The count is kept for a minute: either way to answer gives the same, so one that is old costs
    time at most.
    """
    key = (tenant_id, *((reach, *kinds) for reach, kinds in asked.narrow))
    kept = _counted.get(key)
    if kept is None or kept[0] < time.monotonic():
        sql = Sql()
        statement = _COUNT.format(seen=_seen(asked.narrow, "e", sql), most=FEW + 1)
        rows = await here.database.read(tenant_id, statement, *sql.arguments)
        if len(_counted) >= _COUNTED_MAX:
            _counted.clear()
        kept = _counted[key] = (time.monotonic() + _COUNTED_SECONDS, rows[0][0])
    return kept[1]


def found_sql(asked: Asked, few: bool) -> tuple[str, list[Any]]:
    """Give the statement that finds a page, and its arguments.

    Args:
        few: of the types of narrow reach there is little, which is looked through one by one.
    """
    found = list(grams([asked.query], asked.seed))
    places = [rank + asked.query for rank in (LISTED if found else LISTED_SHORT)]
    after: str = asked.after.values[0]
    sql = Sql(
        [
            *(asked.query, found, *asked.after.values),
            *(asked.limit, asked.open if few else list(asked.reach)),
            *([max(place, after) for place in places], [place + _AFTER_ALL for place in places]),
        ]
    )
    if few or not asked.narrow:
        seen, listed = _seen([(EVERYTHING, asked.open)], "e", sql), ""
    else:
        seen = listed = _seen([(EVERYTHING, asked.open), *asked.narrow], "e", sql)
    little = _seen(asked.narrow, "e", sql) if few and asked.narrow else ""
    kept = [f"{kind} {name}" for kind, names in asked.hidden.items() for name in sorted(names)]
    told = _TOLD.format(hidden=sql.bind(kept, "text[]")) if kept else _ANY_TEXT
    return _statement(seen, listed, little, told), sql.arguments


@functools.lru_cache(maxsize=256)
def _statement(seen: str, listed: str, little: str, told: str) -> str:
    """Put the statement together from conditions: of what is seen, listed, looked through, told."""
    names = _NAMES | {
        "after": _AFTER,
        "entered": _ENTERED.format(**_NAMES),
        "rank": _RANK.format(**_NAMES, beyond=_BEYOND, told=told),
    }
    parts = [_FROM_LISTED, _FROM_GRAMS.format(**names, seen=seen)]
    if little:
        parts.append(_FROM_FEW.format(**names, seen=little))
    seen_listed = _LISTED_SEEN.format(seen=listed) if listed else ""
    return _FIND.format(**names, listed=seen_listed, parts=" UNION ALL ".join(parts))


def _seen(reach: Iterable[tuple[Reach, list[str]]], alias: str, sql: Sql) -> str:
    """Give the condition that an entry is one the caller may read."""
    return " OR ".join(
        f"({alias}.resource_type = ANY({sql.bind(kinds, 'text[]')})"
        f" AND {within(found, _place(found, kinds, alias, sql), sql) or 'true'})"
        for found, kinds in reach
    )


def _place(reach: Reach, kinds: Sequence[str], alias: str, sql: Sql) -> Place:
    """Give where entries of some types say whose they are."""
    # What is not looked up would be a parameter that stands nowhere.
    looked_up = reach.principals or reach.categories
    opened = [kind for kind in kinds if is_opened(kind)] if looked_up else []
    wholes = sorted(
        {searched()[kind].whole[1] for kind in kinds} - {""} if reach.principals else ()
    )
    which, of_whole = (
        f"s.resource_type = ANY({sql.bind(found, 'text[]')})" if found else ""
        for found in (opened, wholes)
    )
    return Place(alias, "insight.share", "resource_id", which, ("whole_id", of_whole))


# What is put together here is text of this file; values are parameters. They are read through
# `asked`, so that the plan does not depend on them and is made once.
_NAMES = {
    "title": TITLE,
    "word": WORD,
    "pinyin": PINYIN,
    "inside": INSIDE,
    "within": WITHIN,
    "text": TEXT,
    "entered_max": ENTERED_MAX,
    "length_max": LENGTH_MAX,
}

_COUNT = """
SELECT count(*) FROM (SELECT FROM insight.search_entry e WHERE {seen} LIMIT {most}) few
"""

# Texts are read where the title may not show the match.
_FIND = """
WITH asked AS MATERIALIZED (
    SELECT $1::text AS query, $2::bigint[] AS grams,
        E'\\n{title}' || $1 AS at_start, E'\\n{word}' || $1 AS at_word,
        E'\\n{pinyin}' || $1 AS at_pinyin, E'\\n{within}' || $1 AS in_pinyin,
        $3::text COLLATE "C" AS place, $4::uuid AS resource_id, $5::text AS resource_type
), listed AS MATERIALIZED (
    SELECT found.place, found.resource_id, kind.resource_type
    FROM asked
    CROSS JOIN unnest((SELECT $7::text[])) AS kind(resource_type)
    CROSS JOIN unnest((SELECT $8::text[]), (SELECT $9::text[])) AS ways(low, high)
    CROSS JOIN LATERAL (
        SELECT b.beginning AS place, b.resource_id
        FROM insight.search_beginning b {listed}
        WHERE b.resource_type = kind.resource_type AND b.shared < length(asked.query)
            AND b.beginning >= ways.low AND b.beginning < ways.high
            AND (b.beginning > asked.place OR b.resource_id < asked.resource_id
                OR (b.resource_id = asked.resource_id AND kind.resource_type > asked.resource_type))
        ORDER BY b.beginning, b.resource_id DESC LIMIT (SELECT $6::bigint)
    ) found
    ORDER BY place, resource_id DESC, resource_type LIMIT (SELECT $6::bigint)
)
SELECT found.place, found.resource_type, found.resource_id::text AS resource_id, e.title,
    CASE WHEN NOT found.in_title THEN e.fields END AS fields,
    CASE WHEN NOT found.in_title THEN e.texts END AS texts
FROM (
    SELECT place, resource_id, resource_type,
        left(place, 1) IN ('{title}', '{word}', '{inside}') AS in_title
    FROM ({parts}) part
    ORDER BY place, resource_id DESC, resource_type LIMIT (SELECT $6::bigint)
) found
JOIN insight.search_entry e USING (resource_type, resource_id)
ORDER BY found.place, found.resource_id DESC, found.resource_type
"""

# The limit keeps the plan to looking each up, never through all that somebody may read.
_LISTED_SEEN = """
        CROSS JOIN LATERAL (
            SELECT FROM insight.search_entry e
            WHERE e.resource_type = b.resource_type AND e.resource_id = b.resource_id
                AND ({seen})
            LIMIT 1
        ) may
"""

_FROM_LISTED = "SELECT place, resource_id, resource_type FROM listed"

# Where the first line of the body, the title, contains the query: in the part that is entered
# inside words too, and beyond it.
_ENTERED = "strpos(e.body, asked.query) BETWEEN 1 AND least({entered_max}, strpos(e.body, E'\\n'))"
_BEYOND = "strpos(e.body, asked.query) BETWEEN 1 AND strpos(e.body, E'\\n')"

# An entry that no beginning leads to stands by the rank of where its text contains the query.
_RANK = """
            WHEN strpos(e.beginnings, asked.in_pinyin) > 0 OR {beyond} THEN '{within}'
            WHEN {told} THEN '{text}'
"""

# Where any text contains the query, and where one does that is not of a hidden field. What stands
# in `fields` names the lines of the body after the title.
_ANY_TEXT = "strpos(e.body, asked.query) > 0"
_TOLD = """strpos(e.body, asked.query) > 0 AND EXISTS (
                SELECT FROM unnest(e.fields, (string_to_array(e.body, E'\\n'))[2:])
                    AS line(field, told)
                WHERE strpos(line.told, asked.query) > 0
                    AND e.resource_type || ' ' || line.field <> ALL ({hidden}))"""

_AFTER = """
    found.place IS NOT NULL AND (found.place > asked.place OR (found.place = asked.place
        AND (found.resource_id < asked.resource_id OR (found.resource_id = asked.resource_id
            AND found.resource_type > asked.resource_type))))
"""

# The view is not behind the wall of its table, under which this operator could use no index; its
# own condition is the tenant. Most that is looked at has the grams, but not in a row. What may be
# seen is asked where no index serves it: all that somebody may see is more than what has the grams.
# OFFSET 0 is so that a place is worked out once.
_FROM_GRAMS = """
    (SELECT found.place, found.resource_id, found.resource_type
    FROM asked CROSS JOIN LATERAL (
        SELECT e.resource_id, e.resource_type, (CASE
            WHEN ({seen}) IS NOT TRUE THEN NULL
            WHEN strpos(e.body, asked.query) = 0 AND strpos(e.beginnings, asked.in_pinyin) = 0
                THEN NULL
            WHEN {entered} THEN NULL
            WHEN strpos(e.beginnings, asked.at_word) > 0 THEN NULL
            WHEN strpos(e.beginnings, asked.at_pinyin) > 0 THEN NULL
            {rank}
        END) COLLATE "C" AS place
        FROM insight.search_text e
        WHERE e.grams @> (SELECT $2::bigint[]) AND (SELECT $2::bigint[]) <> '{{}}'
            AND (SELECT count(*) FROM listed) < (SELECT $6::bigint)
        OFFSET 0
    ) found
    WHERE {after}
    ORDER BY place, resource_id DESC, resource_type LIMIT (SELECT $6::bigint))
"""

# The place is the same as the first row of an entry in search_beginning, where it has one.
_FROM_FEW = """
    (SELECT found.place, found.resource_id, found.resource_type
    FROM asked CROSS JOIN LATERAL (
        SELECT e.resource_id, e.resource_type, split_part(CASE
            WHEN strpos(e.beginnings, asked.at_start) > 0 THEN
                substr(e.beginnings, strpos(e.beginnings, asked.at_start) + 1)
            WHEN strpos(e.beginnings, asked.at_word) > 0 THEN
                substr(e.beginnings, strpos(e.beginnings, asked.at_word) + 1)
            WHEN strpos(e.beginnings, asked.at_pinyin) > 0 THEN
                substr(e.beginnings, strpos(e.beginnings, asked.at_pinyin) + 1)
            WHEN asked.grams = '{{}}' THEN NULL
            WHEN {entered} THEN (
                SELECT '{inside}' || min(substr(e.title_line, at, {length_max}))
                FROM generate_series(1, {entered_max}) AS at
                WHERE starts_with(substr(e.title_line, at), asked.query)
            )
            {rank}
        END, E'\\n', 1) COLLATE "C" AS place
        FROM (
            SELECT *, split_part(body, E'\\n', 1) COLLATE "C" AS title_line
            FROM insight.search_entry
        ) e
        WHERE {seen}
        OFFSET 0
    ) found
    WHERE {after}
    ORDER BY place, resource_id DESC, resource_type LIMIT (SELECT $6::bigint))
"""

METHODS = {"/banyan.insight.v1.SearchService/Search": search}
