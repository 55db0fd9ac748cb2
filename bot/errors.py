"""What can go wrong, sorted by what to do about it.

BotError             a sentence for whoever asked; details belong in the log
├── Refused          saying it again will not help: tell the asker
│   └── Unreadable   one photo cannot be had or read: name it, and go on with the others
├── Busy             again later, in order, within limits
├── Cut              the answer broke off in the middle: ask for the rest, once
└── Forgotten        the provider lost the conversation: begin a new one, ask again once
"""

from bot.words import say


class BotError(Exception):
    """Carries the key of a sentence in `bot/words`, and what fills its gaps.

    `str()` is that sentence in the language of the task that shows it, which need not be the one that raised it.
    """

    def __init__(self, key: str, **values: object) -> None:
        self.key, self.values = key, values
        super().__init__(key)

    def __str__(self) -> str:
        return say(self.key, **self.values)


class Refused(BotError):
    """Asking again would not help."""


class Unreadable(Refused):
    """A photo cannot be had, read or taken. The sentence is a reason, to stand behind the photo's name."""


class Busy(BotError):
    """A limit, a timeout or a hiccup: worth another try, in `retry_after` seconds where the other side said."""

    def __init__(self, key: str, retry_after: float | None = None, **values: object) -> None:
        super().__init__(key, **values)
        self.retry_after = retry_after


class Cut(BotError):
    """The answer broke off after its first words."""


class Forgotten(BotError):
    """The provider no longer knows the conversation it kept for us."""


class QueueFull(Exception):
    """Somebody has as many unfinished turns as one person may have; nothing more is kept. Never shown to anybody."""


class LeaseLost(Exception):
    """Another process has taken this turn over; whatever we hold of it is void. Never shown to anybody."""
