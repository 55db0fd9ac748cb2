"""Read marks: the last message of each channel that was taken in, where reading goes on after an absence."""

import asyncio
from collections.abc import Mapping

import structlog

from adapters.platforms.discord.places import NAME
from bot.messages import Channel
from bot.ports import Channels

log = structlog.get_logger(__name__)

SAVE_SECONDS = 2.0  # between two writes; messages since then are read again after a crash, and known by their ids


class ReadMarks:
    """The read marks of all channels, saved together."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._unsaved: dict[Channel, str] = {}
        self._marked: set[Channel] = set()

    async def note(self, channel: Channel, message: int) -> None:
        """Note that everything up to this message has been taken in."""
        self._note(channel, message)
        if channel not in self._marked:  # a private chat without a mark would never be found again
            await self.save()

    async def begin(self, channels: Mapping[Channel, int]) -> None:
        """Set marks for channels that have none yet, at their last message."""
        for channel, message in channels.items():
            if channel not in self._marked:
                self._note(channel, message)
        await self.save()

    def _note(self, channel: Channel, message: int) -> None:
        if message > int(self._unsaved.get(channel, 0)):
            self._unsaved[channel] = str(message)

    async def get_all(self) -> Mapping[Channel, int]:
        """Return the last message of every channel that has a mark."""
        marks = {**await self._channels.list_read_marks(NAME), **self._unsaved}
        self._marked = set(marks)
        return {channel: int(message) for channel, message in marks.items()}

    async def keep_saving(self) -> None:
        """Save the marks periodically until cancelled, then a last time."""
        try:
            while True:
                await asyncio.sleep(SAVE_SECONDS)
                await self.save()
        finally:
            await self.save()

    async def save(self) -> None:
        """Save new marks; after a failure they are saved together with later ones."""
        unsaved, self._unsaved = self._unsaved, {}
        try:
            if unsaved:
                await self._channels.save_read_marks(unsaved)
            self._marked |= set(unsaved)
        except Exception as error:
            log.warning("what was heard could not be noted", reason=repr(error))
            self._unsaved = {**unsaved, **self._unsaved}
