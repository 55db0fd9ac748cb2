"""Catching up after an absence: the channels to read, and how much of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import discord
import structlog

from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.partial_messages import read_message
from adapters.platforms.discord.places import NAME, Place
from bot.messages import Channel
from bot.operations.set_aside import SetAsideLog

log = structlog.get_logger(__name__)

MAX_PER_CHANNEL = 200  # messages that are read of a channel, the newest ones
MAX_IN_ALL = 2_000  # messages of all channels together
PAGE = 100  # messages that Discord returns at once

TextPlace = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
"""A channel of a server in which people write."""


@dataclass
class CatchUpPlan:
    """The result of comparing channels with read marks, before any of them is read."""

    missed: list[tuple[Place, int]] = field(default_factory=list)  # places with unread messages, and the last read one
    new: dict[Channel, int] = field(default_factory=dict)  # channels without a read mark, with their last message


def plan_catch_up(client: discord.Client, shard: int, read_marks: Mapping[Channel, int]) -> CatchUpPlan:
    """Compare the last messages in a shard's channels with their `read_marks`."""
    plan = plan_guilds([guild for guild in client.guilds if guild.shard_id == shard], read_marks)
    if shard == 0:  # Discord lists no private chats; those with a read mark are read
        plan.missed += [(Place.of(channel), mark) for channel, mark in read_marks.items() if Place.of(channel).private]
    return plan


def plan_guilds(guilds: Iterable[discord.Guild], read_marks: Mapping[Channel, int]) -> CatchUpPlan:
    """Compare the last messages in some servers' channels with their `read_marks`."""
    plan = CatchUpPlan()
    for guild in guilds:
        try:
            add_guild(guild, read_marks, plan)
        except Exception as error:  # of a server that says less of itself than Discord's do
            log.warning("a server cannot be caught up with", server=guild.id, error=repr(error))
    return plan


def add_guild(guild: discord.Guild, read_marks: Mapping[Channel, int], plan: CatchUpPlan) -> None:
    """Add the channels of one server to the plan."""
    channels: list[TextPlace] = [*guild.text_channels, *guild.voice_channels, *guild.stage_channels, *guild.threads]
    last_read = {channel.id: read_marks.get(Place(channel.id).channel) for channel in channels}
    latest_mark = max(filter(None, last_read.values()), default=None)
    for channel in channels:
        mark, last = last_read[channel.id], channel.last_message_id or 0
        if mark is None and latest_mark is not None and _created_at(channel) > latest_mark:
            mark = channel.id - 1  # created during the absence
        if mark is None:
            plan.new[Place(channel.id).channel] = last or channel.id
        elif last > mark:
            plan.missed.append((Place(channel.id), mark))


def _created_at(channel: TextPlace) -> int:
    """Return the creation time as an id of that moment: a thread's own id is that of the message it was opened for."""
    if isinstance(channel, discord.Thread) and channel.created_at is not None:
        return max(channel.id, discord.utils.time_snowflake(channel.created_at))
    return channel.id


class HistoryBudget:
    """The number of messages that may be read: half of them are shared equally, so that no channel gets none."""

    def __init__(self, channels: int, in_all: int = MAX_IN_ALL, set_aside: SetAsideLog | None = None) -> None:
        """Make a budget; `channels` is the number of channels to read."""
        self._set_aside = set_aside or SetAsideLog(NAME)
        self._share = max(1, in_all // 2 // max(1, channels))
        self.remaining = max(0, in_all - self._share * channels)  # for the channels that come first

    async def read(self, client: discord.Client, place: Place, after: int) -> list[discord.Message]:
        """Read the newest messages of a channel after that one, oldest first."""
        with map_discord_errors():
            messages = await _history(client, place, after, self._set_aside)
        read_messages = messages[-(self._share + self.remaining) :]
        self.remaining -= max(0, len(read_messages) - self._share)  # only now: a failed try takes nothing from others
        if len(read_messages) < len(messages) or len(messages) == MAX_PER_CHANNEL:
            log.warning("more was said than is read again", channel=str(place), read=len(read_messages))
        return read_messages


async def _history(client: discord.Client, place: Place, after: int, set_aside: SetAsideLog) -> list[discord.Message]:
    """Read the newest messages after that one, oldest first. One that cannot be read is set aside."""
    channel = await open_channel(client, place)
    messages = []
    for raw in await _raw_history(client, place, after):
        try:
            messages.append(read_message(lambda data: to_message(client, channel, data), raw))
        except Exception as error:
            set_aside.note("message", error, channel=str(place), message=raw.get("id"))
    return messages


async def _raw_history(client: discord.Client, place: Place, after: int) -> list[dict[str, Any]]:
    newest_first: list[dict[str, Any]] = []
    before = None
    while len(newest_first) < MAX_PER_CHANNEL:
        page: Any = await client.http.logs_from(place.id, PAGE, before=before)
        raws = [raw for raw in page if isinstance(raw, dict) and str(raw.get("id")).isdigit()]
        raws.sort(key=lambda raw: int(raw["id"]), reverse=True)
        newest_first += [raw for raw in raws if int(raw["id"]) > after]
        if len(page) < PAGE or not raws or int(raws[-1]["id"]) <= after:
            break
        before = int(raws[-1]["id"])
    return newest_first[:MAX_PER_CHANNEL][::-1]


def to_message(client: discord.Client, channel: discord.abc.Messageable, raw: Any) -> discord.Message:
    """Return a message as discord.py makes it. Raises any exception for one that makes no sense."""
    return client._connection.create_message(channel=channel, data=raw)  # type: ignore[arg-type]


async def open_channel(client: discord.Client, place: Place) -> discord.abc.Messageable:
    """Return the channel to read. An archived thread is in no list any more, and its messages must show its server."""
    channel: object = None if place.private else client.get_channel(place.id)
    if channel is None and not place.private:
        try:
            channel = await client.fetch_channel(place.id)
        except (discord.InvalidData, LookupError, TypeError, ValueError):  # a kind of the future
            channel = None
    return channel if isinstance(channel, TextPlace) else client.get_partial_messageable(place.id)
