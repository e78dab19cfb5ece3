"""What the records of a noun are found to be alike by, and where in its table that stands (PLT-17).

Keys stand in columns of the record's own row and are written with it. Names are looked up among
their neighbours in the order of their brands: the question costs the same in a table of any size.

Many are looked for at once: one statement finds who may be alike, by their keys; those whose name
alone brought them there and cannot be enough are left out; one statement reads the rest, each once.
"""

import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.party.v1 import contact_pb2, organization_pb2
from google.protobuf.message import Message
from sqlalchemy import Text
from sqlalchemy.types import TypeEngine

from chassis.database import Record
from chassis.ids import is_id
from chassis.resources import unique
from chassis.resources.columns import instant_parts
from chassis.resources.noun import Derived, Unique
from party.folding import email_key, tax_id_key
from party.matching import (
    ContactTraits,
    Match,
    OrganizationTraits,
    compare_contacts,
    compare_organizations,
    contact_traits,
    name_test,
    organization_traits,
)

# A column of names is ordered by their letters' numbers, whatever the database's language.
_BY_LETTER = Text(collation="C")
_NOT_THERE = str(uuid.UUID(int=0))

# Runs SQL with its arguments and gives the rows.
Fetch = Callable[..., Awaitable[Sequence[Record]]]
# Records that are like another, each with how much; the most alike first.
Alike = list[tuple[Any, Match]]


@dataclass(frozen=True)
class Likeness:
    """How records of one noun are found and compared.

    Attributes:
        exact: the field that no two of them should share.
        exact_key: gives what of it is compared, "" for nothing.
        holders: SQL over the row ``t``: the living records with one of these exact keys.
        columns: those that hold keys.
        keys: gives what stands in them.
        known_sql: reads of many records what their traits are read from, and whose they are.
        candidates: SQL that gives for each of many the ids of living records that may be alike,
            each with the key of its name when nothing but the name speaks for it, else with NULL.
        arguments: gives what it is asked with about one record, besides its id.
        key_test: gives the test by which a name's key may be enough for a score.
    """

    message: type[Message]
    exact: str
    exact_key: Callable[[Any], str]
    holders: str
    columns: Mapping[str, TypeEngine[Any]]
    traits: Callable[[Any], Any]
    keys: Callable[[Any], tuple[str, ...]]
    known_sql: str
    candidates: str
    arguments: Callable[[Any], tuple[str | None, ...]]
    key_test: Callable[[Any, float], Callable[[str], bool]]
    compare: Callable[[Any, Any], Match]

    @property
    def name(self) -> str:
        """Name the noun."""
        return self.message.DESCRIPTOR.name

    @property
    def derived(self) -> Derived:
        """Give the columns with what stands in them."""
        return Derived(self.columns, lambda one: [k or None for k in self.keys(self.traits(one))])

    @property
    def indexes(self) -> tuple[Unique, ...]:
        """Give an index for each column; with the id in it, every key is unique."""
        return tuple(unique(column, "id") for column in self.columns)

    def match(self, a: Any, b: Any) -> Match:
        """Tell how alike two records are."""
        return self.compare(self.traits(a), self.traits(b))

    async def known(self, ids: Collection[str], fetch: Fetch) -> dict[str, Any]:
        """Give records, deleted ones too, with what is compared and whose they are, by id."""
        rows = await fetch(self.known_sql, list(ids)) if ids else ()
        return {row["id"]: self._record_of(row) for row in rows}

    def _record_of(self, row: Record) -> Any:
        fields: dict[str, Any] = dict(row)
        if fields["delete_time"] is not None:
            fields["delete_time"] = instant_parts(fields["delete_time"])
        return self.message(**fields)

    async def alike(
        self, records: Sequence[Any], fetch: Fetch, score_min: float = 0
    ) -> list[Alike]:
        """Find for each of some records the living ones that are like it.

        Args:
            records: need not be there; when they are, none is like itself.
            score_min: how alike they must be; whatever is alike at all when 0.
        """
        traits = [self.traits(record) for record in records]
        possible = await self._possible(records, traits, fetch, score_min)
        known = await self.known(set[str]().union(*possible), fetch)
        others = {i: (o, self.traits(o)) for i, o in known.items() if not o.HasField("delete_time")}
        found: list[Alike] = []
        for mine, ids in zip(traits, possible, strict=True):
            there = [others[i] for i in ids if i in others]
            matches = [(other, self.compare(mine, theirs)) for other, theirs in there]
            alike = [one for one in matches if one[1].score > 0 and one[1].score >= score_min]
            found.append(sorted(alike, key=lambda one: (-one[1].score, one[0].id)))
        return found

    async def _possible(
        self, records: Sequence[Any], traits: Sequence[Any], fetch: Fetch, score_min: float
    ) -> list[set[str]]:
        """Give for each record the ids of those that may be as alike as that."""
        if not records:
            return []
        mine = [record.id if is_id(record.id) else _NOT_THERE for record in records]
        arguments = map(list, zip(*map(self.arguments, traits), strict=True))
        possible: list[set[str]] = [set() for _ in records]
        for place, ids, keys in await fetch(self.candidates, mine, *arguments):
            passes = self.key_test(traits[place], score_min)
            may_be = zip(ids, keys, strict=True)
            possible[place] = {i for i, key in may_be if key is None or passes(key)}
        return possible


def _organization_keys(traits: OrganizationTraits) -> tuple[str, ...]:
    return (traits.tax_id, traits.email, traits.phone, traits.name.key)


def _contact_keys(traits: ContactTraits) -> tuple[str, ...]:
    return (*traits.phones, traits.key)


def _contact_arguments(traits: ContactTraits) -> tuple[str | None, ...]:
    workplace = traits.organization_id if is_id(traits.organization_id) else None
    return (traits.email or None, *(key or None for key in _contact_keys(traits)), workplace)


# What more than 50 share tells nothing about any of them. Neighbours are counted from the record's
# own place among names and ids, so that each of two is the other's: which pairs are found does not
# depend on which was captured first. One that is not there stands before all of its name.
_LIKE_ORGANIZATION = """
SELECT k.place::int - 1, found.ids, found.name_keys
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
    AS k (id, tax_id_key, email_key, phone_key, name_key, place)
CROSS JOIN LATERAL (
    SELECT array_agg(one.id::text) AS ids, array_agg(one.name_key) AS name_keys FROM (
    (SELECT id, NULL AS name_key FROM party.organization
        WHERE delete_time IS NULL AND tax_id_key = k.tax_id_key LIMIT 50)
    UNION ALL (SELECT id, NULL FROM party.organization
        WHERE delete_time IS NULL AND email_key = k.email_key LIMIT 50)
    UNION ALL (SELECT id, NULL FROM party.organization
        WHERE delete_time IS NULL AND phone_key = k.phone_key LIMIT 50)
    UNION ALL (SELECT t.id, CASE WHEN t.tax_id_key = k.tax_id_key OR t.email_key = k.email_key
            OR t.phone_key = k.phone_key THEN NULL ELSE t.name_key END
        FROM party.organization AS t
        WHERE t.delete_time IS NULL AND (t.name_key, t.id) > (k.name_key, k.id)
        ORDER BY t.name_key, t.id LIMIT 25)
    UNION ALL (SELECT t.id, CASE WHEN t.tax_id_key = k.tax_id_key OR t.email_key = k.email_key
            OR t.phone_key = k.phone_key THEN NULL ELSE t.name_key END
        FROM party.organization AS t
        WHERE t.delete_time IS NULL AND (t.name_key, t.id) < (k.name_key, k.id)
        ORDER BY t.name_key DESC, t.id DESC LIMIT 25)
) AS one WHERE one.id <> k.id) AS found
WHERE found.ids IS NOT NULL"""

# A person's name may be written in several ways, of which the key is one: it never tells enough.
_LIKE_CONTACT = """
SELECT k.place::int - 1, found.ids, array_fill(NULL::text, ARRAY[cardinality(found.ids)])
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[]) WITH ORDINALITY
    AS k (id, email, phone_key, mobile_key, name_key, organization_id, place)
CROSS JOIN LATERAL (SELECT array_agg(one.id::text) AS ids FROM (
    (SELECT id FROM party.contact WHERE delete_time IS NULL AND email = k.email LIMIT 50)
    UNION ALL (SELECT id FROM party.contact
        WHERE delete_time IS NULL AND phone_key = ANY(ARRAY[k.phone_key, k.mobile_key]) LIMIT 50)
    UNION ALL (SELECT id FROM party.contact
        WHERE delete_time IS NULL AND mobile_key = ANY(ARRAY[k.phone_key, k.mobile_key]) LIMIT 50)
    UNION ALL (SELECT id FROM party.contact
        WHERE delete_time IS NULL AND name_key = k.name_key LIMIT 50)
    UNION ALL (SELECT id FROM party.contact
        WHERE delete_time IS NULL AND organization_id = k.organization_id LIMIT 200)
) AS one WHERE one.id <> k.id) AS found
WHERE found.ids IS NOT NULL"""

ORGANIZATIONS = Likeness(
    organization_pb2.Organization,
    exact="tax_id",
    exact_key=lambda organization: tax_id_key(organization.tax_id),
    holders="t.delete_time IS NULL AND t.tax_id_key = ANY($1::text[])",
    columns={
        "tax_id_key": Text(),
        "email_key": Text(),
        "phone_key": Text(),
        "name_key": _BY_LETTER,
    },
    traits=organization_traits,
    keys=_organization_keys,
    known_sql="""
        SELECT t.id::text AS id, t.delete_time, t.owner_user_id::text AS owner_user_id,
            t.org_unit_id::text AS org_unit_id, t.creator_user_id::text AS creator_user_id,
            t.name, t.tax_id, t.email, t.phone, t.country_code
        FROM party.organization AS t WHERE t.id = ANY($1::uuid[])""",
    candidates=_LIKE_ORGANIZATION,
    arguments=lambda traits: tuple(key or None for key in _organization_keys(traits)),
    key_test=name_test,
    compare=compare_organizations,
)

CONTACTS = Likeness(
    contact_pb2.Contact,
    exact="email",
    exact_key=lambda contact: email_key(contact.email),
    # The e-mail itself is kept as it is compared.
    holders="t.delete_time IS NULL AND t.email = ANY($1::text[])",
    columns={"phone_key": Text(), "mobile_key": Text(), "name_key": _BY_LETTER},
    traits=contact_traits,
    keys=_contact_keys,
    known_sql="""
        SELECT t.id::text AS id, t.delete_time, t.owner_user_id::text AS owner_user_id,
            t.org_unit_id::text AS org_unit_id, t.creator_user_id::text AS creator_user_id,
            t.name, t.given_name, t.family_name, t.email, t.phone, t.mobile,
            t.organization_id::text AS organization_id
        FROM party.contact AS t WHERE t.id = ANY($1::uuid[])""",
    candidates=_LIKE_CONTACT,
    arguments=_contact_arguments,
    key_test=lambda traits, score_min: bool,
    compare=compare_contacts,
)

BY_TYPE = {
    "party.banyan/Organization": ORGANIZATIONS,
    "party.banyan/Contact": CONTACTS,
}
