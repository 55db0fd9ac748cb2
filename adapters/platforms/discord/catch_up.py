"""What was said while nobody listened: where to look, and how much of it to read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import discord
import structlog

from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.places import Place
from bot.messages import Channel

log = structlog.get_logger(__name__)

IN_CHANNEL = 200  # messages that are read of a channel, the newest ones
IN_ALL = 2_000  # of all channels together

Talked = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
"""A channel of a server's that people talk in."""


@dataclass
class CatchUpPlan:
    """What a glance at the channels tells, before any of them is read."""

    missed: list[tuple[Place, int]] = field(default_factory=list)  # where more was said, and after which message
    new: dict[Channel, int] = field(default_factory=dict)  # channels not heard before, with their last message


def plan_catch_up(client: discord.Client, shard: int, known: Mapping[Channel, int]) -> CatchUpPlan:
    """Compare what a shard's servers say of their channels with how far each one is `known`."""
    seen = CatchUpPlan()
    for guild in client.guilds:
        if guild.shard_id == shard:
            add_guild(guild, known, seen)
    if shard == 0:  # private chats cannot be listed; those that have been heard are known
        seen.missed += [(Place.of(each), mark) for each, mark in known.items() if Place.of(each).private]
    return seen


def add_guild(guild: discord.Guild, known: Mapping[Channel, int], seen: CatchUpPlan) -> None:
    """Do so for one server."""
    channels: list[Talked] = [*guild.text_channels, *guild.voice_channels, *guild.stage_channels, *guild.threads]
    marks = {channel.id: known.get(Place(channel.id).channel) for channel in channels}
    last_heard = max(filter(None, marks.values()), default=None)
    for channel in channels:
        mark, last = marks[channel.id], channel.last_message_id or 0
        if mark is None and last_heard is not None and _begun(channel) > last_heard:
            mark = channel.id - 1  # made while nobody listened
        if mark is None:
            seen.new[Place(channel.id).channel] = last or channel.id
        elif last > mark:
            seen.missed.append((Place(channel.id), mark))


def _begun(channel: Talked) -> int:
    """When it was made, as an id of that moment: a thread's own id is that of the message it was opened for."""
    if isinstance(channel, discord.Thread) and channel.created_at is not None:
        return max(channel.id, discord.utils.time_snowflake(channel.created_at))
    return channel.id


class HistoryBudget:
    """How many messages may be taken in: half of them are shared out, so that no channel gets none."""

    def __init__(self, channels: int, in_all: int = IN_ALL) -> None:
        """`channels` is how many will be read."""
        self._share = max(1, in_all // 2 // max(1, channels))
        self.left = max(0, in_all - self._share * channels)  # for whoever comes first

    async def read(self, client: discord.Client, place: Place, after: int) -> list[discord.Message]:
        """The newest messages of a channel after that one, oldest first."""
        with map_discord_errors():
            found = await _history(client, place, after)
        taken = found[-(self._share + self.left) :]
        self.left -= max(0, len(taken) - self._share)  # only now: a try that failed takes nothing from others
        if len(taken) < len(found) or len(found) == IN_CHANNEL:
            log.warning("more was said than is read again", channel=str(place), read=len(taken))
        return taken


async def _history(client: discord.Client, place: Place, after: int) -> list[discord.Message]:
    channel = await _opened(client, place)
    history = channel.history(limit=IN_CHANNEL, after=discord.Object(after), oldest_first=False)
    return [message async for message in history][::-1]


async def _opened(client: discord.Client, place: Place) -> discord.abc.Messageable:
    """Where to read. A thread that was archived is in no list any more, and its messages must show its server."""
    known = None if place.private else client.get_channel(place.id) or await client.fetch_channel(place.id)
    return known if isinstance(known, Talked) else client.get_partial_messageable(place.id)
