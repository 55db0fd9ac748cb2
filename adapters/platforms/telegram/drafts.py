"""Drafts: partial texts that Telegram shows for half a minute. They have no message id of their own."""

from dataclasses import dataclass
from typing import Any, Self

import structlog
from telegram.error import BadRequest

from adapters.platforms.telegram.formatting import RenderedText
from adapters.platforms.telegram.references import TopicFields
from adapters.platforms.telegram.transport import TelegramBot

log = structlog.get_logger(__name__)

MARK = "draft"


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
