"""Channels in which the bot may put no reactions: it does not ask for each photo anew."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bot.errors import Refused
from bot.messages import Channel

HOUR = 3600.0  # seconds for which a refusal counts
MAX_CHANNELS = 1_000


class RefusedReactions:
    """The channels whose refusal is fresh."""

    def __init__(self) -> None:
        self._until: dict[Channel, float] = {}  # monotonic

    def has(self, channel: Channel) -> bool:
        """Tell whether reactions were refused in the channel lately."""
        return time.monotonic() < self._until.get(channel, 0.0)

    @contextmanager
    def noting(self, channel: Channel) -> Iterator[None]:
        """Note a refusal of what is done inside, and raise it."""
        try:
            yield
        except Refused:
            if len(self._until) >= MAX_CHANNELS:
                self._until.clear()
            self._until[channel] = time.monotonic() + HOUR
            raise
