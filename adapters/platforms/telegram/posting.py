"""Posts on Telegram: sent, edited, as drafts, with buttons, and with files."""

import re
import zlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, Self

import structlog
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.error import BadRequest

from adapters.platforms.budgets import MEGABYTE, TelegramBudgets
from adapters.platforms.telegram.formatting import PLACEHOLDER, RenderedText, hide, render, render_plain
from adapters.platforms.telegram.message_content import TopicFields, is_guest, parse_address, topic_fields
from adapters.platforms.telegram.rich_posting import RichPosts, WantsRich, fit_in_one, never_rich
from adapters.platforms.telegram.send_pacing import SendPacing
from adapters.platforms.telegram.transport import (
    BadFormatting,
    GroupMigrated,
    TelegramBot,
    TopicGone,
    is_caption,
    map_telegram_errors,
)
from bot.errors import BotError, Busy, FailureCode, Refused, Unreadable
from bot.files.isolation.client import WorkerFailed, run
from bot.messages import SOUNDS, Button, Channel, File, OutgoingPost
from bot.replies.markdown import display_width
from bot.replies.pages import units
from bot.util.retry import TELEGRAM_ATTACHMENTS, retry
from bot.words import say

log = structlog.get_logger(__name__)

COLUMNS = 2
MOST_COLUMNS = 5  # of labels that are short enough for one row
ROW = 36  # columns of text that a phone shows side by side

MARK = "draft"

KINDS = ("JPEG", "PNG", "WEBP")

PHOTO_TYPES = ("image/jpeg", "image/png", "image/webp")

SendMethod = Literal["photo", "voice", "audio", "document"]
"""The method that sends a file, without its `send_`."""

SOUND_METHODS: dict[str, SendMethod] = {
    "ogg": "voice",
    "mp3": "audio",
    "m4a": "audio",
}  # others are documents to Telegram

# Errors after which a file can still be sent as a document: a shape that Telegram cannot show; a person who wants
# no voice messages; a group where files may be sent and sounds may not.
DOCUMENT_INSTEAD: dict[SendMethod, re.Pattern[str]] = {
    "photo": re.compile(r"photo_|image_process", re.IGNORECASE),
    "voice": re.compile(r"voice", re.IGNORECASE),
    "audio": re.compile(r"audio|music", re.IGNORECASE),
    "document": re.compile(r"(?!)"),
}

FALLBACKS = 3
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

PostCall = Callable[[int, TopicFields, RenderedText], Awaitable[str]]
ButtonMarkup = InlineKeyboardMarkup | None


def keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Lay the buttons out; one whose command is too long for Telegram is left out."""
    keys = [InlineKeyboardButton(button.label, callback_data=button.command) for button in buttons if _fits(button)]
    keys = keys[: TelegramBudgets.BUTTONS]
    columns = len(keys) if _fit_in_a_row(keys) else COLUMNS
    rows = [keys[n : n + columns] for n in range(0, len(keys), columns)]
    return InlineKeyboardMarkup(rows) if rows else None


def _fit_in_a_row(keys: Sequence[InlineKeyboardButton]) -> bool:
    return 0 < len(keys) <= MOST_COLUMNS and sum(display_width(key.text) for key in keys) <= ROW


def _fits(button: Button) -> bool:
    fits = 0 < len(button.command.encode()) <= TelegramBudgets.BUTTON_BYTES
    if not fits:
        log.warning("a button was left out: its command does not fit", bytes=len(button.command.encode()))
    return fits


@dataclass(frozen=True, slots=True)
class Draft:
    """A stand-in for a post until the answer is complete; `str()` is its id, and `parse` reads that."""

    number: int
    reply_to: str  # the message that the post will reply to, or nothing

    def __str__(self) -> str:
        return f"{MARK}:{self.number}:{self.reply_to}"

    @classmethod
    def parse(cls, id: str) -> Self | None:
        """Read the id of a draft; None for that of a post."""
        mark, _, rest = id.partition(":")
        number, _, reply_to = rest.partition(":")
        return cls(int(number), reply_to) if mark == MARK else None


class Drafts:
    """A sender of drafts, with Telegram's own Stop button where the server knows it (Bot API 10.3)."""

    def __init__(self, bot: TelegramBot) -> None:
        self._bot = bot
        # The draft stays in the chat until the final text comes as a post.
        self._stop_fields: dict[str, Any] = {"can_stop": True, "keep_on_stop": True}

    async def show(self, chat: int, topic: TopicFields, draft: Draft, post: RenderedText) -> None:
        """Replace the text of the draft. Raises the library's errors."""
        try:
            await self._show(chat, topic, draft, post, **self._stop_fields)
        except BadRequest:
            if not self._stop_fields:
                raise
            await self._show(chat, topic, draft, post)  # this fails again, unless the button was the reason
            self._stop_fields = {}
            log.info("this Telegram has no button that stops a draft")

    async def _show(self, chat: int, topic: TopicFields, draft: Draft, post: RenderedText, **fields: Any) -> None:
        await self._bot.call_raw(
            "sendMessageDraft",
            chat_id=chat,
            draft_id=draft.number,
            text=post.text,
            **topic,
            entities=list(post.entities) or None,
            **fields,
        )


async def is_plain(data: bytes) -> bool:
    """Tell whether the picture is opaque and small enough for Telegram to show it.

    A file that can't be decoded is for Telegram to judge.
    """
    try:
        is_opaque, _ = await run("is_opaque", data, kinds=KINDS, most_around=TelegramBudgets.PHOTO_WIDTH_PLUS_HEIGHT)
    except (Unreadable, WorkerFailed):
        return True
    return bool(is_opaque)


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file, and the method that sends it."""

    file: File
    method: SendMethod


def check_sizes(files: Sequence[File], megabytes: int) -> None:
    """Raise Refused when one of them is larger than Telegram allows."""
    for file in files:
        if len(file.data) > megabytes * MEGABYTE:
            raise Refused(FailureCode.FILE_TOO_LARGE, name=file.name, limit=megabytes)


async def choose_methods(files: Sequence[File]) -> list[OutgoingFile]:
    """Choose the method for each file; pictures are inspected."""
    return [OutgoingFile(file, await _choose_method(file)) for file in files]


def group_into_batches(outgoing_files: Sequence[OutgoingFile], megabytes: int) -> list[list[OutgoingFile]]:
    """Group files that are sent together: pictures as albums, documents as others, each sound by itself.

    A request carries at most so many megabytes.
    """
    pictures = [outgoing for outgoing in outgoing_files if outgoing.method == "photo"]
    sounds = [[outgoing] for outgoing in outgoing_files if outgoing.method in ("voice", "audio")]
    others = [outgoing for outgoing in outgoing_files if outgoing.method == "document"]
    most = megabytes * MEGABYTE
    return [*_albums(pictures, most), *sounds, *_albums(others, most)]


def _albums(files: Sequence[OutgoingFile], most: int) -> list[list[OutgoingFile]]:
    """Split files of one kind into albums that fit into a request each."""
    albums: list[list[OutgoingFile]] = []
    size = 0
    for outgoing in files:
        if not albums or size + len(outgoing.file.data) > most or len(albums[-1]) == TelegramBudgets.ALBUM_FILES:
            albums.append([])
            size = 0
        albums[-1].append(outgoing)
        size += len(outgoing.file.data)
    return albums


async def send_file(bot: TelegramBot, chat: int, outgoing: OutgoingFile, **fields: Any) -> Message:
    """Send one file; `fields` are as in `send_document`. One that is refused as a photo or sound goes as a document."""
    file = outgoing.file
    hidden = {"has_spoiler": True} if file.is_spoiler and outgoing.method == "photo" else {}
    send_methods = {
        "photo": bot.send_photo,
        "voice": bot.send_voice,
        "audio": bot.send_audio,
        "document": bot.send_document,
    }
    try:
        message: Message = await send_methods[outgoing.method](chat, file.data, filename=file.name, **hidden, **fields)  # type: ignore[operator]
        return message
    except BadRequest as error:
        if not DOCUMENT_INSTEAD[outgoing.method].search(str(error)):
            raise
    return await bot.send_document(chat, file.data, filename=file.name, **fields)


async def send_batch(bot: TelegramBot, chat: int, batch: Sequence[OutgoingFile], **fields: Any) -> None:
    """Send the files of a batch."""
    if len(batch) == 1:
        await send_file(bot, chat, batch[0], **fields)
        return
    files = [outgoing.file for outgoing in batch]
    if batch[0].method == "photo":
        try:
            pictures = [
                InputMediaPhoto(file.data, filename=file.name, has_spoiler=file.is_spoiler or None) for file in files
            ]
            await bot.send_media_group(chat, pictures, **fields)
        except BadRequest as error:
            if not DOCUMENT_INSTEAD["photo"].search(str(error)):
                raise
        else:
            return
    documents = [InputMediaDocument(file.data, filename=file.name) for file in files]
    await bot.send_media_group(chat, documents, **fields)


async def _choose_method(file: File) -> SendMethod:
    mime = file.mime.partition(";")[0].lower()
    if mime in PHOTO_TYPES:
        return "photo" if len(file.data) <= TelegramBudgets.PHOTO_BYTES and await is_plain(file.data) else "document"
    return SOUND_METHODS.get(SOUNDS.get(mime, ""), "document")


class Posting:
    """A sender of posts that keeps Telegram's pace and uses the best formatting that Telegram accepts."""

    def __init__(
        self, bot: TelegramBot, pacing: SendPacing, *, drafts: bool, wants_rich: WantsRich = never_rich
    ) -> None:
        """Make a sender; with `drafts`, a partial post in a private chat is a draft until it is complete."""
        self._rich = RichPosts(bot, wants_rich)
        self._bot, self._pacing, self._has_drafts = bot, pacing, drafts
        self.upload_megabytes = TelegramBudgets.UPLOAD_MEGABYTES  # that one request may carry
        self._drafts = Drafts(bot)
        self.migrated_groups: dict[int, int] = {}  # groups that became supergroups since we started

    def address(self, channel: Channel) -> tuple[int, TopicFields]:
        """Return the chat of a channel, and the fields that name its topic; migrated groups are followed."""
        chat, _ = parse_address(channel)
        return self.migrated_groups.get(chat, chat), topic_fields(channel)

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        """Publish the post and return its id. Telegram cannot tell the same key again.

        A file alone has a short text below it, as one post; otherwise files reply to the text. A partial post is sent
        now or not at all: Busy with the seconds until it can be. A draft has no buttons.
        """
        check_sizes(post.files, self.upload_megabytes)
        if post.is_partial and self._has_drafts and is_private(channel) and not post.files:
            return await self._draft(channel, Draft(_draft_number(post.key), post.reply_to or ""), post)
        reply, buttons = _reply_parameters(post.reply_to), keyboard(post.buttons)
        unsent_files = await choose_methods(post.files)

        async def send(chat: int, topic: TopicFields, rendered: RenderedText) -> str:
            pictures = self._album_of(unsent_files)
            is_captioned = len(unsent_files) == 1
            blocks = None if is_captioned else await self._rich.find_blocks(channel, chat, post, pictures)
            if not blocks:
                return await send_text(chat, topic, rendered)

            async def send_rich() -> str:
                fields = {"reply_markup": buttons, "disable_notification": post.is_quiet or None}
                sent = await self._rich.send(
                    chat, topic, blocks=blocks, pictures=pictures, reply_parameters=reply, **fields
                )
                if pictures:
                    unsent_files.clear()
                return sent

            return await self._rich.instead_of(chat, send_rich, partial(send_text, chat, topic, rendered))

        async def send_text(chat: int, topic: TopicFields, rendered: RenderedText) -> str:
            if len(unsent_files) != 1 or units(rendered.text) > TelegramBudgets.CAPTION_LENGTH:
                return await self._post(
                    chat, topic, post=rendered, reply=reply, buttons=buttons, is_quiet=post.is_quiet
                )
            message = await send_file(
                self._bot,
                chat,
                unsent_files[0],
                caption=None if rendered.text == PLACEHOLDER else rendered.text,
                caption_entities=rendered.entities or None,
                **topic,
                reply_parameters=reply,
                reply_markup=buttons,
            )
            unsent_files.clear()
            return str(message.message_id)

        try:
            sent_id = await self._call_with_fallbacks(channel, post, send)
        except Refused as error:
            if not post.files:
                raise
            log.warning("Telegram does not take a file", reason=error.code)
            sent_id = await self.send(channel, replace(post, files=(), is_partial=False))
        await self._send_files(channel, sent_id, unsent_files)
        return sent_id

    def _album_of(self, files: Sequence[OutgoingFile]) -> list[File]:
        """Return the pictures that a rich message can hold together; none where some are no pictures."""
        pictures = [outgoing.file for outgoing in files if outgoing.method == "photo"]
        is_album = len(pictures) == len(files) and fit_in_one(pictures, self.upload_megabytes)
        return pictures if is_album else []

    async def _post(
        self,
        chat: int,
        topic: TopicFields,
        *,
        post: RenderedText,
        reply: ReplyParameters | None,
        buttons: ButtonMarkup,
        is_quiet: bool = False,
    ) -> str:
        message = await self._bot.send_message(
            chat,
            post.text,
            entities=post.entities or None,
            **topic,
            reply_parameters=reply,
            reply_markup=buttons,
            link_preview_options=NO_PREVIEW,
            disable_notification=is_quiet or None,
        )
        return str(message.message_id)

    async def _send_files(self, channel: Channel, post: str, unsent_files: Sequence[OutgoingFile]) -> None:
        """Send files after their text, which is not sent again if they fail."""
        try:
            for batch in group_into_batches(unsent_files, self.upload_megabytes):
                await self._send_batch(channel, post, batch)
        except BotError as error:
            log.error("files could not be sent", files=len(unsent_files), reason=error.code)
            with suppress(BotError):
                await self.send(channel, OutgoingPost(text=f"⚠️ {say('telegram_no_files')}", reply_to=post))

    async def _send_batch(self, channel: Channel, post: str, batch: Sequence[OutgoingFile]) -> None:
        async def send(chat: int, topic: TopicFields, _: RenderedText) -> str:
            await send_batch(self._bot, chat, batch, **topic, reply_parameters=_reply_parameters(post))
            return post

        await retry(
            TELEGRAM_ATTACHMENTS, partial(self._call_with_fallbacks, channel, OutgoingPost(text=""), send), Busy
        )

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        """Replace the text and the buttons of a post. A whole text turns a draft into a post.

        With files, a new post takes the place of the old one, which can't get any.
        """
        if draft := Draft.parse(post_id):
            if post.is_partial:
                return await self._draft(channel, draft, post)
            reply_to = draft.reply_to or None
            return await self.send(channel, replace(post, reply_to=reply_to))

        if post.files:
            new_id = await self.send(channel, post)
            await self.delete(channel, post_id)
            return new_id
        buttons = keyboard(post.buttons)

        async def edit(chat: int, topic: TopicFields, rendered: RenderedText) -> str:
            edit_text = partial(self._edit_text, chat, topic, post_id=post_id, post=rendered, buttons=buttons)
            blocks = await self._rich.find_blocks(channel, chat, post)
            if not blocks:
                return await edit_text()

            async def edit_rich() -> str:
                await self._rich.edit(chat, _message_id(post_id), blocks, reply_markup=buttons)
                return post_id

            return await self._rich.instead_of(chat, edit_rich, edit_text)

        return await self._call_with_fallbacks(channel, post, edit) or post_id

    async def _edit_text(
        self, chat: int, topic: TopicFields, *, post_id: str, post: RenderedText, buttons: ButtonMarkup
    ) -> str:
        """Replace the text of a post, or the one below its file; what has no room there becomes a post."""
        try:
            await self._bot.edit_message_text(
                post.text,
                chat,
                _message_id(post_id),
                entities=post.entities or None,
                reply_markup=buttons,
                link_preview_options=NO_PREVIEW,
            )
        except BadRequest as error:
            if not is_caption(error):
                raise
            if units(post.text) > TelegramBudgets.CAPTION_LENGTH:  # there is no room for it below the file
                return await self._post(chat, topic, post=post, reply=_reply_parameters(post_id), buttons=buttons)
            await self._bot.edit_message_caption(
                chat,
                _message_id(post_id),
                caption=post.text,
                caption_entities=post.entities or None,
                reply_markup=buttons,
            )
        return post_id

    async def delete(self, channel: Channel, post_id: str) -> None:
        """Delete a post. A draft goes by itself, and a post that is not there any more is no error."""
        if Draft.parse(post_id):
            return
        chat, _ = self.address(channel)
        with map_telegram_errors():
            await self._bot.delete_message(chat, _message_id(post_id))

    async def _draft(self, channel: Channel, draft: Draft, post: OutgoingPost) -> str:
        async def show(chat: int, topic: TopicFields, rendered: RenderedText) -> str:
            await self._drafts.show(chat, topic, draft, rendered)
            return str(draft)

        return await self._call_with_fallbacks(channel, post, show) or str(draft)

    async def _call_with_fallbacks(self, channel: Channel, post: OutgoingPost, call: PostCall) -> str:
        chat, topic = self.address(channel)
        rendered = render(post.text)
        async with self._pacing.partial_text(chat) if post.is_partial else self._pacing.whole_text(chat):
            for _ in range(FALLBACKS):
                try:
                    with map_telegram_errors():
                        return await call(chat, topic, hide(rendered) if post.is_spoiler else rendered)
                    return ""  # nothing to change
                except TopicGone:
                    topic = {}
                except BadFormatting:
                    rendered = render_plain(post.text)
                except GroupMigrated as migrated:
                    self.migrated_groups[chat] = chat = migrated.chat
            raise Refused(FailureCode.TELEGRAM_REFUSED)


def is_private(channel: Channel) -> bool:
    """Tell whether it is a chat with one person."""
    return parse_address(channel)[0] > 0 and not is_guest(channel)


def _draft_number(key: str | None) -> int:
    """Derive the number of a draft, which stays the same after a crash."""
    return zlib.crc32((key or "").encode()) or 1


def _reply_parameters(id: str | None) -> ReplyParameters | None:
    """Return the message to reply to; the press of Stop at a draft is no message."""
    if not id or not id[0].isdigit():
        return None
    return ReplyParameters(_message_id(id), allow_sending_without_reply=True)


def _message_id(id: str) -> int:
    """Return Telegram's own id of a message; our id of a press is that of its post and one of the press."""
    return int(id.partition("/")[0])
