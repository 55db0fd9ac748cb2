"""Waiting for what happens in other processes."""

import asyncio
import time
from collections.abc import Callable


async def until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


async def stay_within_a_day(seconds: float = 120) -> None:
    """Wait for the next day (UTC) if this one ends so soon: other processes count by day, with a clock of their own."""
    left = 86_400 - time.time() % 86_400
    if left < seconds:
        await asyncio.sleep(left)
