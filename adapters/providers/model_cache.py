"""A cache of a list of models, which is refreshed in the background."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog

from bot.errors import BotError
from bot.util.retry import MODEL_LIST
from bot.util.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

MAX_AGE = 600.0  # seconds

Listed = TypeVar("Listed")


class ModelListCache(Generic[Listed]):
    """A cache of the models that can be asked now; `fetch` decides what an entry is.

    An old list is returned while a new one is fetched. Where there is none yet the first callers wait; if it
    cannot be fetched, `shipped` stands in until one can.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Sequence[Listed]]],
        shipped: Callable[[], Sequence[Listed]] = tuple,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.fetch, self.shipped, self.clock = fetch, shipped, clock
        self.cached: Sequence[Listed] = ()  # the last list, without waiting
        self._fresh_until = float("-inf")
        self._tasks = BackgroundTasks()
        self._fetching: asyncio.Task[None] | None = None

    async def models(self) -> Sequence[Listed]:
        """Return the list. A caller that is cancelled does not cancel the fetch for the others."""
        if self._fetching is None and self.clock() >= self._fresh_until:
            self._fetching = self._tasks.start(self._refresh())
        if not self.cached and self._fetching is not None:
            await asyncio.shield(self._fetching)
        return self.cached

    async def close(self) -> None:
        """Cancel a fetch that is running."""
        await self._tasks.close()

    async def _refresh(self) -> None:
        try:
            live_models = await self._fetch_live()
            self.cached = live_models or self.cached or self.shipped()
            self._fresh_until = self.clock() + (MAX_AGE if live_models else MODEL_LIST.delay(1))
        finally:
            self._fetching = None

    async def _fetch_live(self) -> Sequence[Listed]:
        try:
            async with asyncio.timeout(MODEL_LIST.timeout):
                return await self.fetch()
        except (BotError, TimeoutError) as error:
            log.warning("the list of models cannot be had", reason=str(error) or "timeout")
        except Exception:  # nobody may be waiting who would say so
            log.exception("the list of models cannot be read")
        return ()
