"""The time of a message, where the clocks of a platform and of this machine disagree.

A message that comes at once cannot have waited, whatever its date says: it was sent after the last moment at which the
platform had nothing more for us.
"""

import time

SKEW = 60.0  # seconds by which clocks may differ before a date is not believed


def plausible_time(sent: float, empty_at: float | None = None) -> float:
    """Return when a message was sent, in seconds since 1970, by our clock where its date cannot be right.

    `empty_at` is a moment at which no message waited for us; None where there is none that is known.
    """
    now = time.time()
    if empty_at is not None and empty_at - sent > SKEW:
        return min(empty_at, now)
    return now if sent - now > SKEW else sent
