"""Heartbeat of a process: it reports its state to the others every few seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from bot.messages import WorkerProcess
from bot.ports import Coordination

log = structlog.get_logger(__name__)

PAUSE = 5.0  # seconds between two reports
FORGOTTEN = 3600.0  # seconds after which a silent process is forgotten


class Heartbeat:
    """Reports the state of this process."""

    def __init__(self, coordination: Coordination, describe: Callable[[], Awaitable[WorkerProcess]]) -> None:
        """Keep the store and `describe`, which returns the current state of the process."""
        self._coordination, self._describe = coordination, describe

    async def run(self) -> None:
        """Report until cancelled, and then sign off."""
        try:
            while True:
                await self._beat()
                await asyncio.sleep(PAUSE)
        finally:
            await self._say(self._coordination.unregister())

    async def _beat(self) -> None:
        await self._say(self._report_and_tidy())

    async def _report_and_tidy(self) -> None:
        await self._coordination.beat(await self._describe())
        await self._coordination.prune_stale(time.time() - FORGOTTEN)

    async def _say(self, words: Awaitable[None]) -> None:
        try:
            await words
        except Exception as error:  # the store is unavailable, which is reported elsewhere
            log.warning("the fleet could not be told", reason=type(error).__name__)
