"""Slows guessing: each address may be wrong only so often, and nobody else waits for it."""

import time
from collections import OrderedDict
from collections.abc import Callable

BURST = 20  # wrong attempts at once
RECOVERY = 1.0  # of them a second, from then on
MOST_SITES = 10_000  # remembered at once


class AttemptThrottle:
    """Counts the wrong attempts of each address in a leaky bucket. Judge and count without an await in between."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # how full, and when that was

    def delay(self, site: str) -> float:
        """Return the seconds until the next attempt from there is judged; 0: now."""
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
