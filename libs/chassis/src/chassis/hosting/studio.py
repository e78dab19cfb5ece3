"""What a process knows about a firm's definitions: asked of studio, in the name of a service."""

from typing import Any

from banyan.studio.v1 import definition_pb2

from chassis.rpc import Channels, acting

SUBJECT = "banyan.*.studio.>"
_METHOD = "/banyan.studio.v1.DefinitionService/GetDefinitions"


async def definitions_of(
    channels: Channels, service: str, tenant_id: str
) -> definition_pb2.Definitions:
    """Give all definitions of a tenant; where no studio runs nothing can be defined.

    Raises:
        Unavailable: studio does not answer.
    """
    if "studio" not in channels.services:
        return definition_pb2.Definitions()
    channel: Any = channels.to("studio")
    request = definition_pb2.GetDefinitionsRequest(tenant_id=tenant_id)
    with acting(service):
        return await channel.unary_unary(_METHOD)(request)
