"""How far each channel has been heard: where to go on reading after the bot was away."""

import asyncio
from collections.abc import Mapping

import structlog

from adapters.platforms.discord.places import NAME
from bot.messages import Channel
from bot.ports import Channels

log = structlog.get_logger(__name__)

PAUSE = 2.0  # seconds between two writes; what was heard since is read again after a crash, and known by its ids


class ReadMarks:
    """Notes the last message of each channel, and writes the notes down together."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._new: dict[Channel, str] = {}
        self._noted: set[Channel] = set()

    async def note(self, channel: Channel, message: int) -> None:
        """Everything up to this message has been taken in, or was not for us."""
        self._note(channel, message)
        if channel not in self._noted:  # a private chat without a note would never be found again
            await self.write()

    async def begin(self, channels: Mapping[Channel, int]) -> None:
        """Note channels that have not been heard yet, with what was said last before we came."""
        for channel, message in channels.items():
            if channel not in self._noted:
                self._note(channel, message)
        await self.write()

    def _note(self, channel: Channel, message: int) -> None:
        if message > int(self._new.get(channel, 0)):
            self._new[channel] = str(message)

    async def known(self) -> Mapping[Channel, int]:
        """The last message heard in every channel."""
        kept = {**await self._channels.list_read_marks(NAME), **self._new}
        self._noted = set(kept)
        return {channel: int(message) for channel, message in kept.items()}

    async def keep(self) -> None:
        """Write the notes down again and again, until cancelled; then a last time."""
        try:
            while True:
                await asyncio.sleep(PAUSE)
                await self.write()
        finally:
            await self.write()

    async def write(self) -> None:
        """Write down what has been noted; after a failure it is tried again with what comes next."""
        new, self._new = self._new, {}
        try:
            if new:
                await self._channels.save_read_marks(new)
            self._noted |= set(new)
        except Exception as error:
            log.warning("what was heard could not be noted", reason=repr(error))
            self._new = {**new, **self._new}
