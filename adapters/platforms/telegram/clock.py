"""Clocks, which tests replace."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.messages import RateLimit

Acquire = Callable[[RateLimit, float], Awaitable[float]]
"""The signature of `acquire` of `bot.ports.Coordination`."""


class Clock(Protocol):
    """A clock that can sleep."""

    def time(self) -> float:
        """Return the seconds since some moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""


class LoopClock:
    """The clock of the event loop."""

    def time(self) -> float:
        """Return the time of the running loop in seconds."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""
        await asyncio.sleep(seconds)
