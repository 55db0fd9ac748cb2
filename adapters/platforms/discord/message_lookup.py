"""Looking messages up for somebody who points at them, as far as both they and the bot may see them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

import discord
import structlog

from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.partial_messages import read_message
from bot.errors import BotError, Busy, FailureCode
from bot.util.retry import DISCORD_LOOKUP, retry

log = structlog.get_logger(__name__)

LINK = re.compile(
    r"https?://(?:(?:www|ptb|canary)\.)?discord(?:app)?\.com/channels/(@me|\d{1,20})/(\d{1,20})/(\d{1,20})"
)
MAX_LINKS = 3  # links to messages in one message that are followed


class Missing(StrEnum):
    """The reason why a message cannot be shown."""

    DELETED = auto()
    FORBIDDEN = auto()  # to the one who asks, or to the bot
    UNREACHABLE = auto()  # Discord does not answer


@dataclass(frozen=True, slots=True)
class MessageAddress:
    """The place of a message. `guild` None: a private chat, or not known."""

    channel: int
    message: int
    guild: int | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who points at messages, and the channel in which they do so."""

    state: Any  # of the discord.py client that received what they said
    person: discord.abc.User
    channel: int
    guild: int | None = None

    @classmethod
    def of(cls, message: discord.Message, person: discord.abc.User | None = None) -> "Viewer":
        """Return the author of a message; `person`, if that is somebody else than Discord says."""
        guild = message.guild.id if message.guild else getattr(message.channel, "guild_id", None)
        return cls(message._state, person or message.author, message.channel.id, guild)

    @classmethod
    def of_interaction(cls, interaction: discord.Interaction) -> "Viewer":
        """Return the person who uses a command, a menu or a form."""
        return cls(interaction._state, interaction.user, interaction.channel_id or 0, interaction.guild_id)


def message_links(text: str) -> Iterator[MessageAddress]:
    """Yield what the links to messages in a text point at, each once."""
    matches = dict.fromkeys(match.groups() for match in LINK.finditer(text))
    for guild, channel, message in list(matches)[:MAX_LINKS]:
        yield MessageAddress(int(channel), int(message), None if guild == "@me" else int(guild))


def without_message_links(text: str) -> str:
    """Return the text without links to messages, of which Discord makes no preview."""
    return LINK.sub("", text)


async def look_up(viewer: Viewer, address: MessageAddress, *, is_open: bool = False) -> discord.Message | Missing:
    """Return a message that the viewer may see, or the reason why it cannot be shown.

    `is_open`: whoever can see the viewer's channel can see it, as the message that a thread was begun for.
    """

    async def attempt() -> discord.Message | Missing:
        with map_discord_errors():
            return await _read(viewer, address, is_open)

    try:
        return await retry(DISCORD_LOOKUP, attempt, Busy)
    except Busy as error:
        log.warning("a message cannot be looked up", reason=error.code)
        return Missing.UNREACHABLE
    except BotError as error:
        return _reason(error)


async def _read(viewer: Viewer, address: MessageAddress, is_open: bool) -> discord.Message | Missing:
    guild = viewer.state._get_guild(address.guild or viewer.guild)
    is_open = is_open or address.channel == viewer.channel
    if not is_open and not await _may_see(viewer, guild, address):
        return Missing.FORBIDDEN
    data = await viewer.state.http.get_message(address.channel, address.message)
    channel = (
        guild.get_channel_or_thread(address.channel) if guild else viewer.state._get_private_channel(address.channel)
    )
    if channel is None:
        guild_id = address.guild or viewer.guild
        channel = discord.PartialMessageable(viewer.state, address.channel, guild_id)
    return read_message(lambda raw: discord.Message(state=viewer.state, channel=channel, data=raw), data)


def _reason(error: BotError) -> Missing:
    """Return what a refusal means for the message. Discord tells a deleted message from a hidden channel."""
    return Missing.DELETED if error.code is FailureCode.DISCORD_POST_GONE else Missing.FORBIDDEN


# the viewer's own rights: the bot must show nobody what they could not open themselves


async def _may_see(viewer: Viewer, guild: discord.Guild | None, address: MessageAddress) -> bool:
    """Tell whether the viewer may open another channel than the one they ask in, and read back in it."""
    try:
        if guild is None:
            guild = await _fetch_guild(viewer, address.guild)
        if guild is None:
            return False  # somebody's private chat
        place = guild.get_channel_or_thread(address.channel) or await guild.fetch_channel(address.channel)
        person = viewer.person
        member = person if _is_member(person, guild) else await guild.fetch_member(person.id)
        return await may_read_back(guild, place, member)
    except (discord.Forbidden, discord.NotFound, discord.InvalidData, discord.ClientException):
        return False


async def _fetch_guild(viewer: Viewer, id: int | None) -> discord.Guild | None:
    """Fetch a server with its roles: other processes listen to the events of some, which are not in memory here."""
    if id is None:
        return None
    return discord.Guild(data=await viewer.state.http.get_guild(id, with_counts=False), state=viewer.state)


def _is_member(person: discord.abc.User, guild: discord.Guild) -> bool:
    return isinstance(person, discord.Member) and person.guild.id == guild.id


async def may_read_back(guild: discord.Guild, place: Any, member: Any) -> bool:
    """Tell whether a member may see a channel of the server, and what was said there."""
    is_thread = isinstance(place, discord.Thread)
    ruling = (place.parent or await guild.fetch_channel(place.parent_id)) if is_thread else place
    permissions = ruling.permissions_for(member)
    if not (permissions.view_channel and permissions.read_message_history):
        return False
    if is_thread and place.is_private() and not permissions.manage_threads:
        await place.fetch_member(member.id)  # fails for whoever is no member of it
    return True
