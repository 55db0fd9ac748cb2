"""Threads for photos, and notices about missing permissions."""

from dataclasses import replace

import discord
import structlog

from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.places import Place
from adapters.platforms.discord.previews import NOBODY
from adapters.platforms.discord.rest import RestClient
from adapters.platforms.discord.translate import server_language
from bot.errors import BotError
from bot.messages import Channel, ChannelSettings, Message, MessageReference
from bot.ports import Blobs, Channels
from bot.words import say, speaking

log = structlog.get_logger(__name__)

THREAD_EXISTS = 160004  # the code for a message that has its thread already
MAX_NAME = 100  # characters of a thread's name
NOTICE_PREFIX = "discord:told:"  # the person and the channel follow


class PhotoThreads:
    """The opener of threads for photos, where a channel wants them; in a thread the bot then reads every message."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def is_read_along(self, channel: Channel) -> bool:
        """Tell whether the bot reads more in a channel than what is said to it."""
        return (await self._channels.get_channel_settings(channel)).listening != "asked"

    async def move_to_thread(self, discord_message: discord.Message, message: Message) -> Message:
        """Return the message, moved to the thread of its answer."""
        settings = await self._channels.get_channel_settings(message.channel)
        if isinstance(discord_message.channel, discord.Thread):
            if message.addressed and settings.listening == "asked":
                await self._read_everything(message, settings)
            return message
        has_photo = any(not attachment.sound for attachment in message.attachments)
        wants_thread = settings.threads and has_photo and (message.addressed or settings.listening != "asked")
        if not wants_thread or not isinstance(discord_message.channel, discord.TextChannel):
            return message
        return await self._open_and_move(discord_message, message, settings)

    async def _open_and_move(
        self, discord_message: discord.Message, message: Message, settings: ChannelSettings
    ) -> Message:
        try:
            with speaking(settings.language or message.language):
                await _open(discord_message, message.text)
        except BotError as error:  # then it is answered in the channel
            log.warning("a thread could not be opened", channel=discord_message.channel.id, reason=error.code)
            return message
        # A thread has its first message's id.
        moved = replace(message, channel=Place(discord_message.id).channel, addressed=True)
        moved = _with_references_from(moved, message.channel)
        await self._read_everything(moved, settings)
        return moved

    async def _read_everything(self, message: Message, settings: ChannelSettings) -> None:
        await self._channels.save_channel_settings(message.channel, replace(settings, listening="all"))


def _with_references_from(message: Message, channel: Channel) -> Message:
    """Return the message; what it points at stays in the channel that it came from."""

    def there(reference: MessageReference) -> MessageReference:
        return replace(reference, channel=reference.channel or channel)

    about = message.about and there(message.about)
    return replace(message, about=about, more=tuple(map(there, message.more)))


async def _open(discord_message: discord.Message, question: str) -> None:
    name = " ".join(question.split())[:MAX_NAME] or say("discord_thread")
    try:
        with map_discord_errors():
            await discord_message.create_thread(name=name)
    except BotError as error:
        if not isinstance(error.__cause__, discord.HTTPException) or error.__cause__.code != THREAD_EXISTS:
            raise


class PermissionNotices:
    """Notices about missing permissions, sent once to each person in private."""

    def __init__(self, rest: RestClient, blobs: Blobs) -> None:
        self._rest, self._blobs = rest, blobs

    async def may_answer(self, discord_message: discord.Message) -> bool:
        """Tell whether we may answer; if not, notify the author."""
        missing = missing_permission(discord_message)
        if missing is not None:
            with speaking(server_language(discord_message.guild)):
                await self.notify(discord_message.author.id, discord_message.channel.id, missing)
        return missing is None

    async def ask_for_mention(self, discord_message: discord.Message, me: int) -> None:
        """Ask for a mention by name: Discord hides messages to our role from us."""
        place = await self._rest.get_channel(discord_message.channel.id)
        try:
            with map_discord_errors(), speaking(server_language(discord_message.guild)):
                await place.send(
                    say("discord_role_only", name=f"<@{me}>"),
                    reference=discord_message.to_reference(fail_if_not_exists=False),
                    nonce=str(discord_message.id),  # posted once, even if the message comes again after a crash
                    allowed_mentions=NOBODY,
                    suppress_embeds=True,
                )
        except BotError as error:
            log.warning("could not ask for a mention by name", channel=discord_message.channel.id, reason=error.code)

    async def report_missing_permission(self, channel: int, message: str | None, permission: str) -> None:
        """Notify the message's author that this permission is missing for the answer or its files."""
        if message and message.isdigit() and (author := await self._fetch_author(channel, int(message))):
            await self.notify(author, channel, permission)

    async def _fetch_author(self, channel: int, message: int) -> int | None:
        """Fetch the author of a message, which another process may have received. None where that fails."""
        try:
            with map_discord_errors():
                if message == channel:  # a thread's first message stands outside of it
                    thread = await (await self._rest.client()).fetch_channel(channel)
                    channel = getattr(thread, "parent_id", None) or channel
                return (await self._rest.fetch_message(channel, message)).author.id
        except BotError:
            return None

    async def notify(self, person: int, channel: int, permission: str) -> None:
        """Notify a person of a missing permission, once for each channel, from any process."""
        notice_key = f"{NOTICE_PREFIX}{person}:{channel}"
        if await self._blobs.get_blob(notice_key) is not None:
            return
        await self._blobs.put_blob(notice_key, b"")
        try:
            with map_discord_errors():
                client = await self._rest.client()
                private = await client.create_dm(discord.Object(person))
                sentence = say("discord_may_not_speak", channel=f"<#{channel}>", permission=permission)
                await private.send(sentence, suppress_embeds=True)
        except BotError as error:
            log.warning("could not tell that I may not speak", channel=channel, reason=error.code)

    async def expire(self, before: float) -> None:
        """Forget notices from before then."""
        await self._blobs.delete_blobs(NOTICE_PREFIX, before)


def missing_permission(discord_message: discord.Message) -> str | None:
    """Return the name of the permission that we lack to answer; None also where we can't know."""
    channel, guild = discord_message.channel, discord_message.guild
    if guild is None or guild.me is None or not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return None
    try:
        permissions = channel.permissions_for(guild.me)
    except discord.ClientException:  # a thread in a channel that we can't see
        return None
    in_thread = isinstance(channel, discord.Thread)
    if not (permissions.send_messages_in_threads if in_thread else permissions.send_messages):
        return "Send Messages in Threads" if in_thread else "Send Messages"
    return None
