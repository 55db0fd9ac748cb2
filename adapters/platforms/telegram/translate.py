"""An update of Telegram's becomes a message, the press of a button, a group that moved, or nothing."""

import re
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from telegram import Bot, CallbackQuery, Chat, PhotoSize, Sticker, Update, User
from telegram import Message as Said

from bot.messages import Attachment, Author, Channel, Message, MessageReference

NAME = "telegram"
LOOSE = "loose"  # the album of photos without words
KINDS = ("message", "edited_message", "callback_query")  # of updates that we want
STOPPED = "stopped_message_generation"  # another kind: somebody pressed Stop at a draft
COMMAND = re.compile(r"/(?P<name>\w{1,32})(?:@(?P<bot>\w+))?(?!\S)")
UNTOLD = str.maketrans({"\0": " "})  # a database may refuse it


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """A press of a button. Its message reads as the button's command; `query` has to be acknowledged."""

    query: str
    message: Message


@dataclass(frozen=True, slots=True)
class StaleButtonPress:
    """A press of a button that nobody can tell the place of any more."""

    query: str
    language: str = ""  # of whoever pressed it


@dataclass(frozen=True, slots=True)
class GroupMigration:
    """A group became a supergroup: the same people, at another address."""

    old: Channel
    new: Channel


News = Message | ButtonPress | StaleButtonPress | GroupMigration


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """What the bot has to know of itself."""

    id: int
    username: str
    commands: Container[str] = ()  # that it obeys, without the slash


def address(channel: Channel) -> tuple[int, int | None]:
    """The chat and, if it is a topic, the thread that a channel's id names: CHAT or CHAT/THREAD."""
    chat, _, thread = channel.id.partition("/")
    return int(chat), int(thread) if thread else None


def translate(raw: dict[str, Any], me: BotIdentity, bot: Bot | None = None) -> News | None:
    """Read an update. Raises whatever it raises for one that makes no sense."""
    if STOPPED in raw:
        return _stopped(raw[STOPPED], raw["update_id"])
    update = Update.de_json(raw, bot)
    if query := update.callback_query:
        return _pressed(query)
    said = update.message or update.edited_message
    if said is None or _is_a_bots(said):
        return None
    if said.migrate_to_chat_id:
        return GroupMigration(_channel(said), Channel(NAME, str(said.migrate_to_chat_id)))
    return _heard(said, me, edited=update.edited_message is not None)


def _heard(said: Said, me: BotIdentity, *, edited: bool) -> Message | None:
    attachments = tuple(_attachments(said))
    written = said.text or said.caption or ""
    if not attachments and not written:
        return None  # somebody joined, a title changed, a place was shared
    return Message(
        channel=_channel(said),
        id=str(said.message_id),
        author=_author(said),
        text=_words(said, written, me),
        sent=said.date.timestamp(),
        attachments=attachments,
        addressed=_is_addressed(said, written, me),
        album=said.media_group_id or _loose(said, written),
        about=_about(said, me),
        edited=edited,
        private=said.chat.type == said.chat.PRIVATE,
        server=_server(said.chat),
        language="" if said.sender_chat else _language(said.from_user),
    )


def _loose(said: Said, written: str) -> str | None:
    """In private, photos without words that come one after the other belong together too."""
    return LOOSE if said.photo and not written and said.chat.type == said.chat.PRIVATE else None


def _pressed(query: CallbackQuery) -> ButtonPress | StaleButtonPress:
    if query.message is None or not query.data:
        return StaleButtonPress(query.id, _language(query.from_user))
    post = query.message
    message = Message(
        channel=_channel(post) if isinstance(post, Said) else Channel(NAME, str(post.chat.id)),
        id=f"{post.message_id}/{query.id}",  # each press is a message; the answer replies to the post
        author=Author(str(query.from_user.id), query.from_user.full_name),
        text=query.data.translate(UNTOLD),
        sent=time.time(),
        about=MessageReference(str(post.message_id), ours=True, text=""),
        private=post.chat.type == post.chat.PRIVATE,
        server=_server(post.chat),
        language=_language(query.from_user),
    )
    return ButtonPress(query.id, message)


def _stopped(raw: dict[str, Any], update: int) -> Message:
    """Drafts are for private chats alone, where the chat is the person; Telegram does not name anybody else."""
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


def _channel(said: Said) -> Channel:
    # Outside of topics a thread id only says to which message a thread of replies belongs.
    thread = f"/{said.message_thread_id}" if said.is_topic_message and said.message_thread_id else ""
    return Channel(NAME, f"{said.chat.id}{thread}")


def _server(chat: Chat) -> str | None:
    return None if chat.type == chat.PRIVATE else f"{NAME}:{chat.id}"


def _language(person: User | None) -> str:
    return (person.language_code or "") if person else ""


def _author(said: Said) -> Author:
    if said.sender_chat:  # a channel, or an admin who stays anonymous
        return Author(str(said.sender_chat.id), said.sender_chat.effective_name or "")
    if said.from_user:
        return Author(str(said.from_user.id), said.from_user.full_name)
    return Author(str(said.chat.id), said.chat.effective_name or "")


# who is meant


def _is_a_bots(said: Said) -> bool:
    """Two bots that answer each other never stop."""
    return said.from_user is not None and said.from_user.is_bot and not said.sender_chat


def _is_addressed(said: Said, written: str, me: BotIdentity) -> bool:
    if said.is_automatic_forward:
        return False
    if said.chat.type == said.chat.PRIVATE:
        return True
    replied = _replied_to(said)
    return (
        bool(replied and _is_ours(replied, me))
        or bool(_mention(me).search(written))
        or _names_me(said, me)
        or _commands_me(written, me)
    )


def _commands_me(written: str, me: BotIdentity) -> bool:
    command = COMMAND.match(written)
    if command is None:
        return False
    if command["bot"]:
        return command["bot"].lower() == me.username.lower()
    return command["name"].lower() in me.commands


def _names_me(said: Said, me: BotIdentity) -> bool:
    entities = said.entities or said.caption_entities
    return any(entity.type == entity.TEXT_MENTION and entity.user and entity.user.id == me.id for entity in entities)


def _mention(me: BotIdentity) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w@/.])@{re.escape(me.username)}(?!\w)[,:]?", re.IGNORECASE)


def _words(said: Said, written: str, me: BotIdentity) -> str:
    """What was said, without the bot's name."""
    command = COMMAND.match(written)
    if command and (command["bot"] or "").lower() == me.username.lower():
        written = f"/{command['name']}{written[command.end() :]}"
    *before, last = _mention(me).split(written)
    return "".join([*(words.rstrip(" \t") for words in before), last]).translate(UNTOLD).strip()


def _is_ours(said: Said, me: BotIdentity) -> bool:
    return said.from_user is not None and said.from_user.id == me.id


def _replied_to(said: Said) -> Said | None:
    replied = said.reply_to_message
    if replied is None or (said.is_topic_message and replied.message_id == said.message_thread_id):
        return None  # everything in a topic replies to the topic's beginning
    return replied


def _about(said: Said, me: BotIdentity) -> MessageReference | None:
    replied = _replied_to(said)
    if replied is None:
        return None
    text = said.quote.text if said.quote else replied.text or replied.caption or ""
    return MessageReference(
        str(replied.message_id), _is_ours(replied, me), text.translate(UNTOLD), tuple(_attachments(replied))
    )


# what came along


def _attachments(said: Said) -> Iterator[Attachment]:
    """What came with a message: its photo, as well as Telegram has one, its file or its recording.

    A video is named, for the asker to be told that nobody looks at it.
    """
    if said.photo:  # a live photo has it too
        yield _photo(_largest(said.photo), "photo.jpg")
    elif said.animation:
        yield _still(said.animation.thumbnail, said.animation, "animation", "video/mp4")
    elif said.document:  # whether it is a picture is for its bytes to say
        document = said.document
        name = (document.file_name or "file").translate(UNTOLD)
        yield Attachment(document.file_id, name, document.mime_type or "", document.file_size or 0)
    elif said.sticker:
        yield _sticker(said.sticker)
    elif said.voice:
        voice = said.voice
        yield Attachment(voice.file_id, "voice.oga", voice.mime_type or "audio/ogg", voice.file_size or 0)
    elif said.audio:
        audio = said.audio
        name = (audio.file_name or "audio.mp3").translate(UNTOLD)
        yield Attachment(audio.file_id, name, audio.mime_type or "", audio.file_size or 0)
    elif film := said.video or said.video_note:
        yield Attachment(film.file_id, "video" if said.video else "video note", "video/mp4", film.file_size or 0)


def _sticker(sticker: Sticker) -> Attachment:
    if sticker.is_animated or sticker.is_video:
        return _still(sticker.thumbnail, sticker, "sticker", "video/webm")
    return Attachment(sticker.file_id, "sticker.webp", "image/webp", sticker.file_size or 0)


def _still(thumbnail: PhotoSize | None, moving: Any, name: str, mime: str) -> Attachment:
    """The first frame, which Telegram keeps as a thumbnail."""
    if thumbnail is None:
        return Attachment(moving.file_id, name, mime, moving.file_size or 0)
    return _photo(thumbnail, f"{name}.jpg")


def _largest(sizes: tuple[PhotoSize, ...]) -> PhotoSize:
    return max(sizes, key=lambda size: size.width * size.height)


def _photo(size: PhotoSize, name: str) -> Attachment:
    return Attachment(size.file_id, name, "image/jpeg", size.file_size or 0)
