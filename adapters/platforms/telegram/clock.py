"""The time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.messages import RateLimit

Admit = Callable[[RateLimit, float], Awaitable[float]]
"""As `acquire` of `bot.ports.Coordination`."""


class Clock(Protocol):
    """What tells the time."""

    def time(self) -> float:
        """Seconds since some moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""


class LoopClock:
    """The event loop's."""

    def time(self) -> float:
        """Seconds since the loop's own beginning."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""
        await asyncio.sleep(seconds)
