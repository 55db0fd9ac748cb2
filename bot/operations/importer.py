"""Reads back channels whose earlier photos are to be found, a page at a time and never in a hurry.

One process of a fleet does so. Each page is stored together with how far that is, so a crash costs a page at most,
which is read again.
"""

import asyncio
from collections.abc import Mapping

import structlog

from bot.chat_platform import HistoryPage, Platform
from bot.errors import BotError, Busy
from bot.messages import ImportedPhoto, ImportOrder, Message, OutgoingPost
from bot.ports import Channels, Coordination, Imports, People
from bot.words import say, speaking

log = structlog.get_logger(__name__)

NAME = "importer"  # of the lock
IDLE_SECONDS = 5.0  # between two looks for something to read
PAGE_SECONDS = 1.0  # between two pages: answers come first
BUSY_SECONDS = 30.0  # where the platform does not say how long to wait
MOST_MESSAGES = 50_000  # of a channel, the newest ones
NOTHING = HistoryPage(messages=(), count=0, read_to=None)


class Importer:
    """Reads what was ordered with /find import."""

    def __init__(
        self,
        *,
        imports: Imports,
        channels: Channels,
        people: People,
        coordination: Coordination,
        platforms: Mapping[str, Platform],
        page_seconds: float = PAGE_SECONDS,
    ) -> None:
        self._imports, self._channels, self._people, self._coordination = imports, channels, people, coordination
        self._platforms = {name: each for name, each in platforms.items() if each.history is not None}
        self._page_seconds = page_seconds

    async def run(self) -> None:
        """Read until cancelled, while no other process does."""
        if self._platforms:
            await self._coordination.run_exclusively(NAME, self._read_all)

    async def _read_all(self) -> None:
        while True:
            try:
                pause = await self.read_next()
            except Exception:  # the store is away, or there is a bug: neither ends the import
                log.exception("earlier photos could not be read")
                pause = BUSY_SECONDS
            await asyncio.sleep(pause)

    async def read_next(self) -> float:
        """Read a page of what is to be read next, and return how many seconds to wait until the next one."""
        order = await self._imports.next_import(list(self._platforms))
        if order is None:
            return IDLE_SECONDS
        platform = self._platforms[order.channel.platform]
        try:
            page = await self._read_page(order, platform)
        except Busy as error:
            return error.retry_after or BUSY_SECONDS
        except BotError as error:  # it may not be read any more
            log.info("a channel is not read back", channel=str(order.channel), reason=error.code)
            page = NOTHING
        photos = [photo for message in page.messages for photo in _photos(message)]
        is_saved = await self._imports.save_import(order, photos, read_to=page.read_to, messages=page.count)
        if is_saved and page.read_to is None:
            await self._tell_end(order, platform)
        return self._page_seconds

    async def _read_page(self, order: ImportOrder, platform: Platform) -> HistoryPage:
        """Read a page; nothing where somebody has shut the place out, or enough of it was read."""
        if platform.history is None or order.messages >= MOST_MESSAGES or await self._is_shut_out(str(order.channel)):
            return NOTHING
        page = await platform.history.read_back(order.channel, order.read_to)
        servers = {message.server for message in page.messages if message.server}
        return NOTHING if any([await self._is_shut_out(server) for server in servers]) else page

    async def _is_shut_out(self, place: str) -> bool:
        return await self._people.get_access(place) is False

    async def _tell_end(self, order: ImportOrder, platform: Platform) -> None:
        """Say where it was ordered that it is done, once nothing of it is left."""
        progress = await self._imports.get_import_progress(order.told)
        if progress is None or progress.left:
            return
        settings = await self._channels.get_channel_settings(order.told)
        with speaking(settings.language or ""):
            text = say("find_import_done", photos=progress.photos, messages=progress.messages)
        try:
            key = f"import-{order.ordered}"
            await platform.adapter.send(order.told, OutgoingPost(text=text, key=key, is_quiet=True))
        except BotError as error:
            log.info("the end of an import could not be told", reason=error.code)


def _photos(message: Message) -> list[ImportedPhoto]:
    """Return the pictures of a message of a person's."""
    return [
        ImportedPhoto(
            channel=message.channel,
            message=message.id,
            author=message.author,
            sent=message.sent,
            attachment=attachment,
            words=message.text,
            server=message.server,
        )
        for attachment in message.attachments
        if attachment.is_picture and not attachment.is_preview
    ]
