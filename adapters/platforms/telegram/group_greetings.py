"""The line with which the bot tells a group how to be heard there, once, when it joins."""

from collections.abc import Awaitable, Callable

import structlog

from adapters.platforms.telegram.translate import GroupJoined
from bot.errors import BotError
from bot.messages import Channel, OutgoingPost
from bot.ports import Blobs
from bot.words import say, speaking

log = structlog.get_logger(__name__)

PREFIX = "telegram:greeted:"  # the id of the group follows

Send = Callable[[Channel, OutgoingPost], Awaitable[str]]


class GroupGreetings:
    """Greets groups in which privacy mode hides messages from the bot. Without a store it remembers by itself."""

    def __init__(self, send: Send, blobs: Blobs | None = None) -> None:
        self._send, self._blobs = send, blobs
        self._greeted: set[str] = set()

    async def greet(self, joined: GroupJoined, username: str) -> None:
        """Say how the bot is heard, unless that was said in this group before."""
        try:
            if await self._is_known(joined.channel):
                return
            with speaking(joined.language):
                await self._send(joined.channel, OutgoingPost(text=say("telegram_privacy", name=username)))
        except BotError as error:  # it may not write there
            log.info("a group could not be greeted", reason=error.code)

    async def _is_known(self, channel: Channel) -> bool:
        """Tell whether the group was greeted, and note that it is now: Telegram tells of a joining in two ways."""
        if channel.id in self._greeted:
            return True
        self._greeted.add(channel.id)
        if self._blobs is None:
            return False
        known = await self._blobs.get_blob(PREFIX + channel.id) is not None
        if not known:
            await self._blobs.put_blob(PREFIX + channel.id, b"")
        return known
