"""Address: where mail, goods and invoices of an organization or a contact go (PTY-01, PTY-19)."""

from typing import Any

from banyan.party.v1 import address_pb2, contact_pb2, organization_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.ids import is_id
from chassis.resources import Around, Hooks, Noun, Resources
from chassis.rpc import Call
from party.planned import planned, seen

_Address = address_pb2.Address
_PARTIES = {
    "organization_id": organization_pb2.Organization,
    "contact_id": contact_pb2.Contact,
}
_PRIMARY = """
SELECT true FROM party.address WHERE primary_ AND kind = $1::int AND delete_time IS NULL
    AND $2::uuid IN (organization_id, contact_id) AND id IS DISTINCT FROM $3::uuid
"""


def prepare_create(address: _Address, _: Around) -> None:
    """Say nothing of one that is not primary: what is unset does not count for the key."""
    if not address.primary:
        address.ClearField("primary")


def prepare_update(_: _Address, address: _Address, around: Around) -> None:
    """Say nothing of one that no longer is."""
    prepare_create(address, around)


async def complete(here: Resources, call: Call, new: _Address, _: dict[Any, Any]) -> None:
    """Make sure that a new primary address is the only one."""
    await check_primary(here, call, new)


async def update(here: Resources, request: Any, call: Call) -> Message:
    """Change an address, but leave one primary at most among those of its kind.

    Raises:
        Invalid: PRIMARY_TAKEN.
    """
    addresses = here[_Address]
    address = await planned(addresses, request, call, "primary", "kind")
    if address is not None:
        await check_primary(here, call, address)
    return await addresses.update(request, call)


async def check_primary(here: Resources, call: Call, address: _Address) -> None:
    """Refuse a second primary address of a kind.

    Of two that are written at once the unique key refuses one. Whose address it is, is left to the
    check of references where the caller does not see them.

    Raises:
        Invalid: PRIMARY_TAKEN.
    """
    field = address.WhichOneof("party")
    if not address.primary or field is None or not is_id(getattr(address, field)):
        return
    party = await seen(here[_PARTIES[field]], call, getattr(address, field))
    own = address.id if is_id(address.id) else None
    if party is None:
        return
    if await here.database.read(call.tenant_id, _PRIMARY, address.kind, party.id, own):
        raise errors.invalid_field("address.primary", "PRIMARY_TAKEN")


ADDRESS = Noun(
    _Address,
    hooks=Hooks(complete=complete, prepare_create=prepare_create, prepare_update=prepare_update),
    methods={"UpdateAddress": update},
)
