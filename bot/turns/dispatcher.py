"""The one place in a process that claims turns: while it has room, and never in vain."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any

import structlog

from bot.messages import Turn
from bot.operations.metrics import Metrics
from bot.ports import Coordination, Reporting, TurnQueue
from bot.util.retry import CLAIM_TURNS
from bot.util.tasks import BackgroundTasks, running_task

log = structlog.get_logger(__name__)

Take = Callable[[Turn], Coroutine[Any, Any, None]]

POLL = 5.0  # seconds between looks at the queue when nobody calls
SHARE = 4  # the part of the places that one person may take: a fourth, so that nobody's flood holds up everybody
RENEWAL = 10.0  # seconds; a third of the lease, so that two of them may fail


class Dispatcher:
    """Hands claimed turns of these platforms to `take`, `most` of them in flight at the same time."""

    def __init__(
        self,
        queue: TurnQueue,
        reporting: Reporting,
        coordination: Coordination,
        take: Take,
        most: int,
        metrics: Metrics,
        platforms: Collection[str] | None = None,
        *,
        each: int | None = None,
    ) -> None:
        """`platforms` are those on which this process can speak; None: on all.

        `each` is how many turns of one person may be in flight; None: a share.
        """
        self.queue, self.reporting, self.coordination = queue, reporting, coordination
        self.take, self.most, self.metrics, self.platforms = take, most, metrics, platforms
        self._each = each or max(1, most // SHARE)
        self._tasks = BackgroundTasks()
        self._in_flight: dict[asyncio.Task[None], int] = {}  # and the numbers of their turns
        self._freed = asyncio.Event()
        self._claiming = asyncio.Lock()  # what has been claimed is in flight before leases are renewed

    @property
    def in_flight(self) -> int:
        """The number of turns in work."""
        return len(self._in_flight)

    async def run(self) -> None:
        """Work until cancelled; what is in flight then goes on, until `stop`."""
        async with running_task(self._renew()):
            while True:
                await self._claim_or_wait()

    async def stop(self, patience: float) -> None:
        """Let turns in flight end for `patience` seconds, then give the rest back to whoever comes next."""
        await self._tasks.close(patience)
        await self.queue.release_leases()

    async def _claim_or_wait(self) -> None:
        self._freed.clear()
        room = self.most - len(self._in_flight)
        if room <= 0:
            await self._freed.wait()
            return
        try:
            if await self._claim(room) < room:  # whatever is ripe and may be taken up ends the wait at once
                self.metrics.waiting.set(len(self._in_flight))
                await self.queue.wait(POLL, self.platforms, self._each)
        except Exception:  # the database is away: what it holds waits, and so do we
            log.exception("cannot claim")
            await asyncio.sleep(CLAIM_TURNS.delay(1))

    async def _claim(self, most: int) -> int:
        """Take up what is ripe, and return how much that is."""
        async with self._claiming:
            turns = await self.queue.claim(most, self.platforms, self._each)
            for turn in turns:
                self._start(turn)
        return len(turns)

    def _start(self, turn: Turn) -> None:
        task = self._tasks.start(self.take(turn), f"turn {turn.id}")
        self._in_flight[task] = turn.id
        self.metrics.in_flight.set(len(self._in_flight))
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._in_flight.pop(task, None)
        self.metrics.in_flight.set(len(self._in_flight))
        self._freed.set()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL)
            try:
                await self._renew_leases()
                self.metrics.observe(await self.reporting.get_backlog())
                self.metrics.put_aside.set(await self.reporting.count_put_aside())
            except Exception:
                log.exception("cannot renew leases")

    async def _renew_leases(self) -> None:
        async with self._claiming:
            for conversation in await self.queue.renew_leases(list(self._in_flight.values())):
                self.coordination.stopped(conversation)
