"""Rate limits as sliding windows, the same for one process and for many."""

from collections.abc import Callable, Sequence

from bot.messages import RateLimit

MOST, REST = 10_000, 120.0  # gates remembered before those are forgotten that nobody passed for so many seconds


def pass_through(gate: RateLimit, passed: Sequence[float], now: float, patience: float) -> tuple[float, list[float]]:
    """Return the seconds from `now` to the next pass, and all passes that still count, oldest first.

    The next one is among them unless it would be later than in `patience` seconds: then it is not booked.
    """
    counting = [at for at in passed if at > now - gate.seconds]
    at = max(now, counting[-gate.most] + gate.seconds) if len(counting) >= gate.most else now
    if at <= now + patience:
        counting.append(at)
    return at - now, counting


class LocalRateLimiter:
    """Gates of one process, in memory; `clock` tells seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._passed: dict[str, list[float]] = {}

    async def acquire(self, gate: RateLimit, patience: float) -> float:
        """Book a pass, and return how many seconds from now it is good; later than in `patience` it is not booked."""
        passed, now = self._passed.get(gate.name, ()), self._clock()
        pause, self._passed[gate.name] = pass_through(gate, passed, now, patience)
        if len(self._passed) > MOST:
            self._passed = {name: passes for name, passes in self._passed.items() if passes and passes[-1] > now - REST}
        return pause
