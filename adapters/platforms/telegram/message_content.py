"""The content of a message of Telegram's: its words and files, and the messages that it points at."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from telegram import (
    Animation,
    Audio,
    Chat,
    Document,
    ExternalReplyInfo,
    MessageEntity,
    MessageOrigin,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginHiddenUser,
    MessageOriginUser,
    PaidMediaLivePhoto,
    PaidMediaPhoto,
    PhotoSize,
    PollMedia,
    Sticker,
    Video,
    Voice,
)
from telegram import Message as TelegramMessage

from adapters.platforms.telegram.rich_message import RichContent, RichFile, read_rich_message, with_address
from bot.errors import FailureCode, Refused
from bot.messages import Attachment, Author, Channel, Message, MessageReference, Unseen

REMOVED_CHARACTERS = str.maketrans({"\0": " "})  # a database may refuse it

Source = TelegramMessage | ExternalReplyInfo

NAME = "telegram"
DIRECT = "direct"  # before the number of a topic in the direct messages of a channel
GUEST = "guest/"  # before the id of a call, as the id of its message; also, in a channel's id, before who called
ELSEWHERE = "elsewhere/"  # before a link into another chat, in place of the id of a message
MAX_LINKS = 3  # links to messages that are looked at
LINK = re.compile(
    r"(?<![\w./@-])(?:https?://)?(?:t|telegram)\.me/(?:s/)?(?:c/(?P<chat>\d{1,18})|(?P<username>\w{4,32}))/"
    r"(?:(?P<thread>\d{1,18})/)?(?P<message>\d{1,18})\b(?:\?(?P<query>[\w=&]*))?",
    re.IGNORECASE,
)
GENERAL = "1"  # the topic of a forum whose messages name none

SUPERGROUP = 1_000_000_000_000  # from which on ids, taken positive, are those of supergroups and channels

TopicFields = Mapping[str, Any]
"""The field that names the topic of a chat in a call, if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContent:
    """The words and files of a message, and why something of it cannot be seen."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    usernames: frozenset[str] = frozenset()  # that a rich message mentions, in lower case
    users: frozenset[int] = frozenset()
    unseen: Unseen | None = None


def read_content(source: Source) -> MessageContent:
    """Read the words and files of a message."""
    rich = _rich_content(source)
    attachments = (*_attachments(source), *_paid_photos(source), *map(_rich_attachment, rich.files))
    return MessageContent(
        text="\n\n".join(filter(None, (_plain_text(source), rich.text))).translate(REMOVED_CHARACTERS),
        attachments=attachments,
        usernames=frozenset(rich.usernames),
        users=frozenset(rich.users),
        unseen=None if attachments else _unseen(source),
    )


# words


def _rich_content(source: Source) -> RichContent:
    raw = source.api_kwargs.get("rich_message")
    return read_rich_message(raw) if isinstance(raw, Mapping) else RichContent()


def _plain_text(source: Source) -> str:
    if not isinstance(source, TelegramMessage):
        return _listed_words(source)
    text, entities = source.text, source.entities
    if text is None:
        text, entities = source.caption, source.caption_entities
    return _with_hidden_addresses(text, entities) if text else _listed_words(source)


def _listed_words(source: Source) -> str:
    """Return the words of a poll or a checklist."""
    if source.poll:
        asked = [source.poll.question, *filter(None, [source.poll.description])]
        return "\n".join([*asked, *(f"- {option.text}" for option in source.poll.options)])
    if source.checklist:
        return "\n".join([source.checklist.title, *(f"- {task.text}" for task in source.checklist.tasks)])
    return ""


def _with_hidden_addresses(text: str, entities: Sequence[MessageEntity]) -> str:
    """Return the text with the address behind each link that hides one. Offsets count UTF-16 units."""
    links = [each for each in entities if each.type == MessageEntity.TEXT_LINK and each.url]
    units = text.encode("utf-16-le")
    for link in sorted(links, key=lambda each: each.offset, reverse=True):
        start, end = 2 * link.offset, 2 * (link.offset + link.length)
        words = units[start:end].decode("utf-16-le", "replace")
        units = units[:start] + with_address(words, link.url or "").encode("utf-16-le") + units[end:]
    return units.decode("utf-16-le", "replace") if links else text


# files


def _attachments(source: Source) -> Iterator[Attachment]:
    """Yield the file of a message: its photo in the largest size, its document or its recording.

    Of a video, there may be a picture in case it cannot be read.
    """
    yield from _file_in(source, bool(source.has_media_spoiler))
    if source.poll:
        for media in filter(None, (source.poll.media, *(option.media for option in source.poll.options))):
            yield from _file_in(media, False)


def _file_in(source: Source | PollMedia, is_spoiler: bool) -> Iterator[Attachment]:
    if source.live_photo and source.live_photo.photo and not source.photo:  # in a message of another chat, or a poll
        yield _photo(source.live_photo.photo, is_spoiler)
        return
    for kind, make in MAKERS.items():
        if value := getattr(source, kind, None):
            yield make(value, is_spoiler)
            return


def _paid_photos(source: Source) -> Iterator[Attachment]:
    """Yield the photos of a message that is for sale, as far as they can be seen."""
    for media in source.paid_media.paid_media if source.paid_media else ():
        if isinstance(media, PaidMediaPhoto) and media.photo:
            yield _photo(media.photo, False)
        elif isinstance(media, PaidMediaLivePhoto) and media.live_photo.photo:
            yield _photo(media.live_photo.photo, False)


def _unseen(source: Source) -> Unseen | None:
    if source.paid_media:
        return "paid"
    return "story" if source.story else None


def _rich_attachment(file: RichFile) -> Attachment:
    parsed = PARSERS[file.kind](file.value)
    return MAKERS[file.kind](parsed, file.is_spoiler)


def _document(document: Document, is_spoiler: bool) -> Attachment:
    """Return a document; whether it is a picture is for its bytes to say."""
    name = (document.file_name or "file").translate(REMOVED_CHARACTERS)
    return Attachment(
        ref=document.file_id,
        name=name,
        mime=document.mime_type or "",
        size=document.file_size or 0,
        is_spoiler=is_spoiler,
    )


def _sticker(sticker: Sticker, is_spoiler: bool) -> Attachment:
    if sticker.is_video:
        return _moving(sticker, "sticker.webm", "video/webm", is_spoiler)
    if sticker.is_animated and sticker.thumbnail:  # drawn by vectors, which nothing here can draw
        return _picture(sticker.thumbnail, "sticker.jpg", is_spoiler)
    return Attachment(ref=sticker.file_id, name="sticker.webp", mime="image/webp", size=sticker.file_size or 0)


def _voice(voice: Voice, _: bool) -> Attachment:
    return Attachment(
        ref=voice.file_id, name="voice.oga", mime=voice.mime_type or "audio/ogg", size=voice.file_size or 0
    )


def _audio(audio: Audio, _: bool) -> Attachment:
    name = (audio.file_name or "audio.mp3").translate(REMOVED_CHARACTERS)
    return Attachment(ref=audio.file_id, name=name, mime=audio.mime_type or "", size=audio.file_size or 0)


def _animation(animation: Animation, is_spoiler: bool) -> Attachment:
    is_gif = animation.mime_type == "image/gif"
    name, mime = ("animation.gif", "image/gif") if is_gif else ("animation.mp4", "video/mp4")
    return _moving(animation, name, mime, is_spoiler)


def _moving(file: Any, name: str, mime: str, is_spoiler: bool) -> Attachment:
    """Return a moving picture, with the thumbnail that Telegram offers."""
    still = file.thumbnail.file_id if file.thumbnail else ""
    return Attachment(
        ref=file.file_id, name=name, mime=mime, size=file.file_size or 0, is_spoiler=is_spoiler, still=still
    )


def _video(video: Any, is_spoiler: bool) -> Attachment:
    name = "video" if isinstance(video, Video) else "video note"
    return _moving(video, name, "video/mp4", is_spoiler)


def _photo(sizes: Sequence[PhotoSize], is_spoiler: bool) -> Attachment:
    return _picture(max(sizes, key=lambda size: size.width * size.height), "photo.jpg", is_spoiler)


def _picture(size: PhotoSize, name: str, is_spoiler: bool) -> Attachment:
    return Attachment(ref=size.file_id, name=name, mime="image/jpeg", size=size.file_size or 0, is_spoiler=is_spoiler)


# By the field of a message that holds the file; an animation has a document as well, and a live photo a photo.
MAKERS: Mapping[str, Callable[[Any, bool], Attachment]] = {
    "photo": _photo,
    "animation": _animation,
    "document": _document,
    "sticker": _sticker,
    "voice": _voice,
    "audio": _audio,
    "video": _video,
    "video_note": _video,
}
PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "photo": lambda raw: PhotoSize.de_list(raw, None),
    "animation": lambda raw: Animation.de_json(raw, None),
    "document": lambda raw: Document.de_json(raw, None),
    "voice": lambda raw: Voice.de_json(raw, None),
    "audio": lambda raw: Audio.de_json(raw, None),
    "video": lambda raw: Video.de_json(raw, None),
}
"""The library's readers of files in rich messages."""


def parse_address(channel: Channel) -> tuple[int, int | None]:
    """Parse the chat and, for a topic, the thread from a channel's id: CHAT or CHAT/THREAD."""
    chat, _, thread = channel.id.partition("/")
    return int(chat), int(thread) if thread and not thread.startswith((DIRECT, GUEST)) else None


def topic_fields(channel: Channel) -> TopicFields:
    """Return the field that a call needs to reach the topic of a channel."""
    _, _, topic = channel.id.partition("/")
    if topic.startswith(GUEST):  # only calls can be answered there
        raise Refused(FailureCode.CHANNEL_LOST)
    if topic.startswith(DIRECT):
        return {"direct_messages_topic_id": int(topic.removeprefix(DIRECT))}
    return {"message_thread_id": int(topic)} if topic else {}


def guest_channel(message: TelegramMessage, author: Author) -> Channel:
    """Return the channel of a chat where the bot is a guest, one for each person who calls it there.

    The chat's id may be that of a chat of the bot's own.
    """
    return Channel(NAME, f"{message.chat.id}/{GUEST}{author.id}")


def is_guest(channel: Channel) -> bool:
    """Tell whether it is a chat where the bot is no member and can only answer calls."""
    return channel.id.partition("/")[2].startswith(GUEST)


def is_direct_topic(channel: Channel) -> bool:
    """Tell whether it is a person's topic in the direct messages of a channel."""
    return channel.id.partition("/")[2].startswith(DIRECT)


def address_of(message: Message) -> str | None:
    """Return the address of a message of a supergroup, for its members; other chats have none.

    https://core.telegram.org/api/links#message-links
    """
    chat, topic = parse_address(message.channel)
    number = -chat - SUPERGROUP
    if number <= 0 or not message.id.isdecimal():
        return None
    return f"https://t.me/c/{number}/{message.id}" if topic is None else f"https://t.me/c/{number}/{topic}/{message.id}"


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
        here = message.guest_query_id is None and _is_to(message.chat, link) and not is_to_comment(link)
        id = link["message"] if here else f"{ELSEWHERE}{link[0]}"
        channel = _channel_in(message, link) if here else None
        yield MessageReference(id=id, ours=False, text="", kind="link", channel=channel, unseen="elsewhere")


def _channel_in(message: TelegramMessage, link: re.Match[str]) -> Channel:
    """Return the channel in the same chat that a link leads into: its topic, if it names one."""
    if message.chat.is_forum:
        return forum_channel(message.chat.id, link)
    return channel_of(message)


def forum_channel(chat: int | str, link: re.Match[str]) -> Channel:
    """Return the channel that a link into a group with topics leads into."""
    return Channel(NAME, str(chat) if link["thread"] in (None, GENERAL) else f"{chat}/{link['thread']}")


def is_to_comment(link: re.Match[str]) -> bool:
    """Tell whether it leads to a comment on the message, which stands in a group that the link does not name."""
    return "comment=" in (link["query"] or "")


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
