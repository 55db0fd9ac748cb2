"""What people can tell the bot to do: the same words on every platform."""

import re
from collections.abc import Mapping

from bot.commands.command import Command, Desk
from bot.commands.conversation import new
from bot.commands.help import help_, start
from bot.commands.models import model
from bot.commands.questions import QUESTIONS, quick_actions

__all__ = ["COMMANDS", "QUESTIONS", "Command", "Desk", "parse", "quick_actions"]

COMMANDS: Mapping[str, Command] = {
    "start": start,
    "help": help_,
    "new": new,
    "model": model,
}

WORD = re.compile(r"/(?P<name>[a-z_]{1,32})(?:@\w+)?(?:\s+(?P<rest>.*))?", re.DOTALL | re.IGNORECASE)


def parse(text: str) -> tuple[str, str] | None:
    """Split `/name rest` or `/name@bot rest`; None where the text is no command. The name may be an unknown one."""
    match = WORD.fullmatch(text.strip())
    return (match["name"].lower(), (match["rest"] or "").strip()) if match else None
