"""Translates an update of Telegram's to a message, the press of a button, the migration of a group, or nothing.

python-telegram-bot reads an update whole or not at all, so a poll as an older server of one's own describes it, or a
field of the future, would cost the words and the photo beside it as well: such parts are left out.
"""

import re
import time
from collections.abc import Callable, Collection, Container, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from telegram import Bot, CallbackQuery, Chat, ChatMember, ChatMemberUpdated, Update, User
from telegram import Message as TelegramMessage

from adapters.platforms.partial_reading import read_first
from adapters.platforms.telegram.message_content import (
    GUEST,
    NAME,
    REMOVED_CHARACTERS,
    MessageContent,
    channel_of,
    find_references,
    guest_channel,
    origin_name,
    read_content,
)
from bot.commands import UNHEARD
from bot.messages import Author, Channel, Message, MessageReference, Unseen

Result = TypeVar("Result")

# Parts that a message can do without, those that matter least first.
OPTIONAL_PARTS = (
    "poll",
    "checklist",
    "reply_markup",
    "giveaway",
    "gift",
    "unique_gift",
    "web_app_data",
    "game",
    "invoice",
    "story",
    "link_preview_options",
    "forward_origin",
    "entities",
    "caption_entities",
    "quote",
    "external_reply",
    "sticker",
    "reply_to_message",
)

WORDLESS_ALBUM = "loose"  # the album of photos without words
LONGEST_TEXT = 4096  # UTF-16 units, at which a client cuts a long text
TRIMMED = 200  # units, at most, by which a piece of it is shorter: it is cut at a blank
REST_SECONDS = 1.5  # in which the next piece comes
FORWARD_SECONDS = 0.25  # in which a comment on a forward comes
COMMENT_SECONDS = 0.15  # in which the forward comes that a comment is about
KINDS = ("message", "edited_message", "callback_query", "my_chat_member")  # of updates
GUEST_MESSAGE = "guest_message"  # another kind: somebody called the bot in a chat where it is no member
OUTSIDE = (ChatMember.LEFT, ChatMember.BANNED)
STOP_PRESSED = "stopped_message_generation"  # another kind: somebody pressed Stop at a draft
COMMAND = re.compile(r"/(?P<name>\w{1,32})(?:@(?P<bot>\w+))?(?!\S)")


def read_update(read: Callable[[dict[str, Any]], Result], raw: dict[str, Any]) -> Result:
    """Read a raw update, without the parts that cannot be read. Raises the first error where that is no way out."""
    return read_first(read, _attempts(raw))


def _attempts(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield raw
    parts = [part for part in OPTIONAL_PARTS if _has(raw, part)]
    for part in parts:
        yield _without(raw, [part])
    if len(parts) > 1:
        yield _without(raw, parts)


def _has(value: Any, part: str) -> bool:
    return isinstance(value, dict) and (part in value or any(_has(inner, part) for inner in value.values()))


def _without(value: Any, parts: Collection[str]) -> Any:
    """Return a value without these parts. Of what a message replies to, it stays known that there is something."""
    if not isinstance(value, dict):
        return value
    whole = {name: _without(inner, parts) for name, inner in value.items() if name not in parts}
    if "reply_to_message" in parts and isinstance(replied := value.get("reply_to_message"), dict):
        whole["reply_to_message"] = {name: replied[name] for name in ("message_id", "date", "chat") if name in replied}
    if "external_reply" in parts and "external_reply" in value:
        whole["external_reply"] = {"origin": {"type": "hidden_user", "sender_user_name": "", "date": 0}}
    return whole


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


@dataclass(frozen=True, slots=True)
class GroupJoined:
    """Somebody added the bot to a group."""

    channel: Channel
    language: str  # of whoever did
    is_admin: bool  # the bot: to an admin Telegram shows every message


Translation = Message | ButtonPress | StaleButtonPress | GroupMigration | GroupJoined


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The bot's own user."""

    id: int
    username: str
    commands: Container[str] = ()  # without the slash
    reads_all: bool = False  # privacy mode is off: groups show the bot every message


def translate(raw: dict[str, Any], identity: BotIdentity, bot: Bot | None = None) -> Translation | None:
    """Translate an update. Raises any exception for one that makes no sense."""
    if STOP_PRESSED in raw:
        return _translate_stop(raw[STOP_PRESSED], raw["update_id"])
    update = Update.de_json(raw, bot)
    if query := update.callback_query:
        return _translate_press(query)
    if update.my_chat_member:
        return _translate_membership(update.my_chat_member)
    if update.guest_message:
        return _translate_guest(update.guest_message, identity)
    message = update.message or update.edited_message
    if message and any(person.id == identity.id for person in message.new_chat_members):
        return GroupJoined(Channel(NAME, str(message.chat.id)), _language(message.from_user), is_admin=False)
    if message is None or _is_a_bots(message):
        return None
    if message.migrate_to_chat_id:
        return GroupMigration(channel_of(message), Channel(NAME, str(message.migrate_to_chat_id)))
    return _translate_message(message, identity, edited=update.edited_message is not None)


def _translate_membership(change: ChatMemberUpdated) -> GroupJoined | None:
    """Translate a change of the bot's own membership: only joining a group is of interest."""
    old, new = change.old_chat_member.status, change.new_chat_member.status
    has_joined = old in OUTSIDE and new not in OUTSIDE and change.chat.type in (Chat.GROUP, Chat.SUPERGROUP)
    if not has_joined:
        return None
    channel = Channel(NAME, str(change.chat.id))
    return GroupJoined(channel, _language(change.from_user), is_admin=new == ChatMember.ADMINISTRATOR)


def _translate_message(message: TelegramMessage, identity: BotIdentity, *, edited: bool) -> Message | None:
    content = read_content(message)
    has_content = content.attachments or content.unseen or _is_said(message, content)
    is_unheard = not has_content and not edited and _is_unheard(message)
    if not (has_content or is_unheard):
        return None  # somebody joined, a title changed
    about, *more = find_references(message, content, identity.id) or (None,)
    return Message(
        channel=channel_of(message),
        id=str(message.message_id),
        author=_author(message),
        text=_text(message, content, identity, is_unheard=is_unheard),
        sent=message.date.timestamp(),
        attachments=content.attachments,
        addressed=_is_addressed(message, content, identity),
        album=message.media_group_id or _wordless_album(message, content.text),
        about=about,
        edited=edited,
        private=message.chat.type == message.chat.PRIVATE,
        server=_server(message.chat),
        language="" if message.sender_chat else _language(message.from_user),
        more=tuple(more),
        forwarded=message.forward_origin is not None,
        origin=origin_name(message.forward_origin),
        awaits=0.0 if edited else _seconds_awaiting(message, content),
        is_cut=_units(content.text) == LONGEST_TEXT,
    )


def _translate_guest(message: TelegramMessage, identity: BotIdentity) -> Message | None:
    """Translate a call from a chat where the bot is no member: nothing that belongs to it will follow."""
    if not message.guest_query_id or _is_a_bots(message):
        return None
    called = _translate_message(message, identity, edited=False)
    return called and replace(
        called,
        channel=guest_channel(message, called.author),
        id=f"{GUEST}{message.guest_query_id}",
        addressed=True,
        album=None,
        private=False,
        server=None,
        awaits=0.0,
        is_guest=True,
    )


def _seconds_awaiting(message: TelegramMessage, content: MessageContent) -> float:
    """Return how long what belongs to a message may still come: a client sends a comment just before its forward."""
    if _units(content.text) >= LONGEST_TEXT - TRIMMED:
        return REST_SECONDS
    if message.forward_origin:
        return FORWARD_SECONDS
    is_comment = not (content.attachments or message.reply_to_message or message.external_reply)
    return COMMENT_SECONDS if is_comment and not content.text.startswith("/") else 0.0


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2


def _text(message: TelegramMessage, content: MessageContent, identity: BotIdentity, *, is_unheard: bool) -> str:
    if is_unheard:
        return f"/{UNHEARD}"
    return _without_bot_name(content.text, identity) if _is_said(message, content) else ""


def _is_unheard(message: TelegramMessage) -> bool:
    """Tell whether a private message holds nothing that can be talked about, but was meant to say something."""
    kinds = (message.location, message.venue, message.contact, message.dice, message.poll)
    others = (message.game, message.checklist)
    return message.chat.type == message.chat.PRIVATE and any(kind is not None for kind in (*kinds, *others))


def _is_said(message: TelegramMessage, content: MessageContent) -> bool:
    """Tell whether there are words of a person's, and not only those of a poll or a checklist."""
    return bool(content.text) and not (message.poll or message.checklist)


def _wordless_album(message: TelegramMessage, text: str) -> str | None:
    """Return the common album of photos without words in a private chat, which belong together too."""
    return WORDLESS_ALBUM if message.photo and not text and message.chat.type == message.chat.PRIVATE else None


def _translate_press(query: CallbackQuery) -> ButtonPress | StaleButtonPress:
    if query.message is None or not query.data:
        return StaleButtonPress(query.id, _language(query.from_user))
    post = query.message
    unseen: Unseen | None = None if post.is_accessible else "too_old"
    reference = MessageReference(id=str(post.message_id), ours=True, text="", kind="button", unseen=unseen)
    press_message = Message(
        channel=channel_of(post) if isinstance(post, TelegramMessage) else Channel(NAME, str(post.chat.id)),
        id=f"{post.message_id}/{query.id}",  # each press is a message; the answer replies to the post
        author=Author(str(query.from_user.id), query.from_user.full_name),
        text=query.data.translate(REMOVED_CHARACTERS),
        sent=time.time(),
        about=reference,
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
        about=MessageReference(id="", ours=True, text="", kind="button"),
        private=True,
    )


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


def _is_addressed(message: TelegramMessage, content: MessageContent, identity: BotIdentity) -> bool:
    if message.is_automatic_forward:
        return False
    if message.chat.type == message.chat.PRIVATE or _is_direct_message(message):
        return True
    text, (replied, *_) = content.text, find_references(message, content, identity.id) or (None,)
    return (
        bool(replied and replied.ours)
        or bool(_mention(identity).search(text))
        or identity.username.lower() in content.usernames
        or identity.id in content.users
        or _names_me(message, identity)
        or _commands_me(text, identity)
    )


def _is_direct_message(message: TelegramMessage) -> bool:
    """Tell whether a person writes to a channel in private; the channel's own side does not speak to us."""
    return bool(message.chat.is_direct_messages) and message.sender_chat is None


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


def _without_bot_name(text: str, identity: BotIdentity) -> str:
    """Return the text without the bot's name."""
    command = COMMAND.match(text)
    if command and (command["bot"] or "").lower() == identity.username.lower():
        text = f"/{command['name']}{text[command.end() :]}"
    *before, last = _mention(identity).split(text)
    return "".join([*(part.rstrip(" \t") for part in before), last]).translate(REMOVED_CHARACTERS).strip()
