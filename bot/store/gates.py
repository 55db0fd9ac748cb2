"""How often something may happen: a sliding window, the same for one process and for many."""

from collections.abc import Sequence

from bot.messages import Gate


def pass_through(gate: Gate, passed: Sequence[float], now: float, patience: float) -> tuple[float, list[float]]:
    """How many seconds from `now` the next pass is, and all passes that still count, oldest first.

    The next one is among them unless it would be later than in `patience` seconds: then it is not booked.
    """
    counting = [at for at in passed if at > now - gate.seconds]
    at = max(now, counting[-gate.most] + gate.seconds) if len(counting) >= gate.most else now
    if at <= now + patience:
        counting.append(at)
    return at - now, counting
