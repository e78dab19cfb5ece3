"""Spans, carried between processes as W3C ``traceparent``.

A trace id exists whether or not anybody collects traces, so that logs, errors and changes can name
it. Spans are recorded only when an exporter is configured.
"""

import contextlib
import random
from collections.abc import Generator, Mapping

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()
_tracer: trace.Tracer | None = None


def configure_traces(service: str, processor: SpanProcessor | None) -> None:
    """Record spans through a processor; None records nothing."""
    global _tracer
    if processor is None:
        _tracer = None
        return
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("banyan")


def new_trace_parent() -> str:
    """Begin a trace: the header of a root that nobody has recorded."""
    return f"00-{random.getrandbits(128):032x}-{random.getrandbits(64):016x}-01"


def trace_id(trace_parent: str) -> str:
    """Give the 32 hex digits that logs and errors name."""
    return trace_parent[3:35]


@contextlib.contextmanager
def span(
    name: str,
    trace_parent: str = "",
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, str] | None = None,
) -> Generator[str]:
    """Record a span below `trace_parent` and give the trace parent for what happens inside."""
    if _tracer is None:
        yield trace_parent or new_trace_parent()
        return
    carrier = {"traceparent": trace_parent} if trace_parent else {}
    parent = _propagator.extract(carrier)
    with _tracer.start_as_current_span(
        name, context=parent, kind=kind, attributes=dict(attributes or {})
    ):
        inside: dict[str, str] = {}
        _propagator.inject(inside)
        yield inside["traceparent"]
