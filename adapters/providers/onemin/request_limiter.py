"""The doorkeeper: no more requests than 1min.ai allows in a minute; who comes too many waits in line."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.messages import RateLimit

# 60 would do if all requests took the same time to arrive over there.
MINUTE = 61.0  # seconds

Acquire = Callable[[RateLimit, float], Awaitable[float]]
"""As `acquire` of `bot.ports.Coordination`."""


class RequestLimiter:
    """Lets through what the gate does, in the order of arrival. Processes that share the gate take turns by chance."""

    def __init__(
        self, admit: Acquire, gate: RateLimit | None, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Without a gate nobody counts, and nobody waits."""
        self._admit, self._gate, self._sleep = admit, gate, sleep
        self._line = asyncio.Lock()  # wakes those who wait in the order they came

    async def enter(self) -> None:
        """Return when one more may go. Cancelled, it gives its place to the next and counts nothing."""
        if self._gate is None:
            return
        async with self._line:
            # Booked when it can be used at once: a pass in the future would be lost with whoever gives up.
            while (pause := await self._admit(self._gate, 0)) > 0:
                await self._sleep(pause)
