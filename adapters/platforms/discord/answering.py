"""Interactions that wait for an answer. Discord gives each fifteen minutes, and a token that nobody else may see."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field

import discord

from adapters.platforms.discord.places import Place

LIFE = 14 * 60.0  # seconds; of the fifteen minutes, the last one is nobody's
MOST = 10_000


@dataclass(slots=True)
class Waiting:
    """An interaction that can still be answered. Its tokens live in memory only."""

    interaction: discord.Interaction
    thinking: bool  # Discord shows that we think, and the first answer takes the place of that
    since: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        """Whether its time has passed."""
        return time.monotonic() - self.since > LIFE or self.interaction.client.is_closed()


class Interactions:
    """Knows which message, post or visitor's place belongs to which interaction."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()

    def opened(self, message: str, place: Place, waiting: Waiting) -> None:
        """The message came through this interaction."""
        self._note(message, waiting)
        if place.visitor is not None:  # the only way to speak there
            self._note(str(place), waiting)

    def answered(self, post: str, waiting: Waiting) -> None:
        """The post was made through it, and can be edited through it."""
        waiting.thinking = False
        self._note(post, waiting)

    def behind(self, message: str | None, place: Place) -> Waiting | None:
        """The way to answer a message: through its interaction, or the latest one where there is no other way."""
        found = self._find(message)
        return found if found or place.visitor is None else self._find(str(place))

    def that_made(self, post: str) -> Waiting | None:
        """The interaction a post was made through, while it lasts."""
        return self._find(post)

    def _note(self, key: str, waiting: Waiting) -> None:
        self._waiting[key] = waiting
        self._waiting.move_to_end(key)
        while self._waiting and (len(self._waiting) > MOST or next(iter(self._waiting.values())).is_over):
            self._waiting.popitem(last=False)

    def _find(self, key: str | None) -> Waiting | None:
        found = self._waiting.get(key or "")
        return found if found and not found.is_over else None
