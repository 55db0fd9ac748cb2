"""The doorkeeper: no more requests than 1min.ai allows in a minute; who comes too many waits in line."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

# 60 would do if all requests took the same time to arrive over there.
MINUTE = 61.0  # seconds


class Window:
    """Lets `most` through in any `seconds`, in the order of arrival. It counts for one process."""

    def __init__(
        self,
        most: int,
        seconds: float = MINUTE,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.seconds, self.clock, self.sleep = seconds, clock, sleep
        self._passed: deque[float] = deque(maxlen=most)
        self._line = asyncio.Lock()  # wakes those who wait in the order they came

    async def enter(self) -> None:
        """Return when one more may go. Cancelled, it gives its place to the next and counts nothing."""
        async with self._line:
            while (pause := self._pause()) > 0:
                await self.sleep(pause)
            self._passed.append(self.clock())

    def _pause(self) -> float:
        if len(self._passed) < (self._passed.maxlen or 0):
            return 0
        return self._passed[0] + self.seconds - self.clock()
