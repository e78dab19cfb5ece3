"""Calls: the fused interceptor, local and wire channels, the gRPC server."""

from chassis.rpc.call import Call, acting, current_call
from chassis.rpc.channel import PAGE_BYTES_MAX, Channels, LocalChannel, WireChannel
from chassis.rpc.dispatch import Dispatcher, Handler
from chassis.rpc.method import Method, http_rule, method_of, methods_of, service_name
from chassis.rpc.server import serve_grpc
from chassis.rpc.validation import violations_of

__all__ = [
    "PAGE_BYTES_MAX",
    "Call",
    "Channels",
    "Dispatcher",
    "Handler",
    "LocalChannel",
    "Method",
    "WireChannel",
    "acting",
    "current_call",
    "http_rule",
    "method_of",
    "methods_of",
    "serve_grpc",
    "service_name",
    "violations_of",
]
