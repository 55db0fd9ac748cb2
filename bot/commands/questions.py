"""Questions that a tap can ask: each is a command, and a button under the answer to a photo that came without words."""

from collections.abc import Sequence

from bot.messages import Button, Turn
from bot.words import say

ASK = "ask"  # asks whatever follows it

# The sentence that is asked in the place of the command.
QUESTIONS = {name: f"ask_{name}" for name in ("describe", "read", "translate", "explain")}


def quick_actions(turn: Turn) -> Sequence[Button]:
    """Return what to offer below the answer: nobody who asked in words needs to be told what can be asked."""
    if turn.words or not turn.message.attachments:
        return ()
    return [Button(say(f"label_{name}"), f"/{name}") for name in QUESTIONS]


def question(said: tuple[str, str] | None, text: str) -> str | None:
    """The words to ask with, where `text` is a question: an empty string where it has none. None: a command.

    `said` is what `parse` makes of the text.
    """
    if said is None:
        return text
    name, rest = said
    if name == ASK:
        return rest
    return say(QUESTIONS[name]) if name in QUESTIONS else None
