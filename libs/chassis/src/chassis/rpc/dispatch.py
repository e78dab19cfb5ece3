"""The one interceptor every call goes through, whether it came over the wire or not.

Identity, tenant, deadline, limits, trace, permission, contract rules, error codec: in this order,
in one place, so that a local call, a call between pods and a partner's call are treated alike.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from banyan.api.v1 import options_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2
from opentelemetry.trace import SpanKind
from prometheus_client import Histogram

from chassis import errors
from chassis.access import Caller, Directory, TokenReader, conceal
from chassis.rpc.call import Call, set_current_call
from chassis.rpc.channel import Channels
from chassis.rpc.limit import RateLimit
from chassis.rpc.method import SIGNED_IN, Method
from chassis.rpc.validation import violations_of
from chassis.telemetry import METRICS, log, new_trace_parent, span, trace_id

Handler = Callable[[Any, Call], Awaitable[Message]]

DEADLINE_SECONDS = 30.0
DEADLINE_SECONDS_MAX = 300.0
# How API keys begin; they go where an access token goes.
API_KEY = "bnk_"
# Their nouns are checked row by row, and after a partial update is merged, by the verbs themselves.
_SELF_CHECKING = {"Create", "Update", "BatchCreate"}


@functools.cache
def _duration(path: str, code: str) -> Histogram:
    return METRICS.calls.labels(path, code)


class Dispatcher:
    """Runs the methods of the services in this process."""

    def __init__(
        self,
        handlers: Mapping[Method, Handler],
        *,
        tokens: TokenReader,
        directory: Directory,
        channels: Channels,
        calls_per_second: int = 5_000,
        public_calls_per_second: int = 50,
    ) -> None:
        self._handlers = {method.path: (method, handler) for method, handler in handlers.items()}
        self._tokens = tokens
        self._directory = directory
        self._channels = channels
        self._limit = RateLimit(calls_per_second)
        self._public_limit = RateLimit(public_calls_per_second)

    @property
    def methods(self) -> list[Method]:
        """List what can be called here."""
        return [method for method, _ in self._handlers.values()]

    async def call(
        self,
        path: str,
        request: Message,
        metadata: Mapping[str, str],
        timeout: float | None = None,  # noqa: ASYNC109 (the caller's, carried between processes)
    ) -> Message:
        """Run a method.

        Args:
            metadata: lower-case keys; `authorization`, `traceparent`, `accept-language`, `x-peer`.
            timeout: seconds the caller waits; 30 when it does not say, 300 at most.

        Raises:
            Error: every refusal; what was not foreseen becomes `Internal` with the trace id.
        """
        started = time.perf_counter()
        found = self._handlers.get(path)
        if found is None:
            raise errors.NotFound("METHOD_NOT_FOUND", method=path)
        method, handler = found
        parent = metadata.get("traceparent") or new_trace_parent()
        code = "OK"
        try:
            with span(path, parent, SpanKind.SERVER) as inside:
                return await self._guarded(method, handler, request, metadata, inside, timeout)
        except errors.Error as error:
            code = code_pb2.Code.Name(code_pb2.Code.ValueType(error.code))
            raise
        finally:
            _duration(path, code).observe(time.perf_counter() - started)

    async def _guarded(
        self,
        method: Method,
        handler: Handler,
        request: Message,
        metadata: Mapping[str, str],
        trace_parent: str,
        timeout: float | None,  # noqa: ASYNC109
    ) -> Message:
        wanted = DEADLINE_SECONDS if timeout is None else timeout
        seconds = min(wanted, DEADLINE_SECONDS_MAX)
        call = Call(
            method=method,
            caller=Caller(),
            channels=self._channels,
            deadline=time.monotonic() + seconds,
            trace_parent=trace_parent,
            language=metadata.get("accept-language", "en"),
            peer=metadata.get("x-peer", ""),
        )
        set_current_call(call)
        try:
            async with asyncio.timeout(seconds):
                await self._admit(method, call, metadata)
                if method.verb not in _SELF_CHECKING and (broken := violations_of(request)):
                    raise errors.Invalid("INVALID_FIELDS", violations=broken)
                reply = await handler(request, call)
                if not isinstance(reply, method.response_type):
                    raise TypeError(f"{method.path} answered with {type(reply).__name__}")
                return _as_seen(reply, call)
        except errors.Error:
            raise
        except TimeoutError:
            raise errors.DeadlineExceeded("DEADLINE_EXCEEDED", seconds=seconds) from None
        except Exception as error:
            trace = trace_id(trace_parent)
            log.exception("unforeseen", method=method.path, trace=trace)
            raise errors.Internal("INTERNAL", trace=trace) from error

    async def _admit(self, method: Method, call: Call, metadata: Mapping[str, str]) -> None:
        """Find out who calls, and whether they may."""
        if method.access == options_pb2.ACCESS_PUBLIC:
            self._public_limit.count(method.service, call.peer)
            return
        call.token = metadata.get("authorization", "").removeprefix("Bearer ")
        if not call.token:
            raise errors.Unauthenticated("TOKEN_MISSING")
        if call.token.startswith(API_KEY):
            call.token = await self._directory.token_of(call.token)
        claims = self._tokens.read(call.token)
        call.caller = Caller(
            claims.tenant_id,
            claims.user_id,
            claims.session_id,
            claims.service,
            claims.on_behalf_of,
        )
        if claims.service:
            if not method.callers & {claims.service, "*"}:
                raise errors.Forbidden("SERVICE_NOT_ADMITTED", service=claims.service)
            if claims.tenant_id:
                call.tenant = await self._tenant_for_service(method, claims.tenant_id)
                _check_module(method, call)
            return
        if method.access == options_pb2.ACCESS_SERVICE:
            raise errors.Forbidden("SERVICES_ONLY")
        self._limit.count(method.service, claims.user_id)
        call.tenant = await self._directory.tenant(claims.tenant_id)
        call.fetch_profile = functools.partial(self._directory.tenant, claims.tenant_id)
        call.access, call.grants = await self._directory.grants(
            claims.tenant_id, claims.user_id, claims.session_id, claims.permission_version
        )
        _check_module(method, call)
        if method.action != SIGNED_IN and call.reach(method.resource, method.action) is None:
            raise errors.Forbidden(
                "PERMISSION_DENIED", action=method.action, resource=method.resource
            )

    async def _tenant_for_service(self, method: Method, tenant_id: str) -> Any:
        # What the directory itself asks must not wait for the directory.
        if method.access == options_pb2.ACCESS_SERVICE:
            return None
        return await self._directory.tenant(tenant_id)


def _as_seen(reply: Message, call: Call) -> Message:
    """Give what the caller sees of a reply."""
    if call.grants is None or not call.grants.field_rules:
        return reply
    seen = type(reply)()
    seen.CopyFrom(reply)
    conceal(seen, call.fields)
    return seen


def _check_module(method: Method, call: Call) -> None:
    """Refuse what belongs to a module that the tenant has not switched on (PLT-04).

    Raises:
        FailedPrecondition: MODULE_OFF.
    """
    module = call.tenant.module_off(method.resource) if call.tenant is not None else ""
    if module:
        raise errors.FailedPrecondition("MODULE_OFF", module=module, resource=method.resource)
