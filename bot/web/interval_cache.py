"""A cache of counts by time interval: each is counted once and then remembered."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

Counted = TypeVar("Counted")

DAY = 86_400.0
KEPT = 33 * DAY  # seconds that an interval is remembered
LATE = 60.0  # seconds after its end until an interval cannot change: clocks differ, commits take a moment
NEWEST, OLDEST = 2.0, 30.0  # bounds of the seconds to cache a count that may change: a sixtieth of the interval


@dataclass(frozen=True)
class TimeRange:
    """The range on view: so many intervals of `step` seconds up to now, and so many days of costs."""

    stretches: int
    step: float
    days: int

    def starts(self, now: float) -> Sequence[float]:
        """Return the starts of the intervals, oldest first: at fixed positions, so the newest is not over yet."""
        return _starts(self.stretches, self.step, now)

    def midnights(self, now: float) -> Sequence[float]:
        """Return the starts of the days (UTC), oldest first."""
        return _starts(self.days, DAY, now)


RANGES: Mapping[str, TimeRange] = {
    "hour": TimeRange(60, 60.0, 7),
    "day": TimeRange(96, 900.0, 7),
    "week": TimeRange(84, 7_200.0, 7),
    "month": TimeRange(90, 28_800.0, 30),
}


class IntervalCache(Generic[Counted]):
    """Remembers the counts of intervals, and counts those that are missing."""

    def __init__(self, count: Callable[[float, float], Awaitable[Counted]]) -> None:
        """Keep `count`, which is given the start and the end of an interval."""
        self._count = count
        self._known: dict[tuple[float, float], tuple[float, Counted]] = {}  # the expiry time, and the count

    async def recall(self, starts: Sequence[float], step: float, deadline: float) -> list[Counted | None]:
        """Return the counts of the intervals; None for those not counted before the deadline (monotonic).

        The newest are counted first, and at least one however late it is.
        """
        self._forget(time.time() - KEPT)
        for start in reversed(starts):
            if self._good(start, step) <= time.time():
                await self._learn(start, step)
                if time.monotonic() > deadline:
                    break
        entries = (self._known.get((start, step)) for start in starts)
        return [each[1] if each else None for each in entries]

    async def _learn(self, start: float, step: float) -> None:
        over = start + step + LATE < time.time()
        counted = await self._count(start, start + step)
        until = inf if over else time.time() + min(max(step / 60, NEWEST), OLDEST)
        self._known[start, step] = until, counted

    def _good(self, start: float, step: float) -> float:
        return self._known[start, step][0] if (start, step) in self._known else 0.0

    def _forget(self, before: float) -> None:
        for key in [key for key in self._known if key[0] < before]:
            del self._known[key]


def _starts(many: int, step: float, now: float) -> Sequence[float]:
    newest = now // step * step
    return [newest - n * step for n in reversed(range(many))]
