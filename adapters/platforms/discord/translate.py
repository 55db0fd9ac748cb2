"""Translates a message of Discord's to ours, or to nothing."""

import re
from collections.abc import Collection, Iterator, Mapping

import discord
from discord import MessageReferenceType, MessageType

from adapters.platforms.discord.message_components import components_of
from adapters.platforms.discord.message_files import HIDDEN, list_files
from adapters.platforms.discord.message_lookup import MessageAddress, Missing, Viewer, without_message_links
from adapters.platforms.discord.message_words import all_words, clean, forwarded_words, words_beside
from adapters.platforms.discord.places import NAME, Place
from adapters.platforms.discord.proxied_messages import is_proxied
from bot.messages import Attachment, Author, Channel, Message, MessageReference, PhotoPointer, ReferenceKind, Unseen
from bot.words import say, speaking

WORDLESS_ALBUM = "loose"  # the album of photos without words
LONG_TEXT = 1_900  # characters from which a text may go on in the next message: Discord takes 2,000
REST_SECONDS = 1.5  # in which the next piece of a long text comes
QUESTION_SECONDS = 1.5  # in which the question about a photo or a forward comes
FORWARD_SECONDS = 0.15  # in which the forward comes that a comment is about
REFERRING = (
    *(MessageType.default, MessageType.reply),
    *(MessageType.thread_starter_message, MessageType.context_menu_command),
)
UNSEEN: Mapping[Missing, Unseen] = {
    Missing.DELETED: "deleted",
    Missing.FORBIDDEN: "forbidden",
    Missing.UNREACHABLE: "unreachable",
}
USER_MESSAGES = (MessageType.default, MessageType.reply)  # by people, in words or pictures
BOT_MESSAGES = (*USER_MESSAGES, MessageType.chat_input_command, MessageType.context_menu_command)
LINK = re.compile(r"https?://\S")
BARE_LINK = re.compile(r"<https?://[^\s>]*>")  # of which people want no preview
PERSON = re.compile(r"<@!?(\d+)>")


def find_place(message: discord.Message) -> Place:
    """Return the place of a message."""
    return Place(message.channel.id, private=_is_private(message))


def translate(message: discord.Message, me: int, *, edited: bool = False) -> Message | None:
    """Translate a message; `me` is the bot's own id. None: there is nothing to answer in it."""
    if message.type not in USER_MESSAGES or (_is_by_a_bot(message) and not is_proxied(message)):
        return None  # two bots that answer each other never stop
    roles = _own_roles(message)
    attachments = tuple(attachment for attachment, _ in list_files(message))
    text = _readable_text(message, me, roles)
    quoted = tuple(_own_words(message))
    if not (text or attachments or quoted or clean(message.content)):
        return None  # without the MESSAGE CONTENT intent, messages to others are empty
    return Message(
        channel=find_place(message).channel,
        id=str(message.id),
        author=Author(str(message.author.id), clean(message.author.display_name)),
        text=text,
        sent=message.created_at.timestamp(),
        attachments=attachments,
        addressed=_is_addressed(message, me, roles),
        album=_wordless_album(message, text),
        forwarded=_is_forward(message),
        awaits_preview=_awaits_preview(message),
        awaits=0.0 if edited else _seconds_awaiting(message, text),
        about=quoted[0] if quoted else None,
        edited=edited,
        private=_is_private(message),
        server=server_id(_guild(message)),
        language=server_language(message.guild),
        more=quoted[1:],
        is_call=not (text or attachments or quoted or replied_to(message)),
    )


def photos_of_a_bot(message: discord.Message, me: int) -> PhotoPointer | None:
    """Return where another bot shows something, which a person may ask about next; None if none does.

    Without photos, they were taken out of it. The picture beside an article's words is none that people look at.
    """
    if _is_ours(message, me) or not _is_by_a_bot(message) or is_proxied(message) or message.type not in BOT_MESSAGES:
        return None
    attachments = (attachment for attachment, _ in list_files(message))
    return PhotoPointer(
        channel=find_place(message).channel,
        message=str(message.id),
        author=Author(str(message.author.id), clean(message.author.display_name)),
        sent=message.created_at.timestamp(),
        attachments=tuple(each for each in attachments if not (each.sound or each.is_preview)),
    )


def server_id(guild: int | None) -> str | None:
    """Return a server's id as the rest of the bot knows it."""
    return None if guild is None else f"{NAME}:{guild}"


def server_language(guild: discord.Guild | None) -> str:
    """Return a server's language; only a community chooses one, and all others claim English."""
    return guild.preferred_locale.value if guild and "COMMUNITY" in guild.features else ""


def _seconds_awaiting(message: discord.Message, text: str) -> float:
    """Return how long what belongs to a message may still come: a comment, a forward, a question, or more of a text."""
    if len(text) >= LONG_TEXT:
        return REST_SECONDS
    if _is_forward(message) or (message.attachments and not text):
        return QUESTION_SECONDS
    is_comment = not (message.attachments or message.stickers or replied_to(message) or text.startswith("/"))
    return FORWARD_SECONDS if is_comment else 0.0


def _wordless_album(message: discord.Message, text: str) -> str | None:
    """Return the common album of photos without words in a private chat, which belong together."""
    is_wordless = message.attachments and not text and not message.flags.voice
    return WORDLESS_ALBUM if is_wordless and _is_private(message) else None


def _is_forward(message: discord.Message) -> bool:
    return message.reference is not None and message.reference.type is MessageReferenceType.forward


def _awaits_preview(message: discord.Message) -> bool:
    """Tell whether a message shows nothing but a link, to which Discord adds the picture later."""
    if message.attachments or message.embeds or message.flags.suppress_embeds:
        return False
    return LINK.search(without_message_links(BARE_LINK.sub("", message.content))) is not None


def is_hidden(message: discord.Message, me: int) -> bool:
    """Tell whether only our role is mentioned, and the text is hidden for want of the MESSAGE CONTENT intent."""
    if message.content or _is_by_a_bot(message) or any(user.id == me for user in message.mentions):
        return False
    return any(role.id in _own_roles(message) for role in message.role_mentions)


# who is meant, and by whom


def _is_by_a_bot(message: discord.Message) -> bool:
    return message.author.bot or message.webhook_id is not None


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
        or _replies_to_us(message, me)
    )


def _replies_to_us(message: discord.Message, me: int) -> bool:
    resolved = message.reference.resolved if message.reference and replied_to(message) else None
    return isinstance(resolved, discord.Message) and _is_ours(resolved, me)


def _is_ours(message: discord.Message | None, me: int) -> bool:
    return message is not None and message.author.id == me


def _readable_text(message: discord.Message, me: int, roles: Collection[int]) -> str:
    """Return the text without the bot's name, and with other people's names instead of their ids."""
    *before, last = re.split(rf"<@(?:!?{me}|&(?:{'|'.join(map(str, roles)) or 'none'}))>[,:]?", message.content)
    text = "".join([*(words.rstrip(" \t") for words in before), last])
    names = {str(user.id): f"@{user.display_name}" for user in message.mentions}
    return clean(PERSON.sub(lambda person: names.get(person[1], person[0]), text))


# what it points at


def replied_to(message: discord.Message) -> MessageAddress | None:
    """Return the address of the message that this one replies to, or stands for."""
    reference = message.reference
    if reference is None or reference.message_id is None or reference.type is not MessageReferenceType.reply:
        return None
    if message.type not in REFERRING or message.flags.is_crossposted:
        return None
    return MessageAddress(reference.channel_id, reference.message_id, reference.guild_id)


def reference_to(
    message: discord.Message, me: int, *, viewer: Viewer, channel: int, kind: ReferenceKind = "reply"
) -> MessageReference:
    """Return a reference to a message that stands in that channel."""
    place = _place_of(viewer, channel)
    attachments = tuple(attachment for attachment, _ in list_files(message, channel))
    is_withheld = kind != "menu" and is_withheld_from(message, me)  # with a menu, Discord shows the message in full
    if is_withheld and kind == "reply":
        attachments = (_hidden_attachment(message),)
    return MessageReference(
        id=str(message.id),
        ours=_is_ours(message, me),
        text=all_words(message),
        attachments=attachments,
        kind=kind,
        author=clean(message.author.display_name),
        channel=place,
        unseen="hidden" if is_withheld and kind == "link" else None,
    )


def unseen_reference(
    viewer: Viewer, address: MessageAddress, missing: Missing, *, kind: ReferenceKind
) -> MessageReference:
    """Return a reference to a message of which nothing can be seen."""
    place = _place_of(viewer, address.channel)
    return MessageReference(
        id=str(address.message), ours=False, text="", kind=kind, channel=place, unseen=UNSEEN[missing]
    )


def _place_of(viewer: Viewer, channel: int) -> Channel | None:
    """Return the channel of a reference; None: the one that the viewer is in."""
    return None if channel == viewer.channel else Place(channel).channel


def is_withheld_from(message: discord.Message, me: int) -> bool:
    """Tell whether Discord hides the content: without the MESSAGE CONTENT intent, others' messages are empty."""
    if message._state.intents.message_content or _is_private(message) or _is_ours(message, me):
        return False
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    if any(part.content or part.embeds or components_of(part) or part.attachments or part.stickers for part in parts):
        return False
    return message.poll is None and message.type in USER_MESSAGES


def _hidden_attachment(message: discord.Message) -> Attachment:
    """Return a hidden attachment, so that a question about the message gets no answer about another photo."""
    with speaking(server_language(message.guild)):
        return Attachment(ref=f"{HIDDEN}/{message.id}", name=say("discord_hidden_name"))


def _own_words(message: discord.Message) -> Iterator[MessageReference]:
    """Yield the words that came with a message and are not its author's; its pictures count as its own."""
    if (text := forwarded_words(message)) and message.reference is not None:
        origin = Place(message.reference.channel_id).channel
        yield MessageReference(
            id=str(message.reference.message_id), ours=False, text=text, kind="forward", channel=origin
        )
    if text := words_beside(message):
        yield MessageReference(id=str(message.id), ours=False, text=text, kind="link")
