"""The buttons below an answer: each sends a command that names its turn."""

from collections.abc import Sequence

from bot.commands.questions import quick_actions
from bot.messages import Button, Turn
from bot.words import say

MOST_VARIED = 4  # pictures with buttons of their own


def stop_button() -> Sequence[Button]:
    """Return the button below an unfinished answer."""
    return [Button(say("label_stop"), "/stop")]


def pick_button(turn: Turn, lane: int) -> Button:
    """Return the button that continues with the answer of one of the compared models."""
    return Button(say("label_pick"), f"/pick {turn.id} {lane + 1}")


def controls(
    turn: Turn,
    versions: int = 1,
    shown: int = 0,
    *,
    failed: bool = False,
    speaks: bool = False,
    is_cut: bool = False,
    is_large: bool = False,
) -> Sequence[Button]:
    """Return the buttons of an answer that has so many versions; `shown` is the number of this one.

    A `failed` answer is not a version, and there is nothing to ask about. `speaks`: it can be read aloud. `is_cut`:
    there is more of it to be asked for. `is_large`: its photo may show more when looked at closely.
    """
    more = [Button(say("label_more"), f"/more {turn.id}")] if is_cut else []
    again = [Button(say("label_retry"), f"/retry {turn.id}"), Button(say("label_other"), f"/with {turn.id}")]
    if failed:
        return [*more, *again]
    forth = Button(f"{shown + 1}/{versions} ▶", f"/version {turn.id} {(shown + 1) % versions + 1}")
    pager = {1: [], 2: [forth]}.get(versions, [back(turn, (shown - 1) % versions), forth])  # of two, any
    aloud = [Button(say("label_speak"), f"/speak {turn.id}")] if speaks else []
    closer = [Button(say("label_zoom"), f"/zoom {turn.id}")] if is_large else []
    return [*more, *quick_actions(turn), *closer, *pager, *again, *aloud]


def drawn_controls(turn: Turn, pictures: int) -> Sequence[Button]:
    """Return the buttons below generated pictures; of several, each can be varied by itself."""
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
    """Return the button that leads back to an earlier answer."""
    return Button("◀", f"/version {turn.id} {version + 1}")
