"""A list of models that nobody waits for twice: at hand at once, and fetched again in the background."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

import structlog

from bot.errors import BotError

log = structlog.get_logger(__name__)

FRESH = 600.0  # seconds
PATIENCE = 15.0  # seconds that the live list may take
AGAIN = 60.0  # seconds until the next try, when it could not be had

Listed = TypeVar("Listed")


class ModelListCache(Generic[Listed]):
    """The models that can be asked now; what one of them is, is up to `fetch`.

    An old list is handed out while a new one is on its way. Where there is none yet the first callers wait; if it
    cannot be had, `shipped` stands in, until there is one.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Sequence[Listed]]],
        shipped: Callable[[], Sequence[Listed]] = tuple,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.fetch, self.shipped, self.clock = fetch, shipped, clock
        self.here: Sequence[Listed] = ()  # what is known without asking
        self._until = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def models(self) -> Sequence[Listed]:
        """Return the list. Who stops waiting for it leaves it to the others."""
        if self._fetching is None and self.clock() >= self._until:
            self._fetching = asyncio.create_task(self._refresh())
        if not self.here and self._fetching is not None:
            await asyncio.shield(self._fetching)
        return self.here

    async def close(self) -> None:
        """Stop what is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            with suppress(asyncio.CancelledError):
                await self._fetching

    async def _refresh(self) -> None:
        try:
            live = await self._live()
            self.here = live or self.here or self.shipped()
            self._until = self.clock() + (FRESH if live else AGAIN)
        finally:
            self._fetching = None

    async def _live(self) -> Sequence[Listed]:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.fetch()
        except (BotError, TimeoutError) as error:
            log.warning("the list of models cannot be had", reason=str(error) or "timeout")
        except Exception:  # nobody may be waiting who would say so
            log.exception("the list of models cannot be read")
        return ()
