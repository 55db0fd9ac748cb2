"""A draft: what Telegram shows for half a minute while the bot is still writing. It has no message id of its own."""

from dataclasses import dataclass
from typing import Self

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
