"""Places on Discord, and their form as a channel's id.

123      a channel of a server, a thread or a forum's post
@123     a private chat with the bot
123~42   a place where the bot is no member, as the person 42 sees it: the bot can only answer interactions there,
         through Discord, for fifteen minutes
"""

from dataclasses import dataclass
from typing import Self

from bot.messages import Channel, Message

NAME = "discord"


@dataclass(frozen=True, slots=True)
class Place:
    """A place; `str()` is the id of the channel."""

    id: int
    private: bool = False
    visitor: int | None = None  # the person who asks, where the bot is no member

    def __str__(self) -> str:
        seen_by = "" if self.visitor is None else f"~{self.visitor}"
        return f"{'@' if self.private else ''}{self.id}{seen_by}"

    @property
    def channel(self) -> Channel:
        """The channel as the rest of the bot knows it."""
        return Channel(NAME, str(self))

    @classmethod
    def of(cls, channel: Channel) -> Self:
        """Parse a channel's id."""
        id, _, visitor = channel.id.removeprefix("@").partition("~")
        return cls(int(id), channel.id.startswith("@"), int(visitor) if visitor else None)


def address_of(message: Message) -> str | None:
    """Return the address of a message; what came as a command or a press is none.

    https://discord.com/developers/docs/reference#message-formatting
    """
    place = Place.of(message.channel)
    if not message.id.isdecimal() or place.visitor is not None or message.text.startswith("/"):
        return None
    server = "@me" if message.server is None else message.server.removeprefix(f"{NAME}:")
    return f"https://discord.com/channels/{server}/{place.id}/{message.id}"
