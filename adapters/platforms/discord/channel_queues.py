"""One thing after the other in each channel, and the channels side by side."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import BotError
from bot.util.retry import DISCORD_INTAKE, Backoff
from bot.util.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]

PATIENCE = 1.0  # seconds that what is in line gets when the end comes


class ChannelQueues:
    """A line for each channel in which something is going on. discord.py would run all events at the same time."""

    def __init__(self) -> None:
        self._lines: dict[int, deque[Work]] = {}
        self._tasks = BackgroundTasks()

    def put(self, channel: int, work: Work) -> None:
        """Do this when all that was put before it for the channel is done."""
        if line := self._lines.get(channel):
            line.append(work)
            return
        self._lines[channel] = deque([work])
        self._tasks.start(self._run(channel))

    async def close(self) -> None:
        """Do what can be done in a moment, and leave the rest."""
        await self._tasks.close(PATIENCE)

    async def _run(self, channel: int) -> None:
        line = self._lines[channel]
        while line:  # what is in work stays in its line, so that nothing passes it
            await retry_until_done(line[0])
            line.popleft()
        del self._lines[channel]


async def retry_until_done(work: Work) -> None:
    """Do it again until it is done: what keeps it from that, a store or a Discord that is away, comes back."""
    backoff = Backoff(DISCORD_INTAKE)
    while True:
        try:
            await work()
        except Exception as error:
            pause = backoff.next_delay()
            reason = error.key if isinstance(error, BotError) else repr(error)
            log.warning("a message could not be taken in", again_in=round(pause, 1), reason=reason)
            await asyncio.sleep(pause)
        else:
            return
