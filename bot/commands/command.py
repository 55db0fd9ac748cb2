"""What a command is, and what it may reach for."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.messages import Turn
from bot.ports import Provider, Store


@dataclass(frozen=True)
class Desk:
    """What lies within a command's reach."""

    store: Store
    providers: Mapping[str, Provider]


Command = Callable[[Desk, Turn, str], Awaitable[str]]
"""Does what was said, with what came after the command's name, and returns what to answer.

May run twice when a process dies over it. Its line in /help is the sentence `help_NAME`.
"""
