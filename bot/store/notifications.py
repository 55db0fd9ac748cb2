"""The ear: hears what other processes tell each other through PostgreSQL, on a connection of its own."""

import asyncio
from collections.abc import Callable

import psycopg
import structlog

from bot.store.postgres_connections import ANSWERED, Connection, ask, close, connect
from bot.util.retry import STORE_NOTIFICATIONS, Backoff

log = structlog.get_logger(__name__)

QUIET = 30.0  # seconds between two looks whether anybody is still there


class NotificationListener:
    """Calls `wake` when there may be something to claim, and `stopped` with a conversation to stop in."""

    def __init__(self, url: str, wake: Callable[[], object], stopped: Callable[[int], object]) -> None:
        self._url, self._wake, self._stopped = url, wake, stopped
        self._backoff = Backoff(STORE_NOTIFICATIONS)

    async def listen(self) -> None:
        """Hear until cancelled, however often the connection is lost."""
        while True:
            try:
                await self._listen_once()
            except (psycopg.Error, OSError) as error:
                log.warning("lost the ear of the database", reason=type(error).__name__)
            except Exception:  # whatever it is, a deaf process would be worse
                log.exception("lost the ear of the database")
            await asyncio.sleep(self._backoff.next_delay())

    async def _listen_once(self) -> None:
        ear = await connect(self._url)
        try:
            await ask(ear, ANSWERED, "LISTEN turns")
            await ask(ear, ANSWERED, "LISTEN stops")
            self._wake()  # who knows what was said meanwhile
            self._backoff.reset()
            await self._hear(ear)
        finally:
            await close(ear)

    async def _hear(self, ear: Connection) -> None:
        while True:
            async for news in ear.notifies(timeout=QUIET):
                self._tell(news)
            await ask(ear, ANSWERED, "SELECT 1")

    def _tell(self, news: psycopg.Notify) -> None:
        if news.channel != "stops":
            self._wake()
        elif news.payload.isdecimal():
            self._stopped(int(news.payload))
        else:  # anybody with a password may notify
            log.warning("heard nonsense from the database")
