"""How many calls somebody may make in a second."""

import time

from chassis import errors


class RateLimit:
    """Counts calls per service and caller in windows of one second (fixed windows, in memory).

    It stands before every call, so it is a dictionary that is emptied each second and no more.
    """

    def __init__(self, calls_per_second: int) -> None:
        self._calls_per_second = calls_per_second
        self._window = 0
        self._calls: dict[tuple[str, str], int] = {}

    def count(self, service: str, who: str) -> None:
        """Count one call.

        Raises:
            Exhausted: RATE_LIMITED when it is one too many.
        """
        window = int(time.monotonic())
        if window != self._window:
            self._window, self._calls = window, {}
        key = (service, who)
        calls = self._calls[key] = self._calls.get(key, 0) + 1
        if calls > self._calls_per_second:
            raise errors.Exhausted("RATE_LIMITED", retry_after=1, limit=self._calls_per_second)
