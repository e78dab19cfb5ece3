"""Share and Unshare: one record opened to a person or a unit beyond what roles reach (PLT-16).

A record says itself with whom it is shared, so that its changes tell it, to the audit as to those
that mirror it. A table beside it is for looking up what is shared with somebody.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from banyan.api.v1 import share_pb2

from chassis import errors
from chassis.access import SHARES, categories_of
from chassis.database import Transaction
from chassis.events import Event
from chassis.ids import is_id
from chassis.resources.kinds import nouns
from chassis.rpc import Call

if TYPE_CHECKING:
    from chassis.resources.resource import Keep, Resource

SHARES_MAX = 100
_WRITE = share_pb2.Share.ACCESS_WRITE
_KINDS = {"user_id": "identity.banyan/User", "org_unit_id": "identity.banyan/OrgUnit"}


async def share(resource: "Resource", request: share_pb2.ShareRequest, call: Call) -> Any:
    """Open a record to a person or a unit, or change how much is open to them.

    Raises:
        Invalid: REQUIRED, NOT_AN_ID, ONE_OF_BOTH, REFERENCE_NOT_FOUND, TOO_MANY_SHARES.
        Forbidden: OUTSIDE_REACH, also for who shares for writing what they may not change.
    """
    name, target = _principal(request)

    async def run(asked: "Keep | None") -> Any:
        old, new = await resource.loaded(call, request.id, request.etag, "share")
        if not await resource.rules.references.is_there(call, _KINDS[name], target, {}):
            raise errors.invalid_field(name, "REFERENCE_NOT_FOUND")
        if request.access == _WRITE:
            resource.rules.authorize("update", old, await resource.rules.around(call, old), call)
        _take_away(new, target)
        given = share_pb2.Share(access=request.access, **{name: target})
        getattr(new, SHARES).append(given)
        if len(getattr(new, SHARES)) > SHARES_MAX:
            raise errors.invalid_field("id", "TOO_MANY_SHARES", limit=SHARES_MAX)
        return await _put(resource, call, "share", old, new, asked)

    return await _answered(resource, call, await resource.once(request, call, run))


async def unshare(resource: "Resource", request: share_pb2.UnshareRequest, call: Call) -> Any:
    """Take a share back.

    Raises:
        Invalid: REQUIRED, NOT_AN_ID, ONE_OF_BOTH.
        Forbidden: OUTSIDE_REACH.
    """
    _, target = _principal(request)

    async def run(asked: "Keep | None") -> Any:
        old, new = await resource.loaded(call, request.id, request.etag, "unshare")
        _take_away(new, target)
        return await _put(resource, call, "unshare", old, new, asked)

    return await _answered(resource, call, await resource.once(request, call, run))


def _principal(request: Any) -> tuple[str, str]:
    """Give the field that says with whom, and the id in it."""
    given = [(name, getattr(request, name)) for name in _KINDS if getattr(request, name)]
    if len(given) != 1:
        raise errors.invalid_field("user_id", "ONE_OF_BOTH" if given else "REQUIRED")
    if not is_id(given[0][1]):
        raise errors.invalid_field(given[0][0], "NOT_AN_ID")
    return given[0]


def _take_away(record: Any, target: str) -> None:
    kept = [s for s in getattr(record, SHARES) if target not in (s.user_id, s.org_unit_id)]
    record.ClearField(SHARES)
    getattr(record, SHARES).extend(kept)


async def _put(
    resource: "Resource", call: Call, verb: str, old: Any, new: Any, asked: "Keep | None"
) -> Any:
    by_principal = {(s.user_id, s.org_unit_id): s.access for s in getattr(old, SHARES)}
    if by_principal == {(s.user_id, s.org_unit_id): s.access for s in getattr(new, SHARES)}:
        return old
    async with resource.here.database.transaction(call.tenant_id) as transaction:
        await resource.put(call, verb, old, new, transaction, asked)
        table = f"{resource.here.database.schema}.share"
        kind = resource.noun.resource.type
        await transaction.fetch(
            f"DELETE FROM {table} WHERE resource_type = $1 AND resource_id = $2", kind, new.id
        )
        await transaction.executemany(
            f"INSERT INTO {table} VALUES ($1, $2, $3, $4, $5)",
            [
                (call.tenant_id, kind, principal, new.id, writes)
                for principal, writes in _opened(getattr(new, SHARES))
            ],
        )
    return new


def _opened(shares: Iterable[share_pb2.Share]) -> list[tuple[str, bool]]:
    return [(s.user_id or s.org_unit_id, s.access == _WRITE) for s in shares]


async def _answered(resource: "Resource", call: Call, record: Any) -> Any:
    await resource.title_many(call, [record])
    return record


# --- what is mirrored


def is_opened(kind: str) -> bool:
    """Tell whether records of a type can be within reach by what a mirror's shares say."""
    noun = nouns().get(kind)
    return noun is not None and SHARES in noun.fields


async def mirror_shares(table: str, events: Sequence[Event], transaction: Transaction) -> None:
    """Keep who may look up changed records in a mirror of them.

    Args:
        table: the mirror, which says by type, id and version what it has of a record. What an event
            says counts where the mirror has just that version.
    """
    heard = {
        (event.change.resource_type, event.change.resource_id, event.change.version): event
        for event in events
        if _tells(event)
    }
    if not heard:
        return
    share = f"{table.partition('.')[0]}.share"
    of_version = (
        f"FROM {table} k JOIN unnest($1::text[], $2::uuid[], $3::bigint[])"
        " AS n(resource_type, resource_id, version) USING (resource_type, resource_id, version)"
    )
    await transaction.fetch(
        f"DELETE FROM {share} s USING (SELECT k.resource_type, k.resource_id {of_version}) k"
        " WHERE s.resource_type = k.resource_type AND s.resource_id = k.resource_id",
        *map(list, zip(*heard, strict=True)),
    )
    rows = [
        (*key, principal, writes)
        for key, event in heard.items()
        for principal, writes in (
            *_opened(getattr(event.record, SHARES)),
            *((category, False) for category in categories_of(event.record) if category),
        )
    ]
    if rows:
        await transaction.executemany(
            f"INSERT INTO {share} SELECT $1, k.resource_type, $5, k.resource_id, $6"
            f" FROM {table} k"
            " WHERE k.resource_type = $2 AND k.resource_id = $3 AND k.version = $4"
            " ON CONFLICT DO NOTHING",
            [(transaction.tenant_id, *row) for row in rows],
        )


def _tells(event: Event) -> bool:
    """Tell whether a change says who may look its record up.

    Each does but the first: what was shared in between may be heard of later, or at once with it.
    """
    record = event.record
    if SHARES not in record.DESCRIPTOR.fields_by_name:
        return False
    return (
        event.change.verb != "create"
        or bool(getattr(record, SHARES))
        or bool(categories_of(record))
    )
