"""The messages that a message of Telegram's points at: a reply, a part of it, one in another chat, or a link."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from telegram import (
    Chat,
    ExternalReplyInfo,
    MessageOrigin,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginHiddenUser,
    MessageOriginUser,
)
from telegram import Message as TelegramMessage

from adapters.platforms.telegram.message_content import REMOVED_CHARACTERS, MessageContent, read_content
from bot.messages import Channel, MessageReference

NAME = "telegram"
DIRECT = "direct"  # before the number of a topic in the direct messages of a channel
ELSEWHERE = "elsewhere/"  # before a link into another chat, in place of the id of a message
MAX_LINKS = 3  # links to messages that are looked at
LINK = re.compile(
    r"https?://(?:t|telegram)\.me/(?:c/(?P<chat>\d{1,18})|(?P<username>\w{4,32}))/(?:(?P<thread>\d{1,18})/)?(?P<message>\d{1,18})\b"
)

TopicFields = Mapping[str, Any]
"""The field that names the topic of a chat in a call, if there is one."""


def parse_address(channel: Channel) -> tuple[int, int | None]:
    """Parse the chat and, for a topic, the thread from a channel's id: CHAT or CHAT/THREAD."""
    chat, _, thread = channel.id.partition("/")
    return int(chat), int(thread) if thread and not thread.startswith(DIRECT) else None


def topic_fields(channel: Channel) -> TopicFields:
    """Return the field that a call needs to reach the topic of a channel."""
    _, _, topic = channel.id.partition("/")
    if topic.startswith(DIRECT):
        return {"direct_messages_topic_id": int(topic.removeprefix(DIRECT))}
    return {"message_thread_id": int(topic)} if topic else {}


def is_direct_topic(channel: Channel) -> bool:
    """Tell whether it is a person's topic in the direct messages of a channel."""
    return channel.id.partition("/")[2].startswith(DIRECT)


def channel_of(message: TelegramMessage) -> Channel:
    """Return the channel of a message: its chat, or its topic."""
    if message.direct_messages_topic:
        return Channel(NAME, f"{message.chat.id}/{DIRECT}{message.direct_messages_topic.topic_id}")
    # Outside of topics a thread id only says to which message a thread of replies belongs.
    thread = f"/{message.message_thread_id}" if message.is_topic_message and message.message_thread_id else ""
    return Channel(NAME, f"{message.chat.id}{thread}")


def find_references(message: TelegramMessage, content: MessageContent, me: int) -> Sequence[MessageReference]:
    """Return the messages that a message points at, in the order in which they count; `me` is the bot's id."""
    return [*_own(message, content), *_reply(message, me), *_external_reply(message, me), *_links(message, content)]


def is_ours(message: TelegramMessage, me: int) -> bool:
    """Tell whether the bot wrote it."""
    return message.from_user is not None and message.from_user.id == me


def origin_name(origin: MessageOrigin | None) -> str:
    """Return the name of whoever wrote a forwarded message; empty for one that was not."""
    match origin:
        case MessageOriginUser():
            return origin.sender_user.full_name
        case MessageOriginHiddenUser():
            return origin.sender_user_name
        case MessageOriginChat():
            return origin.sender_chat.effective_name or ""
        case MessageOriginChannel():
            return origin.chat.effective_name or ""
        case _:
            return ""


def _own(message: TelegramMessage, content: MessageContent) -> Iterator[MessageReference]:
    """Yield the message itself, if its photos are for sale or it is a story."""
    if content.unseen:
        yield MessageReference(id=str(message.message_id), ours=False, text="", kind="itself", unseen=content.unseen)


def _reply(message: TelegramMessage, me: int) -> Iterator[MessageReference]:
    replied = message.reply_to_message
    if replied is None or (message.is_topic_message and replied.message_id == message.message_thread_id):
        return  # everything in a topic replies to the topic's beginning
    content, ours = read_content(replied), is_ours(replied, me)
    quote = message.quote.text if message.quote else ""
    yield MessageReference(
        id=str(replied.message_id),
        ours=ours,
        text=quote.translate(REMOVED_CHARACTERS) or content.text,
        attachments=content.attachments,
        is_part=bool(quote),
        author="" if ours else _author_name(replied),
        unseen=content.unseen,
    )


def _external_reply(message: TelegramMessage, me: int) -> Iterator[MessageReference]:
    """Yield the message of another chat that is replied to: Telegram shows its file, and words only in a quote."""
    external = message.external_reply
    if external is None:
        return
    content = read_content(external)
    text = message.quote.text.translate(REMOVED_CHARACTERS) if message.quote else content.text
    is_seen = content.attachments or text
    known = external.chat and external.message_id
    yield MessageReference(
        id=str(external.message_id) if known else f"external/{message.message_id}",
        ours=_is_by_us(external, me),
        text=text,
        attachments=content.attachments,
        kind="external",
        is_part=bool(message.quote),
        author=origin_name(external.origin),
        channel=Channel(NAME, str(external.chat.id)) if external.chat else None,
        unseen=content.unseen or (None if is_seen else "elsewhere"),
    )


def _links(message: TelegramMessage, content: MessageContent) -> Iterator[MessageReference]:
    """Yield the messages that are linked to. Telegram shows nothing of them."""
    for link in list(LINK.finditer(content.text))[:MAX_LINKS]:
        here = _is_to(message.chat, link)
        id = link["message"] if here else f"{ELSEWHERE}{link[0]}"
        channel = _channel_in(message, link) if here else None
        yield MessageReference(id=id, ours=False, text="", kind="link", channel=channel, unseen="elsewhere")


def _channel_in(message: TelegramMessage, link: re.Match[str]) -> Channel:
    """Return the channel in the same chat that a link leads into: its topic, if it names one."""
    if message.chat.is_forum and link["thread"]:
        return Channel(NAME, f"{message.chat.id}/{link['thread']}")
    return channel_of(message)


def _is_to(chat: Chat, link: re.Match[str]) -> bool:
    if link["chat"]:
        return str(chat.id) == f"-100{link['chat']}"
    return (chat.username or "").lower() == link["username"].lower()


def _is_by_us(external: ExternalReplyInfo, me: int) -> bool:
    return isinstance(external.origin, MessageOriginUser) and external.origin.sender_user.id == me


def _author_name(message: TelegramMessage) -> str:
    if message.sender_chat:
        return message.sender_chat.effective_name or ""
    return message.from_user.full_name if message.from_user else ""
