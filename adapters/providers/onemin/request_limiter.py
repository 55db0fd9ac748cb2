"""The limit on requests: no more than 1min.ai allows in a minute; the others wait in a queue."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.messages import RateLimit

# 60 would do if all requests took the same time to arrive at 1min.ai.
MINUTE = 61.0  # seconds

Acquire = Callable[[RateLimit, float], Awaitable[float]]
"""The signature of `acquire` of `bot.ports.Coordination`."""


class RequestLimiter:
    """A limiter that admits requests in the order of arrival. Processes that share the limit take turns by chance."""

    def __init__(
        self,
        acquire: Acquire,
        rate_limit: RateLimit | None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make a limiter; without a `rate_limit` nothing waits."""
        self._acquire, self._rate_limit, self._sleep = acquire, rate_limit, sleep
        self._queue = asyncio.Lock()  # wakes waiters in the order they came

    async def acquire(self) -> None:
        """Wait until one more request may go. When cancelled, it counts nothing and lets the next one go."""
        if self._rate_limit is None:
            return
        async with self._queue:
            # Booked only when it can be used at once: a later slot would be lost with a waiter that gives up.
            while (pause := await self._acquire(self._rate_limit, 0)) > 0:
                await self._sleep(pause)
