"""Questions as commands, for the buttons under the answer to a photo without words."""

from collections.abc import Sequence

from bot.commands.command import parse
from bot.messages import Button, Turn
from bot.words import say

ASK = "ask"  # asks whatever follows it

# The sentence that replaces the command.
QUESTIONS = {name: f"ask_{name}" for name in ("describe", "read", "translate", "explain")}


NEEDING_PHOTO = frozenset(
    {*QUESTIONS, *("vary", "edit", "cutout", "upscale", "erase", "untext", "backdrop", "animate", "prompt")}
)
"""The commands that are about a picture."""


def quick_actions(turn: Turn) -> Sequence[Button]:
    """Return the buttons for the answer, none if the author asked in words."""
    if turn.words or not turn.message.attachments:
        return ()
    return [Button(say(f"label_{name}"), f"/{name}") for name in QUESTIONS]


def question(command: tuple[str, str] | None, text: str) -> str | None:
    """Return the words of a question: an empty string if it has none. None: `text` is a command.

    `command` is the result of `parse` for the text.
    """
    if command is None:
        return text
    name, rest = command
    if name == ASK:
        return rest
    return say(QUESTIONS[name]) if name in QUESTIONS else None


def may_be_about_photo(text: str) -> bool:
    """Tell whether a text is a question, or a command that is about a picture."""
    command = parse(text)
    return question(command, text) is not None or (command is not None and command[0] in NEEDING_PHOTO)
