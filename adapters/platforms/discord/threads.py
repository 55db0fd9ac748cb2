"""Where an answer may and shall be said: permissions, and threads."""

from dataclasses import replace

import discord
import structlog

from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.places import Place
from adapters.platforms.discord.previews import NOBODY
from adapters.platforms.discord.rest import RestClient
from adapters.platforms.discord.translate import language_of
from bot.errors import BotError
from bot.messages import ChannelSettings, Message
from bot.ports import Blobs, Channels
from bot.words import say, speaking

log = structlog.get_logger(__name__)

THREAD_THERE = 160004  # the code for a message that has its thread already
LONGEST_NAME = 100  # characters of a thread's name
TOLD = "discord:told:"  # what is carried of whom we told: the person and the channel follow


class PhotoThreads:
    """Opens a thread for a photo where people want that, and goes on listening where it has been asked something."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def place(self, said: discord.Message, message: Message) -> Message:
        """The message, in the thread that its answer belongs to."""
        settings = await self._channels.get_channel_settings(message.channel)
        if isinstance(said.channel, discord.Thread):
            if message.addressed and settings.listening == "asked":
                await self._listen(message, settings)
            return message
        shows = any(not each.sound for each in message.attachments)
        wanted = settings.threads and shows and (message.addressed or settings.listening != "asked")
        if not wanted or not isinstance(said.channel, discord.TextChannel):
            return message
        return await self._in_its_thread(said, message, settings)

    async def _in_its_thread(self, said: discord.Message, message: Message, settings: ChannelSettings) -> Message:
        try:
            with speaking(settings.language or message.language):
                await _open(said, message.text)
        except BotError as error:  # then it is answered where it was asked
            log.warning("a thread could not be opened", channel=said.channel.id, reason=error.key)
            return message
        moved = replace(message, channel=Place(said.id).channel, addressed=True)  # a thread has its first message's id
        await self._listen(moved, settings)
        return moved

    async def _listen(self, message: Message, settings: ChannelSettings) -> None:
        await self._channels.save_channel_settings(message.channel, replace(settings, listening="all"))


async def _open(said: discord.Message, question: str) -> None:
    name = " ".join(question.split())[:LONGEST_NAME] or say("discord_thread")
    try:
        with map_discord_errors():
            await said.create_thread(name=name)
    except BotError as error:
        if not isinstance(error.__cause__, discord.HTTPException) or error.__cause__.code != THREAD_THERE:
            raise


class PermissionNotices:
    """Tells people in private, once, when the bot may not answer where they asked."""

    def __init__(self, rest: RestClient, blobs: Blobs) -> None:
        self._rest, self._blobs = rest, blobs

    async def may_answer(self, said: discord.Message) -> bool:
        """Whether there is any use in asking a model; if not, whoever asked is told so."""
        missing = missing_permission(said)
        if missing is not None:
            with speaking(language_of(said.guild)):
                await self.tell(said.author.id, said.channel.id, missing)
        return missing is None

    async def cannot_read(self, said: discord.Message, me: int) -> None:
        """Ask for a mention by name: Discord hides from us what is said to our role."""
        place = await self._rest.place(said.channel.id)
        try:
            with map_discord_errors(), speaking(language_of(said.guild)):
                await place.send(
                    say("discord_role_only", name=f"<@{me}>"),
                    reference=said.to_reference(fail_if_not_exists=False),
                    nonce=str(said.id),  # heard again after a crash, it is said once
                    allowed_mentions=NOBODY,
                    suppress_embeds=True,
                )
        except BotError as error:
            log.warning("could not ask for a mention by name", channel=said.channel.id, reason=error.key)

    async def shut_out(self, channel: int, message: str | None, permission: str) -> None:
        """The answer to the message, or its files, were not let through for want of this permission."""
        if message and message.isdigit() and (asker := await self._asker(channel, int(message))):
            await self.tell(asker, channel, permission)

    async def _asker(self, channel: int, message: int) -> int | None:
        """Who said it: not always heard by this process, so Discord is asked. None where it does not tell."""
        try:
            with map_discord_errors():
                if message == channel:  # a thread's first message stands outside of it
                    thread = await (await self._rest.client()).fetch_channel(channel)
                    channel = getattr(thread, "parent_id", None) or channel
                return (await self._rest.message(channel, message)).author.id
        except BotError:
            return None

    async def tell(self, person: int, channel: int, permission: str) -> None:
        """Say what is missing, once for each person and channel, whichever process finds out."""
        told = f"{TOLD}{person}:{channel}"
        if await self._blobs.get_blob(told) is not None:
            return
        await self._blobs.put_blob(told, b"")
        try:
            with map_discord_errors():
                client = await self._rest.client()
                private = await client.create_dm(discord.Object(person))
                sentence = say("discord_may_not_speak", channel=f"<#{channel}>", permission=permission)
                await private.send(sentence, suppress_embeds=True)
        except BotError as error:
            log.warning("could not tell that I may not speak", channel=channel, reason=error.key)

    async def expire(self, before: float) -> None:
        """Forget whom we told before then."""
        await self._blobs.delete_blobs(TOLD, before)


def missing_permission(said: discord.Message) -> str | None:
    """The permission without which we cannot answer, by the name Discord gives it; None also where we can't know."""
    channel, guild = said.channel, said.guild
    if guild is None or guild.me is None or not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return None
    try:
        ours = channel.permissions_for(guild.me)
    except discord.ClientException:  # a thread whose channel we do not see
        return None
    in_thread = isinstance(channel, discord.Thread)
    if not (ours.send_messages_in_threads if in_thread else ours.send_messages):
        return "Send Messages in Threads" if in_thread else "Send Messages"
    return None
