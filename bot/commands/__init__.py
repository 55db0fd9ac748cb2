"""What people can tell the bot to do: the same words on every platform."""

import re
from collections.abc import Mapping

from bot.commands.command import Command, Desk, Option, Response, Suggestion
from bot.commands.conversation import new
from bot.commands.help import help_, start
from bot.commands.models import MODEL
from bot.commands.questions import ASK, QUESTIONS, question, quick_actions
from bot.commands.settings import SETTINGS

__all__ = [
    "ASK",
    "COMMANDS",
    "QUESTIONS",
    "Command",
    "Desk",
    "Option",
    "Response",
    "Suggestion",
    "parse",
    "question",
    "quick_actions",
]

COMMANDS: Mapping[str, Command] = {
    "start": Command(start),
    "help": Command(help_),
    "new": Command(new),
    "model": MODEL,
    "settings": SETTINGS,
}

WORD = re.compile(r"/(?P<name>[a-z_]{1,32})(?:@\w+)?(?:\s+(?P<rest>.*))?", re.DOTALL | re.IGNORECASE)


def parse(text: str) -> tuple[str, str] | None:
    """Split `/name rest` or `/name@bot rest`; None where the text is no command. The name may be an unknown one."""
    match = WORD.fullmatch(text.strip())
    return (match["name"].lower(), (match["rest"] or "").strip()) if match else None
