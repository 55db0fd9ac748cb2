"""Answers in chats where the bot is only a guest: one message for each call, which edits change.

Telegram tells no deadline for the answer to a call, so a placeholder takes its place at once. It has no id in the chat;
the id by which it can be edited is told once, in reply to `answerGuestQuery`. A process that dies between the two has
left a placeholder that nobody can change any more: the answer then goes to the person who called, alone.

https://core.telegram.org/bots/api#answerguestquery and #sentguestmessage
"""

import asyncio
import hashlib
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from telegram import InlineQueryResultArticle, InputTextMessageContent, LinkPreviewOptions

from adapters.platforms.telegram.formatting import RenderedText, hide, render, render_plain
from adapters.platforms.telegram.message_content import GUEST, NAME, parse_address
from adapters.platforms.telegram.send_pacing import SendPacing
from adapters.platforms.telegram.transport import BadFormatting, TelegramBot, map_telegram_errors
from bot.errors import BotError, FailureCode, Refused
from bot.messages import Channel, Message, MessageReference, OutgoingPost
from bot.ports import Blobs

log = structlog.get_logger(__name__)

PREFIX = "telegram:guest:"  # of what is kept: the id of each message, and the message of each answer
KEPT_SECONDS = 7 * 24 * 3600.0
TIDIED_SECONDS = 3600.0  # between two looks for what is too old
GREETING_SECONDS = 5.0  # in which a placeholder is posted
LOOKS, LOOK_SECONDS = 8, 0.25  # looks for the id of a message that another process posts, and the pause between them
PLACEHOLDER = "⏳ …"
EMPTIED = "…"
TITLE = "…"  # Telegram wants one, and shows it nowhere
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class GuestAnswers:
    """Posts answers in chats where the bot is a guest. Without a store it remembers by itself."""

    def __init__(self, bot: TelegramBot, pacing: SendPacing, blobs: Blobs | None = None) -> None:
        self._bot, self._pacing, self._blobs = bot, pacing, blobs
        self._known: dict[str, bytes] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tidied_at = 0.0

    async def greet(self, message: Message) -> None:
        """Post the placeholder for a call that was taken in. What fails is left to the answer."""
        try:
            async with asyncio.timeout(GREETING_SECONDS):
                await self._tidy()
                await self._open(message.channel, _query_of(message.id), OutgoingPost(text=PLACEHOLDER))
        except (BotError, TimeoutError) as error:
            log.warning("a guest's placeholder was not posted", reason=getattr(error, "code", "timeout"))

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        """Let the message of a call show the post, and return its id. Refused where there is none to be had."""
        query = _query_of(post.reply_to or "")
        _require_words_only(post)
        opened, is_new = await self._open(channel, query, post)
        return opened if is_new else await self.edit(channel, opened, post)

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        """Replace the text of a message. One that was deleted closes the place: no other one can be posted there."""
        _require_words_only(post)

        async def edit(rendered: RenderedText) -> None:
            await self._note_answer(channel, post_id, post, rendered)  # before anybody can reply to it
            await self._bot.edit_message_text(
                rendered.text,
                inline_message_id=post_id,
                entities=rendered.entities or None,
                link_preview_options=NO_PREVIEW,
            )

        await self._call(channel, post, edit)
        return post_id

    async def empty(self, channel: Channel, post_id: str) -> None:
        """Take the words out of a message, which only people can delete."""
        await self.edit(channel, post_id, OutgoingPost(text=EMPTIED))

    async def with_answer(self, message: Message) -> Message:
        """Let a reply to a message of the bot's point at the answer that it is, which is known by its words."""
        references = [await self._found(message.channel, each) for each in message.references]
        return replace(message, about=references[0], more=tuple(references[1:])) if references else message

    async def _found(self, channel: Channel, reference: MessageReference) -> MessageReference:
        if not reference.ours or reference.is_part:
            return reference
        place, _, post_id = (await self._get(_answer_key(channel, reference.text)) or b"").decode().partition("\n")
        if not post_id:
            return replace(reference, unseen="too_old")
        return replace(reference, id=post_id, channel=Channel(NAME, place))

    async def _open(self, channel: Channel, query: str, post: OutgoingPost) -> tuple[str, bool]:
        """Return the id of the message of a call, and whether it shows the post already. It is posted once."""
        async with self._locks[query]:
            try:
                if opened := await self._get(f"{PREFIX}{query}"):
                    return opened.decode(), False
                if opened_now := await self._answer(channel, query, post):
                    return opened_now, True
            finally:
                self._locks.pop(query, None)
        if known := await self._wait_for_id(query):  # another process was faster
            return known, False
        raise Refused(FailureCode.CHANNEL_LOST)  # too late, or a process died before it could keep the id

    async def _answer(self, channel: Channel, query: str, post: OutgoingPost) -> str:
        """Answer a call and return the id of the message; empty where Telegram takes no answer to it any more."""
        opened = ""

        async def answer(rendered: RenderedText) -> None:
            nonlocal opened
            content = InputTextMessageContent(
                rendered.text, entities=rendered.entities or None, link_preview_options=NO_PREVIEW
            )
            sent = await self._bot.answer_guest_query(query, InlineQueryResultArticle("1", TITLE, content))
            opened = sent.inline_message_id
            await self._put(f"{PREFIX}{query}", opened.encode())

        try:
            shown = await self._call(channel, post, answer)
        except Refused:
            return ""
        if opened:
            await self._note_answer(channel, opened, post, shown)
        return opened

    async def _wait_for_id(self, query: str) -> str:
        """Return the id of a message that another process may just have posted, once it is kept; empty if it is not."""
        for _ in range(LOOKS):
            if known := await self._get(f"{PREFIX}{query}"):
                return known.decode()
            await asyncio.sleep(LOOK_SECONDS)
        return ""

    async def _call(
        self, channel: Channel, post: OutgoingPost, call: Callable[[RenderedText], Awaitable[None]]
    ) -> RenderedText:
        """Make a call that shows the post at Telegram's pace, and return the text that it showed."""
        chat, _ = parse_address(channel)
        rendered = render(post.text)
        async with self._pacing.partial_text(chat) if post.is_partial else self._pacing.whole_text(chat):
            for attempt in (rendered, render_plain(post.text)):
                shown = hide(attempt) if post.is_spoiler else attempt
                try:
                    with map_telegram_errors():
                        await call(shown)
                except BadFormatting:
                    continue
                except Refused as error:
                    log.warning("a guest's message was refused", reason=error.code)
                    raise Refused(FailureCode.CHANNEL_LOST) from error
                return shown
            raise Refused(FailureCode.CHANNEL_LOST)

    # what is kept

    async def _note_answer(self, channel: Channel, post_id: str, post: OutgoingPost, shown: RenderedText) -> None:
        """Keep which message says these words; where two say the same, nobody can tell which is replied to."""
        if post.is_partial or post.text in (PLACEHOLDER, EMPTIED):
            return
        key, value = _answer_key(channel, shown.text), f"{channel.id}\n{post_id}".encode()
        known = await self._get(key)
        if known != value:
            await self._put(key, value if known is None else b"")

    async def _get(self, key: str) -> bytes | None:
        return self._known.get(key) if self._blobs is None else await self._blobs.get_blob(key)

    async def _put(self, key: str, data: bytes) -> None:
        if self._blobs is None:
            self._known[key] = data
        else:
            await self._blobs.put_blob(key, data)

    async def _tidy(self) -> None:
        now = time.time()
        if self._blobs is not None and now > self._tidied_at + TIDIED_SECONDS:
            self._tidied_at = now
            await self._blobs.delete_blobs(PREFIX, now - KEPT_SECONDS)


def _query_of(message_id: str) -> str:
    """Return the call that a message of a guest's is. Refused for any other: nothing else can be answered there."""
    if not message_id.startswith(GUEST):
        raise Refused(FailureCode.CHANNEL_LOST)
    return message_id.removeprefix(GUEST)


def _answer_key(channel: Channel, text: str) -> str:
    digest = hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
    return f"{PREFIX}{parse_address(channel)[0]}:{digest}"


def _require_words_only(post: OutgoingPost) -> None:
    """Refuse files: Telegram takes no uploads there."""
    if post.files:
        raise Refused(FailureCode.POST_FILES_REFUSED)
