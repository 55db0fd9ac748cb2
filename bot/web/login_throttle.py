"""Throttling of wrong tokens per address, so that guessing is slow and nobody else waits for it."""

import time
from collections import OrderedDict
from collections.abc import Callable

BURST = 20  # wrong attempts at once
RECOVERY = 1.0  # of them per second, from then on
MOST_SITES = 10_000  # addresses remembered at the same time


class AttemptThrottle:
    """Counts the wrong attempts of each address in a leaky bucket. Call both methods without an await in between."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # the level of the bucket, and its time

    def delay(self, site: str) -> float:
        """Return the seconds until the next attempt from there is checked; 0: now."""
        return max(0.0, (self._level(site) + 1 - BURST) / RECOVERY)

    def record_failure(self, site: str) -> None:
        """Count a wrong attempt."""
        self._buckets[site] = self._level(site) + 1, self._clock()
        self._buckets.move_to_end(site)
        if len(self._buckets) > MOST_SITES:
            self._buckets.popitem(last=False)

    def _level(self, site: str) -> float:
        level, moment = self._buckets.get(site, (0.0, 0.0))
        return max(0.0, level - (self._clock() - moment) * RECOVERY)
