"""Posts as rich messages, in chats that want them; what Telegram refuses is posted as text, as everywhere else.

The library does not know the methods of Bot API 10.2 yet, so they are called by name.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from telegram import InputFile
from telegram.error import BadRequest, EndPointNotFound, InvalidToken, TelegramError

from adapters.platforms.budgets import MEGABYTE, TelegramBudgets
from adapters.platforms.telegram.message_content import TopicFields
from adapters.platforms.telegram.rich_formatting import Block, render_rich
from adapters.platforms.telegram.transport import TelegramBot, is_caption, is_unchanged
from bot.messages import Channel, File, OutgoingPost

log = structlog.get_logger(__name__)

REMEMBERED_SECONDS = 6 * 3600.0  # for which a chat gets text after a refusal
MAX_CHATS = 1_000
ALL_CHATS = 0  # where the server has no such method

WantsRich = Callable[[Channel], Awaitable[bool]]
"""Tells whether the people of a channel chose rich messages."""


async def never_rich(channel: Channel) -> bool:
    """Tell that nobody chose rich messages."""
    return False


class RichPosts:
    """A sender of rich messages that knows which chats want them, and which refused one lately."""

    def __init__(self, bot: TelegramBot, wants_rich: WantsRich) -> None:
        self._bot, self._wants_rich = bot, wants_rich
        self._refused_until: dict[int, float] = {}  # monotonic, by chat

    async def find_blocks(
        self, channel: Channel, chat: int, post: OutgoingPost, pictures: Sequence[File] = ()
    ) -> list[Block] | None:
        """Return the blocks in which the post shows more than as a text; None where it does not, or is to be one."""
        if post.is_partial or post.is_spoiler or self._is_refused(chat):
            return None
        fit = len(pictures) <= TelegramBudgets.RICH_MEDIA and not any(each.is_spoiler for each in pictures)
        blocks = render_rich(post.text, [_upload_name(n) for n in range(len(pictures))]) if fit else None
        return blocks if blocks and await self._wants_rich(channel) else None  # most posts gain nothing

    async def send(
        self,
        chat: int,
        topic: TopicFields,
        *,
        blocks: Sequence[Block],
        pictures: Sequence[File] = (),
        **fields: Any,
    ) -> str:
        """Send a rich message with its pictures. Raises the library's errors."""
        uploads = {_upload_name(n): InputFile(each.data, filename=each.name) for n, each in enumerate(pictures)}
        given = {name: value for name, value in {**topic, **fields}.items() if value is not None}
        values = {"chat_id": chat, "rich_message": _rich_message(blocks), **given, **uploads}
        sent: dict[str, Any] = await self._bot.do_api_request("sendRichMessage", api_kwargs=values)
        return str(sent["message_id"])

    async def edit(self, chat: int, message_id: int, blocks: Sequence[Block], **fields: Any) -> None:
        """Let a message, of whatever form, be a rich one. Raises the library's errors."""
        rich_message = {"rich_message": _rich_message(blocks)}
        await self._bot.edit_message_text(None, chat, message_id, api_kwargs=rich_message, **fields)  # type: ignore[arg-type]

    async def instead_of(
        self, chat: int, send_rich: Callable[[], Awaitable[str]], send_text: Callable[[], Awaitable[str]]
    ) -> str:
        """Post in the rich form, else as text. A chat where only the text was taken gets text for a while."""
        try:
            return await send_rich()
        except (BadRequest, EndPointNotFound, InvalidToken) as error:
            if is_unchanged(error):
                raise
            refusal = error
        sent = await send_text()
        if not is_caption(refusal):
            self._note_refusal(chat, refusal)
        return sent

    def _is_refused(self, chat: int) -> bool:
        now = time.monotonic()
        return any(now < self._refused_until.get(each, 0.0) for each in (ALL_CHATS, chat))

    def _note_refusal(self, chat: int, refusal: TelegramError) -> None:
        log.warning("a rich message was refused, so text is posted for a while", reason=str(refusal))
        if len(self._refused_until) >= MAX_CHATS:
            self._refused_until.clear()
        lacks_method = isinstance(refusal, EndPointNotFound | InvalidToken)
        self._refused_until[ALL_CHATS if lacks_method else chat] = time.monotonic() + REMEMBERED_SECONDS


def fit_in_one(pictures: Sequence[File], megabytes: int) -> bool:
    """Tell whether pictures can be uploaded in one request."""
    return sum(len(each.data) for each in pictures) <= megabytes * MEGABYTE


def _rich_message(blocks: Sequence[Block]) -> dict[str, Any]:
    return {"blocks": blocks, "skip_entity_detection": True}


def _upload_name(number: int) -> str:
    return f"picture{number + 1}"
