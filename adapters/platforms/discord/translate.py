"""Translates a message of Discord's to ours, or to nothing."""

import re
from collections.abc import Collection

import discord
from discord import MessageReferenceType, MessageType

from adapters.platforms.discord.message_files import HIDDEN, REMOVED_CHARACTERS, list_files
from adapters.platforms.discord.places import NAME, Place
from bot.messages import Attachment, Author, Message, MessageReference
from bot.words import say, speaking

USER_MESSAGES = (MessageType.default, MessageType.reply)  # by people, in words or pictures
LINK = re.compile(r"https?://\S")
PERSON = re.compile(r"<@!?(\d+)>")


def find_place(message: discord.Message) -> Place:
    """Return the place of a message."""
    return Place(message.channel.id, private=_is_private(message))


def translate(message: discord.Message, me: int, *, edited: bool = False) -> Message | None:
    """Translate a message; `me` is the bot's own id. None: there is nothing to answer in it."""
    if message.author.bot or message.webhook_id or message.type not in USER_MESSAGES:
        return None  # two bots that answer each other never stop
    roles = _own_roles(message)
    attachments = tuple(attachment for attachment, _ in list_files(message))
    text = _readable_text(message, me, roles)
    about = _about(message, me)
    if not (text or attachments or about):
        if not _clean(message.content):
            return None  # without the MESSAGE CONTENT intent, messages to others are empty
        text = "/help"  # nothing but our name
    return Message(
        channel=find_place(message).channel,
        id=str(message.id),
        author=Author(str(message.author.id), _clean(message.author.display_name)),
        text=text,
        sent=message.created_at.timestamp(),
        attachments=attachments,
        addressed=_is_addressed(message, me, roles),
        album=_link_album(message),
        about=about,
        edited=edited,
        private=_is_private(message),
        server=server_id(_guild(message)),
        language=server_language(message.guild),
    )


def server_id(guild: int | None) -> str | None:
    """Return a server's id as the rest of the bot knows it."""
    return None if guild is None else f"{NAME}:{guild}"


def server_language(guild: discord.Guild | None) -> str:
    """Return a server's language; only a community chooses one, and all others claim English."""
    return guild.preferred_locale.value if guild and "COMMUNITY" in guild.features else ""


def _link_album(message: discord.Message) -> str | None:
    """Return an album for a message with only a link: it waits, because Discord adds the link's picture later."""
    awaits_preview = LINK.search(message.content) and not message.attachments and not message.embeds
    return f"link {message.id}" if awaits_preview else None


def is_hidden(message: discord.Message, me: int) -> bool:
    """Tell whether only our role is mentioned, and the text is hidden for want of the MESSAGE CONTENT intent."""
    by_role = any(role.id in _own_roles(message) for role in message.role_mentions)
    by_person = not message.author.bot and not message.webhook_id
    return by_role and by_person and not message.content and not any(user.id == me for user in message.mentions)


# who is meant


def _is_private(message: discord.Message) -> bool:
    return _guild(message) is None


def _guild(message: discord.Message) -> int | None:
    """Return the server's id; of a server that is not known yet, this is all there is."""
    return message.guild.id if message.guild else getattr(message.channel, "guild_id", None)


def _own_roles(message: discord.Message) -> Collection[int]:
    me = message.guild.me if message.guild else None
    return {role.id for role in me.roles if not role.is_default()} if me else ()


def _is_addressed(message: discord.Message, me: int, roles: Collection[int]) -> bool:
    return (
        _is_private(message)
        or any(user.id == me for user in message.mentions)
        or any(role.id in roles for role in message.role_mentions)
        or (isinstance(message.channel, discord.Thread) and message.channel.owner_id == me)
        or (_replied_to(message) is not None and _is_ours(_replied_to(message), me))
    )


def _is_ours(message: discord.Message | None, me: int) -> bool:
    return message is not None and message.author.id == me


def _readable_text(message: discord.Message, me: int, roles: Collection[int]) -> str:
    """Return the text without the bot's name, and with other people's names instead of their ids."""
    *before, last = re.split(rf"<@(?:!?{me}|&(?:{'|'.join(map(str, roles)) or 'none'}))>[,:]?", message.content)
    text = "".join([*(words.rstrip(" \t") for words in before), last])
    names = {str(user.id): f"@{user.display_name}" for user in message.mentions}
    return _clean(PERSON.sub(lambda person: names.get(person[1], person[0]), text))


def _clean(text: str) -> str:
    return text.translate(REMOVED_CHARACTERS).strip()


# what it is about


def _replied_to(message: discord.Message) -> discord.Message | None:
    reference = message.reference
    if reference is None or reference.type is not MessageReferenceType.reply:
        return None
    return reference.resolved if isinstance(reference.resolved, discord.Message) else None


def reference_to(message: discord.Message, me: int) -> MessageReference:
    """Return a reference to a message."""
    attachments = tuple(attachment for attachment, _ in list_files(message))
    text = _clean(message.content) or _forwarded(message)
    return MessageReference(str(message.id), _is_ours(message, me), text, attachments)


def _forwarded(message: discord.Message) -> str:
    return _clean("\n".join(snapshot.content for snapshot in message.message_snapshots))


def _is_withheld(message: discord.Message, me: int) -> bool:
    """Tell whether Discord hides the content: without the MESSAGE CONTENT intent, others' messages are empty."""
    if message._state.intents.message_content or _is_private(message) or _is_ours(message, me):
        return False
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    if any(part.content or part.embeds or part.components or part.attachments or part.stickers for part in parts):
        return False
    return message.poll is None and message.type in USER_MESSAGES


def _hidden_reference(message: discord.Message) -> MessageReference:
    """Return a reference with a hidden attachment, so that a question about it gets no answer about another photo."""
    with speaking(server_language(message.guild)):
        hidden_attachment = Attachment(f"{HIDDEN}/{message.id}", say("discord_hidden_name"))
    return MessageReference(str(message.id), ours=False, text="", attachments=(hidden_attachment,))


def _about(message: discord.Message, me: int) -> MessageReference | None:
    replied_message = _replied_to(message)
    if replied_message is not None:
        return (
            _hidden_reference(replied_message)
            if _is_withheld(replied_message, me)
            else reference_to(replied_message, me)
        )
    forwarded_text = _forwarded(message)
    if forwarded_text and message.reference is not None:  # its pictures count as the message's own
        return MessageReference(str(message.reference.message_id), ours=False, text=forwarded_text)
    return None
