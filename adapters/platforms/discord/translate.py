"""A message of Discord's becomes a message, or nothing."""

import re
from collections.abc import Collection

import discord
from discord import MessageReferenceType, MessageType

from adapters.platforms.discord.message_files import HIDDEN, UNTOLD, pictures
from adapters.platforms.discord.places import NAME, Place
from bot.messages import Attachment, Author, Message, MessageReference
from bot.words import say, speaking

SAID = (MessageType.default, MessageType.reply)  # by people, in words or pictures
LINK = re.compile(r"https?://\S")
PERSON = re.compile(r"<@!?(\d+)>")


def place_of(message: discord.Message) -> Place:
    """Where it was said."""
    return Place(message.channel.id, private=_is_private(message))


def translate(said: discord.Message, me: int, *, edited: bool = False) -> Message | None:
    """Read a message; `me` is the bot's own id. None: there is nothing in it for anybody to answer."""
    if said.author.bot or said.webhook_id or said.type not in SAID:
        return None  # two bots that answer each other never stop
    roles = _own_roles(said)
    attachments = tuple(attachment for attachment, _ in pictures(said))
    text = _words(said, me, roles)
    about = _about(said, me)
    if not (text or attachments or about):
        if not _told(said.content):
            return None  # without the MESSAGE CONTENT intent, what is not for us is empty
        text = "/help"  # nothing but our name
    return Message(
        channel=place_of(said).channel,
        id=str(said.id),
        author=Author(str(said.author.id), _told(said.author.display_name)),
        text=text,
        sent=said.created_at.timestamp(),
        attachments=attachments,
        addressed=_is_addressed(said, me, roles),
        album=_unfolding(said),
        about=about,
        edited=edited,
        private=_is_private(said),
        server=server_of(_guild(said)),
        language=language_of(said.guild),
    )


def server_of(guild: int | None) -> str | None:
    """A server as the rest of the bot knows it."""
    return None if guild is None else f"{NAME}:{guild}"


def language_of(guild: discord.Guild | None) -> str:
    """What is spoken on a server; only a community is asked for it, and all others claim to speak English."""
    return guild.preferred_locale.value if guild and "COMMUNITY" in guild.features else ""


def _unfolding(said: discord.Message) -> str | None:
    """A message with a link alone waits like an album's part: Discord adds the link's picture a moment later."""
    waits = LINK.search(said.content) and not said.attachments and not said.embeds
    return f"link {said.id}" if waits else None


def is_hidden(said: discord.Message, me: int) -> bool:
    """Whether only our role is mentioned, and we are not shown what is said: that takes the MESSAGE CONTENT intent."""
    by_role = any(role.id in _own_roles(said) for role in said.role_mentions)
    by_person = not said.author.bot and not said.webhook_id
    return by_role and by_person and not said.content and not any(user.id == me for user in said.mentions)


# who is meant


def _is_private(said: discord.Message) -> bool:
    return _guild(said) is None


def _guild(said: discord.Message) -> int | None:
    """The server's id; of a server that is not known yet, this is all there is."""
    return said.guild.id if said.guild else getattr(said.channel, "guild_id", None)


def _own_roles(said: discord.Message) -> Collection[int]:
    me = said.guild.me if said.guild else None
    return {role.id for role in me.roles if not role.is_default()} if me else ()


def _is_addressed(said: discord.Message, me: int, roles: Collection[int]) -> bool:
    return (
        _is_private(said)
        or any(user.id == me for user in said.mentions)
        or any(role.id in roles for role in said.role_mentions)
        or (isinstance(said.channel, discord.Thread) and said.channel.owner_id == me)
        or (_replied_to(said) is not None and _is_ours(_replied_to(said), me))
    )


def _is_ours(message: discord.Message | None, me: int) -> bool:
    return message is not None and message.author.id == me


def _words(said: discord.Message, me: int, roles: Collection[int]) -> str:
    """What was said, without the bot's name, and with other people's names in the place of their numbers."""
    *before, last = re.split(rf"<@(?:!?{me}|&(?:{'|'.join(map(str, roles)) or 'none'}))>[,:]?", said.content)
    text = "".join([*(words.rstrip(" \t") for words in before), last])
    names = {str(user.id): f"@{user.display_name}" for user in said.mentions}
    return _told(PERSON.sub(lambda person: names.get(person[1], person[0]), text))


def _told(text: str) -> str:
    return text.translate(UNTOLD).strip()


# what it is about


def _replied_to(said: discord.Message) -> discord.Message | None:
    reference = said.reference
    if reference is None or reference.type is not MessageReferenceType.reply:
        return None
    return reference.resolved if isinstance(reference.resolved, discord.Message) else None


def about(message: discord.Message, me: int) -> MessageReference:
    """A message as another one may refer to it."""
    attachments = tuple(attachment for attachment, _ in pictures(message))
    text = _told(message.content) or _forwarded(message)
    return MessageReference(str(message.id), _is_ours(message, me), text, attachments)


def _forwarded(message: discord.Message) -> str:
    return _told("\n".join(snapshot.content for snapshot in message.message_snapshots))


def _is_withheld(message: discord.Message, me: int) -> bool:
    """Without the MESSAGE CONTENT intent, what others say in servers is empty; but for that, it never is."""
    if message._state.intents.message_content or _is_private(message) or _is_ours(message, me):
        return False
    shown: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    if any(each.content or each.embeds or each.components or each.attachments or each.stickers for each in shown):
        return False
    return message.poll is None and message.type in SAID


def _unseen(message: discord.Message) -> MessageReference:
    """There may be a photo: whoever asks about it is told that we cannot see it, and not answered about another one."""
    with speaking(language_of(message.guild)):
        nothing = Attachment(f"{HIDDEN}/{message.id}", say("discord_hidden_name"))
    return MessageReference(str(message.id), ours=False, text="", attachments=(nothing,))


def _about(said: discord.Message, me: int) -> MessageReference | None:
    replied = _replied_to(said)
    if replied is not None:
        return _unseen(replied) if _is_withheld(replied, me) else about(replied, me)
    forwarded = _forwarded(said)
    if forwarded and said.reference is not None:  # its pictures count as the message's own
        return MessageReference(str(said.reference.message_id), ours=False, text=forwarded)
    return None
