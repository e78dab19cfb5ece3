"""What an update would make of a record, for rules that have to look beyond it."""

from typing import Any

from chassis.access import Reach
from chassis.ids import is_id
from chassis.json.fields import is_set
from chassis.resources import Resource
from chassis.rpc import Call


async def planned(resource: Resource, request: Any, call: Call, *names: str) -> Any:
    """Give a record with the changes that an update asks for in some fields.

    Args:
        names: the fields the rule is about; messages and lists are not among them.

    Returns:
        None when the update touches none of them, or the record is not there for the caller; what
        is wrong with the request itself is left to the update.
    """
    patch = getattr(request, resource.noun.table_name)
    touched = set(names).intersection(resource.rules.update_mask(request))
    if not touched or not is_id(patch.id):
        return None
    record = await seen(resource, call, patch.id)
    if record is not None:
        for name in touched:
            record.ClearField(name)
            if is_set(patch, name):
                setattr(record, name, getattr(patch, name))
    return record


async def seen(resource: Resource, call: Call, record_id: str) -> Any:
    """Give a record as far as the caller sees it, None otherwise."""
    reach = call.reach(resource.noun.name, "read") or Reach()
    return await resource.store.find(call.tenant_id, record_id, reach)
