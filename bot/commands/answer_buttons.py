"""The buttons below an answer: each says a command that knows the turn it is about."""

from collections.abc import Sequence

from bot.commands.questions import quick_actions
from bot.messages import Button, Turn
from bot.words import say

MOST_VARIED = 4  # pictures that get buttons of their own


def stop_button() -> Sequence[Button]:
    """What stands below an answer that grows."""
    return [Button(say("label_stop"), "/stop")]


def pick_button(turn: Turn, lane: int) -> Button:
    """Go on with what one of the models said that a turn compared."""
    return Button(say("label_pick"), f"/pick {turn.id} {lane + 1}")


def controls(
    turn: Turn, versions: int = 1, shown: int = 0, *, failed: bool = False, speaks: bool = False
) -> Sequence[Button]:
    """What can be done with the answer to a turn, of which so many versions exist; `shown` is this one's number.

    Where it `failed` it is none of them, and there is nothing to ask on about. `speaks`: it can be read aloud.
    """
    again = [Button(say("label_retry"), f"/retry {turn.id}"), Button(say("label_other"), f"/with {turn.id}")]
    if failed:
        return again
    forth = Button(f"{shown + 1}/{versions} ▶", f"/version {turn.id} {(shown + 1) % versions + 1}")
    pager = {1: [], 2: [forth]}.get(versions, [back(turn, (shown - 1) % versions), forth])  # of two, either way will do
    aloud = [Button(say("label_speak"), f"/speak {turn.id}")] if speaks else []
    return [*quick_actions(turn), *pager, *again, *aloud]


def drawn_controls(turn: Turn, pictures: int) -> Sequence[Button]:
    """What can be done with pictures that were made; of several, each is varied by itself."""
    numbers = range(1, min(pictures, MOST_VARIED) + 1)
    return [
        Button(say("label_retry"), f"/redo {turn.id}"),
        *(
            Button(say(f"label_{craft}") + (f" {n}" if pictures > 1 else ""), f"/{craft} of={turn.id} nth={n}")
            for craft in ("vary", "upscale")
            for n in numbers
        ),
    ]


def back(turn: Turn, version: int) -> Button:
    """The way to an earlier answer."""
    return Button("◀", f"/version {turn.id} {version + 1}")
