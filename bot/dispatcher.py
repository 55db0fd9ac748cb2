"""The one place in a process that claims turns: while it has room, and never in vain."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog

from bot.messages import Turn
from bot.metrics import Metrics
from bot.ports import Store

log = structlog.get_logger(__name__)

Take = Callable[[Turn], Coroutine[Any, Any, None]]

POLL = 5.0  # seconds between looks at the queue when nobody calls
RENEWAL = 10.0  # seconds; a third of the lease, so that two of them may fail


class Dispatcher:
    """Hands claimed turns to `take`, `most` of them in flight at the same time."""

    def __init__(self, store: Store, take: Take, most: int, metrics: Metrics) -> None:
        self.store, self.take, self.most, self.metrics = store, take, most, metrics
        self._in_flight: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled; what is in flight then goes on, until `stop`."""
        renewing = asyncio.create_task(self._renew())
        try:
            while True:
                await self._claim_or_wait()
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing

    async def stop(self, patience: float) -> None:
        """Let turns in flight end for `patience` seconds, then give the rest back to whoever comes next."""
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=patience)
        for task in self._in_flight:
            task.cancel()
        await asyncio.gather(*self._in_flight, return_exceptions=True)
        await self.store.release_leases()

    async def _claim_or_wait(self) -> None:
        self._freed.clear()
        room = self.most - len(self._in_flight)
        if room <= 0:
            await self._freed.wait()
            return
        try:
            turns = await self.store.claim(room)
            if not turns:
                self.metrics.waiting.set(len(self._in_flight))
                await self.store.wait(POLL)
        except Exception:  # the database is away: what it holds waits, and so do we
            log.exception("cannot claim")
            await asyncio.sleep(1)
            return
        for turn in turns:
            self._start(turn)

    def _start(self, turn: Turn) -> None:
        task = asyncio.create_task(self.take(turn), name=f"turn {turn.id}")
        self._in_flight.add(task)
        self.metrics.in_flight.set(len(self._in_flight))
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self.metrics.in_flight.set(len(self._in_flight))
        self._freed.set()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL)
            try:
                await self.store.renew_leases()
                self.metrics.waiting.set(await self.store.waiting())
            except Exception:
                log.exception("cannot renew leases")
