"""Edition: modules that are licensed as one, and who works with them (PLT-04 to PLT-08)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import uuid_utils
from banyan.identity.v1 import edition_pb2, tenant_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.resources import Around, Hooks, Noun, Resources
from chassis.rpc import Call
from identity.modules import installed, shipped

_Edition = edition_pb2.Edition
_CHAIN = """
WITH RECURSIVE chain AS (
    SELECT id, contained_edition_id FROM identity.edition WHERE id = $1::uuid
    UNION SELECT e.id, e.contained_edition_id FROM identity.edition e
      JOIN chain ON e.id = chain.contained_edition_id)
SELECT id::text FROM chain
"""


def validate(edition: _Edition, _: Around) -> None:
    """Refuse modules there are not, and user types that share a key.

    Raises:
        Invalid: UNKNOWN_MODULE, USER_TYPE_TWICE.
    """
    installed().check(edition.modules, "edition.modules")
    times = Counter(kind.key for kind in edition.user_types)
    for key, count in times.items():
        if count > 1:
            raise errors.invalid_field("edition.user_types", "USER_TYPE_TWICE", key=key)


def authorize(_: str, edition: _Edition, around: Around) -> None:
    """Refuse to change what comes with the product.

    Raises:
        FailedPrecondition: EDITION_SHIPPED.
    """
    if edition.shipped_key and around.grants is not None:
        raise errors.FailedPrecondition("EDITION_SHIPPED", name=edition.name)


def shipped_editions(kept: Iterable[_Edition] = ()) -> list[_Edition]:
    """Give the editions that come with the product, each containing the one before.

    Args:
        kept: those a firm has, which keep their ids.
    """
    ids = {edition.shipped_key: edition.id for edition in kept}
    found: list[_Edition] = []
    for row in shipped()["editions"]:
        edition = _Edition(
            id=ids.get(row["key"]) or str(uuid_utils.uuid7()),
            name=row["name"],
            contained_edition_id=found[-1].id if found else "",
            modules=row["modules"],
            user_types=[edition_pb2.UserType(**kind) for kind in row["user_types"]],
            shipped_key=row["key"],
        )
        found.append(edition)
    return found


async def restore(here: Resources, request: Any, call: Call) -> Message:
    """Make the shipped editions that are missing, and bring the others to what is shipped now."""
    editions = here[_Edition]
    answer = edition_pb2.RestoreEditionsResponse()
    async with here.database.transaction(call.tenant_id) as transaction:
        await transaction.lock("editions")
        kept = {
            edition.id: edition
            for edition in await editions.store.where(
                call.tenant_id, "t.shipped_key IS NOT NULL", connection=transaction
            )
        }
        for wanted in shipped_editions(kept.values()):
            old = kept.get(wanted.id)
            if old is None:
                around = await editions.prepare_new(call, wanted, trusted=True)
                answer.editions.append(await editions.add(call, wanted, around, transaction))
            else:
                new = _restored(old, wanted)
                answer.editions.append(await editions.put(call, "restore", old, new, transaction))
    await editions.title_many(call, answer.editions)
    return answer


def _restored(old: _Edition, wanted: _Edition) -> _Edition:
    new = _Edition()
    new.CopyFrom(old)
    for name in ("name", "contained_edition_id", "modules", "user_types"):
        new.ClearField(name)
    new.MergeFrom(wanted)
    return new


async def chain_of(here: Resources, tenant: tenant_pb2.Tenant) -> Sequence[_Edition]:
    """Give a tenant's edition and those that lie in it; nothing for a tenant without one."""
    if not tenant.edition_id:
        return []
    rows = await here.database.read(tenant.id, _CHAIN, tenant.edition_id)
    return await here[_Edition].store.where(
        tenant.id, "t.id = ANY($1::uuid[])", [row[0] for row in rows]
    )


EDITION = Noun(
    _Edition,
    hooks=Hooks(validate=validate, authorize=authorize),
    methods={"RestoreEditions": restore},
    without={"Share": "it is for the whole installation"},
)
