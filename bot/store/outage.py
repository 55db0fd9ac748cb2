"""Waiting for a database that is away, as in a restart or a fail-over, and trying again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import TypeVar

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool, PoolClosed

from bot.store.postgres_connections import ANSWERED, Connection, ask, close, connect
from bot.util.retry import STORE, Backoff, RetryPolicy
from bot.util.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


def is_transient(error: psycopg.Error) -> bool:
    """Tell whether the same may succeed in a moment, as after a lost connection or a deadlock."""
    return isinstance(error, psycopg.OperationalError) and not isinstance(error, PoolClosed)


class DatabaseOutage:
    """Everybody waits until the database is back; only one looks whether it is."""

    def __init__(self, url: str, pool: AsyncConnectionPool[Connection]) -> None:
        self._url, self._pool = url, pool
        self._over = asyncio.Event()
        self._over.set()
        self._looking = BackgroundTasks()
        self._ends = asyncio.Event()

    async def outlast(self, attempt: Callable[[float], Awaitable[Result]], policy: RetryPolicy | None = None) -> Result:
        """Run the attempt, told how many seconds remain, until it succeeds, and return its result.

        Raises what does not pass in the time of the policy, STORE if none is given.
        """
        policy = policy or STORE
        end, backoff = monotonic() + policy.timeout, Backoff(policy)
        while True:
            try:
                return await attempt(end - monotonic())
            except psycopg.Error as error:
                pause = backoff.next_delay()
                if not (is_transient(error) and await self._wait(pause, end)):
                    raise

    @property
    def lasts(self) -> bool:
        """True while the database is away, as far as anybody noticed."""
        return not self._over.is_set()

    def begins(self) -> None:
        """The database does not answer, or a connection was lost: look whether it is there."""
        if not (self._ends.is_set() or self.lasts):
            self._over.clear()
            self._looking.start(self._look())

    async def stop(self) -> None:
        """Release everybody who waits: the store is about to be closed."""
        self._ends.set()
        await self._looking.close()
        self._over.set()

    async def _wait(self, pause: float, end: float) -> bool:
        """Wait that long, and until the database is back; False when there is no time for that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(pause, end - monotonic())):
                await self._ends.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(end - monotonic()):
                await self._over.wait()
        return not self._ends.is_set() and monotonic() < end

    async def _look(self) -> None:
        began, backoff = monotonic(), Backoff(STORE)
        try:
            while not await self._is_back():
                if not backoff.failures:
                    log.warning("the database is away")
                await asyncio.sleep(backoff.next_delay())
            # No connection from before is to be trusted. `check` lets the pool open one for those who wait.
            await self._pool.drain()
            await self._pool.check()
            news = "the database is back" if backoff.failures else "lost a connection"
            log.warning(news, seconds=round(monotonic() - began, 1))
        finally:
            self._over.set()

    async def _is_back(self) -> bool:
        try:
            connection = await connect(self._url)
        except (psycopg.Error, OSError):
            return False
        try:
            [row] = await ask(connection, ANSWERED, "SHOW transaction_read_only")
            return bool(row["transaction_read_only"] == "off")
        except psycopg.Error:
            return False
        finally:
            await close(connection)
