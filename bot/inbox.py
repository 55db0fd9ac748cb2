"""The front desk: what is said to the bot becomes a turn that survives a crash."""

import structlog

from bot.messages import Message
from bot.ports import Store

log = structlog.get_logger(__name__)


class Inbox:
    """Receives what the platforms hear."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def receive(self, message: Message) -> None:
        """Keep a message that is meant for the bot. Once this returns, the platform may be told."""
        if not message.addressed:
            return
        if await self.store.add(message):
            log.info("heard", channel=str(message.channel), message=message.id, files=len(message.attachments))
