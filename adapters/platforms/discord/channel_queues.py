"""Queues that do the work of each channel in order, and the channels concurrently."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import BotError
from bot.operations.set_aside import SetAsideLog
from bot.util.retry import DISCORD_INTAKE, Backoff
from bot.util.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]

# Errors that come from what the work is about, and not from a store or a Discord that is away.
DEFECTS = (TypeError, LookupError, AttributeError, ValueError, ArithmeticError, AssertionError)
MOST_DEFECTS = 3  # of one piece of work, after which it is set aside and its channel goes on
CLOSE_TIMEOUT = 1.0  # seconds for queued work when the queues close


class ChannelQueues:
    """A queue for each channel with work. discord.py by itself would handle all events at the same time."""

    def __init__(self, set_aside: SetAsideLog | None = None) -> None:
        self._queues: dict[int, deque[Work]] = {}
        self._set_aside = set_aside
        self._tasks = BackgroundTasks()

    def put(self, channel: int, work: Work) -> None:
        """Do this work when all earlier work of the channel is done."""
        if queue := self._queues.get(channel):
            queue.append(work)
            return
        self._queues[channel] = deque([work])
        self._tasks.start(self._run(channel))

    async def close(self) -> None:
        """Finish what can be finished in a moment, and cancel the rest."""
        await self._tasks.close(CLOSE_TIMEOUT)

    async def _run(self, channel: int) -> None:
        queue = self._queues[channel]
        while queue:  # running work stays in its queue, so that nothing passes it
            await retry_until_done(queue[0], self._set_aside)
            queue.popleft()
        del self._queues[channel]


async def retry_until_done(work: Work, set_aside: SetAsideLog | None = None) -> None:
    """Repeat the work until it succeeds: a store or a Discord that is away comes back.

    Work that fails by itself, time and again, is set aside.
    """
    backoff, defects = Backoff(DISCORD_INTAKE), 0
    while True:
        try:
            await work()
        except Exception as error:
            defects += isinstance(error, DEFECTS)
            if set_aside is not None and defects >= MOST_DEFECTS:
                set_aside.note("message", error)
                return
            pause = backoff.next_delay()
            reason = error.code if isinstance(error, BotError) else repr(error)
            log.warning("a message could not be taken in", again_in=round(pause, 1), reason=reason)
            await asyncio.sleep(pause)
        else:
            return
