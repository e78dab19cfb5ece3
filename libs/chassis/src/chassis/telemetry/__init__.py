"""What is seen from outside: one trace tree over HTTP, gRPC and NATS, metrics, structured logs."""

from chassis.telemetry.logs import configure_logs, log
from chassis.telemetry.metrics import METRICS
from chassis.telemetry.traces import configure_traces, new_trace_parent, span, trace_id

__all__ = [
    "METRICS",
    "configure_logs",
    "configure_traces",
    "log",
    "new_trace_parent",
    "span",
    "trace_id",
]
