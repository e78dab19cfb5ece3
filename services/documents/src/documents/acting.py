"""Acting for the person who began a job, with their rights as they are now."""

import asyncio
import time
from typing import Any

from banyan.identity.v1 import access_pb2, role_pb2, session_pb2

from chassis import errors
from chassis.resources import Noun, Resources
from chassis.rpc import Method, acting

_SELF = "/banyan.identity.v1.AccessService/ReadSelf"
_TOKEN = "/banyan.identity.v1.SessionService/IssueTokenFor"  # noqa: S105 (a method's path)
# A token lasts ten minutes; it is asked for again well before it ends.
_TOKEN_SECONDS = 300
_CALL_SECONDS = 120
_PAUSES = (0.2, 1.0, 3.0, 10.0)


class OnBehalfOf:
    """Calls methods of any service as the person whose work it is."""

    def __init__(self, here: Resources, tenant_id: str, user_id: str, language: str) -> None:
        self._here = here
        self._tenant_id = tenant_id
        self._user_id = user_id
        self._language = language
        self._token = ""
        self._until = 0.0

    async def ask(self, method: Method, request: Any) -> Any:
        """Call a method; what fails for the moment is tried again for some seconds.

        Raises:
            Error: what the method refuses, in the person's language.
        """
        for pause in (*_PAUSES, None):
            try:
                return await self._ask(method, request)
            except (errors.Unavailable, errors.Conflict) as error:
                lasting = isinstance(error, errors.Conflict) and error.reason != "BUSY_RECORD"
                if pause is None or lasting:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def does_not_see(self, noun: Noun) -> frozenset[str]:
        """Name the fields of a noun that are hidden from the person."""
        channel: Any = self._here.channels.to("identity")
        metadata = {"authorization": f"Bearer {await self._current()}"}
        found = await channel.unary_unary(_SELF)(access_pb2.ReadSelfRequest(), metadata=metadata)
        return frozenset(
            name
            for rule in found.field_rules
            if rule.resource == noun.name and rule.access == role_pb2.FieldRule.ACCESS_HIDDEN
            for name in rule.fields
        )

    async def _ask(self, method: Method, request: Any) -> Any:
        channel: Any = self._here.channels.to(method.service)
        metadata = {
            "authorization": f"Bearer {await self._current()}",
            "accept-language": self._language,
        }
        call = channel.unary_unary(method.path)
        return await call(request, metadata=metadata, timeout=_CALL_SECONDS)

    async def _current(self) -> str:
        if time.monotonic() > self._until:
            request = session_pb2.IssueTokenForRequest(
                tenant_id=self._tenant_id, user_id=self._user_id
            )
            channel: Any = self._here.channels.to("identity")
            with acting("documents", self._tenant_id):
                found = await channel.unary_unary(_TOKEN)(request)
            self._token, self._until = found.access_token, time.monotonic() + _TOKEN_SECONDS
        return self._token
