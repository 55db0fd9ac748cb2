"""Translates an update of Telegram's to a message, the press of a button, the migration of a group, or nothing."""

import re
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from telegram import Bot, CallbackQuery, Chat, PhotoSize, Sticker, Update, User
from telegram import Message as TelegramMessage

from bot.messages import Attachment, Author, Channel, Message, MessageReference

NAME = "telegram"
WORDLESS_ALBUM = "loose"  # the album of photos without words
KINDS = ("message", "edited_message", "callback_query")  # of updates
STOP_PRESSED = "stopped_message_generation"  # another kind: somebody pressed Stop at a draft
COMMAND = re.compile(r"/(?P<name>\w{1,32})(?:@(?P<bot>\w+))?(?!\S)")
REMOVED_CHARACTERS = str.maketrans({"\0": " "})  # a database may refuse it


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """A press of a button. Its message holds the button's command; `query` has to be acknowledged."""

    query: str
    message: Message


@dataclass(frozen=True, slots=True)
class StaleButtonPress:
    """A press of a button whose message Telegram no longer names."""

    query: str
    language: str = ""  # of whoever pressed it


@dataclass(frozen=True, slots=True)
class GroupMigration:
    """A group became a supergroup: the same people, at another address."""

    old: Channel
    new: Channel


Translation = Message | ButtonPress | StaleButtonPress | GroupMigration


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The bot's own user."""

    id: int
    username: str
    commands: Container[str] = ()  # without the slash


def parse_address(channel: Channel) -> tuple[int, int | None]:
    """Parse the chat and, for a topic, the thread from a channel's id: CHAT or CHAT/THREAD."""
    chat, _, thread = channel.id.partition("/")
    return int(chat), int(thread) if thread else None


def translate(raw: dict[str, Any], identity: BotIdentity, bot: Bot | None = None) -> Translation | None:
    """Translate an update. Raises any exception for one that makes no sense."""
    if STOP_PRESSED in raw:
        return _translate_stop(raw[STOP_PRESSED], raw["update_id"])
    update = Update.de_json(raw, bot)
    if query := update.callback_query:
        return _translate_press(query)
    message = update.message or update.edited_message
    if message is None or _is_a_bots(message):
        return None
    if message.migrate_to_chat_id:
        return GroupMigration(_channel(message), Channel(NAME, str(message.migrate_to_chat_id)))
    return _translate_message(message, identity, edited=update.edited_message is not None)


def _translate_message(message: TelegramMessage, identity: BotIdentity, *, edited: bool) -> Message | None:
    attachments = tuple(_attachments(message))
    raw_text = message.text or message.caption or ""
    if not attachments and not raw_text:
        return None  # somebody joined, a title changed, a place was shared
    return Message(
        channel=_channel(message),
        id=str(message.message_id),
        author=_author(message),
        text=_without_bot_name(message, raw_text, identity),
        sent=message.date.timestamp(),
        attachments=attachments,
        addressed=_is_addressed(message, raw_text, identity),
        album=message.media_group_id or _wordless_album(message, raw_text),
        about=_about(message, identity),
        edited=edited,
        private=message.chat.type == message.chat.PRIVATE,
        server=_server(message.chat),
        language="" if message.sender_chat else _language(message.from_user),
    )


def _wordless_album(message: TelegramMessage, text: str) -> str | None:
    """Return the common album of photos without words in a private chat, which belong together too."""
    return WORDLESS_ALBUM if message.photo and not text and message.chat.type == message.chat.PRIVATE else None


def _translate_press(query: CallbackQuery) -> ButtonPress | StaleButtonPress:
    if query.message is None or not query.data:
        return StaleButtonPress(query.id, _language(query.from_user))
    post = query.message
    press_message = Message(
        channel=_channel(post) if isinstance(post, TelegramMessage) else Channel(NAME, str(post.chat.id)),
        id=f"{post.message_id}/{query.id}",  # each press is a message; the answer replies to the post
        author=Author(str(query.from_user.id), query.from_user.full_name),
        text=query.data.translate(REMOVED_CHARACTERS),
        sent=time.time(),
        about=MessageReference(str(post.message_id), ours=True, text=""),
        private=post.chat.type == post.chat.PRIVATE,
        server=_server(post.chat),
        language=_language(query.from_user),
    )
    return ButtonPress(query.id, press_message)


def _translate_stop(raw: dict[str, Any], update: int) -> Message:
    """Translate a press of Stop at a draft. Drafts exist only in private chats, where the chat is the person."""
    chat = raw["chat"]
    thread = f"/{raw['message_thread_id']}" if raw.get("message_thread_id") else ""
    name = " ".join(filter(None, (chat.get("first_name"), chat.get("last_name"))))
    return Message(
        channel=Channel(NAME, f"{chat['id']}{thread}"),
        id=f"stop/{raw['draft_id']}/{update}",
        author=Author(str(chat["id"]), name),
        text="/stop",
        sent=time.time(),
        private=True,
    )


def _channel(message: TelegramMessage) -> Channel:
    # Outside of topics a thread id only says to which message a thread of replies belongs.
    thread = f"/{message.message_thread_id}" if message.is_topic_message and message.message_thread_id else ""
    return Channel(NAME, f"{message.chat.id}{thread}")


def _server(chat: Chat) -> str | None:
    return None if chat.type == chat.PRIVATE else f"{NAME}:{chat.id}"


def _language(person: User | None) -> str:
    return (person.language_code or "") if person else ""


def _author(message: TelegramMessage) -> Author:
    if message.sender_chat:  # a channel, or an admin who stays anonymous
        return Author(str(message.sender_chat.id), message.sender_chat.effective_name or "")
    if message.from_user:
        return Author(str(message.from_user.id), message.from_user.full_name)
    return Author(str(message.chat.id), message.chat.effective_name or "")


# who is meant


def _is_a_bots(message: TelegramMessage) -> bool:
    """Tell whether a bot wrote it: two bots that answer each other would never stop."""
    return message.from_user is not None and message.from_user.is_bot and not message.sender_chat


def _is_addressed(message: TelegramMessage, text: str, identity: BotIdentity) -> bool:
    if message.is_automatic_forward:
        return False
    if message.chat.type == message.chat.PRIVATE:
        return True
    replied_message = _replied_to(message)
    return (
        bool(replied_message and _is_ours(replied_message, identity))
        or bool(_mention(identity).search(text))
        or _names_me(message, identity)
        or _commands_me(text, identity)
    )


def _commands_me(text: str, identity: BotIdentity) -> bool:
    command = COMMAND.match(text)
    if command is None:
        return False
    if command["bot"]:
        return command["bot"].lower() == identity.username.lower()
    return command["name"].lower() in identity.commands


def _names_me(message: TelegramMessage, identity: BotIdentity) -> bool:
    entities = message.entities or message.caption_entities
    return any(
        entity.type == entity.TEXT_MENTION and entity.user and entity.user.id == identity.id for entity in entities
    )


def _mention(identity: BotIdentity) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w@/.])@{re.escape(identity.username)}(?!\w)[,:]?", re.IGNORECASE)


def _without_bot_name(message: TelegramMessage, text: str, identity: BotIdentity) -> str:
    """Return the text without the bot's name."""
    command = COMMAND.match(text)
    if command and (command["bot"] or "").lower() == identity.username.lower():
        text = f"/{command['name']}{text[command.end() :]}"
    *before, last = _mention(identity).split(text)
    return "".join([*(part.rstrip(" \t") for part in before), last]).translate(REMOVED_CHARACTERS).strip()


def _is_ours(message: TelegramMessage, identity: BotIdentity) -> bool:
    return message.from_user is not None and message.from_user.id == identity.id


def _replied_to(message: TelegramMessage) -> TelegramMessage | None:
    replied_message = message.reply_to_message
    if replied_message is None or (
        message.is_topic_message and replied_message.message_id == message.message_thread_id
    ):
        return None  # everything in a topic replies to the topic's beginning
    return replied_message


def _about(message: TelegramMessage, identity: BotIdentity) -> MessageReference | None:
    replied_message = _replied_to(message)
    if replied_message is None:
        return None
    text = message.quote.text if message.quote else replied_message.text or replied_message.caption or ""
    return MessageReference(
        str(replied_message.message_id),
        _is_ours(replied_message, identity),
        text.translate(REMOVED_CHARACTERS),
        tuple(_attachments(replied_message)),
    )


# what came along


def _attachments(message: TelegramMessage) -> Iterator[Attachment]:
    """Yield the attachments of a message: its photo in the largest size, its file or its recording.

    A video is included, so that the author can be told that it is not looked at.
    """
    if message.photo:  # a live photo has it too
        yield _photo(_largest(message.photo), "photo.jpg")
    elif message.animation:
        yield _first_frame(message.animation.thumbnail, message.animation, "animation", "video/mp4")
    elif message.document:  # whether it is a picture is for its bytes to say
        document = message.document
        name = (document.file_name or "file").translate(REMOVED_CHARACTERS)
        yield Attachment(document.file_id, name, document.mime_type or "", document.file_size or 0)
    elif message.sticker:
        yield _sticker(message.sticker)
    elif message.voice:
        voice = message.voice
        yield Attachment(voice.file_id, "voice.oga", voice.mime_type or "audio/ogg", voice.file_size or 0)
    elif message.audio:
        audio = message.audio
        name = (audio.file_name or "audio.mp3").translate(REMOVED_CHARACTERS)
        yield Attachment(audio.file_id, name, audio.mime_type or "", audio.file_size or 0)
    elif video := message.video or message.video_note:
        yield Attachment(video.file_id, "video" if message.video else "video note", "video/mp4", video.file_size or 0)


def _sticker(sticker: Sticker) -> Attachment:
    if sticker.is_animated or sticker.is_video:
        return _first_frame(sticker.thumbnail, sticker, "sticker", "video/webm")
    return Attachment(sticker.file_id, "sticker.webp", "image/webp", sticker.file_size or 0)


def _first_frame(thumbnail: PhotoSize | None, animated: Any, name: str, mime: str) -> Attachment:
    """Return the first frame, which Telegram offers as a thumbnail."""
    if thumbnail is None:
        return Attachment(animated.file_id, name, mime, animated.file_size or 0)
    return _photo(thumbnail, f"{name}.jpg")


def _largest(sizes: tuple[PhotoSize, ...]) -> PhotoSize:
    return max(sizes, key=lambda size: size.width * size.height)


def _photo(size: PhotoSize, name: str) -> Attachment:
    return Attachment(size.file_id, name, "image/jpeg", size.file_size or 0)
