"""What a process knows about people: asked of identity, forgotten when its events say so."""

from collections.abc import Callable
from typing import Any

from banyan.identity.v1 import access_pb2, session_pb2
from google.protobuf.message import Message

from chassis import errors
from chassis.access import Directory, TenantProfile, UserAccess
from chassis.access.contract import plain_access, plain_profile
from chassis.events import Event
from chassis.rpc import Channels, acting

# What is in a category is said by the catalog; permissions may reach by it.
SUBJECTS = ("banyan.*.identity.>", "banyan.*.catalog.product_category.*")
_IDENTITY = "/banyan.identity.v1."
# A change of these concerns everybody in the tenant; of the others, the person they name.
_OF_ALL = {"org_unit", "tenant", "edition", "role", "product_category"}


class Identity:
    """Asks identity in the name of a service of this process, which must be able to sign for it."""

    def __init__(self, channels: Channels, service: str) -> None:
        self._channels = channels
        self._service = service

    async def access(self, tenant_id: str, user_id: str, session_id: str) -> UserAccess:
        """Give what a person may do in a session."""
        request = access_pb2.GetUserAccessRequest(
            tenant_id=tenant_id, user_id=user_id, session_id=session_id
        )
        return plain_access(await self._ask("AccessService/GetUserAccess", request))

    async def tenant(self, tenant_id: str) -> TenantProfile:
        """Give a tenant's profile.

        Raises:
            Unauthenticated: SESSION_ENDED when there is no such tenant.
        """
        request = access_pb2.GetTenantProfileRequest(tenant_id=tenant_id)
        try:
            return plain_profile(await self._ask("AccessService/GetTenantProfile", request))
        except (errors.NotFound, errors.Invalid):
            raise errors.Unauthenticated("SESSION_ENDED") from None

    def directory(self, heard: Callable[[], bool]) -> Directory:
        """Give the directory of this process; `heard` tells whether events are being received."""
        return Directory(self.access, self.tenant, heard, self.token_of)

    async def token_of(self, key: str) -> str:
        """Exchange an API key for an access token.

        Raises:
            Unauthenticated: SECRET_INVALID.
        """
        request = session_pb2.ExchangeApiKeyRequest(api_key=key)
        try:
            found = await self._ask("SessionService/ExchangeApiKey", request)
        except errors.Invalid:
            raise errors.Unauthenticated("SECRET_INVALID") from None
        return found.access_token

    async def _ask(self, method: str, request: Message) -> Any:
        channel: Any = self._channels.to("identity")
        with acting(self._service):
            return await channel.unary_unary(_IDENTITY + method)(request)


def forget(directory: Directory, event: Event) -> None:
    """Drop what an event of `SUBJECTS` makes out of date."""
    noun = event.subject.split(".")[3]
    if noun in _OF_ALL:
        directory.forget_tenant(event.tenant_id)
    elif noun == "user":
        directory.forget_user(event.tenant_id, event.change.resource_id)
    elif noun != "fact":
        for user_id in _people_of(event):
            directory.forget_user(event.tenant_id, user_id)


def _people_of(event: Event) -> set[str]:
    """Name whom a change is about: who has the record now, and who had it before."""
    before = {f.old_value.string_value for f in event.change.fields if f.path == "user_id"}
    return {getattr(event.record, "user_id", ""), *before} - {""}
