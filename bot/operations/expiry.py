"""Deletion of data that is older than the operator allows."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

import structlog

from bot.chat_platform import Platform
from bot.errors import BotError
from bot.files.photos import PhotoIntake
from bot.messages import POINTER_SECONDS
from bot.ports import Deletion
from bot.settings import Settings
from bot.util.tasks import gather_all

log = structlog.get_logger(__name__)

PAUSE = 3600.0  # seconds between two rounds
POINTER_PAUSE = 60.0  # seconds, likewise, for the pointers to recent photos
BATCH = 500  # turns per write, so that nobody waits for it
BREATH = 0.1  # seconds between two batches
DAY = 86_400.0
BOOKED = 400 * DAY  # seconds that spending stays booked: enough to compare the months of a year


class Expiry:
    """Deletes old turns in small batches, and their photos, both cached ones and those stored on platforms."""

    def __init__(
        self, deletion: Deletion, platforms: Iterable[Platform], photos: PhotoIntake, settings: Settings
    ) -> None:
        self._deletion, self._platforms, self._photos = deletion, list(platforms), photos
        self._keep, self._keep_photos = settings.bot_keep_days * DAY, settings.bot_keep_photo_days * DAY

    async def run(self) -> None:
        """Delete what is too old every hour, until cancelled."""
        await gather_all(_repeated(self.round, PAUSE), _repeated(self.delete_pointers, POINTER_PAUSE))

    async def delete_pointers(self) -> None:
        """Delete the pointers to photos that nobody has asked about in time."""
        await self._deletion.delete_pointers(time.time() - POINTER_SECONDS)

    async def round(self) -> None:
        """Delete everything that is too old now."""
        now, gone = time.time(), 0
        await self._photos.expire(now - self._keep_photos)
        while deleted := await self._deletion.delete_expired(now - self._keep, BATCH):
            gone += deleted
            await asyncio.sleep(BREATH)
        await self._deletion.delete_generated(now - self._keep_photos)
        await self._deletion.forget_assets_before(now - self._keep)
        await self._deletion.delete_spending(now - BOOKED)
        for platform in self._platforms:
            if platform.expires is None:
                continue
            try:
                await platform.expires.expire(now - self._keep, now - self._keep_photos)
            except BotError as error:
                log.warning("a platform keeps for now what is too old", platform=platform.name, reason=error.code)
        if gone:
            log.info("deleted what was too old", turns=gone)


async def _repeated(work: Callable[[], Awaitable[None]], pause: float) -> None:
    while True:
        try:
            await work()
        except Exception:  # the store may be unavailable
            log.exception("what is too old could not be deleted")
        await asyncio.sleep(pause)
