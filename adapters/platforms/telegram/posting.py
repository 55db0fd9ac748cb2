"""What the bot says on Telegram: posts that grow and change, drafts, and files along with them."""

import zlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog
from telegram import InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.error import BadRequest

from adapters.platforms.telegram.buttons import keyboard
from adapters.platforms.telegram.drafts import Draft, Drafts
from adapters.platforms.telegram.errors import BadFormatting, GroupMigrated, TopicGone, is_caption, map_telegram_errors
from adapters.platforms.telegram.formatting import NOTHING, RenderedText, plain, render
from adapters.platforms.telegram.outgoing_files import (
    CAPTION,
    OutgoingFile,
    batches,
    check_sizes,
    outgoing_files,
    send_batch,
    send_file,
)
from adapters.platforms.telegram.send_pacing import SendPacing
from adapters.platforms.telegram.translate import address
from adapters.platforms.telegram.transport import TelegramBot
from bot.errors import BotError, Busy, Refused
from bot.messages import Channel, OutgoingPost
from bot.replies.pages import units
from bot.util.retry import TELEGRAM_ATTACHMENTS, retry
from bot.words import say

log = structlog.get_logger(__name__)

FALLBACKS = 3
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

Say = Callable[[int, int | None, RenderedText], Awaitable[str]]
Keys = InlineKeyboardMarkup | None


class Posting:
    """Says things at Telegram's pace, where they belong, and in the best form that Telegram takes."""

    def __init__(self, line: TelegramBot, pace: SendPacing, *, drafts: bool) -> None:
        """With `drafts`, what grows in a private chat is a draft until it is whole."""
        self._line, self._pace, self._has_drafts = line, pace, drafts
        self._drafts = Drafts(line)
        self.moved: dict[int, int] = {}  # groups that became supergroups since we started

    def address(self, channel: Channel) -> tuple[int, int | None]:
        """Where to speak: the chat and, if it is a topic, the thread; groups that have moved are followed."""
        chat, thread = address(channel)
        return self.moved.get(chat, chat), thread

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        """Publish the post and return its id. Telegram cannot tell the same key again.

        A file alone has a short text below it, as one post; otherwise files reply to the text. A partial post is sent
        now or not at all: Busy with the seconds until it can be. A draft has no buttons.
        """
        check_sizes(post.files)
        if post.is_partial and self._has_drafts and is_private(channel) and not post.files:
            return await self._draft(channel, Draft(_draft_number(post.key), post.reply_to or ""), post.text)
        about, keys = _reply(post.reply_to), keyboard(post.buttons)
        left = await outgoing_files(post.files)

        async def send(chat: int, thread: int | None, rendered: RenderedText) -> str:
            if len(left) != 1 or units(rendered.text) > CAPTION:
                return await self._post(chat, thread, rendered, about, keys)
            said = await send_file(
                self._line,
                chat,
                left[0],
                caption=None if rendered.text == NOTHING else rendered.text,
                caption_entities=rendered.entities or None,
                message_thread_id=thread,
                reply_parameters=about,
                reply_markup=keys,
            )
            left.clear()
            return str(said.message_id)

        try:
            sent = await self._say(channel, post.text, post.is_partial, send)
        except Refused as error:
            if not post.files:
                raise
            log.warning("Telegram does not take a file", reason=error.key)
            sent = await self.send(channel, replace(post, files=(), is_partial=False))
        await self._hand_over(channel, sent, left)
        return sent

    async def _post(
        self, chat: int, thread: int | None, post: RenderedText, about: ReplyParameters | None, keys: Keys
    ) -> str:
        said = await self._line.send_message(
            chat,
            post.text,
            entities=post.entities or None,
            message_thread_id=thread,
            reply_parameters=about,
            reply_markup=keys,
            link_preview_options=NO_PREVIEW,
        )
        return str(said.message_id)

    async def _hand_over(self, channel: Channel, post: str, left: Sequence[OutgoingFile]) -> None:
        """Send files after their text. Whatever becomes of them, nobody wants to read that again."""
        try:
            for batch in batches(left):
                await self._send_batch(channel, post, batch)
        except BotError as error:
            log.error("files could not be sent", files=len(left), reason=error.key)
            with suppress(BotError):
                await self.send(channel, OutgoingPost(text=f"⚠️ {say('telegram_no_files')}", reply_to=post))

    async def _send_batch(self, channel: Channel, post: str, batch: Sequence[OutgoingFile]) -> None:
        async def send(chat: int, thread: int | None, _: RenderedText) -> str:
            await send_batch(self._line, chat, batch, message_thread_id=thread, reply_parameters=_reply(post))
            return post

        await retry(TELEGRAM_ATTACHMENTS, partial(self._say, channel, "", False, send), Busy)

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        """Replace the text and the buttons of a post. A whole text turns a draft into a post."""
        if draft := Draft.parse(post_id):
            if post.is_partial:
                return await self._draft(channel, draft, post.text)
            reply_to = draft.reply_to or None
            return await self.send(channel, OutgoingPost(text=post.text, buttons=post.buttons, reply_to=reply_to))

        keys = keyboard(post.buttons)

        async def edit(chat: int, thread: int | None, rendered: RenderedText) -> str:
            try:
                await self._line.edit_message_text(
                    rendered.text,
                    chat,
                    _number(post_id),
                    entities=rendered.entities or None,
                    reply_markup=keys,
                    link_preview_options=NO_PREVIEW,
                )
            except BadRequest as error:
                if not is_caption(error):
                    raise
                if units(rendered.text) > CAPTION:  # there is no room for it below the file
                    return await self._post(chat, thread, rendered, _reply(post_id), keys)
                await self._line.edit_message_caption(
                    chat,
                    _number(post_id),
                    caption=rendered.text,
                    caption_entities=rendered.entities or None,
                    reply_markup=keys,
                )
            return post_id

        return await self._say(channel, post.text, post.is_partial, edit) or post_id

    async def _draft(self, channel: Channel, draft: Draft, text: str) -> str:
        async def show(chat: int, thread: int | None, post: RenderedText) -> str:
            await self._drafts.show(chat, thread, draft, post)
            return str(draft)

        return await self._say(channel, text, True, show) or str(draft)

    async def _say(self, channel: Channel, text: str, is_partial: bool, call: Say) -> str:
        chat, thread = self.address(channel)
        post = render(text)
        async with self._pace.growing(chat) if is_partial else self._pace.whole(chat):
            for _ in range(FALLBACKS):
                try:
                    with map_telegram_errors():
                        return await call(chat, thread, post)
                    return ""  # nothing to change
                except TopicGone:
                    thread = None
                except BadFormatting:
                    post = plain(text)
                except GroupMigrated as moved:
                    self.moved[chat] = chat = moved.chat
            raise Refused("telegram_refused")


def is_private(channel: Channel) -> bool:
    """Whether it is a chat with one person."""
    return address(channel)[0] > 0


def _draft_number(key: str | None) -> int:
    """The same answer is the same draft, also after a crash."""
    return zlib.crc32((key or "").encode()) or 1


def _reply(id: str | None) -> ReplyParameters | None:
    """What to reply to; the press of Stop at a draft is no message that anybody could reply to."""
    if not id or not id[0].isdigit():
        return None
    return ReplyParameters(_number(id), allow_sending_without_reply=True)


def _number(id: str) -> int:
    """A message's id as Telegram has it; the press of a button is known by that of its post and one of its own."""
    return int(id.partition("/")[0])
