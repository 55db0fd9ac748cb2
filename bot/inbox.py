"""The front desk: what is said to the bot becomes a turn that survives a crash."""

from dataclasses import replace

import structlog

from bot.messages import Message
from bot.ports import Store

ALBUM_SECONDS = 1.5  # for the next part to arrive: platforms do not say which one is the last

log = structlog.get_logger(__name__)


class Inbox:
    """Receives what the platforms hear."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def receive(self, message: Message) -> None:
        """Keep a message that is meant for the bot. Once this returns, the platform may be told."""
        message = await self._as_people_chose(message)
        if message.edited:
            await self.store.amend(message)
            return
        # Which part of an album speaks to the bot is known when all are there; the worker looks again.
        if not message.addressed and message.album is None:
            return
        if await self.store.add(message, ALBUM_SECONDS if message.album else 0):
            log.info("heard", channel=str(message.channel), message=message.id, files=len(message.attachments))

    async def _as_people_chose(self, message: Message) -> Message:
        """In some channels photos, or everything, counts as said to the bot."""
        if message.addressed or not (message.text or message.attachments):
            return message
        listening = (await self.store.channel_settings(message.channel)).listening
        meant = listening == "all" or (listening == "photos" and bool(message.attachments))
        return replace(message, addressed=meant)
