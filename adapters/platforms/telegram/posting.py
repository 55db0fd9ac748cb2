"""Posts on Telegram: sent, edited, as drafts, and with files."""

import zlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog
from telegram import InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.error import BadRequest

from adapters.platforms.budgets import TelegramBudgets
from adapters.platforms.telegram.buttons import keyboard
from adapters.platforms.telegram.drafts import Draft, Drafts
from adapters.platforms.telegram.errors import BadFormatting, GroupMigrated, TopicGone, is_caption, map_telegram_errors
from adapters.platforms.telegram.formatting import PLACEHOLDER, RenderedText, hide, render, render_plain
from adapters.platforms.telegram.outgoing_files import (
    OutgoingFile,
    check_sizes,
    choose_methods,
    group_into_batches,
    send_batch,
    send_file,
)
from adapters.platforms.telegram.references import TopicFields, parse_address, topic_fields
from adapters.platforms.telegram.send_pacing import SendPacing
from adapters.platforms.telegram.transport import TelegramBot
from bot.errors import BotError, Busy, FailureCode, Refused
from bot.messages import Channel, OutgoingPost
from bot.replies.pages import units
from bot.util.retry import TELEGRAM_ATTACHMENTS, retry
from bot.words import say

log = structlog.get_logger(__name__)

FALLBACKS = 3
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

PostCall = Callable[[int, TopicFields, RenderedText], Awaitable[str]]
ButtonMarkup = InlineKeyboardMarkup | None


class Posting:
    """A sender of posts that keeps Telegram's pace and uses the best formatting that Telegram accepts."""

    def __init__(self, bot: TelegramBot, pacing: SendPacing, *, drafts: bool) -> None:
        """Make a sender; with `drafts`, a partial post in a private chat is a draft until it is complete."""
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
            if len(unsent_files) != 1 or units(rendered.text) > TelegramBudgets.CAPTION_LENGTH:
                return await self._post(chat, topic, post=rendered, reply=reply, buttons=buttons)
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

    async def _post(
        self, chat: int, topic: TopicFields, post: RenderedText, reply: ReplyParameters | None, buttons: ButtonMarkup
    ) -> str:
        message = await self._bot.send_message(
            chat,
            post.text,
            entities=post.entities or None,
            **topic,
            reply_parameters=reply,
            reply_markup=buttons,
            link_preview_options=NO_PREVIEW,
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
            try:
                await self._bot.edit_message_text(
                    rendered.text,
                    chat,
                    _message_id(post_id),
                    entities=rendered.entities or None,
                    reply_markup=buttons,
                    link_preview_options=NO_PREVIEW,
                )
            except BadRequest as error:
                if not is_caption(error):
                    raise
                if units(rendered.text) > TelegramBudgets.CAPTION_LENGTH:  # there is no room for it below the file
                    return await self._post(
                        chat, topic, post=rendered, reply=_reply_parameters(post_id), buttons=buttons
                    )
                await self._bot.edit_message_caption(
                    chat,
                    _message_id(post_id),
                    caption=rendered.text,
                    caption_entities=rendered.entities or None,
                    reply_markup=buttons,
                )
            return post_id

        return await self._call_with_fallbacks(channel, post, edit) or post_id

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
    return parse_address(channel)[0] > 0


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
