"""All definitions of a firm at once: for services that hold records to them, and for forms."""

from collections.abc import Sequence
from typing import Any

from banyan.studio.v1 import custom_field_pb2, definition_pb2, picklist_pb2
from google.protobuf.message import Message

from chassis.resources import Resources
from chassis.rpc import Call
from studio.kinds import readable_types


async def get_definitions(here: Resources, request: Any, call: Call) -> Message:
    """Give the definitions of the tenant the request names."""
    return await _definitions(here, request.tenant_id)


async def read_definitions(here: Resources, _: Any, call: Call) -> Message:
    """Give the definitions of the caller's firm, for the nouns the caller may read."""
    found = await _definitions(here, call.tenant_id)
    readable = readable_types(call)
    fields = [field for field in found.custom_fields if field.resource_type in readable]
    return definition_pb2.Definitions(
        version=found.version, custom_fields=fields, picklists=found.picklists
    )


async def _definitions(here: Resources, tenant_id: str) -> definition_pb2.Definitions:
    fields = await here[custom_field_pb2.CustomField].store.where(tenant_id, "true")
    picklists = await here[picklist_pb2.Picklist].store.where(tenant_id, "true")
    return definitions(fields, picklists)


def definitions(
    fields: Sequence[custom_field_pb2.CustomField], picklists: Sequence[picklist_pb2.Picklist]
) -> definition_pb2.Definitions:
    """Gather what is in force, in the order in which it is shown.

    Args:
        fields, picklists: all there ever were. A change of any adds one to its etag and none is
            ever gone from the table, so the sums of their etags grow with every change.
    """
    return definition_pb2.Definitions(
        version=f"{_changes(fields)}.{_changes(picklists)}",
        custom_fields=sorted(
            (field for field in fields if not field.HasField("delete_time")),
            key=lambda field: (field.resource_type, field.position, field.key),
        ),
        picklists=sorted(
            (picklist for picklist in picklists if not picklist.HasField("delete_time")),
            key=lambda picklist: picklist.name,
        ),
    )


def _changes(records: Sequence[Any]) -> int:
    return sum(int(record.etag) for record in records)


_SERVICE = "/banyan.studio.v1.DefinitionService/"
METHODS = {
    f"{_SERVICE}GetDefinitions": get_definitions,
    f"{_SERVICE}ReadDefinitions": read_definitions,
}
