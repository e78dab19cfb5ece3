"""The figures operations look at: rate, errors and duration per method, lag, queues, pools."""

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """All metrics of the chassis; labels are bounded sets, never ids."""

    def __init__(self) -> None:
        self.registry = REGISTRY
        self.calls = Histogram(
            "banyan_rpc_seconds",
            "Duration of calls by method and code",
            ["method", "code"],
            buckets=_BUCKETS,
        )
        self.published = Counter(
            "banyan_changes_published_total", "Changes handed to JetStream", ["service"]
        )
        self.unpublished = Gauge(
            "banyan_changes_unpublished", "Changes waiting for the relay", ["service"]
        )
        self.effects = Counter(
            "banyan_events_total", "Events by consumer and outcome", ["consumer", "outcome"]
        )
        self.lag = Gauge("banyan_consumer_lag", "Events waiting for a consumer", ["consumer"])
        self.dead_letters = Gauge(
            "banyan_dead_letters", "Events set aside and not replayed", ["service"]
        )
        self.pool = Gauge("banyan_pool_in_use", "Connections taken", ["service"])


METRICS = Metrics()
