"""A draft: what Telegram shows for half a minute while the bot is still writing. It has no message id of its own."""

from dataclasses import dataclass
from typing import Any, Self

import structlog
from telegram.error import BadRequest

from adapters.platforms.telegram.formatting import RenderedText
from adapters.platforms.telegram.transport import TelegramBot

log = structlog.get_logger(__name__)

MARK = "draft"


@dataclass(frozen=True, slots=True)
class Draft:
    """Stands in for a post until the answer is whole; `str()` is its id, and `parse` reads that."""

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
    """Shows drafts, with Telegram's own button that stops them where the server knows it (Bot API 10.3)."""

    def __init__(self, line: TelegramBot) -> None:
        self._line = line
        # What was shown stays in the chat until the words that are left come as a post.
        self._stop: dict[str, Any] = {"can_stop": True, "keep_on_stop": True}

    async def show(self, chat: int, thread: int | None, draft: Draft, post: RenderedText) -> None:
        """Let the draft read this. Raises what the library raises."""
        try:
            await self._show(chat, thread, draft, post, **self._stop)
        except BadRequest:
            if not self._stop:
                raise
            await self._show(chat, thread, draft, post)  # it says the same again, unless it was about the button
            self._stop = {}
            log.info("this Telegram has no button that stops a draft")

    async def _show(self, chat: int, thread: int | None, draft: Draft, post: RenderedText, **more: Any) -> None:
        await self._line.raw(
            "sendMessageDraft",
            chat_id=chat,
            draft_id=draft.number,
            text=post.text,
            message_thread_id=thread,
            entities=list(post.entities) or None,
            **more,
        )
