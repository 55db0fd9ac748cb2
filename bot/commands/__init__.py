"""What people can tell the bot to do: the same words on every platform."""

import re
from collections.abc import Mapping

from bot.commands.again import AGAIN
from bot.commands.command import AskAgain, AskAll, Command, Desk, Option, Response, Rules, Suggestion
from bot.commands.conversation import STOP, new, stop
from bot.commands.help import help_, start
from bot.commands.links import LINKS
from bot.commands.models import MODEL
from bot.commands.people import PEOPLE, STRANGER
from bot.commands.privacy import PRIVACY
from bot.commands.questions import ASK, QUESTIONS, question, quick_actions
from bot.commands.settings import SETTINGS

__all__ = [
    "ASK",
    "ASKING",
    "COMMANDS",
    "LISTED",
    "QUESTIONS",
    "STOP",
    "STRANGER",
    "AskAgain",
    "AskAll",
    "Command",
    "Desk",
    "Option",
    "Response",
    "Rules",
    "Suggestion",
    "parse",
    "question",
    "quick_actions",
]

COMMANDS: Mapping[str, Command] = {
    "start": Command(start, listed=False),
    "help": Command(help_),
    "new": Command(new),
    "model": MODEL,
    STOP: Command(stop),
    **AGAIN,
    **LINKS,
    "settings": SETTINGS,
    **PEOPLE,
    **PRIVACY,
}

ASKING = ("retry", "compare")  # commands that ask a model
LISTED = [name for name, command in COMMANDS.items() if command.listed]

WORD = re.compile(r"/(?P<name>[a-z_]{1,32})(?:@\w+)?(?:\s+(?P<rest>.*))?", re.DOTALL | re.IGNORECASE)


def parse(text: str) -> tuple[str, str] | None:
    """Split `/name rest` or `/name@bot rest`; None where the text is no command. The name may be an unknown one."""
    match = WORD.fullmatch(text.strip())
    return (match["name"].lower(), (match["rest"] or "").strip()) if match else None
