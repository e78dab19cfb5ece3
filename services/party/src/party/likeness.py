"""What the records of a noun are found to be alike by, and where in its table that stands (PLT-17).

Keys stand in private columns of the record's own row. They are written with it when it is captured,
and after any other change by the consumer in `duplicate.py`. Names are looked up among their
neighbours in the order of their brands, so that the question costs the same in a table of any size.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.party.v1 import contact_pb2, organization_pb2
from google.protobuf.message import Message
from sqlalchemy import Text
from sqlalchemy.types import TypeEngine

from chassis.database import Transaction
from chassis.ids import is_id
from chassis.resources import Resources, unique
from chassis.resources.noun import Unique
from party.folding import email_key, tax_id_key
from party.matching import (
    ContactTraits,
    Match,
    OrganizationTraits,
    compare_contacts,
    compare_organizations,
    contact_traits,
    organization_traits,
)

# A column of names is ordered by their letters' numbers, whatever the database's language.
_BY_LETTER = Text(collation="C")


@dataclass(frozen=True)
class Likeness:
    """How records of one noun are found and compared.

    Attributes:
        exact: the field that no two of them should share.
        exact_key: gives what of it is compared, "" for nothing.
        holders: SQL over the row ``t``: the living records with one of these exact keys.
        columns: the private columns that hold keys.
        keys: gives what stands in them.
        write_keys_sql: writes the keys of many records.
        candidates: SQL over the row ``t``: the records that may be alike.
        arguments: gives its arguments but the last, the id of the record itself.
    """

    message: type[Message]
    exact: str
    exact_key: Callable[[Any], str]
    holders: str
    columns: Mapping[str, TypeEngine[Any]]
    traits: Callable[[Any], Any]
    keys: Callable[[Any], tuple[str, ...]]
    write_keys_sql: str
    candidates: str
    arguments: Callable[[Any], tuple[str | None, ...]]
    compare: Callable[[Any, Any], Match]

    @property
    def name(self) -> str:
        """Name the noun."""
        return self.message.DESCRIPTOR.name

    @property
    def indexes(self) -> tuple[Unique, ...]:
        """Give an index for each column; with the id in it, every key is unique."""
        return tuple(unique(column, "id") for column in self.columns)

    def match(self, a: Any, b: Any) -> Match:
        """Tell how alike two records are."""
        return self.compare(self.traits(a), self.traits(b))

    async def write_keys(self, records: Sequence[Any], transaction: Transaction) -> None:
        """Let the rows of records hold the keys of what they are now; that is no change."""
        if not records:
            return
        ids = [record.id for record in records]
        keys = [[key or None for key in self.keys(self.traits(record))] for record in records]
        await transaction.fetch(self.write_keys_sql, ids, *map(list, zip(*keys, strict=True)))

    async def alike(
        self, here: Resources, tenant_id: str, record: Any, transaction: Transaction | None = None
    ) -> list[tuple[Any, Match]]:
        """Find the living records that are like one, the most alike first.

        Args:
            record: need not be there; when it is, it is not like itself.
        """
        traits = self.traits(record)
        found = await here[self.message].store.where(
            tenant_id,
            self.candidates,
            *(*self.arguments(traits), record.id if is_id(record.id) else None),
            connection=transaction,
        )
        matches = [(other, self.compare(traits, self.traits(other))) for other in found]
        alike = [(other, match) for other, match in matches if match.score > 0]
        return sorted(alike, key=lambda one: (-one[1].score, one[0].id))


def _organization_name_key(traits: OrganizationTraits) -> str:
    return f"{traits.name.brand} {traits.name.trade}".strip()


def _organization_keys(traits: OrganizationTraits) -> tuple[str, ...]:
    return (traits.tax_id, traits.email, traits.phone, _organization_name_key(traits))


def _contact_keys(traits: ContactTraits) -> tuple[str, ...]:
    return (*traits.phones, traits.key)


def _contact_arguments(traits: ContactTraits) -> tuple[Any, ...]:
    phones = [phone for phone in traits.phones if phone]
    workplace = traits.organization_id if is_id(traits.organization_id) else None
    return (traits.email or None, phones, traits.key or None, workplace)


# What more than 50 share tells nothing about any of them.
_LIKE_ORGANIZATION = """t.delete_time IS NULL AND t.id IS DISTINCT FROM $5::uuid
AND t.id = ANY(ARRAY(
    (SELECT id FROM party.organization
        WHERE delete_time IS NULL AND tax_id_key = $1::text LIMIT 50)
    UNION (SELECT id FROM party.organization
        WHERE delete_time IS NULL AND email_key = $2::text LIMIT 50)
    UNION (SELECT id FROM party.organization
        WHERE delete_time IS NULL AND phone_key = $3::text LIMIT 50)
    UNION (SELECT id FROM party.organization
        WHERE delete_time IS NULL AND name_key >= $4::text ORDER BY name_key, id LIMIT 25)
    UNION (SELECT id FROM party.organization
        WHERE delete_time IS NULL AND name_key < $4::text ORDER BY name_key DESC, id DESC LIMIT 25)
))"""

_LIKE_CONTACT = """t.delete_time IS NULL AND t.id IS DISTINCT FROM $5::uuid
AND t.id = ANY(ARRAY(
    (SELECT id FROM party.contact WHERE delete_time IS NULL AND email = $1::text LIMIT 50)
    UNION (SELECT id FROM party.contact
        WHERE delete_time IS NULL AND phone_key = ANY($2::text[]) LIMIT 50)
    UNION (SELECT id FROM party.contact
        WHERE delete_time IS NULL AND mobile_key = ANY($2::text[]) LIMIT 50)
    UNION (SELECT id FROM party.contact
        WHERE delete_time IS NULL AND name_key = $3::text LIMIT 50)
    UNION (SELECT id FROM party.contact
        WHERE delete_time IS NULL AND organization_id = $4::uuid LIMIT 200)
))"""

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
    write_keys_sql="""
        UPDATE party.organization AS t SET tax_id_key = k.tax_id_key, email_key = k.email_key,
            phone_key = k.phone_key, name_key = k.name_key
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
            AS k (id, tax_id_key, email_key, phone_key, name_key)
        WHERE t.id = k.id AND (t.tax_id_key, t.email_key, t.phone_key, t.name_key)
            IS DISTINCT FROM (k.tax_id_key, k.email_key, k.phone_key, k.name_key)""",
    candidates=_LIKE_ORGANIZATION,
    arguments=lambda traits: tuple(key or None for key in _organization_keys(traits)),
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
    write_keys_sql="""
        UPDATE party.contact AS t
        SET phone_key = k.phone_key, mobile_key = k.mobile_key, name_key = k.name_key
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
            AS k (id, phone_key, mobile_key, name_key)
        WHERE t.id = k.id AND (t.phone_key, t.mobile_key, t.name_key)
            IS DISTINCT FROM (k.phone_key, k.mobile_key, k.name_key)""",
    candidates=_LIKE_CONTACT,
    arguments=_contact_arguments,
    compare=compare_contacts,
)

BY_TYPE = {
    "party.banyan/Organization": ORGANIZATIONS,
    "party.banyan/Contact": CONTACTS,
}
