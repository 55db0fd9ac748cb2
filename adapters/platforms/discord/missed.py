"""What was said while nobody listened: where to look, and how much of it to read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import discord
import structlog

from adapters.platforms.discord.errors import our_errors
from adapters.platforms.discord.places import Place
from bot.messages import Channel

log = structlog.get_logger(__name__)

IN_CHANNEL = 200  # messages that are read of a channel, the newest ones
IN_ALL = 2_000  # of all channels together

Talked = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
"""A channel of a server's that people talk in."""


@dataclass
class Look:
    """What a glance at the channels tells, before any of them is read."""

    missed: list[tuple[Place, int]] = field(default_factory=list)  # where more was said, and after which message
    new: dict[Channel, int] = field(default_factory=dict)  # channels not heard before, with their last message


def look(client: discord.Client, shard: int, known: Mapping[Channel, int]) -> Look:
    """Compare what a shard's servers say of their channels with how far each one is `known`."""
    seen = Look()
    for guild in client.guilds:
        if guild.shard_id == shard:
            look_at(guild, known, seen)
    if shard == 0:  # private chats cannot be listed; those that have been heard are known
        seen.missed += [(Place.of(each), mark) for each, mark in known.items() if Place.of(each).private]
    return seen


def look_at(guild: discord.Guild, known: Mapping[Channel, int], seen: Look) -> None:
    """Do so for one server."""
    channels: list[Talked] = [*guild.text_channels, *guild.voice_channels, *guild.stage_channels, *guild.threads]
    marks = {channel.id: known.get(Place(channel.id).channel) for channel in channels}
    last_heard = max(filter(None, marks.values()), default=None)
    for channel in channels:
        mark, last = marks[channel.id], channel.last_message_id or 0
        if mark is None and last_heard is not None and channel.id > last_heard:
            mark = channel.id - 1  # made while nobody listened
        if mark is None:
            seen.new[Place(channel.id).channel] = last or channel.id
        elif last > mark:
            seen.missed.append((Place(channel.id), mark))


@dataclass
class Budget:
    """How many messages may be read yet."""

    left: int = IN_ALL

    async def read(self, client: discord.Client, place: Place, after: int) -> list[discord.Message]:
        """The newest messages of a channel after that one, oldest first."""
        most = min(IN_CHANNEL, self.left)
        self.left -= most
        found: list[discord.Message] = []
        try:
            with our_errors():
                found = await _history(client, place, after, most)
        finally:
            self.left += most - len(found)
        if len(found) == most:
            log.warning("more was said than is read again", channel=str(place), read=most)
        return found


async def _history(client: discord.Client, place: Place, after: int, most: int) -> list[discord.Message]:
    known = client.get_channel(place.id)
    channel = known if isinstance(known, Talked) else client.get_partial_messageable(place.id)
    history = channel.history(limit=most, after=discord.Object(after), oldest_first=False)
    return [message async for message in history][::-1]
